"""What a relayer writes down, and how it takes it up again."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from attrs import evolve

from tests.unit.adapters.interop.scene import DESTINATION, ORIGIN, hash_of, message, place
from xl2.core.types import BlockNumber, Timestamp, Wei
from xl2.errors import ConfigInvalid, StoreCorrupt
from xl2_adapters.op_stack.interop import entry as rules
from xl2_adapters.op_stack.interop.backlog import Backlog, Scope
from xl2_adapters.op_stack.interop.entry import Entry, State
from xl2_adapters.op_stack.interop.journal import Attempt, Journal
from xl2_adapters.op_stack.interop.messages import Relayed, Sent
from xl2_adapters.op_stack.interop.watch import Seen, Step


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = Journal(tmp_path / "journal.sqlite")
    yield opened
    await opened.close()


async def test_a_file_that_is_no_journal_is_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"some notes that somebody keeps here, and no database " * 100)
    odd = Journal(path)

    with pytest.raises(StoreCorrupt, match="failed"):
        await odd.counts()

    await odd.close()


def seen(upto: int, *sent: Sent, relayed: tuple[Relayed, ...] = (), undone_above: int | None = None) -> Seen:
    steps = tuple(Step(number=BlockNumber(n), hash=hash_of(n)) for n in range(max(0, upto - 3), upto + 1))
    above = None if undone_above is None else BlockNumber(undone_above)
    return Seen(sent=sent, relayed=relayed, trail=steps, timestamp=Timestamp(2_000), undone_above=above)


def attempt(slot: int, number: int) -> Attempt:
    return Attempt(
        hash=hash_of(number), chain=DESTINATION, slot=slot, raw=b"raw", max_fee=Wei(2), priority_fee=Wei(1), since=5.0
    )


def delivery(sent: Sent, block: int) -> Relayed:
    return Relayed(source=ORIGIN, hash=sent.hash, place=place(block))


async def test_entries_are_read_as_they_were_written(journal: Journal) -> None:
    entries = [
        Entry(sent=message(0)),
        Entry(sent=message(1), state=State.SENT, due=3.5, attempts=2, cause="why", width=4, gas=99, slot=7),
        rules.delivered(Entry(sent=message(2)), place(9, 3)),
    ]

    await journal.keep(entries, trail=(DESTINATION, seen(5).trail))

    assert await journal.entries() == entries


async def test_a_trail_holds_the_blocks_that_were_seen_last_and_none_that_were_undone(journal: Journal) -> None:
    for upto in (5, 7, 6):
        await journal.keep(trail=(ORIGIN, seen(upto).trail))

    assert await journal.trail(ORIGIN) == seen(6).trail


async def test_open_transactions_come_back_by_nonce_and_a_reorg_opens_closed_ones(journal: Journal) -> None:
    await journal.keep(opened=[attempt(2, 21), attempt(1, 11), attempt(1, 12)])
    await journal.keep(closed=[attempt(1, 11), attempt(1, 12)])

    assert [one.hash for one in await journal.attempts(DESTINATION)] == [hash_of(21)]
    assert [one.hash for one in await journal.reopened(DESTINATION, 1)] == [hash_of(11), hash_of(12)]
    assert [one.slot for one in await journal.attempts(DESTINATION)] == [1, 1, 2]
    assert await journal.reopened(DESTINATION, 5) == []


async def test_a_second_process_on_the_same_journal_is_refused(journal: Journal, tmp_path: Path) -> None:
    await journal.keep([Entry(sent=message(0))])
    second = Journal(tmp_path / "journal.sqlite")

    with pytest.raises(ConfigInvalid, match="another process"):
        await second.entries()
    await second.close()


async def test_a_journal_in_no_folder_is_refused_with_its_path(tmp_path: Path) -> None:
    nowhere = Journal(tmp_path / "none" / "journal.sqlite")

    with pytest.raises(ConfigInvalid, match="none"):
        await nowhere.entries()
    await nowhere.close()


async def test_what_a_backlog_took_up_is_there_after_a_restart(journal: Journal) -> None:
    first = Backlog(journal, [ORIGIN, DESTINATION])
    await first.see(ORIGIN, seen(5, message(0), message(1), message(2)))
    await first.see(DESTINATION, seen(6, relayed=(delivery(message(1), 6),)))
    await first.change([rules.carried(Entry(sent=message(2)), 4)])

    second = Backlog(journal, [ORIGIN, DESTINATION])
    await second.load()

    assert [entry.sent.message.nonce for entry in second.waiting(DESTINATION, 0.0)] == [0]
    assert {slot: len(entries) for slot, entries in second.in_slots(DESTINATION).items()} == {4: 1}


async def test_what_an_earlier_run_parked_is_looked_at_again_as_nobody_knows_how_long_ago_that_was(
    journal: Journal,
) -> None:
    first = Backlog(journal, [ORIGIN, DESTINATION])
    await first.see(ORIGIN, seen(5, message(0)))
    await first.change([rules.failed(Entry(sent=message(0)), 1e9, "its target says no")])
    before = list(first.waiting(DESTINATION, 1e9))

    second = Backlog(journal, [ORIGIN, DESTINATION])
    await second.load()

    assert before == []
    assert [(entry.attempts, entry.cause) for entry in second.waiting(DESTINATION, 0.0)] == [(1, "its target says no")]


async def test_a_reorg_at_the_origin_takes_messages_back_until_their_logs_come_again(journal: Journal) -> None:
    backlog = Backlog(journal, [ORIGIN, DESTINATION])
    await backlog.see(ORIGIN, seen(6, message(0, block=5), message(1, block=6)))

    await backlog.see(ORIGIN, seen(5, undone_above=5))
    assert [entry.sent.message.nonce for entry in backlog.waiting(DESTINATION, 0.0)] == [0]

    await backlog.see(ORIGIN, seen(8, message(1, block=8)))
    assert [entry.sent.place.block for entry in backlog.waiting(DESTINATION, 0.0)] == [5, 8]


async def test_a_reorg_at_the_destination_brings_deliveries_back(journal: Journal) -> None:
    backlog = Backlog(journal, [ORIGIN, DESTINATION])
    await backlog.see(ORIGIN, seen(6, message(0)))
    await backlog.see(DESTINATION, seen(7, relayed=(delivery(message(0), 7),)))
    assert list(backlog.waiting(DESTINATION, 0.0)) == []

    await backlog.see(DESTINATION, seen(6, undone_above=6))

    assert [entry.sent.message.nonce for entry in backlog.waiting(DESTINATION, 0.0)] == [0]


async def test_a_message_delivered_long_ago_is_not_relayed_when_it_is_sent_anew(journal: Journal) -> None:
    backlog = Backlog(journal, [ORIGIN, DESTINATION])
    await backlog.see(ORIGIN, seen(6, message(0)))
    await backlog.see(DESTINATION, seen(7, relayed=(delivery(message(0), 7),)))
    await backlog.see(DESTINATION, seen(50))
    assert backlog.now(message(0).hash) is None

    await backlog.see(ORIGIN, seen(51, message(0, block=51)))

    assert list(backlog.waiting(DESTINATION, 0.0)) == []


async def test_a_delivery_that_was_found_before_its_log_was_seen_is_taken_back_by_a_reorg_too(journal: Journal) -> None:
    backlog = Backlog(journal, [ORIGIN, DESTINATION])
    await backlog.see(ORIGIN, seen(6, message(0)))
    await backlog.change([rules.delivered(Entry(sent=message(0)), None)])
    await backlog.see(DESTINATION, seen(6))
    await backlog.see(DESTINATION, seen(7, relayed=(delivery(message(0), 7),)))

    await backlog.see(DESTINATION, seen(6, undone_above=6))

    assert [entry.sent.message.nonce for entry in backlog.waiting(DESTINATION, 0.0)] == [0]


async def test_messages_of_others_and_to_chains_that_are_not_carried_to_are_left(journal: Journal) -> None:
    known = message(0)
    backlog = Backlog(journal, [ORIGIN, DESTINATION], Scope(senders=frozenset({known.message.sender})))
    stranger = evolve(message(1).message, sender=bytes(19) + b"\x01")
    foreign = message(2, destination=ORIGIN.__class__(955))

    await backlog.see(ORIGIN, seen(6, known, _with(message(1), stranger), foreign))

    assert [entry.sent for entry in backlog.waiting(DESTINATION, 0.0)] == [known]


def _with(sent: Sent, other: object) -> Sent:
    return Sent(message=other, identifier=sent.identifier, payload=sent.payload, place=sent.place)  # type: ignore[arg-type]
