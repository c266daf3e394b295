"""
Waiting: for what another process, another task or a chain makes true.

Promise: a condition is waited for and never a time, with one patience for all; who waits in vain fails and says for
what. Comes in: a look. Goes out: what it gave.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

#: Longest that a test waits for what a devnet or a process of ours promises, on a busy machine.
PATIENCE_SECONDS = 120.0
#: Between two looks that ask somebody, and between two that only look here.
_ASK_SECONDS, _LOOK_SECONDS = 0.05, 0.02


async def until(look: Callable[[], Awaitable[T | None]], what: str) -> T:
    """What `look` gives, once it gives anything."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (found := await look()) is None:  # noqa: ASYNC110 - another process makes it true
                await asyncio.sleep(_ASK_SECONDS)
            return found
    except TimeoutError:
        raise AssertionError(f"waited {PATIENCE_SECONDS} s in vain for {what}") from None


async def until_true(holds: Callable[[], object], what: str) -> None:
    """Return when something holds that can be seen from here, such as a line in a log."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():  # noqa: ASYNC110 - another process makes it true
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        raise AssertionError(f"waited {PATIENCE_SECONDS} s in vain for {what}") from None


def wait_until(look: Callable[[], T | None], what: str) -> T:
    """What `look` gives, once that is anything true; nothing else runs in this thread meanwhile."""
    over = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < over, f"waited {PATIENCE_SECONDS} s in vain for {what}"
        time.sleep(_ASK_SECONDS)
    return found
