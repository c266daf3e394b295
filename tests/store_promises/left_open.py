"""A receipt that is left open keeps what it takes to prove it back, and what was settled around it goes."""

from collections.abc import Sequence

import pytest

from tests.store_promises.scene import ALICE, LANE, NOW, RECEIPT_LOG, cursor, ids, nonces, place, sent
from xl2.core.lane import PAGE_SIZE
from xl2.core.lifecycle import Event, State
from xl2.core.receipt import Delivered, Expired, Receipt
from xl2.core.types import Nonce, Wei
from xl2.ports import Entry, Happening
from xl2.store import SqlStore

#: A whole page, and the beginning of the next one.
COUNT = PAGE_SIZE + 3
#: Of the message whose receipt waits.
POOR = 5
OLD, LATER = NOW, NOW + 1000


def delivered(bitmap: int) -> Delivered:
    return Delivered(page=0, bitmap=bitmap, payee=ALICE.address, fees=Wei(0))


#: Of the poor message; of all others on its page.
WAITS, PAYS = delivered(1 << POOR), delivered(((1 << PAGE_SIZE) - 1) ^ (1 << POOR))


#: Of another one, which nobody refunded yet.
EXPIRED = Expired(id=ids(POOR + 4)[0])


async def written(store: SqlStore, receipts: Sequence[Receipt]) -> None:
    """A receipt log of these; all are settled but those that wait."""
    entries = [Entry(lane=LANE, index=at, data=one.encode(), place=place(4)) for at, one in enumerate(receipts)]
    await store.observe_receipts(cursor(9, RECEIPT_LOG), entries)
    await store.mark_settled(LANE, [at for at, one in enumerate(receipts) if one not in (WAITS, EXPIRED)])


async def left(store: SqlStore) -> list[int]:
    return nonces(await store.range(LANE, Nonce(0), Nonce(COUNT)))


class LeftOpenPromises:
    """See the module."""

    @pytest.fixture(autouse=True)
    async def _settled_but_one(self, store: SqlStore) -> None:
        """All messages are settled but the poor one, whose delivery is confirmed."""
        await store.observe(cursor(9), sent(COUNT), OLD)
        everything, (poor,) = ids(*range(COUNT)), ids(POOR)
        for event in (Event.DELIVERY, Event.DESTINATION_FINAL):
            moved = [Happening(id=one, event=event, chain=LANE.destination) for one in everything]
            await store.happen(moved, OLD)
        over = [Happening(id=one, event=Event.SETTLEMENT, chain=LANE.origin) for one in everything if one != poor]
        await store.happen(over, OLD)

    async def test_it_keeps_of_a_page_of_messages_what_it_speaks_of_alone(self, store: SqlStore) -> None:
        await written(store, [WAITS, PAYS, PAYS])

        gone = await store.prune(LANE, LATER)

        assert (gone, await left(store)) == (PAGE_SIZE - 1, [POOR, *range(PAGE_SIZE, COUNT)])
        assert {state: count for _, state, count, _ in await store.backlog()} == {
            State.CONFIRMED: 1,
            State.SETTLED: COUNT - PAGE_SIZE,
        }

    async def test_what_is_settled_in_no_final_block_yet_stays(self, store: SqlStore) -> None:
        await written(store, [PAYS, WAITS, PAYS])
        await store.happen([Happening(id=ids(POOR)[0], event=Event.SETTLEMENT, chain=LANE.origin)], OLD)

        gone = await store.prune(LANE, LATER)

        assert (gone, await left(store)) == (PAGE_SIZE - 1, [POOR, *range(PAGE_SIZE, COUNT)])

    async def test_what_it_kept_goes_when_it_is_settled_and_that_is_old(self, store: SqlStore) -> None:
        await written(store, [WAITS, *[PAYS] * PAGE_SIZE])
        await store.prune(LANE, LATER)
        await store.happen([Happening(id=ids(POOR)[0], event=Event.SETTLEMENT, chain=LANE.origin)], LATER)
        await store.mark_settled(LANE, [0])

        lately = await store.prune(LANE, LATER)
        gone = await store.prune(LANE, LATER + 1)

        assert (lately, gone) == (0, 1)
        assert await left(store) == list(range(PAGE_SIZE, COUNT))
        assert [one.index for one in await store.entries(LANE, 0, COUNT)] == [PAGE_SIZE]

    async def test_while_an_expiry_of_the_page_is_left_open_all_of_it_stays(self, store: SqlStore) -> None:
        await written(store, [PAYS, WAITS, EXPIRED, PAYS])

        assert await store.prune(LANE, LATER) == 0

    async def test_while_a_message_of_the_page_may_be_delivered_all_of_it_stays(self, store: SqlStore) -> None:
        await written(store, [WAITS, PAYS])
        reorg = Happening(id=ids(POOR)[0], event=Event.DESTINATION_REORG, chain=LANE.destination)
        await store.happen([reorg], OLD)

        assert await store.prune(LANE, LATER) == 0

    async def test_while_a_message_of_the_page_was_confirmed_lately_all_of_it_stays(self, store: SqlStore) -> None:
        """A reorg may yet have it delivered again, for which the ids behind it are needed."""
        await written(store, [WAITS, PAYS])
        for event in (Event.DESTINATION_REORG, Event.DELIVERY, Event.DESTINATION_FINAL):
            await store.happen([Happening(id=ids(POOR)[0], event=event, chain=LANE.destination)], LATER)

        lately = await store.prune(LANE, LATER)

        assert (lately, await store.prune(LANE, LATER + 1)) == (0, PAGE_SIZE - 1)

    async def test_it_keeps_the_page_of_receipts_that_it_stands_on_and_the_one_before(self, store: SqlStore) -> None:
        pages = [[PAYS] * PAGE_SIZE for _ in range(5)]
        pages[1][0] = pages[3][9] = WAITS
        await written(store, [one for page in pages for one in page])
        before = await store.entries(LANE, 0, 5 * PAGE_SIZE)
        ends = [PAGE_SIZE, 2 * PAGE_SIZE, 3 * PAGE_SIZE + 9, 4 * PAGE_SIZE]
        heads = [await store.head(RECEIPT_LOG, count) for count in ends]

        gone = await store.prune(LANE, LATER)

        kept = [*range(PAGE_SIZE - 1, 2 * PAGE_SIZE), *range(3 * PAGE_SIZE - 1, 4 * PAGE_SIZE), 5 * PAGE_SIZE - 1]
        assert gone == PAGE_SIZE - 1
        assert await store.entries(LANE, 0, 5 * PAGE_SIZE) == [before[at] for at in kept]
        assert [await store.head(RECEIPT_LOG, count) for count in ends] == heads
