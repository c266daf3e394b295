"""
Seen: what chains are observed to say, as frozen values, each with the block it stands in.

Promise: a value that exists was checked by the adapter that made it (ids recomputed, fields in their domain). Whether
the block is final, and still there, is left to whoever asked.
"""

from enum import StrEnum

from attrs import frozen

from xl2.core.lane import Lane
from xl2.core.message import Message
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, MessageId, Timestamp


@frozen(kw_only=True)
class Block:
    """A block of a chain, by its header."""

    number: BlockNumber
    hash: Hash32
    parent_hash: Hash32
    timestamp: Timestamp
    #: Gas that all its transactions together may have.
    gas_limit: int


@frozen(kw_only=True)
class Place:
    """Where something stands on a chain. A reorg that replaces the block takes it back."""

    block: BlockNumber
    block_hash: Hash32
    tx_hash: Hash32
    log_index: int


@frozen(kw_only=True)
class Sent:
    """A message that an outbox accepted."""

    message: Message
    place: Place


@frozen(kw_only=True)
class Entry:
    """An entry that an inbox appended to a lane's receipt log."""

    lane: Lane
    #: Place in the receipt log, from 0, without gap.
    index: int
    #: The packed entry, `delivered` or `expired` (protocol.md section 5).
    data: bytes
    place: Place


@frozen(kw_only=True)
class Failure:
    """A recipient that reverted, answered wrongly or had no code: its message waits for a retry or its expiry."""

    id: MessageId
    #: First bytes of what the recipient reverted with.
    reason: bytes
    place: Place


class Fate(StrEnum):
    """What the destination says of a message at one block."""

    UNSEEN = "unseen"
    DELIVERED = "delivered"
    FAILED = "failed"


class Ending(StrEnum):
    """What the origin says of a message at one block."""

    OPEN = "open"
    #: A `delivered` receipt was proven back: the fee is the payee's.
    SETTLED = "settled"
    #: An `expired` receipt was proven back: fee and top-ups are the sender's.
    REFUNDED = "refunded"


@frozen(kw_only=True)
class LogState:
    """Head and count of a log at a block."""

    head: Hash32
    count: int


@frozen(kw_only=True)
class Log:
    """One of the two hash chains of a lane."""

    lane: Lane
    kind: LogKind

    @property
    def id(self) -> Hash32:
        """Name of the log, and its head before the first entry."""
        return self.lane.log if self.kind is LogKind.LANE else self.lane.receipt_log

    @property
    def account(self) -> Address:
        """Contract that writes it."""
        return self.lane.outbox if self.kind is LogKind.LANE else self.lane.inbox

    @property
    def home(self) -> ChainId:
        """Chain on which the log is written."""
        return self.lane.origin if self.kind is LogKind.LANE else self.lane.destination

    @property
    def reader(self) -> ChainId:
        """Chain to which the log's heads are shown."""
        return self.lane.destination if self.kind is LogKind.LANE else self.lane.origin
