"""
Endpoints: what stands behind a chain, where that can be told: who is asked, who is left aside, and new heads.

Promise: what is here only tells and wakes. A chain that has none of it is a chain all the same; whoever wants it looks
whether it is there (`isinstance`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from attrs import field, frozen

from xl2.ports.observer import AlarmKind, Observer


@frozen(kw_only=True)
class EndpointState:
    """One endpoint of a chain, as it stands now."""

    #: Scheme, host and port: never a path or a key.
    name: str
    #: Why it is left aside, in words; empty: it is asked.
    aside: str = ""
    #: What was alarmed when it was left aside; None: it is asked.
    alarm: AlarmKind | None = None
    #: Mean time of its answers of late; 0: none yet.
    seconds: float = 0.0
    #: Calls to it so far, by method and by what became of them: `answered`, or the name of the error.
    traffic: Mapping[tuple[str, str], int] = field(factory=dict, repr=False)
    #: Number of its newest block, when it was last looked at; None: never.
    newest: int | None = None
    #: What went wrong when it was last looked at; empty: nothing.
    trouble: str = ""


@runtime_checkable
class Endpoints(Protocol):
    """A chain that can tell of its endpoints."""

    @property
    def endpoints(self) -> Sequence[EndpointState]:
        """Each with its standing, in the order of the configuration."""
        ...

    @property
    def quarrel(self) -> str:
        """Over what they do not agree, while nobody can be named who is wrong; empty: over nothing."""
        ...

    @property
    def quorum(self) -> int:
        """So many must say the same of what others build on."""
        ...

    async def look_at_endpoints(self) -> Sequence[EndpointState]:
        """Ask each endpoint which chain it serves and which block is its newest; their standing after that."""
        ...

    def report_to(self, observer: Observer) -> None:
        """Tell this observer from now on when endpoints lie, fall behind, fail or do not agree."""
        ...

    async def wake_on_heads(self, wake: Callable[[], None]) -> None:
        """
        Call `wake` at each new head that a websocket tells of, until cancelled; at once over where there is none.

        A socket that is dead costs nothing but its news, and is opened anew.
        """
        ...
