"""What ended long ago goes, hour by hour, and never because something else failed."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.store_promises.scene import LANE, cursor, sent
from xl2.core.lane import PAGE_SIZE
from xl2.core.lifecycle import Event
from xl2.core.storage_proof import LogKind
from xl2.errors import StoreUnavailable
from xl2.ports import Happening, Log
from xl2.relayer.retention import Retention
from xl2.store import SqliteStore
from xl2.testing import ManualClock

DAY = 86_400


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    async with SqliteStore(":memory:") as opened:
        yield opened


async def ended(store: SqliteStore, when: float) -> None:
    """A page of settled messages, and one behind it."""
    messages = sent(PAGE_SIZE + 1)
    await store.observe(cursor(9), messages, when)
    for event in (Event.DELIVERY, Event.SETTLEMENT):
        await store.happen(
            [Happening(id=one.message.id, event=event, chain=LANE.destination) for one in messages], when
        )


async def test_what_ended_goes_after_its_days_and_not_before(store: SqliteStore) -> None:
    clock = ManualClock()
    await ended(store, clock.now())
    retention = Retention(store=store, clock=clock, lanes=lambda: [LANE], keep_days=3)

    early = await retention.look()
    clock.advance(3 * DAY + 1)

    assert early == 0
    assert await retention.look() == PAGE_SIZE


async def test_it_looks_again_and_again(store: SqliteStore) -> None:
    clock = ManualClock()
    await ended(store, clock.now())

    running = asyncio.ensure_future(Retention(store=store, clock=clock, lanes=lambda: [LANE], keep_days=1).run())
    async with asyncio.timeout(30):
        while await store.record(sent(1)[0].message.id):  # noqa: ASYNC110 - another task lets it go
            await asyncio.sleep(0)
    running.cancel()

    assert await store.count(Log(lane=LANE, kind=LogKind.LANE)) == PAGE_SIZE + 1


async def test_zero_days_keep_everything(store: SqliteStore) -> None:
    clock = ManualClock(1e9)
    await ended(store, 0.0)

    await Retention(store=store, clock=clock, lanes=lambda: [LANE], keep_days=0).run()

    assert await store.record(sent(1)[0].message.id) is not None


async def test_a_store_that_does_not_answer_is_asked_again_later(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> int:
        raise StoreUnavailable("the disk is full")

    clock = ManualClock(1e9)
    await ended(store, 0.0)
    retention = Retention(store=store, clock=clock, lanes=lambda: [LANE])
    with monkeypatch.context() as broken:
        broken.setattr(store, "prune", fails)
        broken.setattr(store, "prune_journal", fails)
        failed = await retention.look()

    assert failed == 0
    assert await retention.look() == PAGE_SIZE
