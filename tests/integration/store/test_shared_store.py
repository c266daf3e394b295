"""Daemons that share a database: a stale owner writes nothing, and news only save time."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

import asyncpg
import pytest

from tests.postgres import empty
from tests.store_promises.leasing import HOUR, LANE_NAME, OVER, WRITES, database_clock_jumps
from tests.store_promises.scene import (
    ALICE,
    LANE,
    LANE_LOG,
    NOW,
    RECEIPT_LOG,
    StoreOf,
    cursor,
    ids,
    nonces,
    receipt,
    sent,
    signed,
)
from xl2.core.lifecycle import Event, State
from xl2.errors import ConfigInvalid, LeaseLost, StoreCorrupt, StoreUnavailable
from xl2.ports import Happening, Record, signer_lease
from xl2.store import PostgresStore, SqlStore


@pytest.mark.parametrize("write", WRITES)
async def test_an_owner_that_slept_too_long_writes_nothing(
    store_of: StoreOf, write: Callable[[SqlStore], Awaitable[object]]
) -> None:
    async with store_of() as sleeper, store_of() as other:
        await sleeper.lease([LANE_NAME], "sleeper", OVER)
        await sleeper.observe(cursor(9), sent(2), NOW)
        await sleeper.observe_receipts(cursor(9, RECEIPT_LOG), [receipt()])
        taken = await other.lease([LANE_NAME], "other", 60)
        before = await other.messages(lane=None, states=[], after=None, limit=10)

        with pytest.raises(LeaseLost, match="other has it"):
            await write(sleeper)

        assert taken == {LANE_NAME: 2}
        assert await other.messages(lane=None, states=[], after=None, limit=10) == before
        assert (await other.unsettled(LANE, 0, 9), await other.count(LANE_LOG)) == ([receipt()], 2)


@pytest.mark.parametrize("seconds", [24 * HOUR, -HOUR])
async def test_whoever_lost_a_lease_as_the_databases_clock_jumped_writes_nothing_more(
    store_of: StoreOf, seconds: float
) -> None:
    async with store_of() as one, store_of() as two:
        await one.lease([LANE_NAME], "one", 60)
        await one.observe(cursor(9), sent(2), NOW)
        await database_clock_jumps(one, seconds)
        taken = await two.lease([LANE_NAME], "two", 60)

        with pytest.raises(LeaseLost, match="two has it"):
            await one.observe(cursor(10), sent(1, first=2), NOW)
        await two.observe(cursor(10), sent(1, first=2), NOW)

    assert taken == {LANE_NAME: 2}


async def test_a_lease_that_is_over_and_that_nobody_took_goes_on(store_of: StoreOf) -> None:
    async with store_of() as store:
        await store.lease([LANE_NAME], "sleeper", OVER)

        await store.observe(cursor(9), sent(2), NOW)
        renewed = await store.lease([LANE_NAME], "sleeper", 60)

        assert renewed == {LANE_NAME: 1}


async def test_a_key_that_went_to_another_signs_nothing_more(store_of: StoreOf) -> None:
    key = signer_lease(LANE.origin, ALICE.address)
    async with store_of() as sleeper, store_of() as other:
        await sleeper.lease([key], "sleeper", OVER)
        await sleeper.keep(await signed(0), "pay bob")
        await other.lease([key], "other", 60)

        with pytest.raises(LeaseLost, match="other has it"):
            await sleeper.keep(await signed(1), "pay bob")
        held = await other.pending(LANE.origin, ALICE.address)

    # Whoever has the key finishes what the earlier owner signed.
    assert [one.signed for one in held] == [await signed(0)]


async def test_a_lease_passes_either_before_a_write_or_after_it(store_of: StoreOf) -> None:
    """The one who writes has his lease's row until he has written."""
    async with store_of() as writer, store_of() as taker:
        await writer.lease([LANE_NAME], "writer", OVER)
        (written, *_), taken = await asyncio.gather(
            asyncio.gather(writer.observe(cursor(9), sent(300), NOW), return_exceptions=True),
            taker.lease([LANE_NAME], "taker", 60),
        )
        count = await taker.count(LANE_LOG)

        assert (isinstance(written, LeaseLost), count) in ((True, 0), (False, 300))
        assert isinstance(written, LeaseLost) or written is None
        assert taken in ({}, {LANE_NAME: 2})


async def test_two_that_move_the_same_messages_at_once_lose_nothing(store_of: StoreOf) -> None:
    messages = sent(40)
    async with store_of() as one, store_of() as two:
        await one.observe(cursor(9), messages, NOW)
        delivered = [
            Happening(id=of.message.id, event=Event.DELIVERY, chain=LANE.destination, seen_in=State.OBSERVED)
            for of in messages
        ]

        await asyncio.gather(one.happen(delivered, NOW), two.happen(delivered[::-1], NOW))

        assert await one.backlog() == [(LANE, State.DELIVERED, 40, NOW)]
        assert {len(await one.steps(of.message.id)) for of in messages} == {3}


async def test_news_wake_who_waits_in_another_process(store_of: StoreOf) -> None:
    async with store_of() as waiter, store_of() as teller:
        waiting = asyncio.ensure_future(waiter.changed(60))
        async with asyncio.timeout(60):
            while not waiting.done():
                await teller.pause(LANE, "look", "alice", NOW)
                await asyncio.wait([waiting], timeout=0.05)

        assert [one.why for one in await waiter.pauses()] == ["look"]


