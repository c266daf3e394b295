"""How a reader hears of its anchor: by itself, or by deposits, of which one is on its way at a time."""

from typing import Any

import pytest

from tests.unit.adapters.memory_node import MemoryNode
from xl2.core.types import Address, BlockNumber, Hash32, Wei, address, checksum
from xl2.errors import NotYet
from xl2_adapters.abi import Method
from xl2_adapters.anchor_view import DEPOSIT_BLOCKS, OwnView, SentView
from xl2_adapters.contracts import anchor_blocks, checkpoints
from xl2_adapters.contracts.alias import behind, speaker
from xl2_adapters.contracts.anchor_blocks import ACCEPT_GAS, ACCEPT_SIZE, SentCheckpoints
from xl2_adapters.contracts.checkpoints import Checkpoints
from xl2_adapters.evm import Evm, topic_of

L1_BLOCK = address("0x4200000000000000000000000000000000000015")
KEPT, BLOCKS = Address(b"\x0a" * 20), Address(b"\x0b" * 20)
HASHES = [Hash32(bytes((n,)) * 32) for n in range(10)]


def keep(reader: MemoryNode, number: int) -> None:
    """Let the reader's contract keep a block of the anchor."""
    at = reader.mine(2_000 + number)
    topics = [checkpoints.CHECKPOINTED.topic, topic_of(number)]
    reader.log(KEPT, topics, HASHES[number], at)
    reader.tell(KEPT, checkpoints.HASH_OF, HASHES[number], given=(number,))
    reader.mine(2_000 + number)


async def test_a_chain_that_sees_its_anchor_keeps_a_block_by_a_call_of_its_own() -> None:
    reader = MemoryNode(901)
    reader.tell(L1_BLOCK, Method("number()", "(uint64)"), 7)
    for number in (3, 5):
        keep(reader, number)
    view = OwnView(checkpoints=Checkpoints(reader, KEPT), start=BlockNumber(0))

    assert await view.newest() == 7
    assert await view.kept(4) == [(5, HASHES[5]), (3, HASHES[3])]
    call = await view.keep()
    assert (call.chain, call.to, call.value) == (901, KEPT, 0)


class Told:
    """A reader that is told of its anchor's blocks, and the anchor."""

    def __init__(self) -> None:
        self.reader, self.anchor = MemoryNode(901), MemoryNode(900)
        self.reader.tell(KEPT, anchor_blocks.ANCHOR_BLOCKS, checksum(speaker(BLOCKS)))
        for number in range(10):
            self.reader.tell(KEPT, checkpoints.HASH_OF, bytes(32), given=(number,))
        self.reader.mine(2_000)
        self.priced: list[tuple[int, int]] = []
        self.view = SentView(
            checkpoints=SentCheckpoints(self.reader, KEPT),
            anchor=self.anchor,
            start=BlockNumber(0),
            deposit_value=self.price,
        )

    async def price(self, anchor: Evm, size: int, gas_limit: int) -> Wei:
        assert anchor is self.anchor
        self.priced.append((size, gas_limit))
        return Wei(123)

    def send(self, number: int, *, to: Address = KEPT, value: int = 123) -> None:
        """Let `AnchorBlocks` send a block to the reader, and another to another chain."""
        at = self.anchor.mine(1_000 + number)
        for chain, sent in ((901, number), (902, number + 1)):
            topics = [anchor_blocks.BLOCK_SENT.topic, topic_of(chain), topic_of(sent), to.rjust(32, b"\0")]
            self.anchor.log(BLOCKS, topics, HASHES[sent] + value.to_bytes(32), at)


async def test_a_chain_that_sees_none_is_sent_one_with_the_price_of_its_bridge() -> None:
    told = Told()
    told.anchor.mine(1_100)

    call = await told.view.keep()

    assert await told.view.newest() == 1
    assert (call.chain, call.to, call.value) == (900, BLOCKS, 123)
    assert call.data == anchor_blocks.SEND.encode(901, checksum(KEPT))
    assert told.priced == [(ACCEPT_SIZE, ACCEPT_GAS)]


async def test_while_one_is_on_its_way_no_other_is_sent() -> None:
    told = Told()
    told.send(4)

    with pytest.raises(NotYet, match="l1 block 4 is on its way to chain 901"):
        await told.view.keep()
    keep(told.reader, 4)

    assert await told.view.kept(4) == [(4, HASHES[4])]
    assert (await told.view.keep()).to == BLOCKS


@pytest.mark.parametrize("sent", [{"to": BLOCKS}, {"value": 40}])
async def test_what_another_sends_elsewhere_or_without_gas_keeps_nobody_waiting(sent: dict[str, Any]) -> None:
    told = Told()
    told.send(4, **sent)

    assert (await told.view.keep()).to == BLOCKS


async def test_one_that_stays_away_is_sent_again() -> None:
    told = Told()
    told.send(4)
    for _ in range(DEPOSIT_BLOCKS + 1):
        told.anchor.mine(3_000)

    assert (await told.view.keep()).to == BLOCKS


def test_an_alias_leads_back_to_who_speaks() -> None:
    top = Address(b"\xff" * 20)

    assert speaker(Address(bytes(20))).hex() == "1111000000000000000000000000000000001111"
    assert speaker(top).hex() == "1111000000000000000000000000000000001110"
    assert behind(speaker(top)) == top
