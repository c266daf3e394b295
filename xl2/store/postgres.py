"""
PostgreSQL: one database that any number of daemons share, by asyncpg (the extra `postgres`).

Promise: each piece of work is one transaction that is committed when it returns; the asker's cancellation never cuts it
in two. What it reads it locks where another could change it. A notification only wakes who waits: one that is lost
costs the time until he looks by himself. Everything stands in the schema `xl2` of the database; the password of the URL
is in no error.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from xl2.errors import ConfigInvalid, StoreCorrupt, StoreUnavailable, Xl2Error
from xl2.store.schema import MIGRATIONS, check_version, in_postgres
from xl2.store.session import Locks, Row, Work
from xl2.store.sql import SqlStore

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Transactions at once; each lane makes one or two.
_CONNECTIONS = 4
#: A statement, or a connection, that takes longer is given up.
_SECONDS = 30.0
#: But a migration that moves millions of rows, or another daemon's that is waited for, may take this long.
_MIGRATION_SECONDS = 3_600.0
#: Name of the notifications, and number of the lock that migrations are done under.
_CHANNEL = "xl2"
_MIGRATING = 0x786C32

#: SQLSTATE classes, or whole codes, of what passes by itself or by an operator's hand: connection, rollback that may be
#: tried again, resources (a full disk too), intervention, system, a server that only reads since a failover.
_PASSING = ("08", "40", "53", "57", "58", "25006", "55P03")
#: What passes by an operator's hand, in words, and what he should do.
_OF_CODE = {
    "53100": ("has no room", "Make room on the disk of the database {name}"),
    "25006": ("only reads", "Lead `relayer.store` to the server that writes, or let {name} write"),
}
#: Of what the URL says: authorization, no such database, a privilege that is missing.
_MISCONFIGURED = ("28", "3D", "42501")

#: What a connection that breaks raises beside asyncpg's own errors.
_BROKEN = (OSError, TimeoutError, EOFError)


class PostgresStore(SqlStore):
    """A store that daemons share, each by its own object."""

    def __init__(self, url: str) -> None:
        """`url`: `postgresql://user:password@host:port/database`; nothing connects before the first use."""
        super().__init__(PostgresDatabase(url))


class PostgresSession:
    """A transaction of a connection. Implements `xl2.store.session.Session`."""

    locks = Locks(change=" FOR UPDATE", hold=" FOR SHARE", free=" FOR UPDATE SKIP LOCKED")

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - asyncpg's, which may be absent
        """`connection`: in a transaction."""
        self._connection = connection

    async def clock(self) -> float:
        """Unix seconds of the server."""
        return float(await self._connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8"))

    async def fetch(self, sql: str, *values: object) -> Sequence[Row]:
        """All rows of a query."""
        rows: Sequence[Row] = await self._connection.fetch(_numbered(sql), *values)
        return rows

    async def execute(self, sql: str, *values: object) -> int:
        """Change rows."""
        status: str = await self._connection.execute(_numbered(sql), *values)
        return int(status.rsplit(" ", 1)[1])

    async def many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Do the same with each row's values, in one go."""
        if rows:
            await self._connection.executemany(_numbered(sql), rows)

    async def tell(self) -> None:
        """Wake who waits, once this is committed."""
        await self._connection.execute(f"NOTIFY {_CHANNEL}")


