"""
Settled: which receipts of a lane a final block of the origin has settled.

Promise: what is said to be settled was named so, and all else is found again by `unsettled`, whatever was named in
which order. Of a lane there is a mark behind the last that is settled; those before it that are not are flagged, and
found by an index of their own: one that waits for ever keeps neither the mark nor a question about those behind it.
"""

from collections.abc import Sequence
from itertools import pairwise

from xl2.core.lane import Lane
from xl2.ports import Entry
from xl2.store import rows
from xl2.store.session import Session, first

_ENTRIES = f"SELECT {rows.ENTRY_COLUMNS} FROM entries WHERE lane = ?1 AND place >= ?2"
_STANDING = "SELECT coalesce(max(place) + 1, 0) FROM entries WHERE lane = ?1"


async def unsettled(db: Session, lane: Lane, first_place: int, limit: int) -> list[Entry]:
    """Receipts from a place on that are not known to be settled, in order."""
    name = lane.encode()
    found = await db.fetch(f"{_ENTRIES} AND left_open = 1 ORDER BY place LIMIT ?3", name, first_place, limit)
    behind = max(first_place, await mark_of(db, name))
    rest = limit - len(found)
    return [
        rows.entry_of(row)
        for row in [*found, *await db.fetch(f"{_ENTRIES} ORDER BY place LIMIT ?3", name, behind, rest)]
    ]


async def mark(db: Session, lane: Lane, places: Sequence[int]) -> None:
    """Those that stand are settled; what the mark goes past and is not among them is left open."""
    name, done = lane.encode(), sorted(places)
    upto = await mark_of(db, name, db.locks.change)
    # A reorg may have cut the log while the origin was asked about it.
    (standing,) = await first(db, _STANDING, name) or (0,)
    ahead = [one for one in done if upto <= one < standing]
    left_open = [(name, one + 1, other) for one, other in pairwise([upto - 1, *ahead]) if one + 1 < other]
    await db.many("UPDATE entries SET left_open = 1 WHERE lane = ?1 AND place >= ?2 AND place < ?3", left_open)
    closed = [(name, one) for one in done if one < upto]
    await db.many("UPDATE entries SET left_open = 0 WHERE lane = ?1 AND place = ?2 AND left_open = 1", closed)
    await db.execute(
        "INSERT INTO settled (lane, upto) VALUES (?1, ?2) "
        "ON CONFLICT (lane) DO UPDATE SET upto = excluded.upto WHERE settled.upto < excluded.upto",
        name,
        ahead[-1] + 1 if ahead else upto,
    )


async def take_back(db: Session, lane: Lane) -> None:
    """Of a log that a reorg has cut, what comes anew is not settled: the mark goes no further than what stands."""
    await db.execute(f"UPDATE settled SET upto = ({_STANDING}) WHERE lane = ?1 AND upto > ({_STANDING})", lane.encode())


async def mark_of(db: Session, lane: bytes, locked: str = "") -> int:
    """Receipts before this place are settled, but for those that are left open."""
    row = await first(db, f"SELECT upto FROM settled WHERE lane = ?1{locked}", lane)
    return 0 if row is None else int(row[0])
