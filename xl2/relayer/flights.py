"""
Flights: deliveries that are handed over and not yet included, several of a lane at once.

Promise: the deliver room goes on as soon as a delivery has begun, and waits where too many are under way; each ends by
noting in the store what became of it, so nobody collects what it left. A defect in one stops the relayer like one in
a room. That two hold no common message is the store's: what is proven is chosen once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence

#: Starts work under the supervisor: a name, and what to do.
Start = Callable[[str, Callable[[], Awaitable[object]]], "asyncio.Task[None]"]


class Flights:
    """What of one lane is under way."""

    def __init__(self, most: int) -> None:
        """`most`: so many at once."""
        self._places = asyncio.Semaphore(most)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def under_way(self) -> Sequence["asyncio.Task[None]"]:
        """Those that have not ended."""
        return tuple(self._tasks)

    async def begin(self, name: str, flight: Callable[[], Coroutine[object, object, None]], start: Start) -> None:
        """Start a flight, once there is a place for it."""
        await self._places.acquire()
        task = start(name, flight)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._places.release()
