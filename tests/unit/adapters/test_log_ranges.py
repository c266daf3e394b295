"""Logs of one block whose hash is known are asked for by that hash, and no other block of that height answers."""

from typing import Any

import pytest

from xl2.core.types import Address, BlockNumber, Hash32, hex_text
from xl2.errors import RpcRejected, RpcUnavailable
from xl2_adapters.log_ranges import Wanted
from xl2_adapters.rpc_wire import Json

AT = BlockNumber(7)
HERE, OTHER = Hash32(b"\x01" * 32), Hash32(b"\x02" * 32)
WANTED = Wanted(contract=Address(b"\xaa" * 20), topics=[], endpoint="a")


def log(block: int, block_hash: Hash32) -> dict[str, Json]:
    return {
        "address": hex_text(WANTED.contract),
        "topics": [],
        "data": "0x",
        "blockNumber": hex(block),
        "blockHash": hex_text(block_hash),
        "transactionHash": "0x" + "33" * 32,
        "logIndex": "0x0",
    }


class Node:
    """Answers with one log; may know no block by its hash."""

    def __init__(self, block_hash: Hash32, *, takes_hashes: bool = True) -> None:
        self.block_hash = block_hash
        self.takes_hashes = takes_hashes
        self.asked: list[Any] = []

    async def ask(self, method: str, wanted: Json) -> Json:
        assert method == "eth_getLogs"
        assert isinstance(wanted, dict)
        self.asked.append({name: wanted[name] for name in ("blockHash", "fromBlock", "toBlock") if name in wanted})
        if "blockHash" in wanted and not self.takes_hashes:
            raise RpcRejected("unknown block", endpoint="a")
        return [log(7, self.block_hash)]


async def read(node: Node, first: int, last: int, known: dict[BlockNumber, Hash32]) -> list[Hash32]:
    found = await WANTED.read(node.ask, BlockNumber(first), BlockNumber(last), known.get)
    return [one.place.block_hash for one in found]


async def test_one_block_is_asked_for_by_its_hash_where_that_is_known() -> None:
    node = Node(HERE)

    assert await read(node, 7, 7, {AT: HERE}) == [HERE]
    assert node.asked == [{"blockHash": hex_text(HERE)}]


async def test_a_log_of_another_block_of_that_height_is_refused() -> None:
    with pytest.raises(RpcUnavailable, match="was not asked for"):
        await read(Node(OTHER), 7, 7, {AT: HERE})


async def test_a_hash_that_nobody_knows_any_more_is_asked_for_by_its_number() -> None:
    node = Node(OTHER, takes_hashes=False)

    assert await read(node, 7, 7, {AT: HERE}) == [OTHER]
    assert node.asked[-1] == {"fromBlock": "0x7", "toBlock": "0x7"}


async def test_a_range_is_asked_for_by_its_numbers() -> None:
    node = Node(HERE)

    assert await read(node, 6, 7, {BlockNumber(6): OTHER, AT: HERE}) == [HERE]
    assert node.asked == [{"fromBlock": "0x6", "toBlock": "0x7"}]
