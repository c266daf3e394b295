"""
Fitting: whether what stands on a chain is what its settings say, where that can be told.

Promise: what is here only tells; a misfit is about an address or a number of the settings, never about an endpoint. A
chain that has none of it is a chain all the same; whoever wants it looks whether it is there (`isinstance`).
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from attrs import frozen


@frozen(kw_only=True)
class Misfit:
    """One setting that the chain contradicts."""

    #: Where it stands, below the chain: names of keys, and places in lists.
    key: tuple[str | int, ...]
    #: What is configured and what the chain says, with both values.
    what: str
    #: Whether time may mend it: what is not registered yet may be one day, what is registered never changes.
    may_come: bool = False


@runtime_checkable
class Fitting(Protocol):
    """A chain that can compare its settings with what stands there."""

    async def misfits(self) -> Sequence[Misfit]:
        """All that does not fit, now; empty: it is as configured."""
        ...
