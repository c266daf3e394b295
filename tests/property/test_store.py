"""Store against a naive model: whatever happens in whatever order, it counts, lists and gives out the same messages."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from tests.store_promises.scene import LANE, LANE_LOG, RECEIPT_LOG, cursor, receipt, sent
from xl2.core.lifecycle import Event, State, decide
from xl2.core.types import BlockNumber, MessageId
from xl2.errors import InvalidInput
from xl2.ports import Happening
from xl2.store import SqliteStore

MESSAGES = sent(12)
IDS = [one.message.id for one in MESSAGES]


@define
class Known:
    """What the model knows of a message."""

    state: State
    block: int
    due: float
    #: Until it is due; else its time has come, whatever the clock says.
    rests: bool = False
    stands: bool = True
    skipped: bool = False


@define
class Model:
    """A list of messages, asked by looking at all of them."""

    log: dict[int, Known] = field(factory=dict)
    now: float = 0.0

    @property
    def count(self) -> int:
        return sum(one.stands for one in self.log.values())

    def observe(self, nonce: int) -> None:
        one = self.log.setdefault(nonce, Known(State.UNSENT, 0, self.now))
        one.block, one.stands = self.block(nonce), True
        if one.state is State.UNSENT:
            one.state, one.due = State.OBSERVED, self.now

    def happen(self, nonce: int, event: Event) -> None:
        one = self.log[nonce]
        then, _ = decide(one.state, event)
        if then is not one.state:
            one.state, one.due, one.rests = then, self.now, False

    def due(self, states: Sequence[State]) -> list[int]:
        """Whoever is due rests no more, also when the clock goes back."""
        asked = [(nonce, one) for nonce, one in sorted(self.log.items()) if one.state in states and not one.skipped]
        for _, one in asked:
            one.rests = one.rests and one.due > self.now
        return [nonce for nonce, one in asked if one.stands and not one.rests]

    @staticmethod
    def block(nonce: int) -> int:
        return 10 * (nonce + 1)


Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["observe", "event", "postpone", "hurry", "skip", "unskip", "reorg", "wait", "rouse", "clock back"]
        ),
        st.integers(0, len(MESSAGES) - 1),
        st.integers(0, len(Event) - 1),
    ),
    max_size=60,
)


@given(STEPS)
def test_a_store_says_what_a_naive_model_says(steps: list[Step]) -> None:
    asyncio.run(_walk(steps))


async def _walk(steps: Sequence[Step]) -> None:
    model = Model()
    async with SqliteStore(":memory:") as store:
        for step in steps:
            await _do(store, model, *step)
            for states in ([State.OBSERVED], [State.DELIVERED, State.FAILED, State.OBSERVED]):
                found = await store.due(LANE, states, model.now, 20)
                assert [one.sent.message.nonce for one in found] == model.due(states)
        standing = [one for one in model.log.values() if one.stands]
        assert {state: count for _, state, count, _ in await store.backlog()} == Counter(one.state for one in standing)
        assert await store.count(LANE_LOG) == model.count
        listed = await store.messages(lane=None, states=list(State), after=None, limit=50)
        assert [(one.sent.message.nonce, one.state) for one in listed] == [
            (nonce, one.state) for nonce, one in sorted(model.log.items()) if one.stands
        ]


async def _do(  # noqa: C901, PLR0912 - one case a step
    store: SqliteStore, model: Model, name: str, nonce: int, number: int
) -> None:
    ids: list[MessageId] = [IDS[nonce]] if nonce in model.log else []
    match name:
        case "observe" if model.count < len(MESSAGES):
            nonce = model.count
            await store.observe(cursor(model.block(nonce)), sent(1, first=nonce, block=model.block(nonce)), model.now)
            model.observe(nonce)
        case "event" if ids:
            await _both(store, model, nonce, list(Event)[number])
        case "postpone":
            await store.postpone(ids, model.now + number, "later")
            if ids:
                model.log[nonce].due, model.log[nonce].rests = model.now + number, True
        case "hurry":
            await store.hurry(ids, model.now)
            if ids:
                model.log[nonce].due, model.log[nonce].rests = model.now, False
        case "skip":
            await store.skip(ids, "poison")
            if ids:
                model.log[nonce].skipped = True
        case "unskip":
            await store.unskip(ids)
            if ids and model.log[nonce].skipped:
                model.log[nonce].skipped, model.log[nonce].rests = False, True
        case "reorg":
            await store.take_back(LANE_LOG, BlockNumber(model.block(nonce) - 1), model.now)
            for known, one in model.log.items():
                if one.stands and one.block >= model.block(nonce):
                    model.happen(known, Event.ORIGIN_REORG)
                    one.stands = False
        case "wait":
            model.now += 5
        case "rouse":
            # Whose rest is over already needs nobody to end it.
            resting = [one for one in model.log.values() if one.rests and not one.skipped and one.due > model.now]
            assert await store.rouse(LANE, model.now) == len(resting)
            for one in model.log.values():
                if one in resting or (one.skipped and one.stands):
                    one.due = model.now
        case "clock back":
            model.now -= 7


async def _both(store: SqliteStore, model: Model, nonce: int, event: Event) -> None:
    """The store refuses what cannot follow, and so does the model."""
    if not model.log[nonce].stands:
        return
    seen = Happening(id=IDS[nonce], event=event, chain=LANE.destination)
    try:
        model.happen(nonce, event)
    except InvalidInput:
        with pytest.raises(InvalidInput):
            await store.happen([seen], model.now)
    else:
        await store.happen([seen], model.now)


#: What comes of receipts: so many are observed in a block of their own, some are settled, or blocks are taken back.
OF_RECEIPTS = st.lists(
    st.one_of(
        st.tuples(st.just("observe"), st.integers(1, 4)),
        st.tuples(st.just("settle"), st.sets(st.integers(0, 30), max_size=6)),
        st.tuples(st.just("reorg"), st.integers(1, 3)),
    ),
    max_size=30,
)


@given(OF_RECEIPTS, st.integers(0, 12), st.integers(1, 9))
def test_what_is_unsettled_is_what_stands_and_was_not_named_since_it_was_observed(
    steps: Sequence[tuple[str, object]], first: int, limit: int
) -> None:
    asyncio.run(_walk_receipts(steps, first, limit))


async def _walk_receipts(steps: Sequence[tuple[str, object]], first: int, limit: int) -> None:
    blocks, settled = list[list[int]](), set[int]()
    async with SqliteStore(":memory:") as store:
        for step in steps:
            count = sum(len(block) for block in blocks)
            match step:
                case ("observe", int(many)):
                    blocks.append(list(range(count, count + many)))
                    entries = [receipt(index, len(blocks)) for index in blocks[-1]]
                    await store.observe_receipts(cursor(len(blocks), RECEIPT_LOG), entries)
                case ("settle", set(named)):
                    named = {one for one in named if one < count}
                    await store.mark_settled(LANE, sorted(named, key=lambda one: one % 5))
                    settled |= named
                case ("reorg", int(depth)):
                    del blocks[-depth:]
                    await store.take_back(RECEIPT_LOG, BlockNumber(len(blocks)), 0.0)
                    settled &= {index for block in blocks for index in block}
            standing = [index for block in blocks for index in block]
            expected = [index for index in standing if index not in settled]
            assert [one.index for one in await store.unsettled(LANE, 0, 99)] == expected
            part = await store.unsettled(LANE, first, limit)
            assert [one.index for one in part] == [index for index in expected if index >= first][:limit]
