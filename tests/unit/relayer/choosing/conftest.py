"""Two in-memory chains with a store in memory, and a relayer between them that is paid."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.flow.walk import Walk
from tests.unit.relayer.choosing.settling import Scene, scene_of
from xl2.relayer.choosing.policy import Carry
from xl2.store import SqliteStore
from xl2.testing import ManualClock, World


@pytest.fixture
async def walk() -> AsyncIterator[Walk]:
    async with SqliteStore(":memory:") as store:
        yield Walk(World(), store, ManualClock())


@pytest.fixture
def scene(walk: Walk) -> Scene:
    return scene_of(walk, Carry.PAID)
