"""
Counted: an endpoint that hands each request on to a chain and counts it.

Promise: what goes through is the bytes that came, both ways; it stands between the measured daemon and a chain where
round trips are counted, and nowhere else, as it takes time of its own.
"""

import contextlib
from collections.abc import AsyncIterator
from typing import Final

import aiohttp
import orjson
from aiohttp import web
from attrs import define, field

#: What is asked while a transaction waits for its block.
_WAITING: Final = {"eth_blockNumber", "eth_getTransactionCount", "eth_getTransactionReceipt"}


@define
class Counter:
    """How many requests came, without those that go by time, whatever there is to carry."""

    url: str = ""
    requests: int = field(default=0)


@contextlib.asynccontextmanager
async def counted(behind: str) -> AsyncIterator[Counter]:
    """Stand before the endpoint at a URL until the block ends."""
    counter = Counter()
    async with aiohttp.ClientSession(headers={"Content-Type": "application/json"}) as session:

        async def hand_on(request: web.Request) -> web.Response:
            body = await request.read()
            counter.requests += not _goes_by_time(body)
            async with session.post(behind, data=body) as answer:
                return web.Response(status=answer.status, body=await answer.read(), content_type="application/json")

        app = web.Application(client_max_size=64 << 20)
        app.router.add_post("/", hand_on)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0][:2]
            counter.url = f"http://{host}:{port}"
            yield counter
        finally:
            await runner.cleanup()


def _goes_by_time(body: bytes) -> bool:
    """Whether a request only looks for a new head, or for receipts of all that a signer has under way."""
    asked = orjson.loads(body)
    if isinstance(asked, list):
        return {one["method"] for one in asked} <= _WAITING
    return asked["method"] == "eth_getBlockByNumber" and asked["params"][0] in ("latest", "safe", "finalized")
