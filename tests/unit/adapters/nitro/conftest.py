"""A chain that has both blocks of Arbitrum One that the vectors tell of."""

import pytest

from tests.unit.adapters.nitro.scene import Scene
from tests.unit.adapters.nitro.vectors import BLOCKS
from xl2.core.types import ChainId


@pytest.fixture
def l2() -> Scene:
    """A node of Arbitrum One that has both."""
    newest, _ = BLOCKS
    scene = Scene(ChainId(42161), tip=int(newest["number"], 16))
    for block in BLOCKS:
        scene.knows(block)
    return scene
