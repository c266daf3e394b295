"""
Store: the port `xl2.ports.Store` on SQLite and on PostgreSQL, one schema and the same pieces of work on both.

Read in this order: `schema`, `session`, `observed`, `queue`, `settled`, `controls`, `leases`, `journal`, `pruned`,
`sql`, and then `sqlite`, `postgres` and `place`.
"""

from xl2.store.place import is_shared, open_store
from xl2.store.postgres import PostgresStore
from xl2.store.sql import SqlStore
from xl2.store.sqlite import IN_MEMORY, SqliteStore

__all__ = ["IN_MEMORY", "PostgresStore", "SqlStore", "SqliteStore", "is_shared", "open_store"]
