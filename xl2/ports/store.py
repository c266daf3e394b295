"""
Store: the relayer's queue and memory.

Promise: what a method wrote is durable when it returns, and either all of it was written or nothing. Everything but the
journal can be rebuilt from the chains; the journal of what was signed cannot.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from attrs import frozen

from xl2.core.lane import Lane
from xl2.core.lifecycle import Event, State
from xl2.core.types import BlockNumber, ChainId, Hash32, MessageId, Nonce
from xl2.ports.controls import Controls
from xl2.ports.leases import Leases
from xl2.ports.seen import Entry, Log, LogState, Place, Sent
from xl2.ports.transactions import Journal


@frozen(kw_only=True)
class Cursor:
    """How far a log's home has been observed: everything up to and including this block."""

    log: Log
    block: BlockNumber
    block_hash: Hash32


@frozen(kw_only=True)
class Happening:
    """Something a chain was seen to say of a message, and where; moves its state by `core.lifecycle.decide`."""

    id: MessageId
    event: Event
    chain: ChainId
    #: Transaction and block that it rests on, where there is one (a clock that passed has none).
    place: Place | None = None
    #: Newest block of the chain when it was seen, where its own is not known: a reorg below it may take it back.
    seen_at: BlockNumber | None = None
    #: State that the message was seen in; where it has moved on since, nothing happens. None: whatever its state is.
    seen_in: State | None = None


@frozen(kw_only=True)
class Step:
    """A change of a message's state, kept as long as the message."""

    event: Event
    state: State
    #: Wall-clock seconds at which it was written.
    when: float
    chain: ChainId
    tx_hash: Hash32 | None
    block: BlockNumber | None


@frozen(kw_only=True)
class Record:
    """What is believed of one message."""

    sent: Sent
    #: Head of the lane log before this message.
    start: Hash32
    state: State
    #: Wall-clock seconds: since when the state holds, or it waits for delivery, proven or not; and when to look again.
    since: float
    due: float
    #: What was tried in vain since then; to wait for a chain, an endpoint, the key or the store is no attempt.
    attempts: int
    #: Why it is not further, in words; empty while nothing holds it up.
    cause: str
    #: Why a person has it left out of what is due; empty when it is not.
    skipped: str = ""
    #: Whether it rests because this relayer does not carry it, or not for what it pays; `cause` says why.
    declined: bool = False


class Store(Journal, Controls, Leases, Protocol):
    """The queue: what was seen, what is believed, what is due."""

    async def cursor(self, log: Log) -> Cursor | None:
        """Last block observed, None before the first."""
        ...

    async def observe(self, cursor: Cursor, sent: Sequence[Sent], now: float) -> None:
        """
        Keep final messages of a lane log and the cursor, both or neither.

        They continue the log without a gap; one that was taken back and is sent again goes on as it is.
        """
        ...

    async def observe_receipts(self, cursor: Cursor, entries: Sequence[Entry]) -> None:
        """Keep entries of a receipt log and the cursor, both or neither. They continue the log without a gap."""
        ...

    async def take_back(self, log: Log, above: BlockNumber, now: float) -> int:
        """A reorg: forget cursors, and take back what stands in blocks above; how much that is."""
        ...

    async def reached(self, log: Log) -> tuple[Cursor | None, LogState]:
        """Last block observed, None before the first; count and head of the entries that stand."""
        ...

    async def count(self, log: Log) -> int:
        """How many entries of a log were observed and stand."""
        ...

    async def head(self, log: Log, count: int | None = None) -> Hash32:
        """Head of a log after its first `count` entries, or after all that stand. Raises `NotFound` for more."""
        ...

    async def record(self, message_id: MessageId) -> Record | None:
        """What is believed of a message."""
        ...

    async def steps(self, message_id: MessageId) -> Sequence[Step]:
        """How a message came to where it is, oldest first."""
        ...

    async def last_blocks(self, ids: Sequence[MessageId]) -> Mapping[MessageId, BlockNumber | None]:
        """The block that each message's newest step names, None where it names none."""
        ...

    async def range(self, lane: Lane, first: Nonce, last: Nonce) -> Sequence[Record]:
        """Messages of a lane by nonce, both ends included, in order; fewer where fewer are known."""
        ...

    async def due(self, lane: Lane, states: Sequence[State], now: float, limit: int) -> Sequence[Record]:
        """
        Messages of a lane in these states whose time has come and that nobody skips, lowest nonce first.

        Where more rests ended than there is place for, those that ended first come first, and never so many of them
        that who did not rest finds no place.
        """
        ...

    async def messages(
        self, *, lane: Lane | None, states: Sequence[State], after: tuple[Lane, Nonce] | None, limit: int
    ) -> Sequence[Record]:
        """
        Messages that stand, in the order of (lane, nonce), for lists that are read page by page.

        `lane`: of this one only. `states`: in these only, in any where there are none. `after`: behind this place.
        """
        ...

    async def happen(self, happenings: Sequence[Happening], now: float) -> None:
        """
        Move messages by what was seen, all or none.

        Raises `NotFound` for an unknown message, `InvalidInput` for an event that cannot follow.
        """
        ...

    async def wait(self, ids: Sequence[MessageId], until: float, cause: str) -> None:
        """Look at these again later, as somebody else is waited for; no attempt."""
        ...

    async def postpone(self, ids: Sequence[MessageId], until: float, cause: str) -> None:
        """Look at these again later, and say why; counts an attempt."""
        ...

    async def decline(self, ids: Sequence[MessageId], until: float, why: str) -> None:
        """Look at these again later, as they are not carried for now; counts an attempt."""
        ...

    async def late(self, lane: Lane, states: Sequence[State], before: float, limit: int) -> Sequence[Record]:
        """
        Messages in these states since before a time, those that stand longest first.

        Without what is declined or skipped: nobody is to move these on.
        """
        ...

    async def rouse(self, lane: Lane, now: float) -> int:
        """Let rests on a lane that end later end now, as another clock said until when; how many did."""
        ...

    async def entries(self, lane: Lane, first: int, limit: int) -> Sequence[Entry]:
        """Receipt entries of a lane from an index on, in order."""
        ...

    async def entry(self, lane: Lane, data: bytes) -> Entry | None:
        """First entry of a lane's receipt log with these bytes."""
        ...

    async def unsettled(self, lane: Lane, first: int, limit: int) -> Sequence[Entry]:
        """Receipt entries from an index on, in order, of which it is not known that the origin has settled them."""
        ...

    async def mark_settled(self, lane: Lane, indices: Sequence[int]) -> None:
        """
        Remember that a final block of the origin has settled these receipt entries.

        Never goes back, but with the entries themselves. What is not named here stays unsettled, wherever it stands.
        """
        ...

    async def backlog(self) -> Sequence[tuple[Lane, State, int, float]]:
        """How many messages of each lane stand in each state, and since when the oldest does."""
        ...

    async def prune(self, lane: Lane, before: float) -> int:
        """
        Forget messages of a lane that were settled or refunded before, and receipts that speak of none any more.

        How many messages went: what is asked for of any that is left stays.
        """
        ...

    async def prune_journal(self, before: float) -> int:
        """Forget transactions whose nonce was used before, by the store's own clock; how many."""
        ...
