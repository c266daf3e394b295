"""Which receipts are settled is kept one by one: what waits among them is found again, and holds up nothing."""

from collections.abc import Sequence

import pytest

from tests import factories
from tests.store_promises.scene import LANE, NOW, RECEIPT_LOG, cursor, receipt
from xl2.core.types import BlockNumber
from xl2.ports import Entry
from xl2.store import SqlStore

COUNT = 12
#: The first half stands in this block, the rest in the next one.
BLOCK = 4


def receipts(first: int, count: int, block: int) -> list[Entry]:
    return [receipt(index, block) for index in range(first, first + count)]


async def unsettled(store: SqlStore, first: int = 0, limit: int = COUNT) -> list[int]:
    return [one.index for one in await store.unsettled(LANE, first, limit)]


class SettlingPromises:
    """See the module."""

    @pytest.fixture(autouse=True)
    async def _twelve_receipts(self, store: SqlStore) -> None:
        for block, first in ((BLOCK, 0), (BLOCK + 1, COUNT // 2)):
            await store.observe_receipts(cursor(block, RECEIPT_LOG), receipts(first, COUNT // 2, block))

    async def test_before_anything_is_settled_all_is_unsettled(self, store: SqlStore) -> None:
        assert await store.unsettled(LANE, 0, COUNT) == await store.entries(LANE, 0, COUNT)

    @pytest.mark.parametrize(
        "marked",
        [
            [[0, 1, 2], [3, 4]],
            [[1], [3, 7], [2, 9]],
            [[11], [0], [5, 4]],
            [[6, 2, 4], [], [3, 5]],
            [[1, 2, 3], [1, 2, 3]],
        ],
    )
    async def test_what_is_not_named_stays_unsettled_wherever_it_stands(
        self, store: SqlStore, marked: Sequence[Sequence[int]]
    ) -> None:
        found = list[list[int]]()
        for indices in marked:
            await store.mark_settled(LANE, indices)
            found.append(await unsettled(store))

        named = [{one for indices in marked[: at + 1] for one in indices} for at in range(len(marked))]
        assert found == [[one for one in range(COUNT) if one not in before] for before in named]

    async def test_a_part_of_what_is_unsettled_begins_where_it_is_asked_to(self, store: SqlStore) -> None:
        await store.mark_settled(LANE, [1, 4, 5, 8])

        assert await unsettled(store, 2, 3) == [2, 3, 6]
        assert await unsettled(store, 3, 4) == [3, 6, 7, 9]
        assert await unsettled(store, 8) == [9, 10, 11]
        assert await unsettled(store, COUNT) == []

    async def test_what_is_settled_never_goes_back(self, store: SqlStore) -> None:
        await store.mark_settled(LANE, range(5))
        await store.mark_settled(LANE, [2])
        await store.mark_settled(LANE, [])

        assert await unsettled(store) == list(range(5, COUNT))

    async def test_what_is_observed_later_is_unsettled(self, store: SqlStore) -> None:
        await store.mark_settled(LANE, [*range(3), *range(4, COUNT)])

        await store.observe_receipts(cursor(9, RECEIPT_LOG), receipts(COUNT, 2, 9))

        assert await unsettled(store) == [3, COUNT, COUNT + 1]

    async def test_of_receipts_that_a_reorg_took_nothing_is_known_when_they_come_anew(self, store: SqlStore) -> None:
        await store.mark_settled(LANE, [0, 2, 3, 7, 9])

        await store.take_back(RECEIPT_LOG, BlockNumber(BLOCK), NOW)
        cut = await unsettled(store)
        await store.observe_receipts(cursor(9, RECEIPT_LOG), receipts(COUNT // 2, 3, 9))

        assert cut == [1, 4, 5]
        assert await unsettled(store) == [1, 4, 5, 6, 7, 8]

    async def test_what_a_reorg_took_while_the_origin_was_asked_is_not_settled_when_it_comes_anew(
        self, store: SqlStore
    ) -> None:
        await store.mark_settled(LANE, [0])

        await store.take_back(RECEIPT_LOG, BlockNumber(BLOCK), NOW)
        await store.mark_settled(LANE, [2, 7, 9])
        await store.observe_receipts(cursor(9, RECEIPT_LOG), receipts(COUNT // 2, 6, 9))

        assert await unsettled(store) == [1, 3, 4, *range(5, COUNT)]

    async def test_a_reorg_of_what_is_not_settled_leaves_the_rest_as_it_was(self, store: SqlStore) -> None:
        await store.mark_settled(LANE, [0, 2])

        await store.take_back(RECEIPT_LOG, BlockNumber(BLOCK), NOW)

        assert await unsettled(store) == [1, 3, 4, 5]

    async def test_another_lane_is_another_matter(self, store: SqlStore) -> None:
        other = factories.lane(inbox=factories.some_address("another inbox"))

        await store.mark_settled(other, [0, 5])

        assert await unsettled(store) == list(range(COUNT))
