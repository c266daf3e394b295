"""Games that withdrawals are proven against: those of other kinds stand between them and hide none."""

from tests.unit.adapters.memory_node import MemoryNode
from xl2.core.types import Address, BlockNumber, checksum
from xl2.ports import Block
from xl2_adapters.op_stack.canonical import games

PORTAL, FACTORY = Address(b"\x0a" * 20), Address(b"\x0b" * 20)
OTHER_KIND = 4


def block_of(node: MemoryNode) -> Block:
    raw = node.blocks[-1][0]
    return node._block(dict(raw), "tip")


def factory_with(*kinds: int) -> MemoryNode:
    """An anchor whose factory made games a minute and thirty blocks apart; those of another kind tell no block."""
    node = MemoryNode()
    node.tell(PORTAL, games.FACTORY, checksum(FACTORY))
    node.tell(PORTAL, games.KIND, 0)
    node.tell(FACTORY, games.GAME_COUNT, len(kinds))
    for index, kind in enumerate(kinds):
        game = Address(bytes([index + 1]) * 20)
        node.tell(FACTORY, games.GAME_AT, kind, 1_000 + 60 * index, checksum(game), given=(index,))
        if kind != OTHER_KIND:
            node.tell(game, games.STATUS, 0)
            node.tell(game, games.ROOT_CLAIM, bytes(32))
            node.tell(game, games.L2_BLOCK, 30 * index)
    node.mine(2_000)
    return node


def games_of(node: MemoryNode) -> games.Games:
    return games.Games(anchor=node, rollup=MemoryNode(901), portal=PORTAL, registry=None)


async def test_games_of_other_kinds_hide_none() -> None:
    node = factory_with(0, OTHER_KIND, 0, OTHER_KIND, OTHER_KIND, 0)

    covering = await games_of(node)._covering(BlockNumber(30), block_of(node))

    assert [game.index for game in covering] == [5, 2]
    assert await games_of(node).next_root_seconds(block_of(node)) == 150


async def test_a_whole_page_of_other_kinds_is_no_end_of_the_list() -> None:
    node = factory_with(0, 0, *[OTHER_KIND] * 20)

    covering = await games_of(node)._covering(BlockNumber(30), block_of(node))

    assert [game.index for game in covering] == [1]


async def test_only_games_of_other_kinds_are_none() -> None:
    node = factory_with(OTHER_KIND, OTHER_KIND)

    assert await games_of(node)._covering(BlockNumber(0), block_of(node)) == []
    assert await games_of(node).next_root_seconds(block_of(node)) is None
