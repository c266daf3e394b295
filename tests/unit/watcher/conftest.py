"""A watcher of chains in memory, its journal closed with the test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.watcher.watched_world import Scene
from tests.waiting import PATIENCE_SECONDS


@pytest.fixture
async def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    # Endpoints in memory answer at once: were a busy machine to stand still meanwhile, none of them is late.
    for name in ("_PROBE_SECONDS", "_SUBMIT_SECONDS", "_BEHIND_SECONDS"):
        monkeypatch.setattr(f"xl2.watcher.brake.{name}", PATIENCE_SECONDS)
    made = Scene(tmp_path / "evidence")
    yield made
    await made.journal.close()
