from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.watcher.watched_world import Scene


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    made = Scene(tmp_path / "evidence")
    yield made
    await made.journal.close()
