"""Newest logs: a search downwards asks for no page that nobody wants, and ends."""

from collections.abc import Sequence
from typing import Any

from tests.unit.adapters.memory_node import MemoryNode
from xl2.core.types import Address, BlockNumber, Hash32
from xl2.ports import Place
from xl2_adapters.evm import Log
from xl2_adapters.newest_logs import LOOK_BACK_BLOCKS, newest_logs

ANY = Address(b"\x01" * 20)
TIP = BlockNumber(10_000_000)


class Paged(MemoryNode):
    """A chain of ten million blocks, with a log in some of them."""

    def __init__(self, *blocks: int) -> None:
        super().__init__()
        self.blocks_with_logs = blocks
        self.asked: list[tuple[int, int]] = []

    async def logs(self, contract: Address, topics: Sequence[Any], first: BlockNumber, last: BlockNumber) -> list[Log]:
        assert (contract, topics) == (ANY, [])
        self.asked.append((first, last))
        return [_log(block) for block in sorted(self.blocks_with_logs) if first <= block <= last]


def _log(block: int) -> Log:
    name = Hash32(block.to_bytes(32))
    place = Place(block=BlockNumber(block), block_hash=name, tx_hash=name, log_index=0)
    return Log(topics=(), data=b"", place=place)


async def test_who_wants_the_newest_asks_for_one_page() -> None:
    node = Paged(5, TIP - 10, TIP - 1)

    newest = await anext(newest_logs(node, ANY, [], BlockNumber(0), TIP))

    assert newest.place.block == TIP - 1
    assert node.asked == [(TIP - 1_999, TIP)]


async def test_logs_come_newest_first_over_pages_without_gap_or_repetition() -> None:
    node = Paged(3, 1_999, 2_000, 2_001, 4_500)

    found = [log.place.block async for log in newest_logs(node, ANY, [], BlockNumber(3), BlockNumber(4_500))]

    assert found == [4_500, 2_001, 2_000, 1_999, 3]
    assert node.asked == [(2_501, 4_500), (501, 2_500), (3, 500)]


async def test_where_there_is_none_the_search_ends() -> None:
    node = Paged(5)

    found = [log async for log in newest_logs(node, ANY, [], BlockNumber(0), TIP)]

    assert found == []
    assert min(first for first, _ in node.asked) == TIP - LOOK_BACK_BLOCKS
    assert len(node.asked) == 303
