"""Two in-memory chains, a store in memory and a clock that tests move."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.flow.walk import Walk
from xl2.store import SqliteStore
from xl2.testing import ManualClock, World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    async with SqliteStore(":memory:") as opened:
        yield opened


@pytest.fixture
def walk(world: World, store: SqliteStore, clock: ManualClock) -> Walk:
    return Walk(world, store, clock)
