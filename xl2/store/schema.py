"""
Schema: numbered migrations of the store, in SQL that SQLite and PostgreSQL both read but for the types' names.

Promise: a migration that was released is never changed; a database is brought up to date in one transaction, and one
that a newer xl2 wrote is refused. Hashes and addresses are bytes; what may pass 63 bits (chain ids, wei) is text.
"""

import sqlite3

from xl2.errors import StoreCorrupt

MIGRATIONS = (
    """
    CREATE TABLE messages (
        id          BLOB    NOT NULL PRIMARY KEY,
        lane        BLOB    NOT NULL,            -- the lane's 57 bytes
        nonce       INTEGER NOT NULL,
        header      BLOB    NOT NULL,
        payload     BLOB    NOT NULL,
        start       BLOB    NOT NULL,            -- head of the lane log before it
        block       INTEGER NOT NULL,
        block_hash  BLOB    NOT NULL,
        tx_hash     BLOB    NOT NULL,
        log_index   INTEGER NOT NULL,
        state       TEXT    NOT NULL,
        since       REAL    NOT NULL,
        due         REAL    NOT NULL,
        attempts    INTEGER NOT NULL,
        cause       TEXT    NOT NULL,
        stands      INTEGER NOT NULL             -- 1: on the lane log as observed; 0: taken back by a reorg
    ) STRICT;
    CREATE UNIQUE INDEX messages_by_nonce ON messages (lane, nonce) WHERE stands = 1;
    CREATE INDEX messages_by_due ON messages (lane, state, due, nonce);

    CREATE TABLE steps (
        message     BLOB    NOT NULL,
        place       INTEGER NOT NULL,            -- from 0, without gap
        event       TEXT    NOT NULL,
        state       TEXT    NOT NULL,            -- after the event
        at          REAL    NOT NULL,
        chain       TEXT    NOT NULL,
        tx_hash     BLOB,
        block       INTEGER,
        PRIMARY KEY (message, place)
    ) STRICT;

    CREATE TABLE entries (
        lane        BLOB    NOT NULL,
        place       INTEGER NOT NULL,            -- index in the receipt log
        data        BLOB    NOT NULL,
        head        BLOB    NOT NULL,            -- of the receipt log after it
        block       INTEGER NOT NULL,
        block_hash  BLOB    NOT NULL,
        tx_hash     BLOB    NOT NULL,
        log_index   INTEGER NOT NULL,
        PRIMARY KEY (lane, place)
    ) STRICT;

    CREATE INDEX entries_by_data ON entries (lane, data);

    CREATE TABLE cursors (
        log         BLOB    NOT NULL,
        block       INTEGER NOT NULL,
        block_hash  BLOB    NOT NULL,
        PRIMARY KEY (log, block)
    ) STRICT;

    CREATE TABLE settled (
        lane        BLOB    NOT NULL PRIMARY KEY,
        upto        INTEGER NOT NULL             -- receipt entries before this index are settled
    ) STRICT;

    CREATE TABLE transactions (
        hash         BLOB    NOT NULL PRIMARY KEY,
        place        INTEGER NOT NULL,           -- order of writing
        chain        TEXT    NOT NULL,
        sender       BLOB    NOT NULL,
        tx_nonce     INTEGER NOT NULL,
        recipient    BLOB    NOT NULL,
        data         BLOB    NOT NULL,
        value        TEXT    NOT NULL,
        gas_limit    INTEGER NOT NULL,
        max_fee      TEXT    NOT NULL,
        priority_fee TEXT    NOT NULL,
        raw          BLOB    NOT NULL,
        what         TEXT    NOT NULL,
        state        TEXT    NOT NULL            -- open, included, or void: its nonce went to another
    ) STRICT;
    CREATE INDEX transactions_open ON transactions (chain, sender, tx_nonce, place) WHERE state = 'open';
    """,
)


def migrate(connection: sqlite3.Connection, name: str) -> None:
    """Bring a database up to date. Raises `StoreCorrupt` for one that a newer xl2 wrote."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise StoreCorrupt(
            f"{name} has schema {version}, this xl2 knows {len(MIGRATIONS)}",
            remedy="Use the xl2 that wrote it, or move the file aside; everything but its journal is rebuilt.",
        )
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        connection.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;")
