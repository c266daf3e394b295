"""
Listening: a web application and an address in, where it answers out, until the block ends.

Promise: what was started is cleaned up, however the block ends; an address that cannot be had is refused in words. What
is answered is left to whoever made the application.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from attrs import frozen

from xl2.errors import InvalidInput


@frozen(kw_only=True)
class Listening:
    """A running service."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"


@asynccontextmanager
async def listening(
    app: web.Application, *, host: str, port: int, setting: str, stop_seconds: float = 1.0
) -> AsyncIterator[Listening]:
    """
    Answer until the block ends.

    :param port: 0 is a free one.
    :param setting: where a user says the address: `relayer.listen`.
    :param stop_seconds: how long answers under way may take at the end.
    :raises InvalidInput: nobody can listen there.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=stop_seconds)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as taken:
            # asyncio's own words repeat the address as a tuple; what names no host has words of its own, below 0.
            why = os.strerror(taken.errno) if taken.errno and taken.errno > 0 else taken.strerror or taken
            raise InvalidInput(
                f"nobody can listen on {host}:{port}: {why}",
                field=setting,
                value=f"{host}:{port}",
                remedy=f"Stop whoever listens there, or set {setting} to another address; port 0 is a free one.",
            ) from taken
        bound = runner.addresses[0]
        yield Listening(host=bound[0], port=bound[1])
    finally:
        await runner.cleanup()
