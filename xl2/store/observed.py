"""
Observed: what was seen of lane logs and receipt logs goes into rows, and out again after a reorg.

Promise: rows that stand are a log without gap from its first entry, and the cursor says up to which block; a message's
state moves only by `core.lifecycle.decide`, and `tallies` counts the messages that stand in each. Each function is one
piece of a transaction; however many messages it is about, it makes the same few statements.
"""

from collections import Counter
from collections.abc import Sequence

from xl2.core.lane import Lane, extend
from xl2.core.lifecycle import Event, State, decide
from xl2.core.receipt import parse_receipt
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, Hash32, MessageId, hex_text
from xl2.errors import InvalidInput, NotFound
from xl2.ports import Cursor, Entry, Happening, Log, Place, Sent
from xl2.store import settled
from xl2.store.rest import READY_UNLESS_SKIPPED, Rest
from xl2.store.session import Row, Session, among, first

#: Cursors kept for each log, to find the fork after a reorg.
_KEPT_CURSORS = 256

#: What a block that is as final as asked for says of a new message.
_FINAL = (Event.INCLUDED, Event.ORIGIN_FINAL)
_BEFORE_DELIVERY = {State.OBSERVED, State.PROVEN}


async def cursor(db: Session, log: Log) -> Cursor | None:
    """Last block observed."""
    sql = "SELECT block, block_hash FROM cursors WHERE log = ?1 ORDER BY block DESC LIMIT 1"
    row = await first(db, sql, log.id)
    return None if row is None else Cursor(log=log, block=BlockNumber(row[0]), block_hash=Hash32(row[1]))


async def tip(db: Session, log: Log) -> tuple[int, Hash32]:
    """Count and head of the entries that stand."""
    lane = log.lane.encode()
    if log.kind is LogKind.LANE:
        sql = "SELECT nonce, start, id FROM messages WHERE lane = ?1 AND stands = 1 ORDER BY nonce DESC LIMIT 1"
        last = await first(db, sql, lane)
        return (0, log.id) if last is None else (last[0] + 1, extend(Hash32(last[1]), Hash32(last[2])))
    sql = "SELECT place, head FROM entries WHERE lane = ?1 ORDER BY place DESC LIMIT 1"
    last = await first(db, sql, lane)
    return (0, log.id) if last is None else (last[0] + 1, Hash32(last[1]))


async def head(db: Session, log: Log, count: int) -> Hash32:
    """Head after `count` entries. Raises `NotFound` where fewer stand, or where it was pruned."""
    known, newest = await tip(db, log)
    if count == 0:
        return log.id
    if count > known:
        raise NotFound(f"{known} entries of log {hex_text(log.id)} are observed, not {count}")
    if count == known:
        return newest
    lane = log.lane.encode()
    sql = "SELECT start FROM messages WHERE lane = ?1 AND stands = 1 AND nonce = ?2"
    if log.kind is LogKind.RECEIPTS:
        sql, count = "SELECT head FROM entries WHERE lane = ?1 AND place = ?2", count - 1
    row = await first(db, sql, lane, count)
    if row is None:
        raise NotFound(f"the head of log {hex_text(log.id)} after {count} entries is no longer kept")
    return Hash32(row[0])


async def observe(db: Session, cursor: Cursor, sent: Sequence[Sent], now: float) -> None:
    """Keep messages and the cursor."""
    lane = cursor.log.lane
    count, at = await tip(db, cursor.log)
    starts = []
    for one in sent:
        message = one.message
        if message.nonce != count or Lane.of(message) != lane:
            raise InvalidInput(
                f"message {hex_text(message.id)} has nonce {message.nonce}; next on its lane's log is {count}",
                field="sent",
                remedy="Observe again from the cursor; a message is missing or of another lane.",
            )
        starts.append(at)
        count, at = count + 1, extend(at, message.id)
    known = await _known(db, [one.message.id for one in sent])
    rows = list(zip(sent, starts, strict=True))
    await _put(db, lane, [row for row in rows if row[0].message.id not in known], now)
    await _put_back(db, [(row, known[row[0].message.id]) for row in rows if row[0].message.id in known], now)
    await _set_cursor(db, cursor)


