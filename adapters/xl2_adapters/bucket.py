"""
Bucket: so many calls a second to one endpoint, and a few more at once after a rest.

Promise: nobody waits longer than the rate demands, and who came first goes first. A call that is larger than the bucket
is let through when it is full, and paid for afterwards.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from attrs import define, field


@define(kw_only=True)
class Bucket:
    """A token bucket over the calls of one endpoint."""

    #: Calls a second; 0: no limit.
    rate: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _tokens: float = field(init=False)
    _filled_at: float = field(init=False)
    _turn: asyncio.Lock = field(factory=asyncio.Lock, init=False)

    def __attrs_post_init__(self) -> None:
        """A bucket begins full, with what flows in within a second."""
        self._tokens = self.rate
        self._filled_at = self.clock()

    async def take(self, calls: int) -> None:
        """Return when so many calls may go out."""
        if not self.rate:
            return
        async with self._turn:
            now = self.clock()
            self._tokens = min(self.rate, self._tokens + (now - self._filled_at) * self.rate)
            self._filled_at = now
            wanted = min(float(calls), self.rate)
            if self._tokens < wanted:
                await self.sleep((wanted - self._tokens) / self.rate)
                self._filled_at = self.clock()
                self._tokens = wanted
            self._tokens -= calls
