"""A name has one owner at a time, and what was leased is written under the lease only."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.store_promises.scene import (
    ALICE,
    LANE,
    LANE_LOG,
    NOW,
    RECEIPT_LOG,
    StoreOf,
    cursor,
    ids,
    receipt,
    sent,
    signed,
)
from xl2.core.lifecycle import Event
from xl2.core.types import BlockNumber
from xl2.errors import LeaseLost
from xl2.ports import Happening, lane_lease, signer_lease
from xl2.store import SqlStore

LANE_NAME = lane_lease(LANE)
SIGNER_NAME = signer_lease(LANE.origin, ALICE.address)
OVER = 0.0
HOUR = 3_600.0

#: Of what is written of a lane under its lease, a piece of each kind.
WRITES: list[Callable[[SqlStore], Awaitable[object]]] = [
    lambda store: store.observe(cursor(10), sent(1, first=2), NOW),
    lambda store: store.take_back(LANE_LOG, BlockNumber(1), NOW),
    lambda store: store.mark_settled(LANE, [0]),
    lambda store: store.prune(LANE, 1e12),
    lambda store: store.happen([Happening(id=ids(0)[0], event=Event.DELIVERY, chain=LANE.destination)], NOW),
]


async def database_clock_jumps(store: SqlStore, seconds: float) -> None:
    """As good as that: what is counted from it moves the other way."""
    await store._run(lambda db: db.execute("UPDATE leases SET ends = ends - ?1", seconds))


class LeasePromises:
    """See the module."""

    async def test_a_name_has_one_owner_until_its_time_is_over(self, store: SqlStore) -> None:
        first = await store.lease(["a", "b"], "one", 60)
        refused = await store.lease(["b", "c"], "two", 60)
        renewed = await store.lease(["a"], "one", OVER)
        taken = await store.lease(["a"], "two", 60)

        assert first == {"a": 1, "b": 1}
        assert refused == {"c": 1}
        assert renewed == {"a": 1}
        assert taken == {"a": 2}
        assert [(one.name, one.owner) for one in await store.leases("")] == [("a", "two"), ("b", "one"), ("c", "two")]

    async def test_what_is_let_go_is_free_at_once(self, store: SqlStore) -> None:
        await store.lease(["lane:a", "signer:b"], "one", 60)

        await store.release(["lane:a"], "two")
        kept = await store.leases("lane:")
        await store.release(["lane:a"], "one")

        assert [one.owner for one in kept] == ["one"]
        assert await store.leases("lane:") == []
        assert await store.lease(["lane:a"], "two", 60) == {"lane:a": 2}

    @pytest.mark.parametrize("write", WRITES)
    async def test_a_stale_fence_writes_nothing(
        self, store: SqlStore, write: Callable[[SqlStore], Awaitable[object]]
    ) -> None:
        receipts = [receipt()]
        await store.lease([LANE_NAME], "one", 60)
        await store.observe(cursor(9), sent(2), NOW)
        await store.observe_receipts(cursor(9, RECEIPT_LOG), receipts)
        await store.release([LANE_NAME], "one")
        before = await store.messages(lane=None, states=[], after=None, limit=10)

        with pytest.raises(LeaseLost):
            await write(store)

        assert await store.messages(lane=None, states=[], after=None, limit=10) == before
        assert await store.unsettled(LANE, 0, 1) == receipts

    async def test_a_lease_from_before_the_databases_clock_went_back_is_over_unless_it_is_renewed(
        self, store: SqlStore
    ) -> None:
        await store.lease(["lane:dead", "lane:alive"], "one", 60)

        await database_clock_jumps(store, -HOUR)
        renewed = await store.lease(["lane:alive"], "one", 60)
        seen = await store.leases("lane:")
        taken = await store.lease(["lane:dead", "lane:alive"], "two", 60)

        assert renewed == {"lane:alive": 1}
        assert [(one.name, one.owner) for one in seen] == [("lane:alive", "one")]
        assert taken == {"lane:dead": 2}

    async def test_without_the_signers_lease_nothing_is_signed_for(self, store: SqlStore) -> None:
        await store.lease([SIGNER_NAME], "one", 60)
        await store.keep(await signed(0), "pay bob")
        await store.release([SIGNER_NAME], "one")

        with pytest.raises(LeaseLost):
            await store.keep(await signed(1), "pay bob")

        assert [one.signed for one in await store.pending(LANE.origin, ALICE.address)] == [await signed(0)]

    async def test_two_who_ask_at_once_never_get_the_same(self, store_of: StoreOf) -> None:
        names = [f"lane:{number}" for number in range(20)]
        async with store_of() as store:
            won = await asyncio.gather(*(store.lease(names, owner, 60) for owner in ("one", "two", "three")))

        assert sorted(name for one in won for name in one) == sorted(names)
