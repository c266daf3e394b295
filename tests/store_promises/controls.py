"""What a person tells a relayer to do is kept with the messages, and holds until it is taken back."""

import pytest

from tests import factories
from tests.store_promises.scene import LANE, NOW, cursor, ids, nonces, sent
from xl2.core.lane import Lane
from xl2.core.lifecycle import Event, State
from xl2.core.types import Nonce
from xl2.errors import InvalidInput
from xl2.ports import Happening, Pause
from xl2.store import SqlStore


async def due(store: SqlStore, now: float = NOW) -> list[int]:
    return nonces(list(await store.due(LANE, [State.OBSERVED], now, 10)))


class ControlPromises:
    """See the module."""

    @pytest.fixture(autouse=True)
    async def _four_messages(self, store: SqlStore) -> None:
        await store.observe(cursor(9), sent(4), NOW)

    async def test_a_pause_keeps_its_first_reason_until_it_is_resumed(self, store: SqlStore) -> None:
        await store.pause(LANE, "a recipient is under attack", "alice", NOW)
        await store.pause(LANE, "lunch", "bob", NOW + 1)

        pauses = await store.pauses()
        resumed, again = await store.resume(LANE), await store.resume(LANE)

        assert pauses == [Pause(lane=LANE, why="a recipient is under attack", since=NOW, by="alice")]
        assert (resumed, again) == (True, False)
        assert await store.pauses() == []

    async def test_an_incident_takes_the_place_of_a_persons_pause_and_of_no_earlier_incident(
        self, store: SqlStore
    ) -> None:
        await store.pause(LANE, "maintenance", "alice", NOW)
        await store.park(LANE, "deep reorg", NOW + 1)
        await store.park(LANE, "another one", NOW + 2)
        await store.pause(LANE, "lunch", "bob", NOW + 3)

        assert await store.pauses() == [Pause(lane=LANE, why="deep reorg", since=NOW + 1, by="incident")]

    async def test_what_is_hurried_is_due_at_once_and_keeps_its_attempts(self, store: SqlStore) -> None:
        await store.postpone(ids(1, 2), NOW + 3600, "no head")

        known = await store.hurry([*ids(1), factories.some_id(99)], NOW)
        record = await store.record(ids(1)[0])

        assert known == 1
        assert await due(store) == [0, 1, 3]
        assert record is not None
        assert (record.attempts, record.due) == (1, NOW)

    async def test_what_is_skipped_is_not_due_says_why_and_comes_back(self, store: SqlStore) -> None:
        await store.skip(ids(0, 2), "poison")
        await store.postpone(ids(0), NOW + 5, "no head")
        await store.hurry(ids(0), NOW)

        left = await due(store, NOW + 60)
        record = await store.record(ids(0)[0])
        await store.unskip(ids(0, 2))

        assert left == [1, 3]
        assert record is not None
        assert record.skipped == "poison"
        assert await due(store, NOW + 60) == [0, 1, 2, 3]

    async def test_what_is_skipped_still_moves_by_what_the_chains_say(self, store: SqlStore) -> None:
        (skipped,) = ids(3)
        await store.skip([skipped], "poison")

        await store.happen([Happening(id=skipped, event=Event.DELIVERY, chain=LANE.destination)], NOW)
        confirming = await store.due(LANE, [State.DELIVERED], NOW, 10)
        await store.unskip([skipped])

        assert confirming == []
        assert nonces(await store.due(LANE, [State.DELIVERED], NOW, 10)) == [3]

    async def test_a_message_is_not_skipped_without_a_reason(self, store: SqlStore) -> None:
        with pytest.raises(InvalidInput, match="no reason"):
            await store.skip(ids(0), "")

    async def test_lists_go_on_behind_a_place_over_all_lanes(self, store: SqlStore) -> None:
        back = factories.lane(origin=LANE.destination, destination=LANE.origin)
        first, second = sorted((LANE, back), key=Lane.encode)
        await store.happen([Happening(id=ids(2)[0], event=Event.DELIVERY, chain=LANE.destination)], NOW)
        await store.skip(ids(1), "poison")

        everything = await store.messages(lane=None, states=[], after=None, limit=10)
        page = await store.messages(lane=LANE, states=[], after=(LANE, Nonce(0)), limit=2)
        waiting = await store.messages(lane=None, states=[State.OBSERVED, State.PROVEN], after=None, limit=10)
        behind = await store.messages(lane=None, states=[], after=(second, Nonce(9)), limit=10)
        elsewhere = await store.messages(lane=back, states=[], after=None, limit=10)

        assert nonces(list(everything)) == [0, 1, 2, 3]
        assert nonces(list(page)) == [1, 2]
        assert nonces(list(waiting)) == [0, 1, 3]
        assert (behind, elsewhere) == ([], [])
        assert first != second

    async def test_what_a_stranger_says_is_kept_whatever_it_holds(self, store: SqlStore) -> None:
        await store.postpone(ids(0), NOW, "the recipient failed: \0 \ud800 ' ?1 $1 \N{SNOWMAN}")

        record = await store.record(ids(0)[0])

        assert record is not None
        assert record.cause == "the recipient failed: \N{REPLACEMENT CHARACTER} ? ' ?1 $1 \N{SNOWMAN}"

    async def test_the_reason_of_a_skip_is_kept_whatever_it_holds(self, store: SqlStore) -> None:
        await store.skip(ids(0), "poison \0 \ud800")

        record = await store.record(ids(0)[0])

        assert record is not None
        assert record.skipped == "poison \N{REPLACEMENT CHARACTER} ?"
