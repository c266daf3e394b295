"""Confirm and settle: final on the destination first, then each nonce paid once."""

from collections.abc import Sequence

import pytest
from attrs import evolve

from tests.unit.flow.walk import RELAYER, Walk
from xl2.core.evidence import Head
from xl2.core.lane import PAGE_SIZE
from xl2.core.lifecycle import Event, State
from xl2.core.message import Message
from xl2.core.settlement import Settlement
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, Timestamp, Wei
from xl2.errors import NotYet
from xl2.flow import confirm, deliver, settle
from xl2.flow.settle import MAX_SETTLED
from xl2.ports import Call, Fate, Happening, Log, Needed, Shown
from xl2.testing import MemoryProver
from xl2.testing.calls import Settle, read

FEE = Wei(5 * 10**9)
SENDER = Address(b"\x41" * 20)
#: go-ethereum's legacy pool takes no longer transaction (`txMaxSize`).
_MOST_BYTES = 128 * 1024


async def test_a_delivery_is_confirmed_by_a_final_block_and_not_before(walk: Walk) -> None:
    records = await walk.observed()
    await walk.delivered(records)
    before = await walk.states(records)

    await walk.confirmed(records)

    assert before == [State.DELIVERED]
    assert await walk.states(records) == [State.CONFIRMED]


