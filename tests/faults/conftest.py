"""Two bare chains a module, or a devnet that the module starts, and a scene on them for each test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.faults.anchored import Anchored, anchored_on
from tests.faults.ground import Grounds
from tests.faults.ground import grounds as started
from tests.faults.payer import Payer, payer
from tests.faults.scene import Scene, scene_on
from tests.faults.stable import Stable
from tests.faults.stable import stable as opened
from xl2_devnet import Description
from xl2_devnet.controls import Controls


@pytest.fixture(scope="module")
def grounds() -> Iterator[Grounds]:
    """The chains `a` and `b`, some twenty blocks a second, final two blocks later."""
    with started() as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where relayers of a test keep what they keep; a module may have one for all its tests."""
    return tmp_path


@pytest.fixture
async def scene(grounds: Grounds, folder: Path) -> AsyncIterator[Scene]:
    """Senders, configurations and relayers on the module's chains."""
    async with scene_on(grounds, folder) as found:
        yield found


@pytest.fixture
async def anchored(devnet: Description, controls: Controls, tmp_path: Path) -> AsyncIterator[Anchored]:
    """A lane between the two L2s of the devnet that a module starts, with relayers behind proxies."""
    async with anchored_on(devnet, controls, tmp_path) as found:
        yield found


@pytest.fixture(scope="session")
def stables() -> Iterator[Stable]:
    """One program for all relayers of a session: what it imports takes more work than most tests."""
    with opened() as found:
        yield found


@pytest.fixture
def stable(stables: Stable) -> Iterator[Stable]:
    """Relayers that start at once, and may be told where to die; those of this test are gone after it."""
    yield stables
    stables.clear()


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Payer]:
    """A funded account on a node of its own."""
    async with payer(tmp_path) as found:
        yield found
