"""What rests does so by a clock that nobody has set since: else it is looked at again, and a person is told why."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest

from tests.store_promises.scene import LANE, NOW, cursor, nonces, sent
from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.errors import LeaseLost, StoreUnavailable
from xl2.ports import lane_lease
from xl2.relayer import ClockWatch
from xl2.relayer.clock_watch import Moment
from xl2.store import SqliteStore
from xl2.testing import ManualClock

HOUR = 3_600.0
REST = 10.0


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    """Two messages of one lane, which is observed."""
    async with SqliteStore(":memory:") as opened:
        await opened.observe(cursor(9), sent(2), NOW)
        yield opened


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


class Watch:
    """A watch, and how often it said that there may be more to do."""

    def __init__(self, store: SqliteStore, clock: ManualClock) -> None:
        self.lanes: list[Lane] = [LANE]
        self.roused = 0
        self._watch = ClockWatch(store=store, clock=clock, lanes=lambda: self.lanes, roused=self._count)
        self.look: Callable[[], Awaitable[None]] = self._watch.look

    def _count(self) -> None:
        self.roused += 1


async def postpone(store: SqliteStore, clock: ManualClock, *places: int) -> None:
    await store.postpone([sent(2)[place].message.id for place in places], clock.now() + REST, "no head")


async def due(store: SqliteStore, clock: ManualClock) -> Sequence[int]:
    return nonces(await store.due(LANE, [State.OBSERVED], clock.now(), 10))


@pytest.mark.parametrize("jump", [-HOUR, HOUR, -24 * HOUR, -REST])
async def test_what_rests_when_the_clock_jumps_is_looked_at_again(
    store: SqliteStore, clock: ManualClock, jump: float
) -> None:
    watch = Watch(store, clock)
    await watch.look()
    await postpone(store, clock, 0, 1)

    clock.jump(jump)
    await watch.look()

    assert await due(store, clock) == [0, 1]
    assert watch.roused == 1


async def test_what_rests_rests_on_while_time_passes_and_the_clock_is_slewed(
    store: SqliteStore, clock: ManualClock
) -> None:
    watch = Watch(store, clock)
    await watch.look()
    await postpone(store, clock, 0, 1)

    for _ in range(5):
        clock.advance(1)
        clock.jump(-0.5)
        await watch.look()

    assert await due(store, clock) == []
    assert watch.roused == 0


async def test_a_lane_that_is_taken_up_rests_by_nobodys_clock(store: SqliteStore, clock: ManualClock) -> None:
    await postpone(store, clock, 0)
    clock.jump(-HOUR)

    watch = Watch(store, clock)
    await watch.look()
    first = await due(store, clock)
    watch.lanes = []
    await watch.look()
    await postpone(store, clock, 0, 1)
    watch.lanes = [LANE]
    await watch.look()

    assert first == [0, 1]
    assert await due(store, clock) == [0, 1]


async def test_what_it_put_to_rest_itself_since_is_left_to_rest(store: SqliteStore, clock: ManualClock) -> None:
    watch = Watch(store, clock)
    await watch.look()
    clock.jump(-HOUR)
    await watch.look()

    await postpone(store, clock, 0, 1)
    clock.advance(1)
    await watch.look()

    assert await due(store, clock) == []


async def test_a_store_that_does_not_answer_is_asked_again(
    store: SqliteStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(_lane: Lane, _now: float) -> int:
        raise StoreUnavailable("the disk is full")

    watch = Watch(store, clock)
    await watch.look()
    await postpone(store, clock, 0, 1)
    clock.jump(-HOUR)
    with monkeypatch.context() as broken:
        broken.setattr(store, "rouse", silent)
        await watch.look()
    before = await due(store, clock)

    await watch.look()

    assert before == []
    assert await due(store, clock) == [0, 1]


async def test_a_lane_that_is_another_daemons_by_now_is_left_alone(store: SqliteStore, clock: ManualClock) -> None:
    await store.lease([lane_lease(LANE)], "we", 60)
    await postpone(store, clock, 0, 1)
    await store.release([lane_lease(LANE)], "we")

    await Watch(store, clock).look()

    assert await due(store, clock) == []
    with pytest.raises(LeaseLost):
        await store.rouse(LANE, clock.now())


@pytest.mark.parametrize(("jump", "words"), [(-HOUR, "went back by 3600 s"), (HOUR, "went ahead by 3600 s")])
async def test_a_jump_is_told_once_with_its_way_its_length_and_what_was_done(
    store: SqliteStore, clock: ManualClock, caplog: pytest.LogCaptureFixture, jump: float, words: str
) -> None:
    watch = Watch(store, clock)
    await watch.look()
    await postpone(store, clock, 0, 1)
    caplog.clear()

    clock.jump(jump)
    for _ in range(3):
        clock.advance(1)
        await watch.look()

    (told,) = (one for one in caplog.records if one.levelno >= logging.WARNING)
    fields: dict[str, object] = told.fields  # type: ignore[attr-defined]
    assert words in str(fields["cause"])
    # What a jump ahead ends by itself is roused by nobody.
    assert fields["messages"] == (2 if jump < 0 else 0)
    assert "NTP" in str(fields["remedy"])


def test_a_jump_is_what_the_wall_clock_went_beyond_the_time_that_passed() -> None:
    before = Moment(wall=1_000.0, steady=5.0)

    assert Moment(wall=1_060.0, steady=65.0).jumped(before) == 0
    assert Moment(wall=4_660.0, steady=65.0).jumped(before) == HOUR
    assert Moment(wall=-2_540.0, steady=65.0).jumped(before) == -HOUR
