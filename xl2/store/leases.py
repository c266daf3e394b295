"""
Leases: who owns which name, in rows, and whether what a store writes is still its own to write.

Promise: as `xl2.ports.Leases`. The check locks the lease's row until the write ends, so a lease passes to another
either before the write, which is refused then, or after it.
"""

from collections.abc import Iterable, Mapping, Sequence

from attrs import define, field

from xl2.errors import LeaseLost
from xl2.ports import LONGEST_LEASE_SECONDS, Lease
from xl2.store.session import Session, among, first

#: A lease that has more left was taken before the database's clock went back, and is over. Its owner, if he lives, has
#: it renewed before anybody looks, or finds that he lost it.
_MOST_LEFT_SECONDS = 2 * LONGEST_LEASE_SECONDS
#: In place of a fence: taken once, and no longer ours.
_LOST = -1


@define
class Fences:
    """Fences that a store writes under. A name that it never took is not asked for: one who shares with nobody."""

    _held: dict[str, int] = field(factory=dict)

    def take(self, names: Iterable[str], fences: Mapping[str, int]) -> None:
        """Of these names we have these now."""
        for name in names:
            if name in fences:
                self._held[name] = fences[name]
            elif name in self._held:
                self._held[name] = _LOST

    async def check(self, db: Session, *names: str) -> None:
        """Raise `LeaseLost` where a name that was ours is not any more."""
        for name in names:
            fence = self._held.get(name)
            if fence is None:
                continue
            sql = f"SELECT fence, owner FROM leases WHERE name = ?1{db.locks.hold}"
            row = None if fence == _LOST else await first(db, sql, name)
            if row is None or row[0] != fence or not row[1]:
                owner = f"{row[1]} has it" if row and row[1] else "it was let go, or taken"
                raise LeaseLost(f"the lease {name} is no longer ours: {owner}; nothing was written")


async def lease(db: Session, names: Sequence[str], owner: str, seconds: float) -> dict[str, int]:
    """Renew what is ours, take what nobody has or what is over."""
    now = await db.clock()
    wanted = sorted(set(names))
    await db.many(
        "INSERT INTO leases (name, owner, fence, ends) VALUES (?1, '', 0, 0) ON CONFLICT (name) DO NOTHING",
        [(name,) for name in wanted],
    )
    mine = f"SELECT name, fence FROM leases WHERE owner = ?1 AND name IN ({{ids}}) ORDER BY name{db.locks.change}"
    fences: dict[str, int] = {str(row[0]): int(row[1]) for row in await among(db, mine, wanted, owner)}
    left = [name for name in wanted if name not in fences]
    # Who asks at the same moment has these rows locked: they are not ours to wait for.
    free = (
        "SELECT name, fence FROM leases WHERE owner <> ?1 AND NOT (ends > ?2 AND ends <= ?3) AND name IN ({ids}) "
        f"ORDER BY name{db.locks.free}"
    )
    latest = now + _MOST_LEFT_SECONDS
    fences |= {name: fence + 1 for name, fence in await among(db, free, left, owner, now, latest)}
    await db.many(
        "UPDATE leases SET owner = ?1, fence = ?2, ends = ?3 WHERE name = ?4",
        [(owner, fence, now + seconds, name) for name, fence in fences.items()],
    )
    if any(name in left for name in fences):
        await db.tell()
    return fences


async def release(db: Session, names: Sequence[str], owner: str) -> None:
    """Let go of what is ours."""
    sql = "UPDATE leases SET owner = '', ends = 0 WHERE name = ?1 AND owner = ?2"
    await db.many(sql, [(name, owner) for name in sorted(set(names))])
    await db.tell()


async def leases(db: Session, prefix: str) -> list[Lease]:
    """Leases that are not over."""
    now = await db.clock()
    sql = (
        "SELECT name, owner, fence, ends FROM leases WHERE substr(name, 1, ?1) = ?2 AND ends > ?3 AND ends <= ?4 "
        "ORDER BY name"
    )
    return [
        Lease(name=name, owner=owner, fence=fence, seconds=ends - now)
        for name, owner, fence, ends in await db.fetch(sql, len(prefix), prefix, now, now + _MOST_LEFT_SECONDS)
    ]
