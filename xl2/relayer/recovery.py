"""
Recovery: what was broadcast before a start is included before anything more is paid for, else it would be paid twice.

Promise: a lane waits for the accounts of its own two chains and for no other: one chain whose transactions are stuck,
or whose endpoints are down, keeps no lane between others waiting.
"""

import asyncio
from collections.abc import Sequence

from xl2.core.lane import Lane
from xl2.core.types import ChainId
from xl2.flow.submit import JournalledSubmitter


class Recovery:
    """How far the nonce owners have taken up what a crash left."""

    def __init__(self, submitters: Sequence[JournalledSubmitter]) -> None:
        """Nothing is sent before `run`."""
        self._submitters = submitters
        self._done = {submitter.chain: asyncio.Event() for submitter in submitters}

    @property
    def is_done(self) -> bool:
        """Whether all of it is included, on every chain."""
        return all(done.is_set() for done in self._done.values())

    async def run(self) -> None:
        """Every account at once, until all is included."""
        # No group: a broken promise is told as it is.
        recoveries = [asyncio.ensure_future(self._recover(submitter)) for submitter in self._submitters]
        try:
            await asyncio.gather(*recoveries)
        finally:
            for recovery in recoveries:
                recovery.cancel()

    async def of(self, lane: Lane) -> None:
        """Return when nothing of before is open on either end of a lane."""
        for chain in (lane.origin, lane.destination):
            await self.on(chain)

    async def on(self, chain: ChainId) -> None:
        """Return when nothing of before is open on a chain."""
        if chain in self._done:
            await self._done[chain].wait()

    async def _recover(self, submitter: JournalledSubmitter) -> None:
        await submitter.recover()
        self._done[submitter.chain].set()
