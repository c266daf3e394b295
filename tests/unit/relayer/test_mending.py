"""Mending: what cannot be delivered is expired as soon as it can be, many at once, and never for nothing."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.factories import message
from tests.waiting import PATIENCE_SECONDS
from xl2.core.evidence import Finality
from xl2.core.lifecycle import State
from xl2.core.types import Address, Nonce, Timestamp, Wei
from xl2.errors import RpcUnavailable
from xl2.flow import deliver as delivering
from xl2.flow.submit import JournalledSubmitter
from xl2.ports import Call, TxReceipt
from xl2.relayer import LaneParts
from xl2.relayer.choosing.policy import Carry, Policy, Terms
from xl2.relayer.expiry import LEAST_SECONDS, Deadline
from xl2.relayer.lane_rooms import LaneRooms
from xl2.relayer.mending import AT_ONCE
from xl2.store import SqliteStore
from xl2.testing import ManualClock, MemoryProver, MemorySigner, World

BROKEN = Address(b"\x66" * 20)
#: Pays for any delivery at the prices of these chains.
FEE = Wei(10**18)
GENESIS = 1_700_000_000
HOUR = 3_600


class Bench:
    """A lane between two chains whose clocks go with that of the machine."""

    def __init__(self, store: SqliteStore) -> None:
        self.world, self.store, self.clock = World(), store, ManualClock(float(GENESIS))
        self.here, self.there = self.world.chain(901), self.world.chain(902)
        self.there.recipients[BROKEN] = lambda _message, _gas: False
        self.lane = self.rooms(Policy())

    def rooms(self, policy: Policy) -> LaneRooms:
        chains, signer = (self.here, self.there), MemorySigner.named("relayer")
        parts = LaneParts(
            lane=self.world.lane(901, 902),
            origin=self.here,
            destination=self.there,
            provers=[MemoryProver(home=self.here)],
            receipt_provers=[MemoryProver(home=self.there)],
            submitters={one.chain: JournalledSubmitter(one, signer, self.store, self.clock) for one in chains},
            store=self.store,
            clock=self.clock,
            policy=policy,
        )
        return LaneRooms(parts=parts)

    async def put(self, count: int, *, lasts: int, recipient: Address = BROKEN) -> None:
        expiry = Timestamp((await self.there.head(Finality.LATEST)).timestamp + lasts)
        for number in range(count):
            payload = f"message {number}".encode()
            await self.here.put(self.lane.parts.lane, payload, fee=FEE, expiry=expiry, recipient=recipient)
        self.here.mine(2)
        await self.lane.observe()

    async def pass_time(self, seconds: int) -> None:
        """So many seconds, on both chains and here; the lane looks each second."""
        for _ in range(seconds):
            self.clock.advance(1)
            for chain in (self.here, self.there):
                chain.mine()
            await self.look()

    async def look(self) -> None:
        """Every room that pays looks once."""
        while proven := await self.lane.prove():
            await self.lane.deliver(proven)
        await self.mend()

    async def mend(self) -> None:
        while due := await self.lane.broken():
            await self.lane.mend(due)

    async def states(self) -> dict[State, int]:
        return {state: count for _, state, count, _ in await self.store.backlog()}


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with SqliteStore(":memory:") as store:
        yield Bench(store)


async def test_a_message_that_fails_again_and_again_is_expired_when_its_time_is_over_and_not_when_it_is_tried_next(
    bench: Bench,
) -> None:
    # Tried for the fifth time after some 400 seconds, it would rest for 900 more.
    await bench.put(1, lasts=600)
    await bench.pass_time(580)
    before = await bench.states()

    await bench.pass_time(20 + int(LEAST_SECONDS))

    assert before == {State.FAILED: 1}
    assert await bench.states() == {State.EXPIRED: 1}


async def test_what_no_evidence_counts_for_is_expired_when_its_time_is_over(bench: Bench) -> None:
    bench.world.believes = False
    await bench.put(1, lasts=600)
    await bench.pass_time(580)
    before = await bench.states()

    await bench.pass_time(20 + int(LEAST_SECONDS))

    assert before == {State.OBSERVED: 1}
    assert await bench.states() == {State.EXPIRED: 1}


async def test_a_pause_holds_up_no_refund_of_what_failed_or_was_never_tried(bench: Bench) -> None:
    await bench.put(1, lasts=300)
    await bench.pass_time(1)
    await bench.store.pause(bench.lane.parts.lane, "an operator says so", "a test", bench.clock.now())
    await bench.put(1, lasts=290)
    await bench.pass_time(1)
    before = await bench.states()

    await bench.pass_time(300 + int(LEAST_SECONDS))

    assert before == {State.FAILED: 1, State.OBSERVED: 1}
    assert await bench.states() == {State.EXPIRED: 2}


async def test_what_a_pause_held_up_goes_on_at_once_when_it_ends(bench: Bench) -> None:
    await bench.put(1, lasts=HOUR)
    await bench.pass_time(1)
    await bench.store.pause(bench.lane.parts.lane, "an operator says so", "a test", bench.clock.now())
    await bench.put(1, lasts=HOUR, recipient=Address(b"\x42" * 20))
    await bench.pass_time(60)
    before = await bench.states()
    del bench.there.recipients[BROKEN]

    await bench.store.resume(bench.lane.parts.lane)
    await bench.look()

    assert before == {State.FAILED: 1, State.OBSERVED: 1}
    assert await bench.states() == {State.DELIVERED: 2}


async def test_as_many_expiries_are_in_one_block_as_are_mended_at_once(bench: Bench) -> None:
    await bench.put(AT_ONCE + 5, lasts=1)
    bench.clock.advance(2)
    bench.there.mine(2)
    await bench.lane.prove()
    bench.there.automine = False
    first = bench.there.state.receipts

    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as tasks:
        mending = tasks.create_task(bench.mend())
        for waiting in (AT_ONCE, 5):
            while len(bench.there._pool) < waiting:  # noqa: ASYNC110 - of the pool, which tells nobody
                await asyncio.sleep(0.001)
            bench.there.mine()
        await mending

    assert not first
    assert len(bench.there.state.receipts) == AT_ONCE + 5
    assert await bench.states() == {State.EXPIRED: AT_ONCE + 5}


async def test_an_expiry_that_cannot_be_recorded_holds_up_no_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.put(5, lasts=1)
    bench.clock.advance(2)
    bench.there.mine(2)
    await bench.lane.prove()
    submitter = bench.lane.parts.submitters[bench.there.chain]
    submit = submitter.submit

    async def submit_all_but_one(call: Call) -> TxReceipt:
        if call.what == "expire message 2":
            raise RpcUnavailable("hung up", endpoint="902")
        return await submit(call)

    monkeypatch.setattr(submitter, "submit", submit_all_but_one)

    await bench.lane.mend(await bench.lane.broken())

    assert await bench.states() == {State.EXPIRED: 4, State.OVERDUE: 1}


async def test_what_failed_here_is_expired_though_nothing_is_left_of_the_allowance(bench: Bench) -> None:
    bench.lane = bench.rooms(Policy(terms=Terms(carry=Carry.PAID, loss_gas_per_hour=2_000_000)))
    await bench.put(1, lasts=100)
    await bench.pass_time(1)
    failed = await bench.states()
    await bench.pass_time(100)
    # Nobody carried these in time: more than the allowance pays for.
    await bench.put(20, lasts=-1)
    exposure = bench.lane._judging.exposure
    exposure.spend(exposure.left)

    await bench.pass_time(int(LEAST_SECONDS))
    records = await bench.store.range(bench.lane.parts.lane, Nonce(0), Nonce(20))

    assert failed == {State.FAILED: 1}
    assert records[0].state is State.EXPIRED
    assert {one.state for one in records[1:]} <= {State.OBSERVED, State.OVERDUE}


async def test_what_was_carried_and_skipped_is_expired_though_nothing_is_left_of_the_allowance(bench: Bench) -> None:
    bench.lane = bench.rooms(Policy(terms=Terms(carry=Carry.PAID, loss_gas_per_hour=2_000_000)))
    good, choosy = Address(b"\x42" * 20), Address(b"\x43" * 20)
    bench.there.policies[choosy] = 1 << 200
    for recipient in (good, choosy):
        await bench.put(1, lasts=100, recipient=recipient)
    await bench.look()
    carried = await bench.states()
    exposure = bench.lane._judging.exposure
    exposure.spend(exposure.left)
    bench.there.mine(101)
    bench.clock.advance(101)
    look = await delivering.look([bench.here.state.sent[1]], bench.there)
    await bench.store.happen(look.happenings, bench.clock.now())

    await bench.mend()

    assert carried == {State.DELIVERED: 1, State.OBSERVED: 1}
    assert await bench.states() == {State.DELIVERED: 1, State.EXPIRED: 1}


async def test_an_expiry_that_was_tried_in_vain_is_taken_from_the_allowance_once(bench: Bench) -> None:
    bench.lane = bench.rooms(Policy(terms=Terms(carry=Carry.PAID, loss_gas_per_hour=2_000_000)))
    await bench.put(1, lasts=-1, recipient=Address(b"\x42" * 20))
    await bench.lane.prove()
    exposure = bench.lane._judging.exposure
    # Enough for one, and what refills within this test is not enough for another.
    exposure.spend(exposure.left - 160_000)
    for _ in range(3):
        bench.there.fail(RpcUnavailable("hung up", endpoint="902"))
        await bench.lane.mend(await bench.lane.broken())
        bench.clock.advance(10)
    before = await bench.states()

    await bench.lane.mend(await bench.lane.broken())

    assert before == {State.OVERDUE: 1}
    assert await bench.states() == {State.EXPIRED: 1}


@pytest.mark.parametrize(
    ("chain_is_behind", "ours_is_behind", "longest"),
    [
        # Both clocks agree: until the block behind the expiry.
        (0, 0, 102),
        # The chain stands and ours goes on: it may be over with its next block.
        (1_000, 0, 102),
        (1_000, -200, 62),
        # Ours is wrong: the chain's own counts.
        (0, 10**8, 102),
        (0, -(10**8), 62),
    ],
)
async def test_nobody_rests_past_the_moment_when_his_expiry_can_be_recorded(
    bench: Bench, chain_is_behind: int, ours_is_behind: int, longest: float
) -> None:
    chain_now = (await bench.there.head(Finality.LATEST)).timestamp
    expiry = Timestamp(chain_now + chain_is_behind + 100)
    clock = ManualClock(float(chain_now + chain_is_behind - ours_is_behind))
    deadline = Deadline(destination=bench.there, clock=clock)

    assert await deadline.rest(message(expiry=expiry), HOUR) == longest


async def test_whoever_cannot_read_the_time_of_a_chain_rests_not_long(bench: Bench) -> None:
    bench.there.is_down = True
    deadline = Deadline(destination=bench.there, clock=bench.clock)

    assert await deadline.rest(message(expiry=Timestamp(GENESIS + 100_000)), HOUR) <= 60
    assert await deadline.rest(message(expiry=Timestamp(0)), HOUR) == HOUR


async def test_whose_time_is_over_rests_some_seconds_yet(bench: Bench) -> None:
    deadline = Deadline(destination=bench.there, clock=bench.clock)

    assert await deadline.rest(message(expiry=Timestamp(GENESIS - 100)), HOUR) == LEAST_SECONDS


async def test_what_succeeds_at_last_gives_back_what_its_expiry_was_to_cost(bench: Bench) -> None:
    bench.lane = bench.rooms(Policy(terms=Terms(carry=Carry.PAID, loss_gas_per_hour=2_000_000)))
    exposure = bench.lane._judging.exposure
    await bench.put(1, lasts=600)
    await bench.look()
    owed, before = exposure.left, await bench.states()

    bench.there.recipients[BROKEN] = lambda _message, _gas: True
    await bench.pass_time(30)

    assert before == {State.FAILED: 1}
    assert await bench.states() == {State.DELIVERED: 1}
    assert exposure.left - owed >= 150_000