async def test_news_that_are_lost_only_cost_time(store_of: StoreOf, database: str) -> None:
    async with store_of() as waiter, store_of() as teller:
        await waiter.changed(0.01)
        await teller.skip([], "a reason")
        connection = await asyncpg.connect(database)
        # Whoever listens is cut off, as by a failover.
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid()"
        )
        await connection.close()
        await teller.pause(LANE, "look", "alice", NOW)

        async with asyncio.timeout(60):
            await waiter.changed(0.01)

        assert [one.why for one in await waiter.pauses()] == ["look"]


async def test_a_database_that_goes_away_is_waited_for(store_of: StoreOf, database: str) -> None:
    async with store_of() as store:
        await store.observe(cursor(9), sent(2), NOW)
        connection = await asyncpg.connect(database)
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'xl2' AND pid <> pg_backend_pid()"
        )
        await connection.close()

        found: Sequence[Record] = []
        async with asyncio.timeout(60):
            while not found:
                with contextlib.suppress(StoreUnavailable):
                    found = await store.due(LANE, [State.OBSERVED], NOW, 10)

        assert nonces(found) == [0, 1]


async def test_a_database_that_is_not_there_is_told_without_its_password(postgres: str) -> None:
    nowhere = "postgresql://alice:open-sesame@127.0.0.1:1/xl2"

    with pytest.raises(StoreUnavailable) as down:
        await PostgresStore(nowhere).count(LANE_LOG)
    with pytest.raises(ConfigInvalid) as unknown:
        await PostgresStore(postgres.replace("/postgres?", "/nothing-here?")).count(LANE_LOG)

    for port in ("not-a-port", "99999"):
        with pytest.raises(ConfigInvalid, match="cannot be read"):
            await PostgresStore(f"postgresql://alice@127.0.0.1:{port}/xl2").count(LANE_LOG)

    assert "postgresql://127.0.0.1:1/xl2" in down.value.what
    assert "open-sesame" not in down.value.what + down.value.remedy
    assert "relayer.store" in unknown.value.remedy


async def test_a_database_of_a_newer_version_is_refused(store_of: StoreOf, database: str) -> None:
    async with store_of():
        pass
    connection = await asyncpg.connect(database)
    await connection.execute("INSERT INTO xl2.schema_version VALUES (99)")
    await connection.close()

    with pytest.raises(StoreCorrupt, match="has schema 99, this xl2 knows"):
        await store_of().count(LANE_LOG)


#: Steps as the third schema had them.
BY_ID = """
    ALTER TABLE xl2.steps RENAME TO by_nonce;
    CREATE TABLE xl2.steps (message BYTEA NOT NULL, place BIGINT NOT NULL, event TEXT NOT NULL, state TEXT NOT NULL,
        at DOUBLE PRECISION NOT NULL, chain TEXT NOT NULL, tx_hash BYTEA, block BIGINT, PRIMARY KEY (message, place));
    INSERT INTO xl2.steps SELECT message, place, event, state, at, chain, tx_hash, block FROM xl2.by_nonce;
    DROP TABLE xl2.by_nonce;
    DROP INDEX xl2.messages_taken_back;
    ALTER TABLE xl2.entries DROP COLUMN left_open;
    DELETE FROM xl2.schema_version WHERE version > 3;
"""


async def test_a_database_of_the_third_schema_keeps_the_steps_of_its_messages(store_of: StoreOf, database: str) -> None:
    async with store_of() as store:
        await store.observe(cursor(9), sent(3), NOW)
        before = [await store.steps(one) for one in ids(0, 1, 2)]
    connection = await asyncpg.connect(database)
    await connection.execute(BY_ID)
    await connection.close()

    async with store_of() as store:
        assert [await store.steps(one) for one in ids(0, 1, 2)] == before
        await store.happen([Happening(id=ids(1)[0], event=Event.HEAD_SHOWN, chain=LANE.destination)], NOW)
        assert [len(await store.steps(one)) for one in ids(0, 1, 2)] == [2, 3, 2]


#: Receipts as the fifth schema had them.
WITHOUT_FLAGS = """
    ALTER TABLE xl2.entries DROP COLUMN left_open;
    INSERT INTO xl2.settled SELECT lane, 1 FROM xl2.entries WHERE place = 0;
    DELETE FROM xl2.schema_version WHERE version > 5;
"""


async def test_a_database_of_the_fifth_schema_keeps_what_was_settled(store_of: StoreOf, database: str) -> None:
    async with store_of() as store:
        await store.observe_receipts(cursor(9, RECEIPT_LOG), [receipt(index) for index in range(4)])
    connection = await asyncpg.connect(database)
    await connection.execute(WITHOUT_FLAGS)
    await connection.close()

    async with store_of() as store:
        before = await store.unsettled(LANE, 0, 9)
        await store.mark_settled(LANE, [2])

        assert [one.index for one in before] == [1, 2, 3]
        assert [one.index for one in await store.unsettled(LANE, 0, 9)] == [1, 3]


async def test_daemons_that_start_at_once_make_the_schema_once(store_of: StoreOf, database: str) -> None:
    await empty(database)
    stores = [store_of() for _ in range(5)]

    counts = await asyncio.gather(*(store.count(LANE_LOG) for store in stores))

    for store in stores:
        await store.close()
    assert counts == [0] * 5
