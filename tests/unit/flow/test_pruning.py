"""What ended long ago goes from the store, and all that is left reaches its end as if nothing had gone."""

from collections.abc import Sequence

from tests.unit.flow.walk import Walk
from xl2.core.lane import PAGE_SIZE
from xl2.core.lifecycle import State
from xl2.core.types import Address, Nonce, Timestamp
from xl2.flow import settle
from xl2.ports import Call, Record
from xl2.testing import MemoryProver

FAILS = Address(b"\x66" * 20)


async def carried(walk: Walk, records: Sequence[Record]) -> None:
    await walk.delivered(records)
    await walk.confirmed(records)


async def over(walk: Walk) -> None:
    """Settle whatever is owed, until a final block of the origin says that nothing is."""
    while await walk.owed():
        await walk.settled()
        walk.origin.mine(3)


async def test_receipts_that_went_are_read_again_for_a_head_that_covers_them(walk: Walk) -> None:
    records = await walk.observed(8)
    for record in records:
        await walk.delivered([record])
    await walk.confirmed(records)
    due = await walk.owed()
    assert due is not None
    gone = "DELETE FROM entries WHERE place BETWEEN 3 AND 6"
    await walk.store._run(lambda db: db.execute(gone))

    # The head of a prover in memory is that of all eight.
    call = await settle.prepare(
        due.part(1, 2), walk.store, walk.origin, walk.destination, MemoryProver(home=walk.destination)
    )
    assert isinstance(call, Call)
    await settle.settle(due.part(1, 2), call, walk.submitter(walk.origin))
    walk.origin.mine(3)
    await walk.owed()

    assert [one.index for one in await walk.store.unsettled(walk.lane, 0, 9)] == [0, 2, 7]


async def later(walk: Walk) -> float:
    walk.clock.advance(1)
    return walk.clock.now()


async def test_settlement_and_refund_work_after_pruning(walk: Walk) -> None:
    walk.destination.recipients[FAILS] = lambda *_: False
    first = await walk.observed(PAGE_SIZE)
    (stuck,) = await walk.observed(recipient=FAILS, expiry=Timestamp(1_700_100_000))
    rest = await walk.observed(PAGE_SIZE + 1)
    await carried(walk, first)
    await carried(walk, rest[: PAGE_SIZE - 1])
    await over(walk)

    gone = await walk.store.prune(walk.lane, await later(walk))
    kept = await walk.store.range(walk.lane, Nonce(0), Nonce(10**6))
    walk.destination.mine(1, seconds=200_000)
    await walk.expired(stuck)
    await walk.confirmed([stuck])
    await carried(walk, rest[PAGE_SIZE - 1 :])
    await over(walk)
    newest = await walk.observed(2)
    await carried(walk, newest)
    await over(walk)

    assert gone == PAGE_SIZE
    assert [one.sent.message.nonce for one in kept] == list(range(PAGE_SIZE, 2 * PAGE_SIZE + 2))
    assert await walk.states([stuck]) == [State.REFUNDED]
    assert set(await walk.states([*rest, *newest])) == {State.SETTLED}
