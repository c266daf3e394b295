"""
Schema: numbered migrations of the store, in SQL that SQLite and PostgreSQL both read but for the types' names.

Promise: a migration that was released is never changed; a database is brought up to date in one transaction, and one
that a newer xl2 wrote is refused. Hashes and addresses are bytes; what may pass 63 bits (chain ids, wei) is text.
"""

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
    """
    -- 0: its turn may have come; 1: it rests until `due`; 2: somebody has it skipped. Equal for most that wait, so an
    -- index by it and the nonce gives the next ones without sorting all of them.
    ALTER TABLE messages ADD COLUMN resting INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE messages ADD COLUMN skipped TEXT NOT NULL DEFAULT '';
    DROP INDEX messages_by_due;
    CREATE INDEX messages_by_turn ON messages (lane, state, resting, nonce) WHERE stands = 1;
    CREATE INDEX messages_by_rest ON messages (lane, state, due) WHERE resting = 1;
    CREATE INDEX messages_by_age ON messages (lane, state, since) WHERE stands = 1;

    -- How many messages stand in each state of a lane: counting them would read them all.
    CREATE TABLE tallies (
        lane        BLOB    NOT NULL,
        state       TEXT    NOT NULL,
        messages    INTEGER NOT NULL,
        PRIMARY KEY (lane, state)
    ) STRICT;
    INSERT INTO tallies SELECT lane, state, count(*) FROM messages WHERE stands = 1 GROUP BY lane, state;

    CREATE TABLE pauses (
        lane        BLOB    NOT NULL PRIMARY KEY,
        why         TEXT    NOT NULL,
        since       REAL    NOT NULL,
        by_whom     TEXT    NOT NULL
    ) STRICT;

    CREATE TABLE leases (
        name        TEXT    NOT NULL PRIMARY KEY,
        owner       TEXT    NOT NULL,            -- empty: nobody
        fence       INTEGER NOT NULL,            -- raised by every change of owner
        ends        REAL    NOT NULL             -- by the database's clock
    ) STRICT;

    -- By the database's clock, when the nonce was used; 0 while it is not, or where it was used before this was kept.
    ALTER TABLE transactions ADD COLUMN ended REAL NOT NULL DEFAULT 0;
    CREATE INDEX transactions_by_place ON transactions (place);
    CREATE INDEX transactions_by_end ON transactions (ended) WHERE state <> 'open';
    """,
    """
    -- 1: it rests because we do not carry it for what it pays, or at all, and not because anything is wrong.
    ALTER TABLE messages ADD COLUMN declined INTEGER NOT NULL DEFAULT 0;
    """,
    """
    -- By nonce first: ids come in no order, so that what happened to neighbours changed a page for each of them, once
    -- there were enough pages; by nonce it changes a few, however many messages there were before.
    ALTER TABLE steps RENAME TO steps_by_id;
    CREATE TABLE steps (
        nonce       INTEGER NOT NULL,            -- of the message
        message     BLOB    NOT NULL,
        place       INTEGER NOT NULL,            -- from 0, without gap
        event       TEXT    NOT NULL,
        state       TEXT    NOT NULL,            -- after the event
        at          REAL    NOT NULL,
        chain       TEXT    NOT NULL,
        tx_hash     BLOB,
        block       INTEGER,
        PRIMARY KEY (nonce, message, place)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO steps
        SELECT messages.nonce, was.message, was.place, was.event, was.state, was.at, was.chain, was.tx_hash, was.block
        FROM steps_by_id AS was JOIN messages ON messages.id = was.message
        ORDER BY messages.nonce, was.message, was.place;
    DROP TABLE steps_by_id;
    -- The other part of `messages_by_nonce`: what a reorg took back and no block has again.
    CREATE INDEX messages_taken_back ON messages (lane, nonce) WHERE stands = 0;
    """,
    """
    -- By lane first: many lanes have the same nonces, and neighbours of one lane stood a page each between those of the
    -- others.
    ALTER TABLE steps RENAME TO steps_by_nonce;
    CREATE TABLE steps (
        lane        BLOB    NOT NULL,            -- of the message
        nonce       INTEGER NOT NULL,            -- of the message
        message     BLOB    NOT NULL,
        place       INTEGER NOT NULL,            -- from 0, without gap
        event       TEXT    NOT NULL,
        state       TEXT    NOT NULL,            -- after the event
        at          REAL    NOT NULL,
        chain       TEXT    NOT NULL,
        tx_hash     BLOB,
        block       INTEGER,
        PRIMARY KEY (lane, nonce, message, place)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO steps
        SELECT messages.lane, was.nonce, was.message, was.place, was.event, was.state, was.at, was.chain, was.tx_hash,
            was.block
        FROM steps_by_nonce AS was JOIN messages ON messages.id = was.message
        ORDER BY messages.lane, was.nonce, was.message, was.place;
    DROP TABLE steps_by_nonce;
    """,
    """
    -- The mark `settled.upto` moves on past what waits, so that one receipt that never pays holds nothing else.
    -- 1: it stands before the mark, and no final block of the origin has settled it.
    ALTER TABLE entries ADD COLUMN left_open INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX entries_left_open ON entries (lane, place) WHERE left_open = 1;
    -- It stayed where it was when a reorg took receipts back: those that came anew would count as settled.
    UPDATE settled SET upto = (SELECT coalesce(max(place) + 1, 0) FROM entries WHERE entries.lane = settled.lane)
        WHERE upto > (SELECT coalesce(max(place) + 1, 0) FROM entries WHERE entries.lane = settled.lane);
    """,
)

#: Types of the schema in PostgreSQL, whose tables are all strict, and none of them in the order of its key.
_IN_POSTGRES = {
    "BLOB": "BYTEA",
    "INTEGER": "BIGINT",
    "REAL": "DOUBLE PRECISION",
    ") STRICT;": ");",
    ") STRICT, WITHOUT ROWID;": ");",
}


def in_postgres(script: str) -> str:
    """The same migration for PostgreSQL."""
    for here, there in _IN_POSTGRES.items():
        script = script.replace(here, there)
    return script


def check_version(version: int, name: str) -> None:
    """Raise `StoreCorrupt` for a database that a newer xl2 wrote."""
    if version > len(MIGRATIONS):
        raise StoreCorrupt(
            f"{name} has schema {version}, this xl2 knows {len(MIGRATIONS)}",
            remedy="Use the xl2 that wrote it, or move the store aside; everything but its journal is rebuilt.",
        )
