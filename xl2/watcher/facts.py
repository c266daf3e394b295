"""
Facts: what one chain says at one block, each small enough to be checked by anybody with an endpoint of that chain.

Values only. Promise: a fact speaks of one chain and names its block by number and hash, so that it is true or false
for good once that block is final. Whether facts contradict each other is `contradiction`'s; who checks them, `witness`.
"""

from attrs import field, frozen

from xl2.core.evidence import VerifierMask
from xl2.core.lane import Lane
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, MessageId, Nonce, Timestamp
from xl2.ports import Block, Log, Motion


@frozen(kw_only=True)
class At:
    """A block of a chain."""

    chain: ChainId
    number: BlockNumber
    hash: Hash32
    time: Timestamp
    #: Whether it was final when it was read.
    is_final: bool

    @classmethod
    def of(cls, chain: ChainId, block: Block, *, is_final: bool) -> "At":
        """A block that was read."""
        return cls(chain=chain, number=block.number, hash=block.hash, time=block.timestamp, is_final=is_final)


@frozen(kw_only=True)
class HeadTaken:
    """Here a chain took a head for true, on the word of these verifiers."""

    at: At
    tx_hash: Hash32
    log: Log
    head: Hash32
    count: int
    verifiers: VerifierMask
    #: What they vouched with, `verifier number ‖ proof` (protocol.md section 7), where the transaction tells: of
    #: attesters it holds the signatures, which are proof against them for ever.
    evidence: bytes = field(default=b"", repr=False)


@frozen(kw_only=True)
class LogStands:
    """By this block the log, recomputed entry by entry and equal to storage, has so many entries."""

    at: At
    log: Log
    entries: int
    #: Which of its heads is asked for, and what that is; None: the log is not that long.
    count: int
    head: Hash32 | None


@frozen(kw_only=True)
class LogBroken:
    """At this block the events of the log do not lead to the head that storage holds."""

    at: At
    log: Log


@frozen(kw_only=True)
class Holding:
    """What a token bridge holds (at home), or what there is of its token, and what its events come to by this block."""

    at: At
    bridge: Address
    is_home: bool
    #: Tokens, in the smallest unit.
    held: int
    sent: int
    received: int
    refunded: int

    @property
    def shortfall(self) -> int:
        """Tokens that are missing at home, or that were made from nothing elsewhere; below 0 there are too many."""
        locked = self.sent - self.received - self.refunded
        return locked - self.held if self.is_home else self.held + locked


@frozen(kw_only=True)
class TransferMoved:
    """Here a token bridge let a transfer out, let one in, or gave one back."""

    at: At
    tx_hash: Hash32
    bridge: Address
    motion: Motion
    id: MessageId
    amount: int


@frozen(kw_only=True)
class NeverSent:
    """By this block the bridge has sent no transfer of this id."""

    at: At
    bridge: Address
    id: MessageId


@frozen(kw_only=True)
class NonceDelivered:
    """Here an inbox wrote that it delivered a lane's message of this nonce."""

    at: At
    tx_hash: Hash32
    lane: Lane
    nonce: Nonce


Fact = HeadTaken | LogStands | LogBroken | Holding | TransferMoved | NeverSent | NonceDelivered