async def observe_receipts(db: Session, cursor: Cursor, entries: Sequence[Entry]) -> None:
    """Keep receipt entries and the cursor."""
    count, at = await tip(db, cursor.log)
    rows = []
    for one in entries:
        if one.index != count or one.lane != cursor.log.lane:
            raise InvalidInput(
                f"receipt entry {one.index} came where {count} is next on the log",
                field="entries",
                remedy="Observe again from the cursor; an entry is missing or of another lane.",
            )
        at = extend(at, parse_receipt(one.data).hash)
        rows.append((one.lane.encode(), one.index, one.data, at, *_place_values(one.place)))
        count += 1
    await db.many(
        "INSERT INTO entries (lane, place, data, head, block, block_hash, tx_hash, log_index) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        rows,
    )
    await _set_cursor(db, cursor)


async def take_back(db: Session, log: Log, above: BlockNumber, now: float) -> int:
    """Forget cursors above a block, and take back what stands there."""
    await db.execute("DELETE FROM cursors WHERE log = ?1 AND block > ?2", log.id, above)
    lane = log.lane.encode()
    if log.kind is LogKind.RECEIPTS:
        taken = await db.execute("DELETE FROM entries WHERE lane = ?1 AND block > ?2", lane, above)
        await settled.take_back(db, log.lane)
        return taken
    # Nonces are in the order of blocks, so the fork is found from the end, past what is taken back only.
    standing = await first(
        db,
        "SELECT nonce FROM messages WHERE lane = ?1 AND stands = 1 AND block <= ?2 ORDER BY nonce DESC LIMIT 1",
        lane,
        above,
    )
    last = -1 if standing is None else standing[0]
    gone = await db.fetch("SELECT id FROM messages WHERE lane = ?1 AND stands = 1 AND nonce > ?2", lane, last)
    reorg = [Happening(id=MessageId(Hash32(row[0])), event=Event.ORIGIN_REORG, chain=log.home) for row in gone]
    await happen(db, reorg, now)
    sql = "SELECT state, count(*) FROM messages WHERE lane = ?1 AND stands = 1 AND nonce > ?2 GROUP BY state"
    await _count(db, Counter({(lane, state): -messages for state, messages in await db.fetch(sql, lane, last)}))
    await db.execute("UPDATE messages SET stands = 0 WHERE lane = ?1 AND stands = 1 AND nonce > ?2", lane, last)
    return len(gone)


async def happen(db: Session, happenings: Sequence[Happening], now: float) -> set[bytes]:
    """Move messages by what was seen of them, in order. The lanes that they are of."""
    known = await _known(db, [one.id for one in happenings])
    moved: dict[MessageId, State] = {}
    steps, undone = [], []
    for one in happenings:
        row = known.get(one.id)
        if row is None:
            raise NotFound(f"message {hex_text(one.id)} is not in the store")
        state = moved.get(one.id) or State(row[2])
        if one.seen_in is not None and state is not one.seen_in:
            continue
        then, _ = decide(state, one.event)
        if then is state:
            continue
        moved[one.id] = then
        if one.event is Event.HEAD_LOST:
            undone.append((row[1], row[4], one.id))
        else:
            steps.append(_step_values(row[1], row[4], one, then, now))
    changes: Counter[tuple[bytes, str]] = Counter()
    for message_id, state in moved.items():
        _, lane, before, stands, _ = known[message_id]
        changes[lane, before] -= stands
        changes[lane, state] += stands
    # Evidence comes and goes as often as a delivery is refused: what stands before it stands as long as it did.
    again = {one for one, state in moved.items() if {State(known[one][2]), state} <= _BEFORE_DELIVERY}
    await db.many(
        f"UPDATE messages SET state = ?1, due = ?2, cause = '', declined = 0, {READY_UNLESS_SKIPPED} WHERE id = ?3",
        [(moved[one], now, one) for one in again],
    )
    await db.many(
        "UPDATE messages SET state = ?1, since = ?2, due = ?2, attempts = 0, cause = '', declined = 0, "
        f"{READY_UNLESS_SKIPPED} WHERE id = ?3",
        [(state, now, one) for one, state in moved.items() if one not in again],
    )
    await _write_steps(db, steps)
    await _undo_heads(db, undone)
    await _count(db, changes)
    return {bytes(row[1]) for row in known.values()}


async def _known(db: Session, ids: Sequence[MessageId]) -> dict[MessageId, Row]:
    """Id, lane, state, whether it stands, and nonce, of those messages that are in the store; they stay as they are."""
    # In one order for all, so that two who lock the same rows do not wait for each other for ever.
    sql = f"SELECT id, lane, state, stands, nonce FROM messages WHERE id IN ({{ids}}) ORDER BY id{db.locks.change}"
    return {MessageId(Hash32(row[0])): row for row in await among(db, sql, sorted(set(ids)))}


