"""
Heads: one look a chain tells all lanes that begin or end there whether there is anything new for them.

Promise: k chains cost k looks, not one a lane; a log is told of when its head in storage is another one than before, so
an idle lane reads no events. News are hints: a lane observes for itself, looks now and then unasked, and what it is
told at most makes it look sooner. An endpoint that fails costs its own chain time and no other.
"""

import asyncio
from collections.abc import Callable

from attrs import define, field

from xl2.core.evidence import Finality
from xl2.core.types import BlockNumber, Hash32
from xl2.flow.resting import rest
from xl2.ports import Chain, Clock, Log, LogState
from xl2.relayer.looking import look_on

#: Told of the block by which there is something new.
News = Callable[[BlockNumber], None]

#: After a new head the next one is not looked for before this part of the time between the last two, within a second:
#: a bit less than all of it, so that looks come ever earlier after a block until one comes too early and is made again
#: a poll later. So it takes hardly more than one look a block.
_EARLIEST = 0.97
_LONGEST_SURE_SECONDS = 1.0


@define(kw_only=True)
class HeadWatch:
    """The newest head of one chain at one finality, and the logs written there that somebody follows."""

    chain: Chain
    finality: Finality
    clock: Clock
    poll_seconds: float
    _followed: dict[Log, News] = field(factory=dict, init=False)
    _known: dict[Log, LogState] = field(factory=dict, init=False)
    _head: Hash32 | None = field(default=None, init=False)
    #: When the head last moved, and after how long.
    _moved_at: float = field(default=0.0, init=False)
    _interval: float = field(default=0.0, init=False)
    _poked: asyncio.Event = field(factory=asyncio.Event, init=False)

    def follow(self, log: Log, news: News) -> None:
        """Tell of a log from now on; what it holds already is news too."""
        self._followed[log] = news
        self._known.pop(log, None)
        self._head = None
        self.poke()

    def forget(self, log: Log) -> None:
        """Tell of a log no more."""
        self._followed.pop(log, None)
        self._known.pop(log, None)

    def poke(self) -> None:
        """Somebody has heard of a new head: look now."""
        self._poked.set()

    async def run(self) -> None:
        """Look until cancelled."""
        await look_on(
            self._look, self._rest, least=self.poll_seconds, failing="head unknown", fields={"chain": self.chain.chain},
        )  # fmt: skip

    async def _rest(self, seconds: float) -> None:
        await rest(self.clock, self._poked, seconds)
        self._poked.clear()

    async def _look(self) -> float:
        """Tell whoever has news; how long to rest."""
        if not self._followed:
            return self.poll_seconds
        head = await self.chain.head(self.finality)
        if head.hash == self._head:
            return self.poll_seconds
        now = self.clock.steady()
        logs = list(self._followed)
        states = await self.chain.log_states(logs, head.number)
        for one, state in zip(logs, states, strict=True):
            news = self._followed.get(one)
            if news is not None and self._known.get(one) != state:
                self._known[one] = state
                news(head.number)
        self._head, self._interval, self._moved_at = head.hash, now - self._moved_at, now
        spent = self.clock.steady() - now
        return max(self.poll_seconds, min(_EARLIEST * self._interval, _LONGEST_SURE_SECONDS) - spent)
