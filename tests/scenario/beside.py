"""
Beside: walks of a module that begin at once, as relayers' do, each told of by a test of its own.

Comes in: walks by name, each for accounts of its own. Goes out: what each of them failed with, or None. Promise: all
are walked to their end, whatever becomes of another.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import TypeVar

Name = TypeVar("Name")
#: What a walk failed with.
Failure = BaseException | None


async def walked(walks: Mapping[Name, Awaitable[None]]) -> Mapping[Name, Failure]:
    """How each of them ended."""
    return dict(zip(walks, await asyncio.gather(*walks.values(), return_exceptions=True), strict=True))


def told(failure: Failure) -> None:
    """Raise what a walk failed with."""
    if failure is not None:
        raise failure
