"""
SQL store: the port `xl2.ports.Store` over any database that reads the schema.

Promise: a method returns after its transaction is durable, so a killed process loses nothing that was told. Here
stands which piece of work a method is, and which lease it is done under; the pieces are `observed`'s, `queue`'s,
`settled`'s, `controls`', `journal`'s, `leases`' and `pruned`'s, and how a transaction is run is the database's.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, MessageId, Nonce
from xl2.errors import StoreUnavailable
from xl2.lasting import Lasting, again_in_words
from xl2.ports import (
    Cursor,
    Entry,
    Happening,
    Journalled,
    Lease,
    Log,
    LogState,
    Pause,
    Record,
    Sent,
    SignedTransaction,
    Step,
    TxReceipt,
    lane_lease,
    signer_lease,
)
from xl2.store import controls, journal, observed, pruned, queue, rows, settled
from xl2.store import leases as leasing
from xl2.store.session import Database, Session, Work, first

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Messages that are roused in one write, so that nobody waits long for it.
_ROUSED_AT_ONCE = 20_000
#: A store that did not fail for so long is well.
_WELL_SECONDS = 10.0


class SqlStore:
    """A store in a database. Opened by `async with` or at the first use."""

    def __init__(self, database: Database) -> None:
        """`database`: is closed with the store."""
        self._database = database
        #: Whether somebody waits for it and reads of it in the log; who asks once is told by the error alone.
        self.is_waited_for = True
        self._fences = leasing.Fences()
        self._failed_at: float | None = None
        #: What is to be done, since the store was well.
        self._remedies = Lasting()

    async def __aenter__(self) -> Self:
        await self._run(_nothing)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the database; the store cannot be used again."""
        await self._database.close()

    async def _run(self, work: Work[T]) -> T:
        try:
            done = await self._database.run(work)
        except StoreUnavailable as cause:
            self._tell_unavailable(cause)
            raise
        if self._failed_at is not None and time.monotonic() - self._failed_at > _WELL_SECONDS:
            self._failed_at = None
            self._remedies = Lasting()
            log.info("store available again")
        return done

    def _tell_unavailable(self, cause: StoreUnavailable) -> None:
        """
        Once, and once an hour while it lasts: whoever waits for the store asks again and again, and some questions a
        full disk still answers. What is to be done may become another thing meanwhile.
        """
        again = self._remedies.tells(cause.remedy)
        if again is not None and self.is_waited_for:
            fields = {"cause": cause.what, "remedy": cause.remedy}
            log.warning("store unavailable%s", again_in_words(again), extra={"fields": fields})
        self._failed_at = time.monotonic()

    async def _write(self, work: Work[T], *lanes: Lane) -> T:
        """Work under the leases of lanes."""

        async def fenced(db: Session) -> T:
            await self._fences.check(db, *(lane_lease(lane) for lane in lanes))
            return await work(db)

        return await self._run(fenced)

    async def _tell(self, work: Work[T]) -> T:
        """Work that other daemons should hear of."""

        async def told(db: Session) -> T:
            done = await work(db)
            await db.tell()
            return done

        return await self._run(told)

    # --- observation

    async def cursor(self, log: Log) -> Cursor | None:
        """Last block observed."""
        return await self._run(lambda db: observed.cursor(db, log))

    async def reached(self, log: Log) -> tuple[Cursor | None, LogState]:
        """Last block observed, and the entries that stand."""

        async def read(db: Session) -> tuple[Cursor | None, LogState]:
            count, head = await observed.tip(db, log)
            return await observed.cursor(db, log), LogState(count=count, head=head)

        return await self._run(read)

    async def observe(self, cursor: Cursor, sent: Sequence[Sent], now: float) -> None:
        """Keep final messages and the cursor."""
        await self._write(lambda db: observed.observe(db, cursor, sent, now), cursor.log.lane)

    async def observe_receipts(self, cursor: Cursor, entries: Sequence[Entry]) -> None:
        """Keep receipt entries and the cursor."""
        await self._write(lambda db: observed.observe_receipts(db, cursor, entries), cursor.log.lane)

    async def take_back(self, log: Log, above: BlockNumber, now: float) -> int:
        """Forget cursors above a block, and take back what stands there."""
        return await self._write(lambda db: observed.take_back(db, log, above, now), log.lane)

    async def count(self, log: Log) -> int:
        """How many entries of a log stand."""
        return (await self._run(lambda db: observed.tip(db, log)))[0]

    async def head(self, log: Log, count: int | None = None) -> Hash32:
        """Head after so many entries."""
        if count is None:
            return (await self._run(lambda db: observed.tip(db, log)))[1]
        known = count
        return await self._run(lambda db: observed.head(db, log, known))

    # --- messages

    async def record(self, message_id: MessageId) -> Record | None:
        """What is believed of a message."""
        found = await self._run(lambda db: queue.records(db, "id = ?1", message_id))
        return found[0] if found else None

    async def steps(self, message_id: MessageId) -> Sequence[Step]:
        """How a message came to where it is."""
        of = "(lane, nonce) = (SELECT lane, nonce FROM messages WHERE id = ?1) AND message = ?1"
        sql = f"SELECT {rows.STEP_COLUMNS} FROM steps WHERE {of} ORDER BY place"
        return [rows.step_of(row) for row in await self._run(lambda db: db.fetch(sql, message_id))]

    async def last_blocks(self, ids: Sequence[MessageId]) -> Mapping[MessageId, BlockNumber | None]:
        """The block of each message's newest step."""
        return await self._run(lambda db: queue.last_blocks(db, ids))

    async def range(self, lane: Lane, first: Nonce, last: Nonce) -> Sequence[Record]:
        """Messages of a lane by nonce."""
        condition = "lane = ?1 AND stands = 1 AND nonce BETWEEN ?2 AND ?3 ORDER BY nonce"
        return await self._run(lambda db: queue.records(db, condition, lane.encode(), first, last))

    async def due(self, lane: Lane, states: Sequence[State], now: float, limit: int) -> Sequence[Record]:
        """Messages whose time has come."""
        return await self._run(lambda db: queue.due(db, lane, states, now, limit))

    async def messages(
        self, *, lane: Lane | None, states: Sequence[State], after: tuple[Lane, Nonce] | None, limit: int
    ) -> Sequence[Record]:
        """Messages in the order of (lane, nonce)."""
        return await self._run(lambda db: queue.listed(db, lane, states, after, limit))

    async def happen(self, happenings: Sequence[Happening], now: float) -> None:
        """Move messages by what was seen."""

        async def write(db: Session) -> None:
            lanes = await observed.happen(db, happenings, now)
            await self._fences.check(db, *(lane_lease(Lane.parse(lane)) for lane in sorted(lanes)))

        await self._run(write)

    async def wait(self, ids: Sequence[MessageId], until: float, cause: str) -> None:
        """Look at these again later, as somebody else is waited for."""
        await self._run(lambda db: queue.let_rest(db, ids, until, cause, attempts=0, declined=False))

    async def postpone(self, ids: Sequence[MessageId], until: float, cause: str) -> None:
        """Look at these again later, as an attempt was in vain."""
        await self._run(lambda db: queue.let_rest(db, ids, until, cause, attempts=1, declined=False))

    async def decline(self, ids: Sequence[MessageId], until: float, why: str) -> None:
        """Look at these again later, as they are not carried for now."""
        await self._run(lambda db: queue.let_rest(db, ids, until, why, attempts=1, declined=True))

    async def late(self, lane: Lane, states: Sequence[State], before: float, limit: int) -> Sequence[Record]:
        """Messages that have stood still since before a time."""
        return await self._run(lambda db: queue.late(db, lane, states, before, limit))

    async def entries(self, lane: Lane, first: int, limit: int) -> Sequence[Entry]:
        """Receipt entries from an index on."""
        sql = f"SELECT {rows.ENTRY_COLUMNS} FROM entries WHERE lane = ?1 AND place >= ?2 ORDER BY place LIMIT ?3"
        return [rows.entry_of(row) for row in await self._run(lambda db: db.fetch(sql, lane.encode(), first, limit))]

    async def rouse(self, lane: Lane, now: float) -> int:
        """Let what rests on a lane rest no longer."""
        roused, some = 0, _ROUSED_AT_ONCE
        while some >= _ROUSED_AT_ONCE:
            some = await self._write(lambda db: queue.rouse(db, lane, now, _ROUSED_AT_ONCE), lane)
            roused += some
        return roused

    async def entry(self, lane: Lane, data: bytes) -> Entry | None:
        """First receipt entry with these bytes."""
        sql = f"SELECT {rows.ENTRY_COLUMNS} FROM entries WHERE lane = ?1 AND data = ?2 ORDER BY place LIMIT 1"
        row = await self._run(lambda db: first(db, sql, lane.encode(), data))
        return None if row is None else rows.entry_of(row)

    async def unsettled(self, lane: Lane, first: int, limit: int) -> Sequence[Entry]:
        """Receipt entries from an index on that are not known to be settled."""
        return await self._run(lambda db: settled.unsettled(db, lane, first, limit))

    async def mark_settled(self, lane: Lane, indices: Sequence[int]) -> None:
        """Remember which are, for good."""
        await self._write(lambda db: settled.mark(db, lane, indices), lane)

    async def backlog(self) -> Sequence[tuple[Lane, State, int, float]]:
        """How many messages stand in each state."""
        return await self._run(queue.backlog)

    async def prune(self, lane: Lane, before: float) -> int:
        """Let go of what ended before, some pages at a time."""
        gone, nonce, place = 0, 0, 0
        while True:
            ended, then = await self._write(partial(pruned.messages, lane=lane, before=before, from_nonce=nonce), lane)
            gone += ended
            if then is None:
                break
            nonce = then
        # Where nothing went, every receipt speaks of what it spoke of.
        while gone and (on := await self._write(partial(pruned.receipts, lane=lane, from_place=place), lane)):
            place = on
        return gone

    async def prune_journal(self, before: float) -> int:
        """Let go of transactions whose nonce was used before."""
        return await self._run(lambda db: pruned.journal(db, before))

    # --- controls

    async def pause(self, lane: Lane, why: str, by: str, now: float) -> None:
        """Pause a lane."""
        await self._tell(lambda db: controls.pause(db, lane, why, by, now))

    async def park(self, lane: Lane, why: str, now: float) -> None:
        """Pause a lane over an incident."""
        await self._tell(lambda db: controls.park(db, lane, why, now))

    async def resume(self, lane: Lane) -> bool:
        """End a pause."""
        return await self._tell(lambda db: controls.resume(db, lane))

    async def pauses(self) -> Sequence[Pause]:
        """Lanes that are paused."""
        return await self._run(controls.pauses)

    async def hurry(self, ids: Sequence[MessageId], now: float) -> int:
        """Look at these at once."""
        return await self._tell(lambda db: controls.hurry(db, ids, now))

    async def skip(self, ids: Sequence[MessageId], why: str) -> int:
        """Leave these out of what is due."""
        return await self._tell(lambda db: controls.skip(db, ids, why))

    async def unskip(self, ids: Sequence[MessageId]) -> int:
        """Take these up again."""
        return await self._tell(lambda db: controls.unskip(db, ids))

    # --- leases

    async def lease(self, names: Sequence[str], owner: str, seconds: float) -> Mapping[str, int]:
        """Take or renew leases; from then on, writes are made under them."""
        fences = await self._run(lambda db: leasing.lease(db, names, owner, seconds))
        self._fences.take(names, fences)
        return fences

    async def release(self, names: Sequence[str], owner: str) -> None:
        """Let go of leases; what is written under them is refused from then on."""
        self._fences.take(names, {})
        await self._run(lambda db: leasing.release(db, names, owner))

    async def leases(self, prefix: str) -> Sequence[Lease]:
        """Leases that are not over."""
        return await self._run(lambda db: leasing.leases(db, prefix))

    async def changed(self, seconds: float) -> None:
        """Return when leases or controls changed, or after so many seconds."""
        await self._database.changed(seconds)

    # --- journal

    async def keep(self, signed: SignedTransaction, what: str) -> None:
        """Keep the bytes of a transaction."""
        name = signer_lease(signed.transaction.chain, signed.sender)

        async def write(db: Session) -> None:
            await self._fences.check(db, name)
            await journal.keep(db, signed, what)

        await self._run(write)

    async def pending(self, chain: ChainId, sender: Address) -> Sequence[Journalled]:
        """Transactions whose nonce is not used yet."""
        return await self._run(lambda db: journal.pending(db, chain, sender))

    async def all_pending(self) -> Sequence[Journalled]:
        """The same of every chain and sender."""
        return await self._run(journal.all_pending)

    async def words(self, tx_hash: Hash32) -> str | None:
        """What a transaction of ours was for."""
        return await self._run(lambda db: journal.words(db, tx_hash))

    async def made_for(self, words: str) -> Sequence[Journalled]:
        """Transactions in whose words these are."""
        return await self._run(lambda db: journal.made_for(db, words))

    async def included(self, receipt: TxReceipt, signed: SignedTransaction) -> None:
        """The nonce was used by this transaction."""
        await self._run(lambda db: journal.included(db, receipt, signed))

    async def void(self, chain: ChainId, sender: Address, tx_nonce: int) -> None:
        """The nonce is free, or was used by another's transaction."""
        await self._run(lambda db: journal.void(db, chain, sender, tx_nonce))


async def _nothing(_: Session) -> None:
    """Open the database."""
