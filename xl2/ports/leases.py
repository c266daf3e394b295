"""
Leases: which of several daemons on one store may write of what, and until when.

Promise: a name has one owner at a time, and each change of owner raises its fence. A store writes under the leases that
it took: when one has passed to another owner, or was let go, its writes are refused (`LeaseLost`), and nothing of them
is kept. A store in a file has one process, which gets whatever it asks for.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from attrs import frozen

from xl2.core.lane import Lane
from xl2.core.types import Address, ChainId, address, hex_text

#: How the names of leases of lanes begin, and those of accounts.
LANE_LEASES: Final = "lane:"
SIGNER_LEASES: Final = "signer:"
#: No lease is taken for longer.
LONGEST_LEASE_SECONDS: Final = 300.0


@frozen(kw_only=True)
class Lease:
    """A name that somebody owns for now."""

    name: str
    owner: str
    #: Raised by every change of owner.
    fence: int
    #: What is left of it, by the store's own clock.
    seconds: float


class Leases(Protocol):
    """Names, each owned by one daemon for some seconds at a time."""

    async def lease(self, names: Sequence[str], owner: str, seconds: float) -> Mapping[str, int]:
        """
        Take what is free or over of these names, renew what is ours; the fences of what is ours now.

        `seconds`: `LONGEST_LEASE_SECONDS` at most. Time is the store's own clock, so daemons on machines whose clocks
        differ, or jump, agree.
        """
        ...

    async def release(self, names: Sequence[str], owner: str) -> None:
        """Let go of what is ours of these names: another may have it at once."""
        ...

    async def leases(self, prefix: str) -> Sequence[Lease]:
        """Names with a beginning that somebody owns now, in order."""
        ...

    async def changed(self, seconds: float) -> None:
        """Return when another daemon changed leases or controls, or after so many seconds: a hint, never a promise."""
        ...


def lane_lease(lane: Lane) -> str:
    """Name of the lease of a lane: whoever has it observes and carries the lane."""
    return f"{LANE_LEASES}{lane.encode().hex()}"


def signer_lease(chain: ChainId, signer: Address) -> str:
    """Name of the lease of an account on a chain: whoever has it owns the nonces."""
    return f"{SIGNER_LEASES}{chain}:{hex_text(signer)}"


def lease_account(lease: str) -> Address:
    """The account of a lease with such a name."""
    return address(lease.removeprefix(SIGNER_LEASES).partition(":")[2])
