"""
Watching: what a watcher reads of a chain beside `chains`, and the levers that a guardian has there.

Promise: what is read is what the chain's own events, storage and transactions say in the blocks that are named; what is
made of it is left to `xl2.watcher`. A lever only ever takes away, and no lever reaches a refund on settled evidence.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from attrs import field, frozen

from xl2.core.evidence import VerifierMask, VerifierNumber
from xl2.core.interop import InteropAddress
from xl2.core.lane import Lane
from xl2.core.types import Address, BlockNumber, Hash32, MessageId
from xl2.ports.seen import Place
from xl2.ports.transactions import Call


@frozen(kw_only=True)
class HeadShown:
    """A head that this chain was shown and took for true: stored in its `Heads`, or beside a delivery or settlement."""

    #: Name of the log.
    log: Hash32
    head: Hash32
    count: int
    #: Who vouched for it.
    verifiers: VerifierMask
    place: Place
    #: What was shown, `verifier number ‖ proof`; empty where the transaction does not tell.
    evidence: bytes = field(default=b"", repr=False)


class Motion(StrEnum):
    """What a token bridge did with a transfer."""

    #: Locked or burned: the transfer left this chain.
    SENT = "sent"
    #: Released or minted: a transfer of another chain arrived.
    RECEIVED = "received"
    #: Released or minted: a transfer that left this chain expired.
    REFUNDED = "refunded"


@frozen(kw_only=True)
class Moved:
    """What a token bridge says it did, once for each message."""

    motion: Motion
    id: MessageId
    #: In the token's smallest unit.
    amount: int
    place: Place


@frozen(kw_only=True)
class Rights:
    """What an account may do with xl2's contracts on one chain."""

    is_guardian: bool
    #: What it may do beyond pausing, in words; a watcher's key may do nothing of the kind.
    beyond: tuple[str, ...]
    #: Tokens of the configuration that it holds, in words: no power, but worth stealing.
    holds: tuple[str, ...]


class Watched(Protocol):
    """A chain as its watcher sees it. Got from `Chain.watched`."""

    async def heads_shown(self, first: BlockNumber, last: BlockNumber) -> Sequence[HeadShown]:
        """
        Heads that were taken for true in a range of blocks, in order.

        Evidence that came with a call shows where the transaction calls inbox or outbox itself; what a contract in
        between passed on cannot be read from a chain.
        """
        ...

    async def moves(self, bridge: Address, first: BlockNumber, last: BlockNumber) -> Sequence[Moved]:
        """What a token bridge did in a range of blocks, in order."""
        ...

    async def links(self, bridge: Address, first: BlockNumber, last: BlockNumber) -> Sequence[InteropAddress]:
        """Counterparts that a token bridge was given in a range of blocks; a link is never taken back."""
        ...

    async def holding(self, bridge: Address, at: BlockNumber) -> int:
        """Tokens at a block: those that the bridge holds where it is the token's home, elsewhere all that there are."""
        ...

    async def is_home(self, bridge: Address) -> bool:
        """Whether the bridge locks, rather than mints."""
        ...

    async def suspended(self) -> VerifierMask:
        """Verifiers that are paused now."""
        ...

    async def is_halted(self, lane: Lane) -> bool:
        """Whether the lane is paused at this end of it."""
        ...

    async def is_paused(self, bridge: Address) -> bool:
        """Whether a token bridge is paused."""
        ...

    async def rights(self, account: Address, bridges: Sequence[Address]) -> Rights:
        """What an account may do here; `bridges`: those of the configuration."""
        ...

    async def pause_verifier_call(self, number: VerifierNumber) -> Call:
        """Pause a verifier: a settled one goes on for receipts."""
        ...

    async def pause_lane_call(self, lane: Lane) -> Call:
        """Pause a lane at this end: settled evidence on receipts goes on."""
        ...

    async def pause_asset_call(self, bridge: Address) -> Call:
        """Pause a token bridge: refunds go on."""
        ...
