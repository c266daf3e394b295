"""Pieces of work that wait for the store's thread are kept together, and none pays for what another does."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from attrs import define, field

from tests.waiting import PATIENCE_SECONDS
from xl2.errors import StoreUnavailable
from xl2.store import groups
from xl2.store.session import Session
from xl2.store.sqlite import SqliteDatabase

Work = Callable[[Session], Coroutine[object, object, object]]


@define
class Desk:
    """A database whose statements are heard, and that is busy while pieces are asked for."""

    database: SqliteDatabase
    heard: list[str] = field(factory=list)

    async def open(self) -> None:
        await self.database.run(kept("-"))
        assert self.database._connection is not None
        self.database._connection.set_trace_callback(self.heard.append)

    def begin(self, pieces: Sequence[Work]) -> tuple[threading.Event, list["asyncio.Task[object]"]]:
        """Pieces that wait until the event is set."""
        busy = threading.Event()
        self.database._thread.submit(busy.wait)
        return busy, [asyncio.ensure_future(self.database.run(piece)) for piece in pieces]

    async def together(self, *pieces: Work) -> list[object]:
        """What each of these brings, asked for while none can be done."""
        busy, asked = self.begin(pieces)
        await asyncio.sleep(0)
        busy.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    @property
    def commits(self) -> int:
        return self.heard.count("COMMIT")


def kept(name: str) -> Work:
    async def work(db: Session) -> object:
        await db.execute("INSERT INTO settled (lane, upto) VALUES (?1, 0)", name.encode())
        return name

    return work


def failing(name: str) -> Work:
    async def work(db: Session) -> object:
        await kept(name)(db)
        raise LookupError(name)

    return work


def names(path: Path) -> list[str]:
    """What another connection finds, in the order of writing."""
    with closing(sqlite3.connect(path)) as db:
        return [bytes(row[0]).decode() for row in db.execute("SELECT lane FROM settled ORDER BY rowid")][1:]


@pytest.fixture
async def desk(path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    # A busy machine may keep the thread waiting for as long as a group takes more.
    monkeypatch.setattr(groups, "_GROUP_SECONDS", 3_600.0)
    found = Desk(SqliteDatabase(path))
    await found.open()
    yield found
    await found.database.close()


async def test_what_waits_is_kept_in_one_transaction_in_the_order_asked(desk: Desk, path: Path) -> None:
    assert await desk.together(kept("a"), kept("b"), kept("c")) == ["a", "b", "c"]

    assert desk.commits == 1
    assert names(path) == ["a", "b", "c"]


async def test_a_piece_that_fails_undoes_itself_and_nothing_of_the_others(desk: Desk, path: Path) -> None:
    a, failed, c = await desk.together(kept("a"), failing("b"), kept("c"))

    assert (a, c) == ("a", "c")
    assert isinstance(failed, LookupError)
    assert names(path) == ["a", "c"]


async def test_where_what_is_done_together_cannot_be_kept_each_hears_of_its_own_work(
    desk: Desk, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transact, failures = desk.database._transact, [StoreUnavailable("the disk is full")] * 2

    def refused(work: Callable[[Session], None]) -> None:
        def done(session: Session) -> None:
            work(session)
            if failures:
                raise failures.pop()

        transact(done)

    monkeypatch.setattr(desk.database._groups, "_transact", refused)
    a, b = await desk.together(kept("a"), kept("b"))

    assert isinstance(a, StoreUnavailable)
    assert b == "b"
    assert names(path) == ["b"]


async def test_nobody_is_told_before_the_work_is_on_the_disk(desk: Desk, path: Path) -> None:
    found: list[list[str]] = []

    async def asked() -> None:
        await desk.database.run(kept("a"))
        found.append(names(path))

    await asyncio.gather(asked(), desk.database.run(kept("b")))

    assert "a" in found[0]


async def test_what_nobody_waits_for_any_more_is_done_whole(desk: Desk, path: Path) -> None:
    busy, (gone, stays) = desk.begin([kept("a"), kept("b")])
    await asyncio.sleep(0)
    gone.cancel()
    busy.set()

    assert await stays == "b"
    assert names(path) == ["a", "b"]


async def test_who_asked_on_a_loop_that_is_closed_keeps_nobody_else_waiting(desk: Desk, path: Path) -> None:
    async def leave() -> None:
        asyncio.ensure_future(desk.database.run(kept("a")))  # noqa: RUF006 - it ends with its loop
        await asyncio.sleep(0)

    busy, _ = desk.begin([])
    await asyncio.to_thread(asyncio.run, leave())
    asked = asyncio.ensure_future(desk.database.run(kept("b")))
    await asyncio.sleep(0)
    busy.set()

    assert await asyncio.wait_for(asked, PATIENCE_SECONDS) == "b"
    assert names(path) == ["a", "b"]


async def test_a_group_takes_no_more_after_a_moment(desk: Desk, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "_GROUP_SECONDS", 0.0)

    assert await desk.together(kept("a"), kept("b"), kept("c")) == ["a", "b", "c"]

    assert desk.commits == 3
    assert names(path) == ["a", "b", "c"]
