"""
Checking: a question in, a check out, whatever became of it.

Promise: an error of ours is what a check says, so that one thing that is ill hides no other; a person waits for the
answer, so a chain is asked for some seconds and no longer, and what it has not answered by then is said to be so.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from xl2.errors import Xl2Error
from xl2.operator.values import Check

#: Longest that a chain is asked one thing. An endpoint that cannot be reached says so before: its last try goes out
#: after 3.75 s. On a machine that is busy one that is well still answers within it.
CHAIN_SECONDS: Final = 10.0


async def look(what: str, find_out: Callable[[], Awaitable[str]]) -> Check:
    """A check from what was found out, or from the error that was raised."""
    try:
        return Check(what=what, ok=True, said=await find_out())
    except Xl2Error as error:
        return Check(what=what, ok=False, said=error.what, remedy=error.remedy)


async def look_at_chain(what: str, find_out: Callable[[], Awaitable[str]], *, seconds: float = CHAIN_SECONDS) -> Check:
    """The same of what only a chain can tell, within so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            return await look(what, find_out)
    except TimeoutError:
        return Check(
            what=what,
            ok=False,
            said=f"no answer within {seconds:g} s",
            remedy="See whether the endpoint hangs or is slow; a relayer waits longer (`rpc_timeout_seconds`).",
        )
