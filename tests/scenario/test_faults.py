"""Endpoints that are down, slow, garbled or lying now and then: the relayer needs longer, and that is all."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web
from attrs import evolve

from tests.scenario.conftest import RouteOf
from tests.scenario.walks import to_nobody
from xl2.app.relaying import relayer
from xl2.config import Config
from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.receipt import Delivered, parse_receipt
from xl2.core.types import Assurance, BlockNumber
from xl2.flow import send
from xl2.ports import Fate

MESSAGES = 8


class BadDoor:
    """Stands before an endpoint and spoils every few answers, each in its turn."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session
        self._seen = 0
        self.spoiled: Counter[str] = Counter()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self._seen += 1
        if self._seen % 7 == 0:
            self.spoiled["down"] += 1
            return web.Response(status=503)
        if self._seen % 43 == 0:
            self.spoiled["garbled"] += 1
            return web.Response(text="<html>try later</html>")
        if self._seen % 29 == 0:
            self.spoiled["cut off"] += 1
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if self._seen % 17 == 0:
            self.spoiled["slow"] += 1
            await asyncio.sleep(0.5)
        async with self._session.post(self._url, data=body, headers={"Content-Type": "application/json"}) as response:
            told = await response.read()
        return web.Response(body=self._lie(orjson.loads(body), told), content_type="application/json")

    def _lie(self, asked: Any, told: bytes) -> bytes:
        """Leave out the last log of every sixth answer that has some, the first one included."""
        answer = orjson.loads(told)
        if not isinstance(asked, dict) or asked["method"] != "eth_getLogs" or not answer.get("result"):
            return told
        self.spoiled["asked for logs"] += 1
        if self.spoiled["asked for logs"] % 6 != 1:
            return told
        self.spoiled["lied"] += 1
        return orjson.dumps({**answer, "result": answer["result"][:-1]})


@asynccontextmanager
async def bad_door(url: str) -> AsyncIterator[tuple[str, BadDoor]]:
    async with aiohttp.ClientSession() as session:
        door = BadDoor(url, session)
        app = web.Application(client_max_size=1 << 24)
        app.router.add_post("/", door.answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}", door
        finally:
            await runner.cleanup()


@pytest.fixture
async def doors(config: Config) -> AsyncIterator[dict[str, tuple[str, BadDoor]]]:
    async with AsyncExitStack() as opened:
        yield {
            one.name: await opened.enter_async_context(bad_door(one.rpc_url)) for one in config.settings() if one.anchor
        }


async def test_bad_endpoints_cost_the_relayer_time_and_nothing_else(
    route_of: RouteOf, config: Config, doors: dict[str, tuple[str, BadDoor]]
) -> None:
    route = route_of("attested")
    submitter = route.submitter(route.origin, "dave")
    outgoing = to_nobody(route.destination.chain, "attested")
    prepared = await send.prepare(outgoing, submitter.address, route.origin, route.destination)
    receipts = await asyncio.gather(*(submitter.submit(prepared.call) for _ in range(MESSAGES)))
    sent = [await send.sent_by(receipt, prepared.lane, route.origin) for receipt in receipts]
    lane = Lane.of(sent[0].message)

    reached = config.reached_by({name: url for name, (url, _) in doors.items()})
    settings = evolve(reached.relayer, poll_seconds=0.2, classes=(Assurance.ATTESTED,))
    async with relayer(evolve(reached, relayer=settings)) as running:
        async with asyncio.timeout(240):
            while not await _settled(running.backlog, lane, len(sent)):  # noqa: ASYNC110 - the relayer makes it true
                await asyncio.sleep(0.2)

    tip = (await route.destination.head(Finality.LATEST)).number
    entries = await route.destination.receipts(lane, BlockNumber(0), tip)
    opened = [parse_receipt(entry.data) for entry in entries]
    nonces = Counter(nonce for one in opened if isinstance(one, Delivered) for nonce in one.nonces)
    assert await route.destination.fates([one.message for one in sent], tip) == [Fate.DELIVERED] * MESSAGES
    assert {nonces[one.message.nonce] for one in sent} == {1}
    for _, door in doors.values():
        assert {"down", "garbled", "cut off", "slow", "lied"} <= set(door.spoiled)


async def _settled(backlog: Any, lane: Lane, least: int) -> bool:
    states = {state: count for of, state, count, _ in await backlog() if of == lane}
    return set(states) <= {State.SETTLED, State.REFUNDED} and sum(states.values()) >= least
