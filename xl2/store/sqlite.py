"""
SQLite store: the port `xl2.ports.Store` in one file.

Promise: a method returns after its transaction is on the disk (WAL, synchronous=FULL), so a killed process loses
nothing that was told. What the rows are is `schema`'s, how they change on observation `observed`'s, how values become
rows `rows`'s, and the one thread `database`'s.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, MessageId, Nonce
from xl2.ports import Cursor, Entry, Happening, Journalled, Log, Record, Sent, SignedTransaction, Step, TxReceipt
from xl2.store import observed, rows
from xl2.store.database import Database


class SqliteStore:
    """A store in one file, or in memory (`:memory:`). Opened by `async with` or at the first use."""

    def __init__(self, path: str | Path) -> None:
        """`path`: created where it does not exist; its folder must."""
        self._database = Database(path)
        self._run = self._database.run

    async def __aenter__(self) -> Self:
        await self._run(lambda _: None)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the file; the store cannot be used again."""
        await self._database.close()

    # --- observation

    async def cursor(self, log: Log) -> Cursor | None:
        """Last block observed."""

        def read(db: sqlite3.Connection) -> Cursor | None:
            row = db.execute(
                "SELECT block, block_hash FROM cursors WHERE log = ? ORDER BY block DESC LIMIT 1", (log.id,)
            ).fetchone()
            return None if row is None else Cursor(log=log, block=BlockNumber(row[0]), block_hash=Hash32(row[1]))

        return await self._run(read)

    async def observe(self, cursor: Cursor, sent: Sequence[Sent], now: float) -> None:
        """Keep final messages and the cursor."""
        await self._run(lambda db: observed.observe(db, cursor, sent, now))

    async def observe_receipts(self, cursor: Cursor, entries: Sequence[Entry]) -> None:
        """Keep receipt entries and the cursor."""
        await self._run(lambda db: observed.observe_receipts(db, cursor, entries))

    async def take_back(self, log: Log, above: BlockNumber, now: float) -> int:
        """Forget cursors above a block, and take back what stands there."""
        return await self._run(lambda db: observed.take_back(db, log, above, now))

    async def count(self, log: Log) -> int:
        """How many entries of a log stand."""
        return await self._run(lambda db: observed.tip(db, log)[0])

    async def head(self, log: Log, count: int | None = None) -> Hash32:
        """Head after so many entries."""
        return await self._run(lambda db: observed.tip(db, log)[1] if count is None else observed.head(db, log, count))

    # --- messages

    async def record(self, message_id: MessageId) -> Record | None:
        """What is believed of a message."""
        found = await self._records("id = ?", (message_id,))
        return found[0] if found else None

    async def steps(self, message_id: MessageId) -> Sequence[Step]:
        """How a message came to where it is."""
        sql = f"SELECT {rows.STEP_COLUMNS} FROM steps WHERE message = ? ORDER BY place"
        return await self._run(lambda db: [rows.step_of(row) for row in db.execute(sql, (message_id,))])

    async def range(self, lane: Lane, first: Nonce, last: Nonce) -> Sequence[Record]:
        """Messages of a lane by nonce."""
        condition = "lane = ? AND stands = 1 AND nonce BETWEEN ? AND ? ORDER BY nonce"
        return await self._records(condition, (lane.encode(), first, last))

    async def due(self, lane: Lane, states: Sequence[State], now: float, limit: int) -> Sequence[Record]:
        """Messages whose time has come."""
        marks = ", ".join("?" * len(states))
        condition = f"lane = ? AND stands = 1 AND state IN ({marks}) AND due <= ? ORDER BY nonce LIMIT ?"
        return await self._records(condition, (lane.encode(), *states, now, limit))

    async def happen(self, happenings: Sequence[Happening], now: float) -> None:
        """Move messages by what was seen."""

        def write(db: sqlite3.Connection) -> None:
            for happening in happenings:
                observed.happen(db, happening, now)

        await self._run(write)

    async def postpone(self, ids: Sequence[MessageId], until: float, cause: str) -> None:
        """Look at these again later."""
        sql = "UPDATE messages SET due = ?, cause = ?, attempts = attempts + 1 WHERE id = ?"
        await self._run(lambda db: db.executemany(sql, [(until, cause, one) for one in ids]))

    async def entries(self, lane: Lane, first: int, limit: int) -> Sequence[Entry]:
        """Receipt entries from an index on."""
        sql = f"SELECT {rows.ENTRY_COLUMNS} FROM entries WHERE lane = ? AND place >= ? ORDER BY place LIMIT ?"
        values = (lane.encode(), first, limit)
        return await self._run(lambda db: [rows.entry_of(row) for row in db.execute(sql, values)])

    async def entry(self, lane: Lane, data: bytes) -> Entry | None:
        """First receipt entry with these bytes."""
        sql = f"SELECT {rows.ENTRY_COLUMNS} FROM entries WHERE lane = ? AND data = ? ORDER BY place LIMIT 1"
        row = await self._run(lambda db: db.execute(sql, (lane.encode(), data)).fetchone())
        return None if row is None else rows.entry_of(row)

    async def settled_upto(self, lane: Lane) -> int:
        """Receipt entries before this index are settled."""
        sql = "SELECT upto FROM settled WHERE lane = ?"
        row = await self._run(lambda db: db.execute(sql, (lane.encode(),)).fetchone())
        return 0 if row is None else int(row[0])

    async def settle_upto(self, lane: Lane, index: int) -> None:
        """Remember that; never goes back."""
        sql = (
            "INSERT INTO settled (lane, upto) VALUES (?, ?) "
            "ON CONFLICT (lane) DO UPDATE SET upto = max(upto, excluded.upto)"
        )
        await self._run(lambda db: db.execute(sql, (lane.encode(), index)))

    async def backlog(self) -> Sequence[tuple[Lane, State, int, float]]:
        """How many messages stand in each state."""
        sql = "SELECT lane, state, count(*), min(since) FROM messages WHERE stands = 1 GROUP BY lane, state"
        found = await self._run(lambda db: db.execute(sql).fetchall())
        return [(Lane.parse(lane), State(state), how_many, since) for lane, state, how_many, since in found]

    # --- journal

    async def keep(self, signed: SignedTransaction, what: str) -> None:
        """Keep the bytes of a transaction."""
        marks = ", ".join("?" * len(rows.transaction_values(signed, what)))
        sql = (
            f"INSERT INTO transactions ({rows.TRANSACTION_COLUMNS}, state, place) VALUES ({marks}, 'open', "
            "(SELECT count(*) FROM transactions)) ON CONFLICT (hash) DO NOTHING"
        )
        await self._run(lambda db: db.execute(sql, rows.transaction_values(signed, what)))

    async def pending(self, chain: ChainId, sender: Address) -> Sequence[Journalled]:
        """Transactions whose nonce is not used yet."""
        sql = (
            f"SELECT {rows.TRANSACTION_COLUMNS} FROM transactions "
            "WHERE chain = ? AND sender = ? AND state = 'open' ORDER BY tx_nonce, place"
        )
        values = (str(chain), sender)
        return await self._run(lambda db: [rows.journalled_of(row) for row in db.execute(sql, values)])

    async def words(self, tx_hash: Hash32) -> str | None:
        """What a transaction of ours was for."""
        sql = "SELECT what FROM transactions WHERE hash = ?"
        row = await self._run(lambda db: db.execute(sql, (tx_hash,)).fetchone())
        return None if row is None else str(row[0])

    async def made_for(self, words: str) -> Sequence[Journalled]:
        """Transactions in whose words these are."""
        sql = (
            f"SELECT {rows.TRANSACTION_COLUMNS} FROM transactions "
            "WHERE instr(what, ?) > 0 AND state <> 'void' ORDER BY place"
        )
        return await self._run(lambda db: [rows.journalled_of(row) for row in db.execute(sql, (words,))])

    async def included(self, receipt: TxReceipt, signed: SignedTransaction) -> None:
        """The nonce was used by this transaction."""
        place = (str(signed.transaction.chain), signed.sender, signed.transaction.tx_nonce)

        def write(db: sqlite3.Connection) -> None:
            _void(db, place)
            db.execute("UPDATE transactions SET state = 'included' WHERE hash = ?", (receipt.tx_hash,))

        await self._run(write)

    async def void(self, chain: ChainId, sender: Address, tx_nonce: int) -> None:
        """The nonce is free, or was used by another's transaction."""
        await self._run(lambda db: _void(db, (str(chain), sender, tx_nonce)))

    async def _records(self, condition: str, values: tuple[object, ...]) -> list[Record]:
        sql = f"SELECT {rows.MESSAGE_COLUMNS} FROM messages WHERE {condition}"
        return await self._run(lambda db: [rows.record_of(row) for row in db.execute(sql, values)])


def _void(db: sqlite3.Connection, place: tuple[str, Address, int]) -> None:
    sql = "UPDATE transactions SET state = 'void' WHERE chain = ? AND sender = ? AND tx_nonce = ? AND state = 'open'"
    db.execute(sql, place)
