"""
Counted: an endpoint that hands each request on to a chain and counts it.

Promise: what goes through is the bytes that came, both ways; it stands between the measured daemon and a chain where
round trips are counted, and nowhere else, as it takes time of its own.
"""

import contextlib
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web
from attrs import define, field


@define
class Counter:
    """How many requests came."""

    url: str = ""
    requests: int = field(default=0)


@contextlib.asynccontextmanager
async def counted(behind: str) -> AsyncIterator[Counter]:
    """Stand before the endpoint at a URL until the block ends."""
    counter = Counter()
    async with aiohttp.ClientSession(headers={"Content-Type": "application/json"}) as session:

        async def hand_on(request: web.Request) -> web.Response:
            counter.requests += 1
            async with session.post(behind, data=await request.read()) as answer:
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
