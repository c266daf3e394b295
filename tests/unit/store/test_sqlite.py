"""A store in a file: owned by one process, refused where it cannot be trusted."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.store_promises.scene import LANE, LANE_LOG
from xl2.errors import ConfigInvalid, StoreCorrupt
from xl2.ports import lane_lease
from xl2.store import SqliteStore
from xl2.store.schema import MIGRATIONS

LANE_NAME = lane_lease(LANE)


async def test_a_second_process_on_the_same_file_is_refused(path: Path) -> None:
    async with SqliteStore(path):
        with pytest.raises(ConfigInvalid, match="another process") as refused:
            await SqliteStore(path).count(LANE_LOG)

    # It may well be the relayer that is asked about, which waits for an endpoint at its start: not to be stopped then.
    assert "`xl2 relayer status` says how it is" in refused.value.remedy


async def test_a_store_of_a_newer_version_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")

    with pytest.raises(StoreCorrupt, match="this xl2 knows"):
        await SqliteStore(path).count(LANE_LOG)


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"this is no database, and long enough to be sure of it" * 40)

    with pytest.raises(StoreCorrupt):
        asyncio.run(SqliteStore(path).count(LANE_LOG))


async def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match=r"store\.sqlite cannot be opened: No such file or directory$"):
        await SqliteStore(tmp_path / "nowhere" / "store.sqlite").count(LANE_LOG)


def test_a_folder_where_a_file_belongs_is_said_and_nothing_is_made_beside_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "store"
    folder.mkdir(mode=0o755)

    with pytest.raises(ConfigInvalid, match=r"store cannot be opened: it is a folder$"):
        asyncio.run(SqliteStore(folder).count(LANE_LOG))

    assert list(tmp_path.iterdir()) == [folder]
    # How to shut the folder of others is no answer.
    assert caplog.messages == []


async def test_what_a_killed_process_left_beside_a_store_that_was_moved_goes_into_no_new_one(tmp_path: Path) -> None:
    killed, moved = tmp_path / "store.sqlite", tmp_path / "aside.sqlite"
    async with SqliteStore(killed) as store:
        await store.pause(LANE, "before", "operator", 1.0)
        # As kill -9 leaves them.
        left = {ending: killed.with_name(killed.name + ending).read_bytes() for ending in ("", "-wal")}
    moved.write_bytes(left[""])
    killed.unlink()
    beside = killed.with_name("store.sqlite-wal")
    beside.write_bytes(left["-wal"])

    with pytest.raises(ConfigInvalid, match="what one left that was moved") as refused:
        await SqliteStore(killed).pauses()
    beside.rename(tmp_path / "aside.sqlite-wal")
    async with SqliteStore(killed) as new, SqliteStore(moved) as old:
        assert (list(await new.pauses()), [one.why for one in await old.pauses()]) == ([], ["before"])

    assert "store.sqlite-wal" in refused.value.remedy


async def test_a_process_that_starts_again_on_its_file_waits_for_no_lease(tmp_path: Path) -> None:
    async with SqliteStore(tmp_path / "store.sqlite") as store:
        await store.lease([LANE_NAME], "killed", 300)

    async with SqliteStore(tmp_path / "store.sqlite") as store:
        assert await store.lease([LANE_NAME], "started again", 60) == {LANE_NAME: 2}
