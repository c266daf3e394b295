"""A store that is broken, full, old or from the future: told in one sentence with the mend, and nothing is lost."""

import errno
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from textwrap import dedent

import pytest
from attrs import evolve

from tests import factories
from tests.store_promises.scene import LANE, LANE_LOG, NOW, RECEIPT_LOG, cursor, ids, receipt, sent
from xl2.core.lifecycle import State
from xl2.core.storage_proof import LogKind
from xl2.core.types import Nonce
from xl2.errors import ConfigInvalid, StoreCorrupt, StoreUnavailable
from xl2.lasting import REPEAT_SECONDS, Lasting
from xl2.ports import Log, Step
from xl2.store import SqliteStore, SqlStore, open_store
from xl2.store.schema import MIGRATIONS
from xl2.testing import ManualClock


async def test_a_file_of_the_first_schema_is_brought_up_to_date_with_all_it_holds(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.executescript(f"{MIGRATIONS[0]} PRAGMA user_version = 1;")
    steps = await fill_old(path)

    async with SqliteStore(path) as store:
        due = await store.due(LANE, [State.OBSERVED], NOW, 10)
        later = await store.due(LANE, [State.OBSERVED], NOW + 60, 10)

        assert [one.sent for one in later] == sent(3)
        assert [one.sent.message.nonce for one in due] == [0, 2]
        assert await store.backlog() == [(LANE, State.OBSERVED, 3, NOW)]
        assert [await store.steps(one) for one in ids(0, 1, 2)] == [steps] * 3


async def test_a_file_of_the_fifth_schema_keeps_what_was_settled(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before, closing(sqlite3.connect(path)) as db:
        before.setattr("xl2.store.sqlite.MIGRATIONS", MIGRATIONS[:5])
        async with SqliteStore(path) as store:
            await store.observe_receipts(cursor(9, RECEIPT_LOG), [receipt(index) for index in range(4)])
        db.execute("INSERT INTO settled VALUES (?, 1)", (LANE.encode(),))
        db.commit()

    async with SqliteStore(path) as store:
        known = await store.unsettled(LANE, 0, 9)
        await store.mark_settled(LANE, [2])

        assert [one.index for one in known] == [1, 2, 3]
        assert [one.index for one in await store.unsettled(LANE, 0, 9)] == [1, 3]


async def test_of_a_file_of_the_fifth_schema_nothing_is_settled_that_a_reorg_took(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = factories.lane(inbox=factories.some_address("another inbox"))
    with monkeypatch.context() as before, closing(sqlite3.connect(path)) as db:
        before.setattr("xl2.store.sqlite.MIGRATIONS", MIGRATIONS[:5])
        async with SqliteStore(path) as store:
            await store.observe_receipts(cursor(9, RECEIPT_LOG), [receipt(index) for index in range(2)])
        db.executemany("INSERT INTO settled VALUES (?, 4)", [(LANE.encode(),), (other.encode(),)])
        db.commit()

    async with SqliteStore(path) as store:
        await store.observe_receipts(cursor(10, RECEIPT_LOG), [receipt(index, 10) for index in range(2, 5)])
        await store.observe_receipts(
            cursor(10, Log(lane=other, kind=LogKind.RECEIPTS)), [evolve(receipt(0, 10), lane=other)]
        )

        assert [one.index for one in await store.unsettled(LANE, 0, 9)] == [2, 3, 4]
        assert [one.index for one in await store.unsettled(other, 0, 9)] == [0]


async def test_a_migration_that_fails_leaves_the_file_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with SqliteStore(path) as store:
        await store.observe(cursor(9), sent(3), NOW)
    monkeypatch.setattr("xl2.store.sqlite.MIGRATIONS", (*MIGRATIONS, "DROP TABLE pauses; CREATE TABLE messages (a);"))
    with pytest.raises(ConfigInvalid):
        await SqliteStore(path).count(LANE_LOG)
    monkeypatch.undo()

    async with SqliteStore(path) as store:
        assert (await store.count(LANE_LOG), await store.pauses()) == (3, [])


async def test_a_truncated_file_is_refused_and_left_as_it_is(path: Path) -> None:
    async with SqliteStore(path) as store:
        await store.observe(cursor(9), sent(200), NOW)
    before = cut(path, 9_000)

    with pytest.raises(StoreCorrupt) as refused:
        async with SqliteStore(path) as store:
            await store.range(LANE, Nonce(0), Nonce(200))

    assert str(path) in refused.value.what
    assert "rebuilt from the chains" in refused.value.remedy
    # But for its header, in which SQLite counts openings.
    assert cut(path, 9_000)[100:] == before[100:]


async def test_a_row_that_makes_no_message_is_told(path: Path) -> None:
    async with SqliteStore(path) as store:
        await store.observe(cursor(9), sent(1), NOW)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE messages SET header = x'00'")

    async with SqliteStore(path) as store:
        with pytest.raises(StoreCorrupt, match="cannot be read"):
            await store.record(ids(0)[0])


def test_a_full_disk_keeps_what_was_told_and_goes_on_when_there_is_room(path: Path) -> None:
    """In a process of its own: the limit is on the size of its files, as a disk's end would be."""
    program = dedent(
        """
        import asyncio, resource, sys
        from tests.store_promises.scene import LANE_LOG, NOW, cursor, sent
        from xl2.errors import StoreUnavailable
        from xl2.store import SqliteStore

        async def main():
            async with SqliteStore(sys.argv[1]) as store:
                await store.observe(cursor(1), sent(5), NOW)
                hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
                resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
                told = 5
                try:
                    while True:
                        await store.observe(cursor(told), sent(50, first=told), NOW)
                        told += 50
                except StoreUnavailable as full:
                    print(full.what, full.remedy, sep="|")
                assert await store.count(LANE_LOG) == told
                resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
                await store.observe(cursor(told), sent(50, first=told), NOW)
                print(told + 50, await store.count(LANE_LOG))
        asyncio.run(main())
        """
    )

    ran = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr
    full, after = ran.stdout.splitlines()
    told, held = after.split()
    assert "cannot be written" in full
    assert f"Make room on the disk of {path}" in full
    assert told == held


async def test_an_outage_is_told_once_and_its_end_too(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "xl2.store.sql")
    monkeypatch.setattr("xl2.store.sql._WELL_SECONDS", 3_600.0)
    store = SqliteStore(":memory:")

    with unavailable(store, monkeypatch):
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                await store.backlog()
    await store.backlog()
    told = [record.message for record in caplog.records]
    monkeypatch.setattr("xl2.store.sql._WELL_SECONDS", 0.0)
    await store.backlog()
    await store.close()

    assert told == ["store unavailable"]
    assert [record.message for record in caplog.records] == [*told, "store available again"]


async def test_who_asks_once_is_told_of_an_outage_by_the_error_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_store(":memory:", tmp_path, is_waited_for=False)

    with unavailable(store, monkeypatch), pytest.raises(StoreUnavailable):
        await store.backlog()
    await store.close()

    assert caplog.records == []


async def test_an_outage_that_lasts_is_told_again_after_an_hour_with_how_often_it_was_met(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = ManualClock()
    monkeypatch.setattr("xl2.store.sql.Lasting", partial(Lasting, clock.steady))
    store = SqliteStore(":memory:")

    with unavailable(store, monkeypatch):
        for _ in range(3):
            clock.advance(REPEAT_SECONDS / 2)
            with pytest.raises(StoreUnavailable):
                await store.backlog()
    await store.close()

    told = [record.getMessage() for record in caplog.records]
    assert told == ["store unavailable", "store unavailable (again, 2 times since this was told last)"]


async def test_without_its_driver_a_shared_store_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)

    with pytest.raises(ConfigInvalid, match="asyncpg is not installed") as refused:
        await open_store("postgresql://alice:word@db.example/xl2", tmp_path).count(LANE_LOG)

    assert "xl2[postgres]" in refused.value.remedy


async def test_a_url_that_cannot_be_read_is_told_without_what_stands_in_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="cannot be read") as refused:
        await open_store("postgresql://alice:open-sesame@[::1/xl2", tmp_path).count(LANE_LOG)

    assert "open-sesame" not in refused.value.what + refused.value.remedy


async def test_a_place_that_is_no_url_is_a_file_beside_the_configuration(tmp_path: Path) -> None:
    async with open_store("store.sqlite", tmp_path) as store:
        await store.observe(cursor(9), sent(1), NOW)

    assert (tmp_path / "store.sqlite").is_file()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
async def test_a_file_that_is_made_and_what_stands_beside_it_is_its_users_alone(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        async with SqliteStore(path) as store:
            await store.observe(cursor(9), sent(1), NOW)
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)

    assert modes == {path.name + beside: 0o600 for beside in ("", "-wal", "-shm", ".lock")}


async def test_a_file_that_others_may_open_is_told_once_and_left_as_it_is(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with SqliteStore(path) as store:
        await store.observe(cursor(9), sent(1), NOW)
    path.chmod(0o640)  # noqa: ASYNC240 - nobody waits beside it

    for _ in range(2):
        async with SqliteStore(path) as store:
            await store.count(LANE_LOG)

    (said,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert f"`chmod 600 {path}*`" in said
    assert stat.S_IMODE(path.stat().st_mode) == 0o640  # noqa: ASYNC240 - as above


async def test_a_disk_without_room_for_a_new_file_may_have_some_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("xl2.store.sqlite.os.open", full)
        with pytest.raises(StoreUnavailable, match="No space left on device"):
            await SqliteStore(path).count(LANE_LOG)

    async with SqliteStore(path) as store:
        assert await store.count(LANE_LOG) == 0


@contextmanager
def unavailable(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Within it the store's disk is full."""

    async def fails(_: object) -> None:
        raise StoreUnavailable("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(store._database, "run", fails)
        yield


def cut(path: Path, size: int) -> bytes:
    """The beginning of a file, which is all that is left of it."""
    path.write_bytes(path.read_bytes()[:size])
    return path.read_bytes()


async def fill_old(path: Path) -> Sequence[Step]:
    """Three messages as the first schema held them, one of them resting; the steps of each."""
    rows = []
    async with SqliteStore(":memory:") as store:
        await store.observe(cursor(9), sent(3), NOW)
        for nonce, one in enumerate(await store.range(LANE, Nonce(0), Nonce(2))):
            message, place = one.sent.message, one.sent.place
            due = NOW + 60 if nonce == 1 else NOW
            rows.append(
                (message.id, LANE.encode(), nonce, message.header, message.payload, one.start, place.block,
                 place.block_hash, place.tx_hash, place.log_index, "observed", NOW, due, 0, "", 1)
            )  # fmt: skip
        steps = await store.steps(rows[0][0])
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        db.executemany(
            "INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (row[0], place, one.event, one.state, one.when, str(one.chain), one.tx_hash, one.block)
                for row in rows
                for place, one in enumerate(steps)
            ],
        )
    return steps
