"""
Turns: one process at a time has transactions of an account on a chain included, of those that share a folder.

Comes in: the folder and the account. Goes out: a turn, to be held until the transaction is seen. Promise: two never
choose the same nonce for what each of them makes; the system gives a turn back when its holder ends, however it ends;
who waits for one says so. Nobody is kept from pausing: a turn that is held longer than any transaction takes, as by a
process that was stopped, or that cannot be had, is done without, and that is said.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from attrs import frozen

from xl2.core.types import Address, ChainId, checksum

log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 0.05
#: Longer than one endpoint is given to include a transaction, and the others to see it.
_LONGEST_SECONDS: Final = 120.0


@frozen(kw_only=True)
class Turns:
    """The turns of one account."""

    #: Of whoever may sign with it.
    folder: Path
    account: Address
    #: After so long a turn is done without.
    longest_seconds: float = _LONGEST_SECONDS

    @contextlib.asynccontextmanager
    async def turn(self, chain: ChainId) -> AsyncIterator[None]:
        """Hold the turn on a chain until the block ends."""
        with contextlib.ExitStack() as stack:
            try:
                # The file stays: were it removed, two could each lock one of the same name. To lock it, it is enough to
                # read it: whoever made it may be another user.
                path = self.folder / f"{checksum(self.account)}.{chain}.turn"
                held = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
                stack.callback(os.close, held)
                why_not = "" if await self._taken(held, chain) else f"it was held for {self.longest_seconds:.0f} s"
            except OSError as bad:
                why_not = str(bad)
            if why_not:
                what = f"makes a transaction as {checksum(self.account)} on chain {chain} without having its turn"
                log.warning(what, extra={"fields": {"cause": why_not}})
            yield

    async def _taken(self, held: int, chain: ChainId) -> bool:
        """Whether the turn came in time."""
        if _locked(held):
            return True
        who = f"another process makes a transaction as {checksum(self.account)} on chain {chain} just now"
        log.warning("waits for its turn: %s", who, extra={"fields": {"folder": str(self.folder)}})
        until = time.monotonic() + self.longest_seconds
        while time.monotonic() < until:
            await asyncio.sleep(_LOOK_SECONDS)
            if _locked(held):
                return True
        return False


def _locked(held: int) -> bool:
    """Whether the lock is ours now; closing the file gives it back."""
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