class PostgresDatabase:
    """A pool of connections, opened at the first use. Implements `xl2.store.session.Database`."""

    def __init__(self, url: str) -> None:
        """`url`: see `PostgresStore`."""
        self.name = _name(url)
        self._url = url
        self._pool: Any = None
        self._opening: asyncio.Task[Any] | None = None
        self._working: set[asyncio.Task[Any]] = set()
        self._is_closed = False
        self._listener: Any = None
        self._news = asyncio.Event()

    async def run(self, work: Work[T]) -> T:
        """
        Do work in one transaction.

        Raises `ConfigInvalid` where the URL or what is installed is wrong, `StoreUnavailable` where the database does
        not answer or has no room (whether the work was committed is unknown where the connection broke at the very
        end), `StoreCorrupt` where it cannot be trusted, and what the work raises, after undoing it.
        """
        if self._is_closed:
            raise RuntimeError(f"the store {self.name} is closed")
        task = asyncio.ensure_future(self._transact(work))
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return await asyncio.shield(task)

    async def changed(self, seconds: float) -> None:
        """Return when a daemon told, or after so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._listen()
                await self._news.wait()
        self._news.clear()

    async def close(self) -> None:
        """Close all connections, after everything that was asked before; but wait for none that is being opened."""
        self._is_closed = True
        if self._opening is not None:
            # Nothing was asked yet, and what a migration has done so far is undone.
            self._opening.cancel()
        while self._working:
            await asyncio.wait(self._working)
        pool, self._pool = self._pool, None
        listener, self._listener = self._listener, None
        for connection in (one for one in (listener, pool) if one is not None):
            with contextlib.suppress(*_BROKEN, TimeoutError):
                await asyncio.wait_for(connection.close(), _SECONDS)

    async def _transact(self, work: Work[T]) -> T:
        asyncpg = _driver()
        try:
            pool = self._pool or await self._opened(asyncpg)
            async with pool.acquire() as connection, connection.transaction():
                return await work(PostgresSession(connection))
        except _failures(asyncpg) as failed:
            raise _cause(self.name, failed) from failed

    async def _opened(self, asyncpg: Any) -> Any:  # noqa: ANN401 - the driver and its pool
        """Who asks while it is opened has that answer: one after another, each would wait out a server that hangs."""
        if self._opening is None:
            self._opening = asyncio.ensure_future(self._open(asyncpg))
        opening = self._opening
        try:
            self._pool = await asyncio.shield(opening)
        except asyncio.CancelledError:
            if opening.cancelled():
                raise StoreUnavailable(f"the store {self.name} was closed before it answered") from None
            raise
        finally:
            if opening.done() and self._opening is opening:
                self._opening = None
        return self._pool

    async def _open(self, asyncpg: Any) -> Any:  # noqa: ANN401 - the driver and its pool
        pool = await self._connect(asyncpg)
        try:
            async with pool.acquire() as connection, connection.transaction():
                await _migrate(connection, self.name)
        except (ValueError, OverflowError):  # the latter of a port beyond 65535
            pool.terminate()
            # Its words may hold a part of the password. Read at the first connection, which nothing precedes.
            # No URL in the remedy: whatever prints it masks all but the host of one.
            remedy = "Write postgresql:// and user:password@host:port/database, percent-encoded."
            what = f"relayer.store: the URL of {self.name} cannot be read"
            raise ConfigInvalid(what, remedy=remedy) from None
        except BaseException:
            pool.terminate()
            raise
        return pool

    async def _connect(self, asyncpg: Any) -> Any:  # noqa: ANN401 - the driver and its pool
        return await asyncpg.create_pool(
            self._url,
            # With a floor the pool would restore it by itself, and log each failure aloud while the server is away.
            min_size=0,
            max_size=_CONNECTIONS,
            timeout=_SECONDS,
            command_timeout=_SECONDS,
            # Durable is a promise of the store, whatever the server does for others.
            server_settings={
                "search_path": _CHANNEL,
                "application_name": "xl2",
                "synchronous_commit": "on",
                "client_min_messages": "warning",
            },
        )

    async def _listen(self) -> None:
        """Hear what daemons tell. Where that fails there is nothing to hear: then the time decides."""
        if self._listener is not None and not self._listener.is_closed():
            return
        asyncpg = _driver()
        try:
            self._listener = await asyncpg.connect(self._url, timeout=_SECONDS)
            await self._listener.add_listener(_CHANNEL, lambda *_: self._news.set())
        except _failures(asyncpg) as failed:
            log.debug("not listening", extra={"fields": {"store": self.name, "cause": str(failed)}})


def _driver() -> Any:  # noqa: ANN401 - a module that may be absent
    try:
        return import_module("asyncpg")
    except ImportError as absent:
        raise ConfigInvalid(
            "the store is a PostgreSQL database, and asyncpg is not installed",
            remedy="Install asyncpg, as the extra `xl2[postgres]` does, or name a file under `relayer.store`.",
        ) from absent


def _failures(asyncpg: Any) -> tuple[type[Exception], ...]:  # noqa: ANN401 - the driver
    """What it raises when the server says no, and when a connection breaks in the middle of something."""
    return asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, *_BROKEN


async def _migrate(connection: Any, name: str) -> None:  # noqa: ANN401 - asyncpg's
    """Bring a database up to date, one daemon at a time."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATING, timeout=_MIGRATION_SECONDS)
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_CHANNEL}")
    await connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
    version = await connection.fetchval("SELECT max(version) FROM schema_version") or 0
    check_version(version, name)
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        await connection.execute(in_postgres(script), timeout=_MIGRATION_SECONDS)
        await connection.execute("INSERT INTO schema_version VALUES ($1)", number)


def _cause(name: str, failed: BaseException) -> Xl2Error:
    """What a failure of PostgreSQL means for whoever asked."""
    # Where the server cuts a connection, its reason stands behind the complaint that the transaction cannot be ended.
    behind = failed.__context__
    if behind is not None and getattr(behind, "sqlstate", None) and not getattr(failed, "sqlstate", None):
        failed = behind
    code = str(getattr(failed, "sqlstate", None) or "")
    words = f"{type(failed).__name__}: {failed}"
    if code.startswith(_MISCONFIGURED):
        return ConfigInvalid(
            f"the store {name} does not let xl2 in: {words}",
            remedy="Correct `relayer.store`, or give its user the right to connect and to create a schema.",
        )
    if not code or code.startswith(_PASSING):
        how, remedy = _OF_CODE.get(code, ("does not answer", "See to the database {name} (is it up)"))
        goes_on = "nothing was lost, and what waits goes on by itself."
        return StoreUnavailable(f"the store {name} {how}: {words}", remedy=f"{remedy.format(name=name)}; {goes_on}")
    return StoreCorrupt(
        f"the store {name} failed: {words}",
        remedy="Restore the database, or drop its schema `xl2`; everything but the journal is rebuilt from the chains.",
    )


@cache
def _numbered(sql: str) -> str:
    """PostgreSQL writes `$1` where SQLite writes `?1`."""
    return sql.replace("?", "$")


def _name(url: str) -> str:
    """The database in words, without user and password."""
    try:
        parts = urlsplit(url)
        place = parts.netloc.rpartition("@")[2] or parse_qs(parts.query).get("host", ["local"])[0]
    except ValueError:
        return "postgresql://?"
    return f"postgresql://{place}{parts.path}"
