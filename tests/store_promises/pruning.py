"""What is over for long goes; what a room may yet ask for stays: all of a page, or what a receipt speaks of."""

import pytest

from tests.store_promises.scene import (
    ALICE,
    LANE,
    LANE_LOG,
    NOW,
    RECEIPT_LOG,
    cursor,
    ids,
    nonces,
    place,
    sent,
    signed,
)
from xl2.core.lane import PAGE_SIZE
from xl2.core.lifecycle import Event, State
from xl2.core.receipt import Delivered, Expired, Receipt
from xl2.core.types import BlockNumber, Hash32, Nonce, Wei
from xl2.errors import NotFound
from xl2.ports import Entry, Happening, TxReceipt
from xl2.store import SqlStore

#: Two whole pages, and the beginning of a third.
COUNT = 2 * PAGE_SIZE + 3
ALL = (1 << PAGE_SIZE) - 1
OLD, LATER = NOW, NOW + 1000


class PruningPromises:
    """See the module."""

    @pytest.fixture(autouse=True)
    async def _settled_but_one(self, store: SqlStore) -> None:
        """Everything was settled but one message on the second page."""
        await store.observe(cursor(9), sent(COUNT), OLD)
        settled = [one for number, one in enumerate(ids(*range(COUNT))) if number != PAGE_SIZE + 7]
        walk = (Event.DELIVERY, Event.DESTINATION_FINAL, Event.SETTLEMENT)
        for event in walk:
            await store.happen([Happening(id=one, event=event, chain=LANE.destination) for one in settled], OLD)
        receipts: list[Receipt] = [
            Delivered(page=0, bitmap=ALL, payee=ALICE.address, fees=Wei(0)),
            Delivered(page=1, bitmap=ALL - (1 << 7), payee=ALICE.address, fees=Wei(0)),
            Expired(id=ids(3)[0]),
            Delivered(page=2, bitmap=7, payee=ALICE.address, fees=Wei(0)),
        ]
        entries = [
            Entry(lane=LANE, index=index, data=one.encode(), place=place(4)) for index, one in enumerate(receipts)
        ]
        await store.observe_receipts(cursor(9, RECEIPT_LOG), entries)

    async def test_whole_pages_go_with_their_steps_and_no_others(self, store: SqlStore) -> None:
        await store.mark_settled(LANE, range(4))
        gone_id, kept_id = ids(0)[0], ids(PAGE_SIZE)[0]

        gone = await store.prune(LANE, LATER)

        left = await store.range(LANE, Nonce(0), Nonce(COUNT))
        assert gone == PAGE_SIZE
        assert nonces(left) == list(range(PAGE_SIZE, COUNT))
        assert (await store.record(gone_id), await store.steps(gone_id)) == (None, [])
        assert len(await store.steps(kept_id)) > 0

    async def test_the_backlog_counts_what_is_left(self, store: SqlStore) -> None:
        await store.mark_settled(LANE, range(4))

        await store.prune(LANE, LATER)

        assert {state: count for _, state, count, _ in await store.backlog()} == {
            State.OBSERVED: 1,
            State.SETTLED: PAGE_SIZE + 2,
        }

    async def test_the_log_goes_on_where_it_was(self, store: SqlStore) -> None:
        await store.mark_settled(LANE, range(4))
        head = await store.head(LANE_LOG)

        await store.prune(LANE, LATER)
        after = (await store.count(LANE_LOG), await store.head(LANE_LOG))
        await store.observe(cursor(12), sent(2, first=COUNT), LATER)

        assert after == (COUNT, head)
        assert await store.count(LANE_LOG) == COUNT + 2

    async def test_what_ended_lately_stays(self, store: SqlStore) -> None:
        await store.mark_settled(LANE, range(4))

        assert await store.prune(LANE, OLD) == 0

    async def test_a_page_stays_while_an_expiry_of_it_is_not_settled(self, store: SqlStore) -> None:
        await store.mark_settled(LANE, range(2))
        early = await store.prune(LANE, LATER)
        await store.mark_settled(LANE, range(3))

        # The third receipt says that a message of the first page expired.
        assert early == 0
        assert await store.prune(LANE, LATER) == PAGE_SIZE

    async def test_receipts_go_with_what_they_speak_of_but_the_last_settled_one(self, store: SqlStore) -> None:
        await store.mark_settled(LANE, range(3))
        heads = [await store.head(RECEIPT_LOG, count) for count in (3, 4)]

        await store.prune(LANE, LATER)

        assert [one.index for one in await store.entries(LANE, 0, 10)] == [1, 2, 3]
        assert [await store.head(RECEIPT_LOG, count) for count in (3, 4)] == heads
        with pytest.raises(NotFound, match="no longer kept"):
            await store.head(RECEIPT_LOG, 1)

    async def test_the_journal_forgets_used_nonces_only(self, store: SqlStore) -> None:
        used, open_ = await signed(0), await signed(1)
        receipt = TxReceipt(
            tx_hash=used.hash,
            block=BlockNumber(3),
            block_hash=Hash32(bytes(32)),
            succeeded=True,
            gas_used=1,
            cost=Wei(1),
        )
        for one in (used, open_):
            await store.keep(one, "pay bob")
        await store.included(receipt, used)

        lately = await store.prune_journal(0.0)
        gone = await store.prune_journal(1e12)

        assert (lately, gone) == (0, 1)
        assert await store.words(used.hash) is None
        assert [one.signed for one in await store.pending(LANE.origin, ALICE.address)] == [open_]
