"""
A PostgreSQL server that fails in every way: nothing is lost, nothing done twice, and it is told once with what to do.

What the server says of a full disk and of a cut connection is said by a trigger, in the middle of the relayer's own
transactions: no disk of a test can be filled without rights that tests have not.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.faults.oracle import assert_each_paid_message_ended_once
from tests.faults.scene import Parcel, Scene
from tests.faults.stable import Stable
from tests.postgres import Server, empty, server
from tests.waiting import until_true

_SETTINGS = {"lease_seconds": 2.0, "poll_seconds": 0.1}
_EVERYBODY = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'xl2'"
_FULL = "RAISE EXCEPTION USING ERRCODE = 'disk_full', MESSAGE = 'could not extend file: No space left on device'"
_CUT = "PERFORM pg_terminate_backend(pg_backend_pid())"


@pytest.fixture(scope="module")
def servers() -> Iterator[Server]:
    """One server, which tests kill."""
    with server() as found:
        yield found


@pytest.fixture
async def shared(servers: Server) -> Server:
    """The server with a database that holds nothing of xl2."""
    await empty(servers.url)
    return servers


@asynccontextmanager
async def triggered(shared: Server, does: str) -> AsyncIterator[None]:
    """Whatever writes a message meets this, as long as the block lasts."""
    await run(
        shared,
        f"CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {does}; RETURN NEW; END $$",
        "CREATE TRIGGER fails BEFORE INSERT OR UPDATE ON xl2.messages FOR EACH ROW EXECUTE FUNCTION fails()",
    )
    try:
        yield
    finally:
        await run(shared, "DROP FUNCTION fails() CASCADE")


@asynccontextmanager
async def reading_only(shared: Server) -> AsyncIterator[None]:
    """As after a failover to a standby, to which everybody connects anew."""
    await run(shared, "ALTER DATABASE postgres SET default_transaction_read_only = on", _EVERYBODY)
    try:
        yield
    finally:
        await run(
            shared,
            "SET default_transaction_read_only = off",
            "ALTER DATABASE postgres RESET default_transaction_read_only",
            _EVERYBODY,
        )


@asynccontextmanager
async def killed(shared: Server) -> AsyncIterator[None]:
    """`kill -9` of the server, which recovers when the block ends."""
    await asyncio.to_thread(shared.kill)
    try:
        yield
    finally:
        await asyncio.to_thread(shared.start)


_FAULTS = {
    "postgresql: disk full": lambda shared: triggered(shared, _FULL),
    "postgresql: cut in a transaction": lambda shared: triggered(shared, _CUT),
    "postgresql: reads only": reading_only,
    "postgresql: killed": killed,
}


@pytest.mark.parametrize("fault", _FAULTS)
async def test_a_database_that_fails_costs_time_and_is_told_once(
    scene: Scene, stable: Stable, shared: Server, fault: str
) -> None:
    relayer = stable.start(scene.configuration("relayer", relayer={**_SETTINGS, "store": shared.url}))
    sent = await scene.send(Parcel(), Parcel(), Parcel())
    await assert_each_paid_message_ended_once(scene, sent)

    async with _FAULTS[fault](shared):
        sent += await scene.send(Parcel(), Parcel())
        await until_true(lambda: relayer.told(fault), "a line that says so")
        await scene.until_blocks(40)
    sent += await scene.send(Parcel())

    await assert_each_paid_message_ended_once(scene, sent)
    assert len(relayer.told(fault)) == 1
    assert relayer.lines(level=("error",)) == []
    assert await asyncio.to_thread(relayer.stop) == 0


async def test_a_relayer_that_starts_while_its_database_is_away_waits_for_it_and_says_so_once(
    scene: Scene, stable: Stable, shared: Server
) -> None:
    configuration = scene.configuration("relayer", relayer={**_SETTINGS, "store": shared.url})
    async with killed(shared):
        relayer = stable.start(configuration)
        sent = await scene.send(Parcel())
        await until_true(lambda: relayer.told("postgresql: away at the start"), "a line that says so")

    await assert_each_paid_message_ended_once(scene, sent)
    assert len(relayer.told("postgresql: away at the start")) == 1
    assert len(relayer.lines(level=("warning", "error"))) == 1
    assert await asyncio.to_thread(relayer.stop) == 0


async def run(shared: Server, *statements: str) -> None:
    """Statements, one after the other, by a connection of their own."""
    connection = await asyncpg.connect(shared.url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
