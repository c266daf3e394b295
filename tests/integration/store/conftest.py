"""The store of a test, in a PostgreSQL database."""

from collections.abc import AsyncIterator

import pytest

from tests.postgres import database, postgres
from tests.store_promises.scene import StoreOf
from xl2.store import PostgresStore, SqlStore

__all__ = ["database", "postgres", "store", "store_of"]


@pytest.fixture
def store_of(database: str) -> StoreOf:
    return lambda: PostgresStore(database)


@pytest.fixture
async def store(store_of: StoreOf) -> AsyncIterator[SqlStore]:
    async with store_of() as opened:
        yield opened
