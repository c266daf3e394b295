"""Carrying: lanes come and go while the pipeline runs, a drain ends it, and an observer is told what happens."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from attrs import evolve, field, frozen

from tests.unit.relayer.process import SETTINGS, Relayer, put
from tests.waiting import PATIENCE_SECONDS
from xl2.core.lane import Lane
from xl2.core.lifecycle import Event, State
from xl2.core.types import Address
from xl2.errors import Xl2Error
from xl2.ports import Happening, Record, Unobserved
from xl2.relayer import Pipeline
from xl2.relayer.lane_rooms import LaneRooms
from xl2.store import SqliteStore
from xl2.testing import MemorySigner, World

BROKEN = Address(b"\x66" * 20)
#: More than a test may take, so that it is over when a test says so.
DRAIN_SECONDS = 3_600.0


@frozen
class Witness(Unobserved):
    """An observer that keeps what it was told."""

    looks: set[str] = field(factory=set)
    rests: list[Xl2Error] = field(factory=list)
    events: list[Event] = field(factory=list)

    def looked(self, lane: Lane, room: str, *, busy: bool, seconds: float) -> None:
        del lane, busy
        assert seconds >= 0
        self.looks.add(room)

    def rested(self, lane: Lane, room: str, cause: Xl2Error, seconds: float) -> None:
        del lane, room, seconds
        self.rests.append(cause)

    def moved(self, lane: Lane, happenings: Sequence[Happening]) -> None:
        del lane
        self.events.extend(happening.event for happening in happenings)


@pytest.fixture
def relayer(tmp_path: Path) -> Relayer:
    return Relayer(World(), tmp_path / "relayer.sqlite", observer=Witness())


async def states(store: SqliteStore) -> dict[State, int]:
    return {state: count for _, state, count, _ in await store.backlog()}


async def until(store: SqliteStore, wanted: dict[State, int]) -> None:
    while await states(store) != wanted:  # noqa: ASYNC110 - of the store, which tells nobody
        await asyncio.sleep(0.005)


async def test_a_lane_is_carried_from_when_it_is_given_until_it_is_dropped(relayer: Relayer) -> None:
    await put(relayer, 2)
    async with SqliteStore(relayer.path) as store:
        parts = relayer.parts(store)
        pipeline = Pipeline([], relayer.submitters(parts), SETTINGS)
        async with relayer.running(pipeline):
            pipeline.carry(parts)
            pipeline.carry(parts)
            await until(store, {State.SETTLED: 2})
            await pipeline.drop(parts.lane)

            assert pipeline.lanes == ()
            assert not [task for task in asyncio.all_tasks() if "901-902" in task.get_name()]


async def test_a_lane_that_was_dropped_goes_on_where_it_was_when_it_is_carried_again(relayer: Relayer) -> None:
    await put(relayer, 2)
    async with SqliteStore(relayer.path) as store:
        parts = relayer.parts(store)
        pipeline = Pipeline([parts], relayer.submitters(parts), SETTINGS)
        async with relayer.running(pipeline):
            await until(store, {State.SETTLED: 2})
            await pipeline.drop(parts.lane)
            await put(relayer, 1)
            pipeline.carry(parts)
            await until(store, {State.SETTLED: 3})

    assert len(relayer.world.chain(902).state.delivered) == 3


async def test_a_drain_carries_what_is_observed_and_ends(relayer: Relayer) -> None:
    await put(relayer, 3)
    async with SqliteStore(relayer.path) as store, asyncio.timeout(PATIENCE_SECONDS):
        pipeline = relayer.pipeline(store)
        running = asyncio.ensure_future(pipeline.run(asyncio.Event()))
        while sum((await states(store)).values()) < 3:
            relayer.world.chain(901).mine()
            await asyncio.sleep(0.005)
        pipeline.drain()
        await put(relayer, 1)
        await running

        assert await states(store) == {State.DELIVERED: 3}


async def test_an_observer_is_told_of_looks_rests_and_moves(relayer: Relayer) -> None:
    told, origin = relayer.observer, relayer.world.chain(901)
    assert isinstance(told, Witness)
    await put(relayer, 1)

    async def down_until_a_room_rests() -> None:
        origin.is_down = True
        while not told.rests:  # noqa: ASYNC110 - of a list, which tells nobody
            await asyncio.sleep(0.001)
        origin.is_down = False

    # Not a number of failures: whoever watches heads for all lanes meets some, and rests without a word.
    await asyncio.gather(down_until_a_room_rests(), relayer.run_until(State.SETTLED))

    assert told.looks == {"observe", "observe receipts", "prove", "deliver", "confirm", "settle"}
    # Who settles may be quicker than who confirms: then nothing is left to be confirmed.
    moves = [one for one in told.events if one is not Event.DESTINATION_FINAL]
    assert moves == [Event.ORIGIN_FINAL, Event.HEAD_SHOWN, Event.DELIVERY, Event.SETTLEMENT]


async def test_a_delivery_that_begins_while_it_stops_does_not_keep_it_from_stopping(
    relayer: Relayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on, loop = asyncio.Event(), asyncio.get_running_loop()
    time, passed = loop.time, 0.0

    async def nothing_broken(_: LaneRooms) -> Sequence[Record]:
        await may_go_on.wait()
        return ()

    async def never_answer(*_: object) -> None:
        """Asked for what became of a delivery that is out: the drain's time is over now, and not before."""
        nonlocal passed
        passed = 2 * DRAIN_SECONDS
        await asyncio.Event().wait()

    monkeypatch.setattr(loop, "time", lambda: time() + passed)
    monkeypatch.setattr(LaneRooms, "broken", nothing_broken)
    monkeypatch.setattr(relayer.world.chain(902), "look", never_answer)
    await put(relayer, 1)
    relayer.world.chain(901).mine(2)
    stop = asyncio.Event()
    async with SqliteStore(relayer.path) as store:
        parts = relayer.parts(store)
        pipeline = Pipeline([parts], relayer.submitters(parts), evolve(SETTINGS, drain_seconds=DRAIN_SECONDS))
        async with asyncio.timeout(2 * DRAIN_SECONDS + PATIENCE_SECONDS):
            running = asyncio.ensure_future(pipeline.run(stop))
            await until(store, {State.PROVEN: 1})
            stop.set()
            while any(task.get_name().startswith("observe ") for task in asyncio.all_tasks()):  # noqa: ASYNC110
                await asyncio.sleep(0)
            may_go_on.set()

            await running

        assert passed
        assert len(await store.pending(parts.destination.chain, MemorySigner.named("relayer").address)) == 1


async def test_what_is_mended_keeps_nothing_from_being_delivered(
    relayer: Relayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mend, begun, released = LaneRooms.mend, asyncio.Event(), asyncio.Event()

    async def slow(self: LaneRooms, due: Sequence[Record]) -> bool:
        begun.set()
        await released.wait()
        return await mend(self, due)

    monkeypatch.setattr(LaneRooms, "mend", slow)
    relayer.world.chain(902).recipients[BROKEN] = lambda _message, _gas: False
    await put(relayer, 1, recipient=BROKEN)
    async with SqliteStore(relayer.path) as store:
        pipeline = relayer.pipeline(store)
        async with relayer.running(pipeline):
            await begun.wait()
            await put(relayer, 3)
            await until(store, {State.FAILED: 1, State.SETTLED: 3})
            held = not released.is_set()
            released.set()

    assert held
