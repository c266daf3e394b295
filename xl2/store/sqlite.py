"""
SQLite: one file, one connection, one thread.

Promise: work is done in the order asked, all of a piece or nothing of it, and what returns is on the disk (WAL,
synchronous=FULL); pieces that wait are kept together (`groups`); the asker's cancellation never cuts one in two. A
second process on the same file is refused when it opens it. Where the disk takes nothing more, nothing of the work is
kept and it may be tried again. A file that is made here, and what SQLite keeps beside it, is its user's alone: signed
bytes and payloads stand in it.
"""

import asyncio
import errno
import fcntl
import logging
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import IO, TypeVar

from xl2.errors import ConfigInvalid, StoreCorrupt, StoreUnavailable, Xl2Error
from xl2.store.groups import Groups
from xl2.store.schema import MIGRATIONS, check_version
from xl2.store.session import Locks, Row, Session, Work
from xl2.store.sql import SqlStore

log = logging.getLogger(__name__)

T = TypeVar("T")

IN_MEMORY = ":memory:"

#: Ids come in no order, so their index is held in memory as far as this goes.
_CACHE_KIB = 32 * 1024

#: What SQLite says where the disk, not the file, is at fault (primary result codes).
_BUSY, _IO_ERROR, _FULL = 5, 10, 13
_PASSING = (_BUSY, _IO_ERROR, _FULL)

_REMEDY = "Name a file in a folder that exists and may be written."


class SqliteStore(SqlStore):
    """A store in one file, or in memory (`:memory:`)."""

    def __init__(self, path: str | Path) -> None:
        """`path`: created where it does not exist; its folder must."""
        super().__init__(SqliteDatabase(path))


class SqliteSession:
    """A transaction of a connection. Implements `xl2.store.session.Session`; never makes anybody wait."""

    #: One connection writes, so rows stay as they are.
    locks = Locks()

    def __init__(self, connection: sqlite3.Connection) -> None:
        """`connection`: in a transaction."""
        self._connection = connection

    async def clock(self) -> float:
        """Unix seconds of this machine: nobody elsewhere has the file open."""
        return time.time()

    async def fetch(self, sql: str, *values: object) -> Sequence[Row]:
        """All rows of a query."""
        return self._connection.execute(sql, values).fetchall()

    async def execute(self, sql: str, *values: object) -> int:
        """Change rows."""
        return self._connection.execute(sql, values).rowcount

    async def many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Do the same with each row's values."""
        self._connection.executemany(sql, rows)

    async def tell(self) -> None:
        """There is nobody elsewhere to be told."""


