"""
Observed: what was seen of lane logs and receipt logs goes into rows, and out again after a reorg.

Promise: rows that stand are a log without gap from its first entry, and the cursor says up to which block; a message's
state moves only by `core.lifecycle.decide`. Each function is one piece of a transaction of `database`.
"""

import sqlite3
from collections.abc import Sequence

from xl2.core.lane import Lane, extend
from xl2.core.lifecycle import Event, State, decide
from xl2.core.receipt import parse_receipt
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, Hash32, MessageId, hex_text
from xl2.errors import InvalidInput, NotFound
from xl2.ports import Cursor, Entry, Happening, Log, Place, Sent

#: Cursors kept for each log, to find the fork after a reorg.
_KEPT_CURSORS = 256

#: What a block that is as final as asked for says of a new message.
_FINAL = (Event.INCLUDED, Event.ORIGIN_FINAL)


def tip(db: sqlite3.Connection, log: Log) -> tuple[int, Hash32]:
    """Count and head of the entries that stand."""
    lane = log.lane.encode()
    if log.kind is LogKind.LANE:
        sql = "SELECT nonce, start, id FROM messages WHERE lane = ? AND stands = 1 ORDER BY nonce DESC LIMIT 1"
        last = db.execute(sql, (lane,)).fetchone()
        return (0, log.id) if last is None else (last[0] + 1, extend(Hash32(last[1]), Hash32(last[2])))
    sql = "SELECT place, head FROM entries WHERE lane = ? ORDER BY place DESC LIMIT 1"
    last = db.execute(sql, (lane,)).fetchone()
    return (0, log.id) if last is None else (last[0] + 1, Hash32(last[1]))


def head(db: sqlite3.Connection, log: Log, count: int) -> Hash32:
    """Head after `count` entries. Raises `NotFound` where fewer stand."""
    known, newest = tip(db, log)
    if count == 0:
        return log.id
    if count > known:
        raise NotFound(f"{known} entries of log {hex_text(log.id)} are observed, not {count}")
    if count == known:
        return newest
    lane = log.lane.encode()
    sql = "SELECT start FROM messages WHERE lane = ? AND stands = 1 AND nonce = ?"
    if log.kind is LogKind.RECEIPTS:
        sql, count = "SELECT head FROM entries WHERE lane = ? AND place = ?", count - 1
    return Hash32(db.execute(sql, (lane, count)).fetchone()[0])


def observe(db: sqlite3.Connection, cursor: Cursor, sent: Sequence[Sent], now: float) -> None:
    """Keep messages and the cursor."""
    lane = cursor.log.lane
    count, head = tip(db, cursor.log)
    for one in sent:
        message = one.message
        if message.nonce != count or Lane.of(message) != lane:
            raise InvalidInput(
                f"message {hex_text(message.id)} has nonce {message.nonce}; next on its lane's log is {count}",
                field="sent",
                remedy="Observe again from the cursor; a message is missing or of another lane.",
            )
        _place_message(db, one, head, now)
        count, head = count + 1, extend(head, message.id)
    _set_cursor(db, cursor)


def observe_receipts(db: sqlite3.Connection, cursor: Cursor, entries: Sequence[Entry]) -> None:
    """Keep receipt entries and the cursor."""
    count, head = tip(db, cursor.log)
    for one in entries:
        if one.index != count or one.lane != cursor.log.lane:
            raise InvalidInput(
                f"receipt entry {one.index} came where {count} is next on the log",
                field="entries",
                remedy="Observe again from the cursor; an entry is missing or of another lane.",
            )
        head = extend(head, parse_receipt(one.data).hash)
        db.execute(
            "INSERT INTO entries (lane, place, data, head, block, block_hash, tx_hash, log_index) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (one.lane.encode(), one.index, one.data, head, *_place_values(one.place)),
        )
        count += 1
    _set_cursor(db, cursor)


def take_back(db: sqlite3.Connection, log: Log, above: BlockNumber, now: float) -> int:
    """Forget cursors above a block, and take back what stands there."""
    db.execute("DELETE FROM cursors WHERE log = ? AND block > ?", (log.id, above))
    lane = log.lane.encode()
    if log.kind is LogKind.RECEIPTS:
        return db.execute("DELETE FROM entries WHERE lane = ? AND block > ?", (lane, above)).rowcount
    sql = "SELECT id FROM messages WHERE lane = ? AND stands = 1 AND block > ?"
    gone = [MessageId(Hash32(row[0])) for row in db.execute(sql, (lane, above))]
    for message_id in gone:
        happen(db, Happening(id=message_id, event=Event.ORIGIN_REORG, chain=log.home), now)
    db.execute("UPDATE messages SET stands = 0 WHERE lane = ? AND stands = 1 AND block > ?", (lane, above))
    return len(gone)


def happen(db: sqlite3.Connection, happening: Happening, now: float) -> None:
    """Move one message by what was seen of it."""
    row = db.execute("SELECT state FROM messages WHERE id = ?", (happening.id,)).fetchone()
    if row is None:
        raise NotFound(f"message {hex_text(happening.id)} is not in the store")
    state = State(row[0])
    if happening.seen_in is not None and state is not happening.seen_in:
        return
    then, _ = decide(state, happening.event)
    if then is state:
        return
    place = happening.place
    db.execute(
        "UPDATE messages SET state = ?, since = ?, due = ?, attempts = 0, cause = '' WHERE id = ?",
        (then, now, now, happening.id),
    )
    db.execute(
        "INSERT INTO steps (message, place, event, state, at, chain, tx_hash, block) "
        "VALUES (?1, (SELECT count(*) FROM steps WHERE message = ?1), ?2, ?3, ?4, ?5, ?6, ?7)",
        (
            happening.id,
            happening.event,
            then,
            now,
            str(happening.chain),
            place and place.tx_hash,
            place.block if place else happening.seen_at,
        ),
    )


def _place_message(db: sqlite3.Connection, one: Sent, start: Hash32, now: float) -> None:
    """Put a message on the log: a new one, or one that was taken back and is sent again."""
    message = one.message
    db.execute(
        "INSERT INTO messages (id, lane, nonce, header, payload, start, block, block_hash, tx_hash, log_index, "
        "state, since, due, attempts, cause, stands) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', 1) "
        "ON CONFLICT (id) DO UPDATE SET start = excluded.start, block = excluded.block, stands = 1, "
        "block_hash = excluded.block_hash, tx_hash = excluded.tx_hash, log_index = excluded.log_index",
        (
            message.id,
            Lane.of(message).encode(),
            message.nonce,
            message.header,
            message.payload,
            start,
            *_place_values(one.place),
            State.UNSENT,
            now,
            now,
        ),
    )
    (state,) = db.execute("SELECT state FROM messages WHERE id = ?", (message.id,)).fetchone()
    if state == State.UNSENT:
        for event in _FINAL:
            happen(db, Happening(id=message.id, event=event, chain=message.origin, place=one.place), now)


def _set_cursor(db: sqlite3.Connection, cursor: Cursor) -> None:
    db.execute(
        "INSERT OR REPLACE INTO cursors (log, block, block_hash) VALUES (?, ?, ?)",
        (cursor.log.id, cursor.block, cursor.block_hash),
    )
    db.execute(
        "DELETE FROM cursors WHERE log = ?1 AND block NOT IN "
        "(SELECT block FROM cursors WHERE log = ?1 ORDER BY block DESC LIMIT ?2)",
        (cursor.log.id, _KEPT_CURSORS),
    )


def _place_values(place: Place) -> tuple[int, bytes, bytes, int]:
    return place.block, place.block_hash, place.tx_hash, place.log_index