async def test_of_what_no_final_block_can_hold_the_inbox_is_not_asked(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = await walk.observed(3)
    await walk.confirmed([])
    walk.destination.mine(3)
    await walk.delivered(records)
    asked: list[Message] = []
    fates = walk.destination.fates

    async def counted(messages: Sequence[Message], at: BlockNumber, *, failed: bool = True) -> Sequence[Fate]:
        asked.extend(messages)
        return await fates(messages, at, failed=failed)

    monkeypatch.setattr(walk.destination, "fates", counted)
    delivered = [await walk.record(one.sent.message.id) for one in records]
    early = await confirm.confirm(delivered, walk.store, walk.destination)
    before = len(asked)
    await walk.confirmed(records)

    assert (early, before) == ([], 0)
    assert len(asked) == 3
    assert await walk.states(records) == [State.CONFIRMED] * 3


async def test_a_delivery_that_a_reorg_took_is_proven_and_delivered_again(walk: Walk) -> None:
    records = await walk.observed()
    walk.destination.mine(3)
    await walk.delivered(records)

    walk.destination.reorg(1)
    walk.destination.mine(3)
    await walk.confirmed(records)
    taken = await walk.states(records)
    await walk.delivered([await walk.record(records[0].sent.message.id)])
    await walk.confirmed(records)

    assert taken == [State.OBSERVED]
    assert await walk.states(records) == [State.CONFIRMED]


async def test_fees_of_a_batch_are_credited_to_who_delivered(walk: Walk) -> None:
    records = await walk.observed(10, fee=FEE)
    await walk.delivered(records)
    await walk.confirmed(records)

    await walk.settled()

    assert await walk.states(records) == [State.SETTLED] * 10
    assert await walk.origin.credit(RELAYER.address) == 10 * FEE


async def test_an_expired_message_is_refunded_to_its_sender(walk: Walk) -> None:
    records = await walk.observed(3, fee=FEE, expiry=Timestamp(1_700_000_010))
    walk.destination.mine(1, seconds=60)
    await walk.delivered(records)
    await walk.expired(await walk.record(records[1].sent.message.id))
    await walk.confirmed([records[1]])

    await walk.settled()

    assert (await walk.states(records))[1] is State.REFUNDED
    assert await walk.origin.credit(SENDER) == FEE


async def test_an_expiry_that_was_recorded_twice_is_refunded_once_and_holds_up_nothing(walk: Walk) -> None:
    records = await walk.observed(1, fee=FEE, expiry=Timestamp(1_700_000_010))
    walk.destination.mine(1, seconds=60)
    await walk.delivered(records)
    expired = walk.destination.expire_call(records[0].sent.message)
    await walk.expired(await walk.record(records[0].sent.message.id))
    # Anyone may record it again, also a relayer that was killed before it knew that it had.
    await walk.submitter(walk.destination).submit(expired)
    await walk.confirmed(records)

    await walk.settled()
    walk.origin.mine(2)
    left = await walk.owed()

    assert await walk.states(records) == [State.REFUNDED]
    assert await walk.origin.credit(SENDER) == FEE
    assert left is None


async def test_what_others_delivered_and_settled_before_it_was_noted_here_is_over(walk: Walk) -> None:
    records = await walk.observed(2, fee=FEE)
    proven = await walk.proven(records)
    others = walk.submitter(walk.destination)
    await deliver.deliver(proven.segment, proven.shown.evidence, walk.destination, others)
    await walk.confirmed([])
    due = await walk.owed()
    assert due is not None
    call = await settle.prepare(due, walk.store, walk.origin, walk.destination, MemoryProver(home=walk.destination))
    assert not isinstance(call, Needed)
    await settle.settle(due, call, walk.submitter(walk.origin))
    walk.origin.mine(2)

    left = await walk.owed()

    assert left is None
    assert await walk.states(records) == [State.SETTLED] * 2
    steps = [step.event for step in await walk.store.steps(records[0].sent.message.id)]
    assert steps[-2:] == [Event.DELIVERY, Event.SETTLEMENT]


async def test_a_message_sent_meanwhile_does_not_spoil_the_refund(walk: Walk) -> None:
    records = await walk.observed(1, fee=FEE, expiry=Timestamp(1_700_000_010))
    walk.destination.mine(1, seconds=60)
    await walk.delivered(records)
    await walk.expired(await walk.record(records[0].sent.message.id))
    await walk.confirmed(records)

    await walk.origin.put(walk.lane, b"not observed yet")
    await walk.settled()

    assert await walk.states(records) == [State.REFUNDED]


async def test_an_expiry_of_what_was_never_sent_settles_nothing_and_holds_up_nothing(walk: Walk) -> None:
    records = await walk.observed(1, fee=FEE)
    forged = records[0].sent.message.header[:107] + b"\0\0\0\1" + (1).to_bytes(8) + bytes(44)
    call = walk.destination.expire_call(records[0].sent.message)
    await walk.submitter(walk.destination).submit(evolve(call, data=call.data[:1] + forged))
    await walk.delivered(records)
    await walk.confirmed(records)

    await walk.settled()

    assert await walk.states(records) == [State.SETTLED]
    assert await walk.origin.credit(SENDER) == 0


async def test_an_expiry_of_what_is_not_observed_yet_is_refunded_later(walk: Walk) -> None:
    await walk.observed(1)
    late = await walk.origin.put(walk.lane, b"late", fee=FEE, expiry=Timestamp(1_700_000_010))
    walk.destination.mine(1, seconds=60)
    await walk.submitter(walk.destination).submit(walk.destination.expire_call(late.message))
    await walk.confirmed([])

    with pytest.raises(NotYet, match="not observed"):
        await walk.owed()
    walk.origin.mine(2)
    await walk.observe()
    await walk.settled()

    assert await walk.origin.credit(SENDER) == FEE


async def test_what_is_settled_at_the_tip_is_not_paid_for_twice(walk: Walk) -> None:
    records = await walk.observed(1, fee=FEE)
    await walk.delivered(records)
    await walk.confirmed(records)
    await walk.settled()

    with pytest.raises(NotYet, match="not in a final block"):
        await walk.owed()
    walk.origin.mine(2)

    assert await walk.owed() is None
    assert await walk.store.unsettled(walk.lane, 0, 10) == []


async def test_receipts_behind_those_under_way_are_settled_before_these_are_final(walk: Walk) -> None:
    records = await walk.observed(3, fee=FEE)
    for record in records:
        await walk.delivered([record])
    await walk.confirmed(records)

    for _ in records:
        await walk.settled(limit=1)
    with pytest.raises(NotYet, match="not in a final block"):
        await walk.owed(limit=1)
    before_final = await walk.store.unsettled(walk.lane, 0, 10)
    walk.origin.mine(2)

    assert await walk.owed(limit=1) is None
    assert len(before_final) > len(await walk.store.unsettled(walk.lane, 0, 10)) == 0
    assert await walk.origin.credit(RELAYER.address) == 3 * FEE


async def test_what_is_under_way_is_told_also_where_all_that_is_looked_at_behind_it_is_over(walk: Walk) -> None:
    records = await walk.observed(2, fee=FEE)
    for record in records:
        await walk.delivered([record])
    await walk.confirmed(records)
    due = await walk.owed()
    assert due is not None
    await walk.settled(due.part(1, 2))
    walk.origin.mine(2)
    await walk.settled(limit=1)

    with pytest.raises(NotYet, match="not in a final block"):
        await walk.owed(limit=1)

    assert [one.index for one in await walk.store.unsettled(walk.lane, 0, 10)] == [0]


@pytest.mark.parametrize(("gone", "neighbours"), [((), 5), ((3,), 3), ((1,), 1)])
async def test_what_waits_is_settled_with_what_is_settled_between_as_far_as_that_is_kept(
    walk: Walk, gone: Sequence[int], neighbours: int
) -> None:
    records = await walk.observed(5, fee=FEE)
    for record in records:
        await walk.delivered([record])
    await walk.confirmed(records)
    for place in (1, 3):
        due = await walk.owed()
        assert due is not None
        await walk.settled(due.part(place, place + 1))
        walk.origin.mine(2)
        await walk.owed()
    forget = "DELETE FROM entries WHERE place = ?1"
    await walk.store._run(lambda db: db.many(forget, [(one,) for one in gone]))

    due = await walk.owed()
    assert due is not None
    found = [(one.index, one.is_open) for one in due.entries]
    await walk.settled(due)

    assert found == [(index, index % 2 == 0) for index in range(neighbours)]
    assert await walk.origin.credit(RELAYER.address) == (2 + (neighbours + 1) // 2) * FEE


async def test_a_settlement_that_a_reorg_took_is_owed_again(walk: Walk) -> None:
    records = await walk.observed(1, fee=FEE)
    await walk.delivered(records)
    await walk.confirmed(records)
    await walk.settled()

    walk.origin.reorg(1)
    due = await walk.owed()

    assert due is not None
    assert [entry.index for entry in due.entries] == [0]


async def test_earnings_are_paid_out_from_the_least_on(walk: Walk) -> None:
    records = await walk.observed(1, fee=FEE)
    await walk.delivered(records)
    await walk.confirmed(records)
    await walk.settled()
    submitter = walk.submitter(walk.origin)

    too_little = await settle.claim(walk.origin, submitter, RELAYER.address, Wei(FEE + 1))
    paid = await settle.claim(walk.origin, submitter, RELAYER.address, Wei(1))

    assert too_little is None
    assert paid is not None
    assert await walk.origin.credit(RELAYER.address) == 0


async def test_receipts_are_not_settled_on_a_head_that_does_not_cover_them(walk: Walk) -> None:
    records = await walk.observed(1, fee=FEE)
    await walk.delivered(records)
    await walk.confirmed(records)
    due = await walk.owed()
    assert due is not None

    prover = MemoryProver(home=walk.destination, waits_for="a game about the destination")
    with pytest.raises(NotYet):
        await settle.prepare(due, walk.store, walk.origin, walk.destination, prover)


class SignsAnyHead(MemoryProver):
    """Shows the very head that the asker knows, like attesters."""

    async def show(self, log: Log, count: int, upto: BlockNumber, known: Hash32 | None = None) -> Shown | Needed:
        """Evidence that no contract sees here: of the newest block, whatever is shown."""
        shown = await super().show(log, count, upto)
        assert isinstance(shown, Shown)
        assert known is not None
        return evolve(shown, head=Head(log=log.id, head=known, count=count))


async def test_where_the_very_head_can_be_shown_a_settlement_brings_nothing_of_what_is_behind(walk: Walk) -> None:
    records = await walk.observed(6, fee=FEE)
    for record in records:
        await walk.delivered([record])
    await walk.confirmed(records)
    due = await walk.owed()
    assert due is not None

    prover = SignsAnyHead(home=walk.destination)
    call = await settle.prepare(due.part(1, 3), walk.store, walk.origin, walk.destination, prover)

    assert isinstance(call, Call)
    made = read(call.data)
    assert isinstance(made, Settle)
    segment = Settlement.parse(made.segment)
    assert (segment.first, len(segment.entries)) == (1, 2)


async def test_refunds_of_a_whole_page_go_in_as_many_settlements_as_nodes_take(walk: Walk) -> None:
    """Each brings the ids that follow on its page: sixty of them at once are a transaction that no node takes."""
    records = await walk.observed(MAX_SETTLED, fee=FEE, expiry=Timestamp(1_700_000_010))
    await walk.observed(PAGE_SIZE - MAX_SETTLED)
    walk.destination.mine(1, seconds=60)
    await walk.store.happen(
        [Happening(id=one.sent.message.id, event=Event.EXPIRY_PASSED, chain=ChainId(902)) for one in records], 0.0
    )
    for one in records:
        await walk.expired(await walk.record(one.sent.message.id))
    await walk.confirmed(records)

    sizes = []
    while State.REFUNDABLE in await walk.states(records):
        due = await walk.owed(MAX_SETTLED)
        assert due is not None
        call = await settle.prepare(due, walk.store, walk.origin, walk.destination, MemoryProver(home=walk.destination))
        assert not isinstance(call, Needed)
        sizes.append(len(call.data))
        done = await settle.settle(due, call, walk.submitter(walk.origin))
        await walk.store.happen(done.happenings, 0.0)

    assert len(sizes) > 1
    assert max(sizes) < _MOST_BYTES
    assert await walk.states(records) == [State.REFUNDED] * MAX_SETTLED
    assert await walk.origin.credit(SENDER) == MAX_SETTLED * FEE
