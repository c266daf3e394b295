"""The store of a test, in a file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.store_promises.scene import StoreOf
from xl2.store import SqliteStore, SqlStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


@pytest.fixture
def store_of(path: Path) -> StoreOf:
    return lambda: SqliteStore(path)


@pytest.fixture
async def store(store_of: StoreOf) -> AsyncIterator[SqlStore]:
    async with store_of() as opened:
        yield opened
