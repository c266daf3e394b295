"""
Session: one transaction of a database, as the pieces of work of this package see it, whichever database it is.

Promise: the SQL of this package is what SQLite and PostgreSQL both read, with values as `?1`, `?2` ...; where they
differ, in locks of rows and in the clock, a session says how. A piece of work awaits nothing but its session, so that
SQLite, which never makes anybody wait, can run it to its end on one thread (`finish`).
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol, TypeVar

from attrs import frozen

T = TypeVar("T")

#: Values of a row, in the order of the columns asked for.
Row = Sequence[Any]

#: Most values that stand in one list of a statement.
_CHUNK = 512


@frozen(kw_only=True)
class Locks:
    """What a SELECT ends with so that rows stay as they are read. Where only one writes, nothing is needed."""

    #: Nobody else changes these rows until the transaction ends.
    change: str = ""
    #: These rows stay as they are, for all who read them so.
    hold: str = ""
    #: As `change`, without the rows that somebody else has.
    free: str = ""


class Session(Protocol):
    """A transaction that is open."""

    @property
    def locks(self) -> Locks:
        """How rows are locked."""
        ...

    async def clock(self) -> float:
        """Unix seconds by the database's own clock: the same for all who share it."""
        ...

    async def fetch(self, sql: str, *values: object) -> Sequence[Row]:
        """All rows of a query."""
        ...

    async def execute(self, sql: str, *values: object) -> int:
        """Change rows; how many."""
        ...

    async def many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Do the same with each row's values."""
        ...

    async def tell(self) -> None:
        """Wake who waits in `Database.changed`, wherever he runs, once this is kept."""
        ...


#: A piece of work: what it does in a transaction, and what it brings.
Work = Callable[[Session], Coroutine[Any, Any, T]]


class Database(Protocol):
    """What runs pieces of work, each in a transaction that is durable when it returns."""

    async def run(self, work: Work[T]) -> T:
        """
        Do work: all of it, or nothing where it raises. The asker's cancellation cuts nothing in two.

        It may be done, undone and done again before this returns, so it changes nothing but rows.
        """
        ...

    async def changed(self, seconds: float) -> None:
        """Return when somebody told, or after so many seconds. A hint: it may be lost."""
        ...

    async def close(self) -> None:
        """Close it, after everything that was asked before."""
        ...


async def first(session: Session, sql: str, *values: object) -> Row | None:
    """First row of a query, None where there is none."""
    rows = await session.fetch(sql, *values)
    return rows[0] if rows else None


async def among(session: Session, sql: str, ids: Sequence[object], *values: object) -> list[Row]:
    """
    Rows of a query with a list in it: `sql` has `{ids}` where the list stands, and other values before it.

    Lists are filled up to a power of two by their last value, so that there are few statements to prepare.
    """
    found: list[Row] = []
    for start in range(0, len(ids), _CHUNK):
        chunk = list(ids[start : start + _CHUNK])
        size = 1 << (len(chunk) - 1).bit_length()
        chunk += [chunk[-1]] * (size - len(chunk))
        marks = ", ".join(f"?{len(values) + number}" for number in range(1, size + 1))
        found += await session.fetch(sql.replace("{ids}", marks), *values, *chunk)
    return found


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run work on a session that never makes it wait."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    work.close()
    raise AssertionError("a piece of work waited for something else than its session")
