"""
Together: what many lanes ask of one chain at the same time becomes one request.

Promise: blocks at a height, states of logs and the block behind them are asked for after whoever shares them asked; the
newest block may be the answer to a question that was sent a moment before, which is as old as a slower endpoint's. An
error is everybody's who shares it; one who stops waiting ends nobody else's request.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from attrs import define, field

from xl2.core.types import BlockNumber
from xl2.errors import RpcUnavailable
from xl2.ports import Block, Log, LogState

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

AskStates = Callable[[Sequence[Log], BlockNumber], Awaitable[tuple[Sequence[LogState], Block]]]


@define(eq=False)
class Beside:
    """Questions that go on when one who asked is gone; they end with the chain, or they would open its connections."""

    _asking: set["asyncio.Future[Any]"] = field(factory=set, init=False)

    def begin(self, asking: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Ask."""
        task = asyncio.ensure_future(asking)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
        task.add_done_callback(heed)
        return task

    async def close(self) -> None:
        """End what is not answered."""
        asking = list(self._asking)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


@define(eq=False)
class UnderWay(Generic[K, T]):
    """Questions that were sent and are not answered."""

    _beside: Beside = field(factory=Beside)
    #: Those that may be joined.
    _asked: dict[K, "asyncio.Task[T]"] = field(factory=dict, init=False)

    async def ask(self, key: K, send: Callable[[], Awaitable[T]]) -> T:
        """What the question that may be joined brings, or else this one. Raises what it raises."""
        asking = self._asked.get(key)
        if asking is None:
            asking = self._asked[key] = self._beside.begin(self._sent(key, send))
            asking.add_done_callback(partial(self._forget, key))
        return await shared(asking)

    async def _sent(self, key: K, send: Callable[[], Awaitable[T]]) -> T:  # noqa: ARG002 - for who ends joining here
        return await send()

    def _forget(self, key: K, asked: "asyncio.Task[T]") -> None:
        """What is over, or was ended before it was sent, is nobody's to join."""
        if self._asked.get(key) is asked:
            del self._asked[key]


@define(eq=False)
class OneRound(UnderWay[K, T]):
    """Questions that are asked in one round of the loop, and sent behind it: whoever comes later asks anew."""

    async def _sent(self, key: K, send: Callable[[], Awaitable[T]]) -> T:
        del self._asked[key]
        return await send()


@define(eq=False)
class StatesTogether:
    """States of logs at a block: those that are asked for in one round of the loop go in one request."""

    _ask: AskStates
    _beside: Beside = field(factory=Beside)
    _next: dict[BlockNumber, tuple[list[Log], "asyncio.Task[tuple[Sequence[LogState], Block]]"]] = field(
        factory=dict, init=False
    )

    async def of(self, log: Log, at: BlockNumber) -> tuple[LogState, Block]:
        """Head and count of a log at a block, and that block, read after them. Raises what the request raises."""
        logs, asking = self._next.get(at) or self._begin(at)
        place = len(logs)
        logs.append(log)
        states, block = await shared(asking)
        return states[place], block

    def _begin(self, at: BlockNumber) -> tuple[list[Log], "asyncio.Task[tuple[Sequence[LogState], Block]]"]:
        logs: list[Log] = []

        async def send() -> tuple[Sequence[LogState], Block]:
            # Whoever comes from here on is not in the request.
            del self._next[at]
            return await self._ask(logs, at)

        asking = self._beside.begin(send())
        asking.add_done_callback(lambda _: self._forget(at, logs))
        self._next[at] = logs, asking
        return logs, asking

    def _forget(self, at: BlockNumber, logs: list[Log]) -> None:
        """What was ended before it was sent is nobody's to join."""
        if at in self._next and self._next[at][0] is logs:
            del self._next[at]


async def shared(asking: "asyncio.Task[T]") -> T:
    """What a question brings that others wait for as well. Raises `RpcUnavailable` where the chain was closed first."""
    try:
        return await asyncio.shield(asking)
    except asyncio.CancelledError:
        asker = asyncio.current_task()
        if asking.cancelled() and asker is not None and not asker.cancelling():
            raise RpcUnavailable("the chain was closed before it answered", endpoint="") from None
        raise


def heed(done: "asyncio.Future[T]") -> None:
    """Whoever asked may be gone: then nobody else looks at an error."""
    if not done.cancelled():
        done.exception()
