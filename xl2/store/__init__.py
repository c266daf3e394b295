"""Store: the port `xl2.ports.Store` on SQLite. The schema is meant to be shared with PostgreSQL."""

from xl2.store.sqlite import SqliteStore

__all__ = ["SqliteStore"]