async def _put(db: Session, lane: Lane, rows: Sequence[tuple[Sent, Hash32]], now: float) -> None:
    """Put new messages on the log of a lane."""
    if not rows:
        return
    name, state = lane.encode(), State.UNSENT
    walked = [(event, state := decide(state, event)[0]) for event in _FINAL]
    await db.many(
        "INSERT INTO messages (id, lane, nonce, header, payload, start, block, block_hash, tx_hash, log_index, "
        "state, since, due, attempts, cause, stands, resting) "
        f"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12, 0, '', 1, {Rest.READY})",
        [
            (
                one.message.id,
                name,
                one.message.nonce,
                one.message.header,
                one.message.payload,
                start,
                *_place_values(one.place),
                state,
                now,
            )
            for one, start in rows
        ],
    )
    steps = [
        _step_values(name, one.message.nonce, _seen(one, event), then, now) for one, _ in rows for event, then in walked
    ]
    await _write_steps(db, steps)
    await _count(db, Counter({(name, str(state)): len(rows)}))


async def _put_back(db: Session, rows: Sequence[tuple[tuple[Sent, Hash32], Row]], now: float) -> None:
    """Put messages that were taken back, and are sent again, on the log: they go on as they are."""
    if not rows:
        return
    await db.many(
        "UPDATE messages SET start = ?1, block = ?2, block_hash = ?3, tx_hash = ?4, log_index = ?5, stands = 1 "
        "WHERE id = ?6",
        [(start, *_place_values(one.place), one.message.id) for (one, start), _ in rows],
    )
    await _count(db, Counter((bytes(known[1]), str(known[2])) for _, known in rows))
    unsent = [one for (one, _), known in rows if known[2] == State.UNSENT]
    await happen(db, [_seen(one, event) for one in unsent for event in _FINAL], now)


def _seen(one: Sent, event: Event) -> Happening:
    return Happening(id=one.message.id, event=event, chain=one.message.origin, place=one.place)


async def _write_steps(db: Session, steps: Sequence[tuple[object, ...]]) -> None:
    if steps:
        await db.many(
            "INSERT INTO steps (lane, nonce, message, place, event, state, at, chain, tx_hash, block) "
            "VALUES (?1, ?2, ?3, "
            "(SELECT count(*) FROM steps WHERE lane = ?1 AND nonce = ?2 AND message = ?3), ?4, ?5, ?6, ?7, ?8, ?9)",
            steps,
        )


async def _undo_heads(db: Session, messages: Sequence[tuple[bytes, int, MessageId]]) -> None:
    """Forget that heads were shown that are lost: a message that is refused for days has no longer history for it."""
    await db.many(
        "DELETE FROM steps WHERE lane = ?1 AND nonce = ?2 AND message = ?3 AND event = ?4 AND place = "
        "(SELECT max(place) FROM steps WHERE lane = ?1 AND nonce = ?2 AND message = ?3)",
        [(*message, Event.HEAD_SHOWN) for message in messages],
    )


def _step_values(lane: bytes, nonce: int, one: Happening, then: State, now: float) -> tuple[object, ...]:
    place = one.place
    block = place.block if place else one.seen_at
    return lane, nonce, one.id, one.event, then, now, str(one.chain), place and place.tx_hash, block


async def _count(db: Session, changes: Counter[tuple[bytes, str]]) -> None:
    """Let the tallies follow."""
    await db.many(
        "INSERT INTO tallies (lane, state, messages) VALUES (?1, ?2, ?3) "
        "ON CONFLICT (lane, state) DO UPDATE SET messages = tallies.messages + excluded.messages",
        [(lane, state, change) for (lane, state), change in sorted(changes.items()) if change],
    )


async def _set_cursor(db: Session, cursor: Cursor) -> None:
    await db.execute(
        "INSERT INTO cursors (log, block, block_hash) VALUES (?1, ?2, ?3) "
        "ON CONFLICT (log, block) DO UPDATE SET block_hash = excluded.block_hash",
        cursor.log.id,
        cursor.block,
        cursor.block_hash,
    )
    await db.execute(
        "DELETE FROM cursors WHERE log = ?1 AND block < "
        "(SELECT block FROM cursors WHERE log = ?1 ORDER BY block DESC LIMIT 1 OFFSET ?2)",
        cursor.log.id,
        _KEPT_CURSORS - 1,
    )


def _place_values(place: Place) -> tuple[int, bytes, bytes, int]:
    return place.block, place.block_hash, place.tx_hash, place.log_index
