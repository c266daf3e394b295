"""Controls: pauses of lanes and what was decided of single messages, in rows. Promise: as `xl2.ports.Controls`."""

from collections.abc import Sequence

from xl2.core.lane import Lane
from xl2.core.types import MessageId
from xl2.errors import InvalidInput
from xl2.ports import INCIDENT, Pause
from xl2.store import rows
from xl2.store.rest import IS_RESTING, IS_SKIPPED, READY_UNLESS_SKIPPED
from xl2.store.session import Session


async def pause(db: Session, lane: Lane, why: str, by: str, now: float) -> None:
    """Pause a lane, unless it is."""
    await db.execute(
        "INSERT INTO pauses (lane, why, since, by_whom) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (lane) DO NOTHING",
        lane.encode(),
        rows.text(why),
        now,
        rows.text(by),
    )


async def park(db: Session, lane: Lane, why: str, now: float) -> None:
    """Pause a lane over an incident, unless it is; a person's pause gives way, in one statement."""
    await db.execute(
        "INSERT INTO pauses (lane, why, since, by_whom) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (lane) DO UPDATE "
        "SET why = excluded.why, since = excluded.since, by_whom = excluded.by_whom "
        "WHERE pauses.by_whom <> excluded.by_whom",
        lane.encode(),
        rows.text(why),
        now,
        INCIDENT,
    )


async def resume(db: Session, lane: Lane) -> bool:
    """End a pause."""
    return await db.execute("DELETE FROM pauses WHERE lane = ?1", lane.encode()) > 0


async def pauses(db: Session) -> list[Pause]:
    """All of them, oldest first."""
    found = await db.fetch("SELECT lane, why, since, by_whom FROM pauses ORDER BY since, lane")
    return [Pause(lane=Lane.parse(bytes(lane)), why=why, since=since, by=by) for lane, why, since, by in found]


async def hurry(db: Session, ids: Sequence[MessageId], now: float) -> int:
    """Make these due; what is skipped stays so."""
    sql = f"UPDATE messages SET due = ?1, {READY_UNLESS_SKIPPED} WHERE id = ?2"
    return sum([await db.execute(sql, now, one) for one in ids])


async def skip(db: Session, ids: Sequence[MessageId], why: str) -> int:
    """Leave these out."""
    if not why:
        raise InvalidInput("a message is skipped for no reason", field="why", value=why, remedy="Say why.")
    sql = f"UPDATE messages SET skipped = ?1, {IS_SKIPPED} WHERE id = ?2"
    return sum([await db.execute(sql, rows.text(why), one) for one in ids])


async def unskip(db: Session, ids: Sequence[MessageId]) -> int:
    """Take these up again, when they are due."""
    sql = f"UPDATE messages SET skipped = '', {IS_RESTING} WHERE id = ?1 AND {IS_SKIPPED}"
    return sum([await db.execute(sql, one) for one in ids])
