"""Lane rooms: what cannot go on holds up no other."""

import pytest

from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.types import BlockNumber, Nonce, Timestamp, Wei
from xl2.errors import StoreUnavailable
from xl2.flow.prove import BatchLimits
from xl2.flow.submit import JournalledSubmitter
from xl2.relayer import LaneParts
from xl2.relayer.choosing.policy import Policy, Terms
from xl2.relayer.lane_rooms import LaneRooms
from xl2.relayer.lane_tasks import LaneTasks
from xl2.store import SqliteStore
from xl2.testing import ManualClock, MemoryProver, MemorySigner, World

FEE = Wei(10**9)


def rooms(world: World, store: SqliteStore, clock: ManualClock) -> LaneRooms:
    chains = {chain: world.chain(chain) for chain in (901, 902)}
    signer = MemorySigner.named("relayer")
    parts = LaneParts(
        lane=world.lane(901, 902),
        origin=chains[901],
        destination=chains[902],
        provers=[MemoryProver(home=chains[901])],
        receipt_provers=[MemoryProver(home=chains[902])],
        submitters={one.chain: JournalledSubmitter(one, signer, store, clock) for one in chains.values()},
        store=store,
        clock=clock,
        policy=Policy(terms=Terms(min_fee=FEE)),
        limits=BatchLimits(messages=2),
    )
    return LaneRooms(parts=parts)


async def put(world: World, lane: Lane, fees: list[int]) -> None:
    for number, fee in enumerate(fees):
        await world.chain(901).put(lane, f"message {number}".encode(), fee=Wei(fee))
    world.chain(901).mine(2)


async def test_messages_that_pay_too_little_keep_no_other_waiting() -> None:
    world, clock = World(), ManualClock()
    await put(world, world.lane(901, 902), [0, 0, 0, 0, FEE])
    async with SqliteStore(":memory:") as store:
        lane = rooms(world, store, clock)
        await lane.observe()

        found = []
        for _ in range(4):
            found.append(await lane.prove())
            await clock.sleep(60)

    assert [message.nonce for proven in found if proven for message in proven.segment.messages] == [4]


async def test_to_wait_for_a_chain_or_an_endpoint_is_no_attempt() -> None:
    world, clock = World(), ManualClock()
    await put(world, world.lane(901, 902), [FEE])
    async with SqliteStore(":memory:") as store:
        lane = rooms(world, store, clock)
        (prover,) = lane.parts.provers
        assert isinstance(prover, MemoryProver)
        prover.waits_for = "a root that covers it"
        await lane.observe()
        for _ in range(20):
            await lane.prove()
            await clock.sleep(12)
        prover.waits_for, prover.states_kept = "", 0

        await lane.prove()
        (record,) = await store.range(lane.parts.lane, Nonce(0), Nonce(0))

    assert (record.due - clock.now(), record.attempts) == (12.0, 0)


async def test_what_was_skipped_while_it_was_proven_is_carried_when_it_is_taken_up_again() -> None:
    world, clock = World(), ManualClock()
    await put(world, world.lane(901, 902), [FEE])
    async with SqliteStore(":memory:") as store:
        before = rooms(world, store, clock)
        await before.observe()
        proven = await before.prove()
        assert proven is not None
        ids = [message.id for message in proven.segment.messages]
        await store.skip(ids, "an operator says so")

        after = rooms(world, store, clock)
        await after.resume()
        skipped = await after.prove()
        await store.unskip(ids)
        taken_up = await after.prove()

    assert skipped is None
    assert taken_up is not None


async def test_an_expiry_that_somebody_recorded_and_no_final_block_holds_yet_is_not_paid_for_again() -> None:
    world, clock = World(), ManualClock()
    tip = await world.chain(902).head(Finality.LATEST)
    await world.chain(901).put(world.lane(901, 902), b"late", fee=FEE, expiry=Timestamp(tip.timestamp + 1))
    world.chain(901).mine(2)
    world.chain(902).mine(9)
    states = []
    for _ in range(2):
        async with SqliteStore(":memory:") as store:
            lane = rooms(world, store, clock)
            await lane.observe()
            await lane.prove()
            await lane.mend(await lane.broken())
            states += [state for _, state, _, _ in await store.backlog()]
    tip = await world.chain(902).head(Finality.LATEST)

    assert states == [State.EXPIRED] * 2
    assert len(await world.chain(902).receipts(world.lane(901, 902), BlockNumber(0), tip.number)) == 1


async def test_what_a_failing_store_left_as_proven_is_taken_up_before_more_is_proven(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else it waits as long as one delivery follows another."""
    world, clock = World(), ManualClock()
    await put(world, world.lane(901, 902), [FEE] * 6)

    async def failing(*_: object) -> None:
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(LaneRooms, "deliver", failing)
    async with SqliteStore(":memory:") as store:
        lane = rooms(world, store, clock)
        tasks = LaneTasks(lane, poll_seconds=1.0, queue_size=2, recovered=lane.resume, told_quiet=lambda: None)
        await lane.observe()
        begun = [await tasks._prove() for _ in range(2)]

        await tasks._fly(tasks._proven.get_nowait())
        meanwhile = await tasks._prove()
        tasks._proven.get_nowait()
        again = await tasks._prove()
        first = tasks._proven.get_nowait().segment.messages[0]

    assert begun == [True, True]
    assert (meanwhile, again) == (False, True)
    assert first.nonce == 0
