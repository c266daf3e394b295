"""A PostgreSQL server that takes connections and says nothing: whoever asks hears so, however many ask."""

import asyncio
from asyncio import StreamReader, StreamWriter

from tests.store_promises.scene import LANE_LOG
from xl2.errors import StoreUnavailable
from xl2.store import PostgresStore

ASKED = 5


async def test_all_who_ask_while_a_database_hangs_wait_for_one_connection_and_no_turn_each() -> None:
    connections, connected, given_up = list[StreamWriter](), asyncio.Event(), asyncio.Event()

    async def hang(_: StreamReader, writer: StreamWriter) -> None:
        connections.append(writer)
        connected.set()
        await given_up.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        store = PostgresStore(f"postgresql://somebody@127.0.0.1:{port}/xl2?sslmode=disable")
        asking = [asyncio.ensure_future(store.count(LANE_LOG)) for _ in range(ASKED)]
        await connected.wait()
        given_up.set()
        answers = await asyncio.gather(*asking, return_exceptions=True)
        await store.close()

    assert [type(one) for one in answers] == [StoreUnavailable] * ASKED
    assert len(connections) == 1


async def test_who_closes_a_store_does_not_wait_for_a_database_that_hangs() -> None:
    connected, given_up = asyncio.Event(), asyncio.Event()

    async def hang(_: StreamReader, writer: StreamWriter) -> None:
        connected.set()
        await given_up.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        store = PostgresStore(f"postgresql://somebody@127.0.0.1:{port}/xl2?sslmode=disable")
        asking = [asyncio.ensure_future(store.count(LANE_LOG)) for _ in range(2)]
        await connected.wait()
        await store.close()
        answers = await asyncio.gather(*asking, return_exceptions=True)
        given_up.set()

    assert [str(one) for one in answers] == [
        f"the store postgresql://127.0.0.1:{port}/xl2 was closed before it answered"
    ] * 2


async def test_a_database_that_hung_is_asked_anew_by_who_comes_later() -> None:
    connections = list[StreamWriter]()

    async def refuse(_: StreamReader, writer: StreamWriter) -> None:
        connections.append(writer)
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        store = PostgresStore(f"postgresql://somebody@127.0.0.1:{port}/xl2?sslmode=disable")
        answers = [await asyncio.gather(store.count(LANE_LOG), return_exceptions=True) for _ in range(3)]
        await store.close()

    assert [type(one) for (one,) in answers] == [StoreUnavailable] * 3
    assert len(connections) == 3
