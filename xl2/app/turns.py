"""
Turns: one process at a time has transactions of an account included, of those that share a folder.

Comes in: the folder and the account. Goes out: a turn, to be held until the transaction is seen. Promise: two never
choose the same nonce for what each of them makes; the system gives a turn back when its holder ends, however it ends;
who waits for one says so.
"""

import asyncio
import contextlib
import fcntl
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, Final

from attrs import frozen

from xl2.core.types import Address, checksum

log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 0.05


@frozen(kw_only=True)
class Turns:
    """The turns of one account."""

    #: Of whoever may sign with it.
    folder: Path
    account: Address

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold a turn until the block ends."""
        # The file stays: were it removed, two could each lock one of the same name.
        with (self.folder / f"{checksum(self.account)}.turn").open("ab") as held:
            if not _taken(held):
                what = f"waits for its turn: another process makes a transaction as {checksum(self.account)} just now"
                log.warning(what, extra={"fields": {"folder": str(self.folder)}})
                while not _taken(held):  # noqa: ASYNC110 - of the system, which tells nobody
                    await asyncio.sleep(_LOOK_SECONDS)
            yield


def _taken(held: IO[bytes]) -> bool:
    """Whether the lock is ours now; closing the file gives it back."""
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
