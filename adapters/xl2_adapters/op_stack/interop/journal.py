# ruff: noqa: S608 - tables and columns are constants of this module; values travel as parameters
"""
Journal: what a relayer knows of messages, blocks and its own transactions, in one SQLite file.

Promise: a method returns after its transaction is on the disk (WAL, synchronous=FULL), so the bytes of a transaction
are there before anybody else sees them, and a killed relayer goes on where it was. A second process on the same file is
refused. What the rows mean is left to `entry` and `carrier`.
"""

import asyncio
import fcntl
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Final, TypeVar

from attrs import field, frozen

from xl2.core.types import BlockNumber, ChainId, Hash32, Timestamp, Wei
from xl2.errors import ConfigInvalid, StoreCorrupt, Xl2Error
from xl2.ports import Place
from xl2_adapters.op_stack.interop.access_list import Identifier
from xl2_adapters.op_stack.interop.contracts import MESSENGER
from xl2_adapters.op_stack.interop.entry import Entry, State
from xl2_adapters.op_stack.interop.messages import Sent, message_of
from xl2_adapters.op_stack.interop.watch import Step

T = TypeVar("T")

_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE messages (
    hash BLOB NOT NULL PRIMARY KEY, source TEXT NOT NULL, destination TEXT NOT NULL, payload BLOB NOT NULL,
    block INTEGER NOT NULL, block_hash BLOB NOT NULL, tx_hash BLOB NOT NULL, log_index INTEGER NOT NULL,
    timestamp INTEGER NOT NULL, state TEXT NOT NULL, due REAL NOT NULL, attempts INTEGER NOT NULL, cause TEXT NOT NULL,
    width INTEGER NOT NULL, gas INTEGER NOT NULL, slot INTEGER,
    relayed_block INTEGER, relayed_hash BLOB, relayed_tx BLOB, relayed_index INTEGER
) STRICT;
CREATE INDEX messages_by_state ON messages (state);
CREATE TABLE trail (
    chain TEXT NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (chain, number)
) STRICT;
CREATE TABLE transactions (
    hash BLOB NOT NULL PRIMARY KEY, chain TEXT NOT NULL, slot INTEGER NOT NULL, raw BLOB NOT NULL,
    max_fee TEXT NOT NULL, priority_fee TEXT NOT NULL, since REAL NOT NULL, is_open INTEGER NOT NULL
) STRICT;
CREATE INDEX transactions_by_slot ON transactions (chain, slot);
"""
_MESSAGE: Final = (
    "hash, source, destination, payload, block, block_hash, tx_hash, log_index, timestamp, state, due, attempts, "
    "cause, width, gas, slot, relayed_block, relayed_hash, relayed_tx, relayed_index"
)
_ATTEMPT: Final = "hash, chain, slot, raw, max_fee, priority_fee, since"


@frozen(kw_only=True)
class Attempt:
    """Signed bytes of ours at one nonce; a replacement is another attempt at the same."""

    hash: Hash32
    chain: ChainId
    slot: int
    raw: bytes = field(repr=False)
    max_fee: Wei
    priority_fee: Wei
    #: Unix seconds of its signing.
    since: float


class Journal:
    """One file, opened at the first use."""

    def __init__(self, path: str | Path) -> None:
        """`path`: created where it does not exist; its folder must."""
        self._path = Path(path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="xl2-interop")
        self._connection: sqlite3.Connection | None = None
        self._lock: IO[str] | None = None

    async def keep(
        self,
        entries: Iterable[Entry] = (),
        *,
        trail: tuple[ChainId, Sequence[Step]] | None = None,
        opened: Iterable[Attempt] = (),
        closed: Iterable[Attempt] = (),
    ) -> None:
        """Write down what changed, all of it or nothing."""
        messages = [_row(entry) for entry in entries]
        attempts = [_attempt_row(attempt) for attempt in opened]
        done = [(attempt.hash,) for attempt in closed]

        def write(db: sqlite3.Connection) -> None:
            db.executemany(_insert("messages", _MESSAGE), messages)
            db.executemany(_insert("transactions", f"{_ATTEMPT}, is_open"), [(*row, 1) for row in attempts])
            db.executemany("UPDATE transactions SET is_open = 0 WHERE hash = ?", done)
            if trail is not None:
                chain, steps = str(trail[0]), trail[1]
                edge = (chain, steps[-1].number, steps[0].number)
                db.execute("DELETE FROM trail WHERE chain = ? AND (number > ? OR number < ?)", edge)
                db.executemany(_insert("trail", "chain, number, hash"), [(chain, s.number, s.hash) for s in steps])

        await self._run(write)

    async def entries(self) -> list[Entry]:
        """Messages that are not over, and those whose delivery may yet be taken back by a reorg."""
        sql = (
            f"SELECT {_MESSAGE} FROM messages WHERE state IN ('waiting', 'sent') OR relayed_block >= coalesce("
            "(SELECT min(number) FROM trail WHERE trail.chain = messages.destination), 0) "
            "ORDER BY timestamp, block, log_index"
        )
        return await self._run(lambda db: [_entry(row) for row in db.execute(sql)])

    async def find(self, message: Hash32) -> Entry | None:
        """What is known of one message."""
        sql = f"SELECT {_MESSAGE} FROM messages WHERE hash = ?"
        row = await self._run(lambda db: db.execute(sql, (message,)).fetchone())
        return None if row is None else _entry(row)

    async def trail(self, chain: ChainId) -> tuple[Step, ...]:
        """Blocks seen, oldest first."""
        sql = "SELECT number, hash FROM trail WHERE chain = ? ORDER BY number"
        rows = await self._run(lambda db: db.execute(sql, (str(chain),)).fetchall())
        return tuple(Step(number=BlockNumber(number), hash=Hash32(found)) for number, found in rows)

    async def attempts(self, chain: ChainId) -> list[Attempt]:
        """Transactions that are not known to be in a block, by nonce, replacements after what they replace."""
        sql = f"SELECT {_ATTEMPT} FROM transactions WHERE chain = ? AND is_open = 1 ORDER BY slot, rowid"
        return await self._run(lambda db: [_attempt(row) for row in db.execute(sql, (str(chain),))])

    async def reopened(self, chain: ChainId, slot: int) -> list[Attempt]:
        """Attempts at a nonce whose block a reorg took back; they count as not included again."""

        def write(db: sqlite3.Connection) -> list[Attempt]:
            place = (str(chain), slot)
            db.execute("UPDATE transactions SET is_open = 1 WHERE chain = ? AND slot = ?", place)
            sql = f"SELECT {_ATTEMPT} FROM transactions WHERE chain = ? AND slot = ? ORDER BY rowid"
            return [_attempt(row) for row in db.execute(sql, place)]

        return await self._run(write)

    async def counts(self) -> dict[State, int]:
        """How many messages stand in each state."""
        sql = "SELECT state, count(*) FROM messages GROUP BY state"
        rows = await self._run(lambda db: db.execute(sql).fetchall())
        return {State(state): how_many for state, how_many in rows}

    async def close(self) -> None:
        """Close the file, after everything that was asked before."""
        loop = asyncio.get_running_loop()
        await asyncio.shield(loop.run_in_executor(self._thread, self._close))
        self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        # Shielded: whoever is cancelled must not cut a transaction in two.
        return await asyncio.shield(loop.run_in_executor(self._thread, self._transact, work))

    def _transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            connection = self._connection = self._connection or self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        except sqlite3.DatabaseError as broken:
            raise StoreCorrupt(f"the journal {self._path} failed: {broken}") from broken
        return result

    def _open(self) -> sqlite3.Connection:
        remedy = "Name a file in a folder that exists and may be written; each relayer needs a journal of its own."
        try:
            self._lock = Path(f"{self._path}.lock").open("a")  # noqa: SIM115 - held until `close`
            # The kernel frees the lock when the process ends, however it ends.
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        except BlockingIOError as taken:
            raise ConfigInvalid(f"another process has the journal {self._path} open", remedy=remedy) from taken
        except (OSError, sqlite3.OperationalError) as bad:
            raise ConfigInvalid(f"the journal {self._path} cannot be opened: {bad}", remedy=remedy) from bad
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, _VERSION):
            raise StoreCorrupt(f"the journal {self._path} has schema {version}; this xl2 knows {_VERSION}")
        if version == 0:
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
        return connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _insert(table: str, columns: str) -> str:
    marks = ", ".join("?" * len(columns.split(",")))
    return f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})"


def _row(entry: Entry) -> tuple[object, ...]:
    sent, done = entry.sent, entry.relayed
    place = sent.place
    return (
        sent.hash, str(sent.message.source), str(sent.message.destination), sent.payload, place.block,
        place.block_hash, place.tx_hash, place.log_index, sent.identifier.timestamp, entry.state.value, entry.due,
        entry.attempts, entry.cause, entry.width, entry.gas, entry.slot,
        *((None,) * 4 if done is None else (done.block, done.block_hash, done.tx_hash, done.log_index)),
    )  # fmt: skip


def _entry(row: sqlite3.Row) -> Entry:
    source, payload, place, timestamp, relayed = row[1], row[3], _place(row[4:8]), row[8], row[16:20]
    try:
        identifier = Identifier(
            origin=MESSENGER,
            block=place.block,
            log_index=place.log_index,
            timestamp=Timestamp(timestamp),
            chain=ChainId(int(source)),
        )
        sent = Sent(message=message_of(identifier, payload), identifier=identifier, payload=payload, place=place)
        state, due, attempts, cause, width, gas, slot = row[9:16]
        return Entry(
            sent=sent,
            state=State(state),
            due=due,
            attempts=attempts,
            cause=cause,
            width=width,
            gas=gas,
            slot=slot,
            relayed=None if relayed[0] is None else _place(relayed),
        )
    except (Xl2Error, ValueError) as bad:
        raise StoreCorrupt(f"a message in the journal cannot be read: {bad}") from bad


def _place(columns: Sequence[object]) -> Place:
    block, block_hash, tx_hash, log_index = columns
    return Place(block=block, block_hash=block_hash, tx_hash=tx_hash, log_index=log_index)  # type: ignore[arg-type]


def _attempt_row(attempt: Attempt) -> tuple[object, ...]:
    fees = (str(attempt.max_fee), str(attempt.priority_fee))
    return (attempt.hash, str(attempt.chain), attempt.slot, attempt.raw, *fees, attempt.since)


def _attempt(row: sqlite3.Row) -> Attempt:
    tx_hash, chain, slot, raw, max_fee, priority_fee, since = row
    return Attempt(
        hash=Hash32(tx_hash),
        chain=ChainId(int(chain)),
        slot=slot,
        raw=raw,
        max_fee=Wei(int(max_fee)),
        priority_fee=Wei(int(priority_fee)),
        since=since,
    )
