"""A client on chains in memory, closed with the test."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.sdk.scene import Scene


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    made = Scene()
    yield made
    await made.client.close()
