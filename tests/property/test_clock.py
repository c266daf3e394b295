"""However a clock is set while time passes, nothing rests longer than it was told to, as those count who wait."""

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.store_promises.scene import LANE, cursor, sent
from xl2.core.lifecycle import State
from xl2.relayer import ClockWatch
from xl2.store import SqliteStore
from xl2.testing import ManualClock

MESSAGES = sent(3)
#: What a watch takes for no jump, and messages may rest longer for.
TOLERATED = 5.0

JUMPS = st.one_of(st.floats(-TOLERATED, TOLERATED), st.floats(-1e9, -TOLERATED), st.floats(TOLERATED, 1e9))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.just(0), st.floats(0, 4_000)),
        st.tuples(st.just("jump"), st.just(0), JUMPS),
        st.tuples(st.just("postpone"), st.integers(0, len(MESSAGES) - 1), st.floats(0, 3_600)),
        st.tuples(st.just("another daemon"), st.just(0), JUMPS),
    ),
    max_size=30,
)


@given(STEPS)
def test_nothing_rests_longer_than_it_was_told_to(steps: Sequence[tuple[str, int, float]]) -> None:
    asyncio.run(_walk(steps))


async def _walk(steps: Sequence[tuple[str, int, float]]) -> None:
    clock, slack = ManualClock(), 1e-3
    #: By nonce: until when it rests, in steady time.
    resting: dict[int, float] = {}
    async with SqliteStore(":memory:") as store:
        await store.observe(cursor(9), MESSAGES, clock.now())
        watch = _watch(store, clock)
        for name, nonce, number in steps:
            match name:
                case "wait":
                    clock.advance(number)
                case "jump":
                    clock.jump(number)
                    slack += min(abs(number), TOLERATED)
                case "postpone":
                    await store.postpone([MESSAGES[nonce].message.id], clock.now() + number, "no head")
                    resting[nonce] = clock.steady() + number
                case _:
                    # Another machine has the lane from here on.
                    clock.jump(number)
                    watch = _watch(store, clock)
            await watch.look()
            due = await store.due(LANE, [State.OBSERVED], clock.now(), len(MESSAGES))
            over = {one for one in range(len(MESSAGES)) if resting.get(one, 0.0) + slack <= clock.steady()}
            assert over <= {one.sent.message.nonce for one in due}


def _watch(store: SqliteStore, clock: ManualClock) -> ClockWatch:
    return ClockWatch(store=store, clock=clock, lanes=lambda: [LANE], roused=lambda: None, tolerated_seconds=TOLERATED)
