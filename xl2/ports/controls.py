"""
Controls: what a person, or an incident, tells a relayer to do with its lanes and messages.

Promise: a control is kept with the messages, so it outlives a restart and holds for every daemon on that store. It
says nothing of the chains: a pause stops proving, delivering and retrying, never observing, expiring and settling.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from attrs import frozen

from xl2.core.lane import Lane
from xl2.core.types import MessageId


@frozen(kw_only=True)
class Pause:
    """A lane on which nothing is delivered until somebody resumes it."""

    lane: Lane
    #: In words, for whoever wonders.
    why: str
    #: Wall-clock seconds.
    since: float
    #: Who paused it: an operator's name, or `incident`.
    by: str


#: Who pauses a lane over an incident.
INCIDENT: Final = "incident"


class Controls(Protocol):
    """Pauses of lanes, and what was decided of single messages."""

    async def pause(self, lane: Lane, why: str, by: str, now: float) -> None:
        """Pause a lane; one that is paused stays as it is, for the first reason."""
        ...

    async def park(self, lane: Lane, why: str, now: float) -> None:
        """Pause a lane over an incident, also where somebody has paused it for less; a second incident says no more."""
        ...

    async def resume(self, lane: Lane) -> bool:
        """End a pause; whether there was one."""
        ...

    async def pauses(self) -> Sequence[Pause]:
        """Lanes that are paused, oldest pause first."""
        ...

    async def hurry(self, ids: Sequence[MessageId], now: float) -> int:
        """Look at these at once, however long they should have rested; attempts are kept. How many are known."""
        ...

    async def skip(self, ids: Sequence[MessageId], why: str) -> int:
        """Leave these out of what is due, until `unskip`; `why` is not empty. How many are known."""
        ...

    async def unskip(self, ids: Sequence[MessageId]) -> int:
        """Take these up again. How many are known."""
        ...
