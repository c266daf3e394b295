"""
Spans: a range of blocks in, the pieces that are asked for at once out.

Pure. Promise: every block is in one piece, in order; an empty range has none. Whoever hands a piece on to an endpoint
that takes fewer blocks cuts it smaller (`xl2_adapters`).
"""

from collections.abc import Iterator
from typing import Final

from xl2.core.types import BlockNumber

#: Blocks whose events are read in one go.
BLOCKS_AT_ONCE: Final = 10_000


def spans(first: int, last: int) -> Iterator[tuple[BlockNumber, BlockNumber]]:
    """First and last block of each piece."""
    for start in range(first, last + 1, BLOCKS_AT_ONCE):
        yield BlockNumber(start), BlockNumber(min(start + BLOCKS_AT_ONCE - 1, last))
