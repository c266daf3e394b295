"""
Store: the port `xl2.ports.Store` on SQLite and on PostgreSQL, one schema and the same pieces of work on both.

Read in this order: `schema`, `session`, `observed`, `queue`, `controls`, `leases`, `journal`, `sql`, and then `sqlite`.
"""

from xl2.store.sqlite import SqliteStore

__all__ = ["SqliteStore"]
