"""
Canonical past: where on a chain to begin to look for what a crossing left there.

Promise: a block is found by its time alone, so no node need be an archive; clocks of two chains may differ.
"""

from typing import Final

from xl2.core.types import BlockNumber
from xl2.ports import Block
from xl2_adapters.evm import Evm

#: Clocks of rollups may lag their L1 by a sequencing window; an hour is the widest among those in use.
CLOCK_SKEW_SECONDS: Final = 3_600
#: How far back the beginning of a crossing is looked for where only what followed is named: else name the beginning.
LOOK_BACK_SECONDS: Final = 60 * 24 * 3_600


async def first_after(evm: Evm, wanted: int, tip: Block) -> BlockNumber:
    """First block whose time is `wanted` or later, by halving."""
    low, high = 0, int(tip.number)
    while low < high:
        middle = (low + high) // 2
        if (await evm.block(BlockNumber(middle))).timestamp < wanted:
            low = middle + 1
        else:
            high = middle
    return BlockNumber(low)
