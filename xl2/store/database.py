"""
Database: one SQLite file, one connection, one thread.

Promise: work is done in the order asked, each piece in one transaction that is on the disk when it returns; the asker's
cancellation never cuts a transaction in two. A second process on the same file is refused when it opens it.
"""

import asyncio
import fcntl
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TypeVar

from xl2.errors import ConfigInvalid, StoreCorrupt
from xl2.store.schema import migrate

T = TypeVar("T")

IN_MEMORY = ":memory:"


class Database:
    """A file, opened at the first use."""

    def __init__(self, path: str | Path) -> None:
        """`path`: created where it does not exist; its folder must. `:memory:` is gone when closed."""
        self.name = str(path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="xl2-store")
        self._connection: sqlite3.Connection | None = None
        self._lock: IO[str] | None = None

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """
        Do work in one transaction.

        Raises `ConfigInvalid` where the file cannot be opened, `StoreCorrupt` where it cannot be trusted, and what the
        work raises, after undoing it.
        """
        loop = asyncio.get_running_loop()
        return await asyncio.shield(loop.run_in_executor(self._thread, self._transact, work))

    async def close(self) -> None:
        """Close the file, after everything that was asked before."""
        loop = asyncio.get_running_loop()
        await asyncio.shield(loop.run_in_executor(self._thread, self._close))
        self._thread.shutdown(wait=False)

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
            raise StoreCorrupt(f"the store {self.name} failed: {broken}") from broken
        return result

    def _open(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = None
        try:
            if self.name != IN_MEMORY:
                self._take_lock()
            # `isolation_level=None`: transactions are begun here and nowhere else.
            connection = sqlite3.connect(self.name, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            migrate(connection, self.name)
        except BaseException as bad:
            if connection is not None:
                connection.close()
            self._free_lock()
            if isinstance(bad, sqlite3.OperationalError):
                remedy = "Name a file in a folder that exists and may be written."
                raise ConfigInvalid(f"the store {self.name} cannot be opened: {bad}", remedy=remedy) from bad
            raise
        return connection

    def _take_lock(self) -> None:
        """The kernel frees the lock when the process ends, however it ends."""
        try:
            lock = Path(f"{self.name}.lock").open("a")  # noqa: SIM115 - held until `close`
        except OSError as bad:
            remedy = "Name a file in a folder that exists and may be written."
            raise ConfigInvalid(f"the store {self.name} cannot be opened: {bad}", remedy=remedy) from bad
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as taken:
            lock.close()
            remedy = "Stop the other process, or give each its own store and its own key."
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
