"""
Place: a path or a URL in, the store that is there out.

Promise: a URL of PostgreSQL is a database that daemons may share, everything else a file of one.
"""

from pathlib import Path

from xl2.store.postgres import PostgresStore
from xl2.store.sql import SqlStore
from xl2.store.sqlite import IN_MEMORY, SqliteStore

#: How a URL of a database that daemons share begins.
_SHARED = ("postgresql://", "postgres://")


def is_shared(place: str) -> bool:
    """Whether several daemons may share the store at a place."""
    return place.startswith(_SHARED)


def open_store(place: str, base: Path, *, is_waited_for: bool = True) -> SqlStore:
    """
    The store at a place: a PostgreSQL URL, or a file relative to `base`. It is opened at its first use.

    `async with` opens it at once: then a place that cannot be used is told before anything else is done.

    :param is_waited_for: that it does not answer is logged; else it is raised alone.
    """
    path = place if place == IN_MEMORY else base / place
    store = PostgresStore(place) if is_shared(place) else SqliteStore(path)
    store.is_waited_for = is_waited_for
    return store
