"""
Queue: which messages are due, which rest, and lists of them.

Promise: what a question costs goes with what it answers, not with what waits: an index gives the next messages of a
state in the order of nonces, past none but those that rest.
"""

from collections.abc import Sequence

from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.types import BlockNumber, Hash32, MessageId, Nonce
from xl2.ports import Record
from xl2.store import rows
from xl2.store.rest import IS_READY, IS_RESTING, IS_SKIPPED, RESTS_UNLESS_SKIPPED, Rest
from xl2.store.session import Session, among

#: More than any store holds: a limit for whoever wants all.
_ALL = 1 << 62
#: Of what a look brings, at least so much is of those whose rest just ended, wherever there are any: one part of four.
_RESTED_PART = 4


async def due(db: Session, lane: Lane, states: Sequence[State], now: float, limit: int) -> list[Record]:
    """
    Messages whose time has come, lowest nonce first. A negative limit is none.

    However many rests end at once, only as many are ended as there is place for, longest over first: so a look costs
    what it brings, and whoever never rested waits for no crowd of those who did.
    """
    limit = limit if limit >= 0 else _ALL
    found: list[Record] = []
    for state in states:
        place = (lane.encode(), state)
        # Whatever its `due`: the clock may have gone back since its time came.
        condition = f"lane = ?1 AND state = ?2 AND stands = 1 AND {IS_READY} ORDER BY nonce LIMIT ?3"
        ready = await records(db, condition, *place, limit)
        most = max(limit - len(ready), limit // _RESTED_PART, 1)
        over = f"lane = ?1 AND state = ?2 AND {IS_RESTING} AND due <= ?3 ORDER BY due LIMIT ?4"
        sql = f"UPDATE messages SET {IS_READY} WHERE id IN (SELECT id FROM messages WHERE {over})"
        if await db.execute(sql, *place, now, most):
            ready = await records(db, condition, *place, limit)
        found += ready
    return found if len(states) == 1 else sorted(found, key=_by_nonce)[:limit]


async def listed(
    db: Session, lane: Lane | None, states: Sequence[State], after: tuple[Lane, Nonce] | None, limit: int
) -> list[Record]:
    """Messages in the order of (lane, nonce), behind a place."""
    lanes = [lane.encode()] if lane else [row[0] for row in await db.fetch("SELECT DISTINCT lane FROM tallies")]
    behind = (b"", -1) if after is None else (after[0].encode(), after[1])
    found: list[Record] = []
    for one in sorted(bytes(one) for one in lanes):
        if one < behind[0]:
            continue
        above = behind[1] if one == behind[0] else -1
        found += await _listed(db, one, states, above, limit - len(found))
        if len(found) >= limit:
            break
    return found


async def _listed(db: Session, lane: bytes, states: Sequence[State], above: int, limit: int) -> list[Record]:
    if not states:
        condition = "lane = ?1 AND stands = 1 AND nonce > ?2 ORDER BY nonce LIMIT ?3"
        return await records(db, condition, lane, above, limit)
    found: list[Record] = []
    for state in states:
        for rest in Rest:
            condition = (
                "lane = ?1 AND state = ?2 AND resting = ?3 AND stands = 1 AND nonce > ?4 ORDER BY nonce LIMIT ?5"
            )
            found += await records(db, condition, lane, state, rest, above, limit)
    return sorted(found, key=_by_nonce)[:limit]


async def let_rest(
    db: Session, ids: Sequence[MessageId], until: float, cause: str, *, attempts: int, declined: bool
) -> None:
    """Let these rest; what is skipped stays so."""
    await db.many(
        "UPDATE messages SET due = ?1, cause = ?2, declined = ?3, attempts = attempts + ?4, "
        f"{RESTS_UNLESS_SKIPPED} WHERE id = ?5",
        [(until, rows.text(cause), int(declined), attempts, one) for one in ids],
    )


async def late(db: Session, lane: Lane, states: Sequence[State], before: float, limit: int) -> list[Record]:
    """Messages that have stood in a state since before a time, those that stand longest first."""
    found: list[Record] = []
    for state in states:
        condition = (
            "lane = ?1 AND state = ?2 AND stands = 1 AND since < ?3 AND declined = 0 "
            f"AND NOT {IS_SKIPPED} ORDER BY since, nonce LIMIT ?4"
        )
        found += await records(db, condition, lane.encode(), state, before, limit)
    return sorted(found, key=lambda one: (one.since, _by_nonce(one)))[:limit]


async def rouse(db: Session, lane: Lane, now: float, limit: int) -> int:
    """
    Let rests that end later end now, so many at most; how many.

    What is skipped is due when it is taken up again.
    """
    roused = 0
    for state in State:
        place = (lane.encode(), state)
        later = f"lane = ?1 AND state = ?2 AND {IS_RESTING} AND due > ?3 ORDER BY due LIMIT ?4"
        sql = f"UPDATE messages SET due = ?3 WHERE id IN (SELECT id FROM messages WHERE {later})"
        roused += await db.execute(sql, *place, now, limit - roused)
        sql = f"UPDATE messages SET due = ?3 WHERE lane = ?1 AND state = ?2 AND {IS_SKIPPED} AND stands = 1"
        await db.execute(sql, *place, now)
    return roused


async def backlog(db: Session) -> list[tuple[Lane, State, int, float]]:
    """How many messages stand in each state, and since when the oldest does."""
    found = await db.fetch(
        "SELECT lane, state, messages, (SELECT min(since) FROM messages WHERE messages.lane = tallies.lane "
        "AND messages.state = tallies.state AND stands = 1) FROM tallies WHERE messages > 0 ORDER BY lane, state"
    )
    return [(Lane.parse(bytes(lane)), State(state), how_many, since) for lane, state, how_many, since in found]


async def last_blocks(db: Session, ids: Sequence[MessageId]) -> dict[MessageId, BlockNumber | None]:
    """The block that the newest step of each message names."""
    sql = (
        "SELECT id, steps.block FROM messages JOIN steps "
        "ON steps.lane = messages.lane AND steps.nonce = messages.nonce AND steps.message = id "
        "WHERE id IN ({ids}) ORDER BY id, place"
    )
    found = await among(db, sql, ids)
    return {MessageId(Hash32(message)): block for message, block in found}


async def records(db: Session, condition: str, *values: object) -> list[Record]:
    """Messages by a condition."""
    sql = f"SELECT {rows.MESSAGE_COLUMNS} FROM messages WHERE {condition}"
    return [rows.record_of(row) for row in await db.fetch(sql, *values)]


def _by_nonce(record: Record) -> Nonce:
    return record.sent.message.nonce
