"""Times to confirm: what is left of the window of the oldest assertion that covers a block, at L1's own pace."""

import pytest

from tests.unit.adapters.nitro.scene import Scene, at, bare_block
from tests.unit.adapters.nitro.vectors import BLOCKS, raw
from xl2.core.types import Address, ChainId
from xl2_adapters.nitro.outbox import Outbox
from xl2_adapters.nitro.sends import ASSERTED, CONFIRM_PERIOD, Sends

OUTBOX, ROLLUP, ANY = Address(b"\x0b" * 20), Address(b"\x10" * 20), Address(b"\x01" * 20)
OLD, NEW = BLOCKS[1], BLOCKS[0]
TIP, WINDOW, PACE = 500, 300, 12
CONFIG = (bytes(32), 0, ANY, 0, 0)
NOTHING = (((bytes(32), bytes(32)), (0, 0)), 1, bytes(32))


@pytest.fixture
def l1() -> Scene:
    """An L1 with a block every 12 seconds."""
    scene = Scene(ChainId(1), tip=TIP)
    for number in range(TIP + 1):
        scene.knows(bare_block(number, timestamp=1_000 + PACE * number))
    scene.says(ROLLUP, CONFIRM_PERIOD, values=(WINDOW,))
    return scene


def asserted(scene: Scene, block_hash: bytes, where: int) -> None:
    after = (((block_hash, bytes(32)), (0, 0)), 1, bytes(32))
    assertion = ((bytes(32), bytes(32), CONFIG), NOTHING, after)
    values = (bytes([where % 256]) * 32, bytes(32), assertion, bytes(32), 0, bytes(32), 0, ANY, WINDOW)
    scene.emits(ROLLUP, ASSERTED, *values, block=where)


async def seconds(l1: Scene, l2: Scene, block: int) -> int | None:
    return await Sends(rollup=l2.evm(), outbox=Outbox(l1.evm(), OUTBOX), core=ROLLUP).seconds_to_confirm(at(block))


async def test_a_block_that_no_assertion_covers_waits_for_a_whole_window(l1: Scene, l2: Scene) -> None:
    asserted(l1, raw(OLD["hash"]), 400)

    assert await seconds(l1, l2, int(NEW["number"], 16)) == WINDOW * PACE


async def test_the_oldest_assertion_that_covers_it_counts(l1: Scene, l2: Scene) -> None:
    for where in (400, 450, 480):
        asserted(l1, raw(NEW["hash"]), where)
    asserted(l1, raw(OLD["hash"]), 300)
    l1.logs.sort(key=lambda log: int(log["blockNumber"], 16))

    assert await seconds(l1, l2, int(NEW["number"], 16)) == (400 + WINDOW - TIP) * PACE


async def test_an_assertion_about_a_block_that_our_node_does_not_have_says_nothing(l1: Scene, l2: Scene) -> None:
    asserted(l1, b"\x66" * 32, 400)
    asserted(l1, raw(NEW["hash"]), 450)

    assert await seconds(l1, l2, int(NEW["number"], 16)) == (450 + WINDOW - TIP) * PACE


async def test_a_window_that_is_over_leaves_nothing_to_wait_for(l1: Scene, l2: Scene) -> None:
    asserted(l1, raw(NEW["hash"]), TIP - WINDOW - 20)

    assert await seconds(l1, l2, int(NEW["number"], 16)) == 0


async def test_an_l1_without_a_pace_tells_nothing(l2: Scene) -> None:
    young = Scene(ChainId(1), tip=0)
    young.knows(bare_block(0))
    young.says(ROLLUP, CONFIRM_PERIOD, values=(WINDOW,))

    assert await seconds(young, l2, 1) is None
