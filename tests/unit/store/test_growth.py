"""What was carried before costs what is carried now nothing: neighbours change few pages, however many there were."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from attrs import evolve

from tests.store_promises.scene import LANE, LANE_LOG, NOW, cursor, place, sent
from xl2.core.lane import PAGE_SIZE
from xl2.core.lifecycle import Event
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, ChainId, Wei
from xl2.ports import Happening, Log, Sent
from xl2.store import SqliteStore
from xl2.store.sqlite import SqliteDatabase

#: Messages that move at once.
BATCH = 250
FEW, MANY = 4 * BATCH, 16 * BATCH
LANES = 16
WALK = (Event.HEAD_SHOWN, Event.DELIVERY, Event.DESTINATION_FINAL, Event.SETTLEMENT)


async def test_moving_neighbours_changes_as_many_pages_after_many_as_after_few(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    changed = {}
    async with SqliteStore(path) as store:
        for nonce in range(0, MANY, BATCH):
            batch = sent(BATCH, first=nonce)
            await store.observe(cursor(9 + nonce), batch, NOW)
            changed[nonce + BATCH] = await pages_changed(store, path, batch)

    assert changed[MANY] <= 1.25 * changed[FEW]
    # A page holds many steps: were each message's on one of its own, more pages would change than messages move.
    assert changed[MANY] < len(WALK) * BATCH / 2


async def pages_changed(store: SqliteStore, path: Path, batch: Sequence[Sent]) -> int:
    """Pages that the walk of a batch wrote, each time it wrote them."""
    database = store._database
    assert isinstance(database, SqliteDatabase)
    assert database._connection is not None
    database._connection.execute("PRAGMA wal_autocheckpoint = 0")
    # Pages are counted as they are written; that they also reach the disk is for others to try.
    database._connection.execute("PRAGMA synchronous = OFF")
    log = path.with_name(f"{path.name}-wal")
    written = 0
    for event in WALK:
        database._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        moved = [Happening(id=one.message.id, event=event, chain=LANE.destination, place=place(9)) for one in batch]
        await store.happen(moved, NOW)
        written += log.stat().st_size // page_size(database._connection)
    return written


def page_size(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA page_size").fetchone()[0])


async def test_of_a_pruned_page_nothing_stays_in_the_file_nor_of_what_a_reorg_took_back(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    batch = sent(PAGE_SIZE + 1, block=9)
    forked = [evolve(one, message=evolve(one.message, fee=Wei(2 * 10**9))) for one in batch]
    async with SqliteStore(path) as store:
        await store.observe(cursor(9), forked, NOW)
        await store.take_back(LANE_LOG, BlockNumber(8), NOW)
        await store.observe(cursor(9), batch, NOW)
        for event in WALK:
            moved = [Happening(id=one.message.id, event=event, chain=LANE.destination) for one in batch]
            await store.happen(moved, NOW)
        assert await store.prune(LANE, NOW + 1) == 2 * PAGE_SIZE

    with closing(sqlite3.connect(path)) as db:
        left = {bytes(row[0]) for row in db.execute("SELECT message FROM steps")}
    assert left == {batch[-1].message.id, forked[-1].message.id}


async def test_neighbours_among_many_lanes_change_as_few_pages_as_alone(tmp_path: Path) -> None:
    lanes = [evolve(LANE, origin=ChainId(1_000 + number)) for number in range(LANES)]
    async with SqliteStore(tmp_path / "alone.sqlite") as store:
        batch = sent(BATCH)
        await store.observe(cursor(9), batch, NOW)
        alone = await pages_changed(store, tmp_path / "alone.sqlite", batch)

    path = tmp_path / "many.sqlite"
    async with SqliteStore(path) as store:
        for lane in lanes:
            batch = [evolve(one, message=evolve(one.message, origin=lane.origin)) for one in sent(BATCH)]
            await store.observe(cursor(9, Log(lane=lane, kind=LogKind.LANE)), batch, NOW)
        among_many = await pages_changed(store, path, batch)

    assert among_many <= 1.5 * alone
