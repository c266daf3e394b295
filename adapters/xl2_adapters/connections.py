"""
Connections: opened when they are first needed, kept from question to question, closed once.

Promise: whoever keeps some is made anywhere, used within one event loop, and closed by `close` or by `async with`; one
that was closed and is asked again opens new ones. What they are good for, and how long they wait, is the owner's.
"""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

import aiohttp


class KeepsConnections(ABC):
    """Somebody who asks over HTTP again and again."""

    _open_session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close all connections; who is asked again opens new ones."""
        session, self._open_session = self._open_session, None
        if session is not None:
            await session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _session(self) -> aiohttp.ClientSession:
        """The connections that stand, or new ones."""
        if self._open_session is None:
            self._open_session = self._new_session()
        return self._open_session

    @abstractmethod
    def _new_session(self) -> aiohttp.ClientSession:
        """Connections with the owner's limits; nothing is asked yet."""
