"""The store: durable, whole or not at all, rebuilt from the chains, owned by one process."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests import factories
from xl2.core.lane import head_after
from xl2.core.lifecycle import Event, State
from xl2.core.receipt import Delivered, Expired, Receipt
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, Hash32, Nonce, Wei
from xl2.errors import ConfigInvalid, InvalidInput, NotFound, StoreCorrupt
from xl2.ports import Cursor, Entry, Happening, Log, Place, Sent, SignedTransaction, Transaction, TxReceipt
from xl2.store import SqliteStore
from xl2.store.schema import MIGRATIONS
from xl2.testing import MemorySigner

LANE = factories.lane()
LANE_LOG = Log(lane=LANE, kind=LogKind.LANE)
RECEIPT_LOG = Log(lane=LANE, kind=LogKind.RECEIPTS)
ALICE = MemorySigner.named("alice")
NOW = 100.0


def place(block: int) -> Place:
    return Place(
        block=BlockNumber(block),
        block_hash=factories.some_hash(f"block {block}"),
        tx_hash=factories.some_hash(f"transaction in {block}"),
        log_index=3,
    )


def cursor(block: int, log: Log = LANE_LOG) -> Cursor:
    return Cursor(log=log, block=BlockNumber(block), block_hash=factories.some_hash(f"block {block}"))


def sent(count: int, *, first: int = 0, block: int = 7) -> Sequence[Sent]:
    return [Sent(message=one, place=place(block)) for one in factories.messages(count, first=first, fee=Wei(10**9))]


async def signed(tx_nonce: int, fee: int = 10) -> SignedTransaction:
    transaction = Transaction(
        chain=LANE.origin,
        tx_nonce=tx_nonce,
        to=ALICE.address,
        data=b"data",
        value=Wei(2**90),
        gas_limit=21_000,
        max_fee=Wei(fee),
        priority_fee=Wei(1),
    )
    return await ALICE.sign_transaction(transaction, "")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


async def test_what_was_observed_is_there_after_a_restart(path: Path) -> None:
    messages = sent(3)
    async with SqliteStore(path) as store:
        await store.observe(cursor(9), messages, NOW)

    async with SqliteStore(path) as store:
        records = await store.range(LANE, Nonce(0), Nonce(9))

        assert [record.sent for record in records] == messages
        assert await store.cursor(LANE_LOG) == cursor(9)
        assert [record.state for record in records] == [State.OBSERVED] * 3


async def test_heads_are_those_of_the_log(path: Path) -> None:
    messages = sent(3)
    ids = [one.message.id for one in messages]
    async with SqliteStore(path) as store:
        await store.observe(cursor(9), messages, NOW)

        assert await store.head(LANE_LOG) == head_after(LANE.log, ids)
        assert [await store.head(LANE_LOG, count) for count in range(4)] == [
            head_after(LANE.log, ids[:count]) for count in range(4)
        ]
        with pytest.raises(NotFound):
            await store.head(LANE_LOG, 4)


async def test_a_gap_is_refused_and_leaves_cursor_and_rows_as_they_were(path: Path) -> None:
    async with SqliteStore(path) as store:
        await store.observe(cursor(9), sent(2), NOW)

        with pytest.raises(InvalidInput, match="next on its lane's log is 3"):
            await store.observe(cursor(12), [*sent(1, first=2), *sent(1, first=4)], NOW)

        assert await store.count(LANE_LOG) == 2
        assert await store.cursor(LANE_LOG) == cursor(9)


async def test_only_events_that_can_follow_move_a_message(path: Path) -> None:
    (one,) = sent(1)
    delivery = Happening(id=one.message.id, event=Event.DELIVERY, chain=LANE.destination, place=place(20))
    final = Happening(id=one.message.id, event=Event.DESTINATION_FINAL, chain=LANE.destination)
    async with SqliteStore(path) as store:
        await store.observe(cursor(9), [one], NOW)

        with pytest.raises(InvalidInput, match="cannot see"):
            await store.happen([delivery, final, final], NOW)
        untouched = await store.record(one.message.id)
        await store.happen([delivery, final], NOW + 1)
        moved = await store.record(one.message.id)
        steps = await store.steps(one.message.id)

    assert untouched is not None
    assert untouched.state is State.OBSERVED
    assert moved is not None
    assert (moved.state, moved.since, moved.attempts) == (State.CONFIRMED, NOW + 1, 0)
    assert [step.state for step in steps] == [State.SENT, State.OBSERVED, State.DELIVERED, State.CONFIRMED]
    assert steps[2].tx_hash == place(20).tx_hash


async def test_what_was_seen_of_a_state_that_has_passed_changes_nothing(path: Path) -> None:
    one, two = sent(2)
    delivered = [Happening(id=of.message.id, event=Event.DELIVERY, chain=LANE.destination) for of in (one, two)]
    settled = Happening(id=one.message.id, event=Event.SETTLEMENT, chain=LANE.origin)
    final = [
        Happening(id=of.message.id, event=Event.DESTINATION_FINAL, chain=LANE.destination, seen_in=State.DELIVERED)
        for of in (one, two)
    ]
    async with SqliteStore(path) as store:
        await store.observe(cursor(9), [one, two], NOW)
        await store.happen([*delivered, settled], NOW)

        await store.happen(final, NOW)
        records = await store.range(LANE, Nonce(0), Nonce(1))

    assert [record.state for record in records] == [State.SETTLED, State.CONFIRMED]


async def test_what_is_postponed_is_not_due_until_then(path: Path) -> None:
    messages = sent(3)
    async with SqliteStore(path) as store:
        await store.observe(cursor(9), messages, NOW)
        await store.postpone([messages[1].message.id], NOW + 60, "the head is not known")

        now = await store.due(LANE, [State.OBSERVED], NOW, 10)
        later = await store.due(LANE, [State.OBSERVED], NOW + 60, 10)

    assert [one.sent.message.nonce for one in now] == [0, 2]
    assert [one.sent.message.nonce for one in later] == [0, 1, 2]
    assert (later[1].cause, later[1].attempts) == ("the head is not known", 1)


async def test_due_is_by_lane_lowest_nonce_first_and_at_most_the_limit(path: Path) -> None:
    async with SqliteStore(path) as store:
        await store.observe(cursor(9), sent(5), NOW)

        found = await store.due(LANE, [State.OBSERVED, State.FAILED], NOW, 2)

    assert [one.sent.message.nonce for one in found] == [0, 1]


async def test_a_reorg_takes_back_rows_and_cursors_above_it(path: Path) -> None:
    early, late = sent(2, block=5), sent(2, first=2, block=8)
    async with SqliteStore(path) as store:
        await store.observe(cursor(6), early, NOW)
        await store.observe(cursor(9), late, NOW)

        gone = await store.take_back(LANE_LOG, BlockNumber(6), NOW)
        standing = await store.range(LANE, Nonce(0), Nonce(9))
        taken = await store.record(late[0].message.id)

        assert gone == 2
        assert [one.sent.message.nonce for one in standing] == [0, 1]
        assert await store.cursor(LANE_LOG) == cursor(6)
        assert taken is not None
        assert taken.state is State.UNSENT


async def test_receipts_are_kept_in_order_and_found_by_their_bytes(path: Path) -> None:
    receipts: list[Receipt] = [
        Delivered(page=0, bitmap=3, payee=ALICE.address, fees=Wei(5)),
        Expired(id=factories.some_id(1)),
        Expired(id=factories.some_id(1)),
    ]
    entries = [Entry(lane=LANE, index=index, data=one.encode(), place=place(4)) for index, one in enumerate(receipts)]
    async with SqliteStore(path) as store:
        await store.observe_receipts(cursor(5, RECEIPT_LOG), entries)

        assert await store.entries(LANE, 1, 10) == entries[1:]
        assert await store.entry(LANE, entries[2].data) == entries[1]
        assert await store.head(RECEIPT_LOG, 1) == head_after(LANE.receipt_log, [receipts[0].hash])
        assert await store.take_back(RECEIPT_LOG, BlockNumber(3), NOW) == 3


async def test_what_is_settled_never_goes_back(path: Path) -> None:
    async with SqliteStore(path) as store:
        await store.settle_upto(LANE, 5)
        await store.settle_upto(LANE, 3)

        assert await store.settled_upto(LANE) == 5


async def test_the_journal_gives_back_the_very_bytes(path: Path) -> None:
    first, replacement = await signed(0), await signed(0, fee=12)
    async with SqliteStore(path) as store:
        await store.keep(first, "pay bob")
        await store.keep(first, "pay bob")
        await store.keep(replacement, "pay bob")

    async with SqliteStore(path) as store:
        held = await store.pending(LANE.origin, ALICE.address)

    assert [one.signed for one in held] == [first, replacement]
    assert [one.what for one in held] == ["pay bob", "pay bob"]


async def test_the_journal_knows_what_a_transaction_was_for_and_which_were_made_for_it(path: Path) -> None:
    first, replacement, other = await signed(0), await signed(0, fee=12), await signed(1)
    async with SqliteStore(path) as store:
        await store.keep(first, "withdraw [note 0x01]")
        await store.keep(other, "pay 50% [note 0x02]")

    async with SqliteStore(path) as store:
        assert await store.words(first.hash) == "withdraw [note 0x01]"
        assert await store.words(replacement.hash) is None
        assert [one.signed.hash for one in await store.made_for("[note 0x02]")] == [other.hash]
        assert list(await store.made_for("[note 0x0_]")) == []
        await store.void(other.transaction.chain, other.sender, other.transaction.tx_nonce)
        assert list(await store.made_for("[note 0x02]")) == []


async def test_a_used_nonce_leaves_the_journal_with_all_its_attempts(path: Path) -> None:
    first, replacement, other = await signed(0), await signed(0, fee=12), await signed(1)
    receipt = TxReceipt(
        tx_hash=first.hash,
        block=BlockNumber(3),
        block_hash=Hash32(bytes(32)),
        succeeded=True,
        gas_used=1,
        cost=Wei(1),
    )
    async with SqliteStore(path) as store:
        for one in (first, replacement, other):
            await store.keep(one, "")
        await store.included(receipt, first)
        left = await store.pending(LANE.origin, ALICE.address)
        await store.void(LANE.origin, ALICE.address, 1)

        assert [one.signed for one in left] == [other]
        assert await store.pending(LANE.origin, ALICE.address) == []


async def test_a_second_process_on_the_same_file_is_refused(path: Path) -> None:
    async with SqliteStore(path):
        with pytest.raises(ConfigInvalid, match="another process"):
            await SqliteStore(path).count(LANE_LOG)


async def test_a_store_of_a_newer_version_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")

    with pytest.raises(StoreCorrupt, match="this xl2 knows"):
        await SqliteStore(path).count(LANE_LOG)


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"this is no database, and long enough to be sure of it" * 40)

    with pytest.raises(StoreCorrupt):
        asyncio.run(SqliteStore(path).count(LANE_LOG))


async def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="cannot be opened"):
        await SqliteStore(tmp_path / "nowhere" / "store.sqlite").count(LANE_LOG)


async def test_a_cancelled_asker_leaves_no_transaction_half_done(path: Path) -> None:
    async with SqliteStore(path) as store:
        writing = asyncio.ensure_future(store.observe(cursor(9), sent(50), NOW))
        await asyncio.sleep(0)
        writing.cancel()
        await asyncio.wait([writing])

        assert await store.count(LANE_LOG) in (0, 50)
        assert (await store.cursor(LANE_LOG) is None) == (await store.count(LANE_LOG) == 0)


async def test_the_backlog_counts_by_lane_and_state(path: Path) -> None:
    async with SqliteStore(path) as store:
        await store.observe(cursor(9), sent(3), NOW)

        assert await store.backlog() == [(LANE, State.OBSERVED, 3, NOW)]