class SqliteDatabase:
    """A file, opened at the first use. Implements `xl2.store.session.Database`."""

    def __init__(self, path: str | Path) -> None:
        """`path`: created where it does not exist; its folder must. `:memory:` is gone when closed."""
        self.name = str(path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="xl2-store")
        self._groups = Groups(self._thread, self._transact)
        self._connection: sqlite3.Connection | None = None
        self._lock: IO[str] | None = None

    async def run(self, work: Work[T]) -> T:
        """
        Do work in one transaction.

        Raises `ConfigInvalid` where the file cannot be opened, `StoreCorrupt` where it cannot be trusted,
        `StoreUnavailable` where the disk takes nothing more, and what the work raises, after undoing it.
        """
        return await self._groups.run(work)

    async def changed(self, seconds: float) -> None:
        """Nobody but this process has the file open, so there is nobody to hear from."""
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        """Close the file, after everything that was asked before."""
        loop = asyncio.get_running_loop()
        await asyncio.shield(loop.run_in_executor(self._thread, self._close))
        self._thread.shutdown(wait=False)

    def _transact(self, work: Callable[[Session], None]) -> None:
        try:
            connection = self._connection = self._connection or self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                work(SqliteSession(connection))
                connection.execute("COMMIT")
            finally:
                # Some errors have ended the transaction already.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        except sqlite3.DatabaseError as failed:
            raise _cause(self.name, failed) from failed

    def _open(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = None
        try:
            if self.name != IN_MEMORY:
                self._prepare()
            # `isolation_level=None`: transactions are begun here and nowhere else.
            connection = sqlite3.connect(self.name, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            _migrate(connection, self.name)
            # Whoever had leases had the lock, and has it no more.
            connection.execute("UPDATE leases SET owner = '', ends = 0 WHERE owner <> ''")
        except BaseException as bad:
            if connection is not None:
                connection.close()
            self._free_lock()
            if isinstance(bad, sqlite3.OperationalError) and _code(bad) not in _PASSING:
                raise ConfigInvalid(f"the store {self.name} cannot be opened: {bad}", remedy=_REMEDY) from bad
            raise
        return connection

    def _prepare(self) -> None:
        """Take the lock, and make the file where there is none. SQLite gives what it has beside it the same mode."""
        try:
            if Path(self.name).is_dir():
                raise IsADirectoryError(errno.EISDIR, "it is a folder")
            self._take_lock(Path(f"{self.name}.lock"))
            _refuse_what_is_left(Path(self.name))
            _make_private(Path(self.name))
        except OSError as bad:
            if bad.errno in (errno.ENOSPC, errno.EDQUOT):
                raise _full(self.name, bad) from bad
            raise ConfigInvalid(f"the store {self.name} cannot be opened: {bad.strerror}", remedy=_REMEDY) from bad

    def _take_lock(self, path: Path) -> None:
        """The kernel frees the lock when the process ends, however it ends."""
        _make_private(path)
        lock = path.open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as taken:
            lock.close()
            remedy = (
                "If it is this configuration's relayer, it runs already, or is stopping: `xl2 relayer status` says how "
                "it is. Else stop it, or give each its own store and its own key."
            )
            raise ConfigInvalid(f"another process has the store {self.name} open", remedy=remedy) from taken
        self._lock = lock

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._free_lock()

    def _free_lock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _refuse_what_is_left(path: Path) -> None:
    """A log that SQLite left beside a store that is gone would be written into the new one, as far as it goes."""
    log_of_it = path.with_name(f"{path.name}-wal")
    if log_of_it.exists() and not path.exists():
        raise ConfigInvalid(
            f"there is no store {path}, and {log_of_it.name} beside it is what one left that was moved or deleted",
            remedy=f"Move {log_of_it.name} and {path.name}-shm to where the store is, or put the store back.",
        )


def _make_private(path: Path) -> None:
    """
    Make a file that this user alone may read, whatever the umask; one that is there is left as it is.

    Of what others may read a person is told: an earlier xl2 made it so, or whoever shares it on purpose.
    """
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    except FileExistsError:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) and path.suffix != ".lock":
            _warn_of_open_file(path)
        return
    try:
        os.fchmod(made, stat.S_IRUSR | stat.S_IWUSR)
    finally:
        os.close(made)


@cache
def _warn_of_open_file(path: Path) -> None:
    """Once a process."""
    # In words: a command that renders no fields prints this line as it is.
    log.warning(
        "others on this machine may open %s, which holds signed transactions and payloads: run `chmod 600 %s*`",
        *(path, path),
    )


def _migrate(connection: sqlite3.Connection, name: str) -> None:
    """Bring a file up to date."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    check_version(version, name)
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        connection.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;")


def _cause(name: str, failed: sqlite3.DatabaseError) -> Xl2Error:
    """What a failure of SQLite means for whoever asked."""
    if _code(failed) in _PASSING:
        return _full(name, failed)
    return StoreCorrupt(f"the store {name} failed: {failed}")


def _full(name: str, failed: Exception) -> StoreUnavailable:
    remedy = f"Make room on the disk of {name}, or mend it; nothing was lost, and what waits goes on by itself."
    return StoreUnavailable(f"the store {name} cannot be written: {failed}", remedy=remedy)


def _code(failed: sqlite3.Error) -> int:
    """SQLite's primary result code."""
    return getattr(failed, "sqlite_errorcode", 0) & 0xFF
