"""Roots: what the outbox says is confirmed counts only where our own node of the chain has the same."""

import logging
from copy import deepcopy
from typing import Any

import pytest
from attrs import evolve

from tests.unit.adapters.nitro.scene import Scene, at
from tests.unit.adapters.nitro.vectors import BLOCKS, raw
from xl2.core.header import Header
from xl2.core.types import Address, ChainId, Hash32, checksum, hex_text
from xl2.errors import NotYet, ProofInvalid, RpcRejected
from xl2.ports import Block
from xl2_adapters.nitro.outbox import ROOT_UPDATED, ROOTS, Outbox
from xl2_adapters.nitro.precompiles import ARB_SYS, SEND_TREE
from xl2_adapters.nitro.root_proof import encode_claim
from xl2_adapters.nitro.roots import NitroRoot, Roots, sends_under

OUTBOX = Address(b"\x0b" * 20)
OLD, NEW = BLOCKS[1], BLOCKS[0]
TIP = 50


@pytest.fixture
def l1() -> Scene:
    """An L1 whose outbox has confirmed an old and a new block of Arbitrum One."""
    scene = Scene(ChainId(1), tip=TIP)
    for block, where in ((OLD, 10), (NEW, 40)):
        confirm(scene, raw(block["sendRoot"]), raw(block["hash"]), where)
    return scene


def confirm(scene: Scene, send_root: bytes, block_hash: bytes, where: int) -> None:
    scene.emits(OUTBOX, ROOT_UPDATED, send_root, block_hash, block=where)
    scene.says(OUTBOX, ROOTS, send_root, values=(block_hash,))


async def newest(l1: Scene, l2: Scene, upto: str = NEW["number"]) -> NitroRoot:
    roots = Roots(rollup=l2.evm(), outbox=Outbox(l1.evm(), OUTBOX))
    when = Block(number=at(TIP), hash=Hash32(b""), parent_hash=Hash32(b""), timestamp=1, gas_limit=0)  # type: ignore[arg-type]
    return await roots.newest_settled(when, at(int(upto, 16)))


async def test_the_newest_confirmed_block_gives_its_state_root_and_its_sends(l1: Scene, l2: Scene) -> None:
    root = await newest(l1, l2)

    assert root.number == int(NEW["number"], 16)
    assert root.state_root == raw(NEW["stateRoot"])
    # Arbitrum's own header commits to root and count: no state of the block is asked for.
    assert (root.send_root, root.sends) == (raw(NEW["sendRoot"]), int(NEW["sendCount"], 16))
    assert encode_claim(root) == root.send_root + len(root.header.encoded).to_bytes(2) + root.header.encoded


async def test_a_block_above_what_the_asker_knows_is_left_for_an_older_one(l1: Scene, l2: Scene) -> None:
    root = await newest(l1, l2, upto=OLD["number"])

    assert root.number == int(OLD["number"], 16)


async def test_a_root_about_a_block_that_our_node_does_not_have_is_passed_over(
    l1: Scene, l2: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    confirm(l1, b"\x66" * 32, b"\x77" * 32, 45)

    with caplog.at_level(logging.WARNING):
        root = await newest(l1, l2)

    assert root.number == int(NEW["number"], 16)
    assert "knows no block 0x7777" in caplog.text


async def test_a_true_block_with_a_false_root_of_sends_is_passed_over(l1: Scene, l2: Scene) -> None:
    confirm(l1, b"\x66" * 32, raw(NEW["hash"]), 45)
    l2.says(ARB_SYS, SEND_TREE, values=(5, raw(NEW["sendRoot"]), []))

    root = await newest(l1, l2)

    assert root.send_root == raw(NEW["sendRoot"])


async def test_a_block_that_our_node_has_beside_its_chain_is_passed_over(l1: Scene, l2: Scene) -> None:
    other = {**NEW, "hash": "0x" + "99" * 32}
    l2.blocks[NEW["number"]] = other

    root = await newest(l1, l2)

    assert root.number == int(OLD["number"], 16)


async def test_only_false_roots_are_no_root(l1: Scene, l2: Scene) -> None:
    l2.blocks.clear()

    with pytest.raises(NotYet, match="our node knows no block"):
        await newest(l1, l2)


async def test_an_event_that_was_overwritten_counts_no_more(l1: Scene, l2: Scene) -> None:
    l1.says(OUTBOX, ROOTS, raw(NEW["sendRoot"]), values=(b"\x55" * 32,))

    root = await newest(l1, l2)

    assert root.number == int(OLD["number"], 16)


async def test_a_name_that_many_blocks_had_is_asked_for_once(l1: Scene, l2: Scene) -> None:
    """On a quiet chain one root of sends names every confirmed block, each in the place of the one before."""
    for where in range(20, 40):
        l1.emits(OUTBOX, ROOT_UPDATED, raw(NEW["sendRoot"]), where.to_bytes(32), block=where)
    l1.logs.sort(key=lambda log: int(log["blockNumber"], 16))
    asked: list[str] = []

    def told(tag: str) -> bytes:
        asked.append(tag)
        return raw(NEW["hash"])

    l1.views[checksum(OUTBOX), hex_text(ROOTS.encode(raw(NEW["sendRoot"])))] = told

    root = await newest(l1, l2, upto=OLD["number"])

    assert root.number == int(OLD["number"], 16)
    assert asked == [hex(TIP)]


async def test_nothing_confirmed_is_waited_for(l2: Scene) -> None:
    with pytest.raises(NotYet, match="none was confirmed up to l1 block 50"):
        await newest(Scene(ChainId(1), tip=TIP), l2)


async def test_a_header_that_lies_about_a_field_is_refused(l1: Scene, l2: Scene) -> None:
    lying = deepcopy(NEW)
    lying["stateRoot"] = "0x" + "12" * 32
    l2.knows(lying)

    with pytest.raises(ProofInvalid, match="header hashes to"):
        await newest(l1, l2)


@pytest.mark.parametrize(("send_root", "sends"), [(bytes(32), 0), (b"\x01" * 32, None)])
async def test_before_the_first_block_nothing_was_sent_and_no_state_is_asked_for(
    l2: Scene, send_root: bytes, sends: int | None
) -> None:
    # As an emulation writes it: its header commits to no sends. The node answers for no state at all.
    first = evolve(Header.of_block(NEW), number=at(0))

    found = await sends_under(l2.evm(), {"extraData": "0x"}, first, Hash32(send_root))

    assert found == sends


async def test_a_node_that_keeps_no_state_so_old_is_told_from_a_false_root(l1: Scene, l2: Scene) -> None:
    """Nodes that write no root into their headers are asked for state, and may have pruned it."""
    confirm(l1, b"\x66" * 32, raw(OLD["hash"]), 45)

    def pruned(_: str) -> bytes:
        raise RpcRejected("missing trie node", endpoint="memory", rpc_code=-32000)

    l2.views["0x0000000000000000000000000000000000000064", hex_text(SEND_TREE.encode())] = pruned

    with pytest.raises(NotYet, match="keeps no state of block 96223596"):
        await newest(l1, l2)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: str(int(block["number"], 16)))
def test_blocks_of_arbitrum_one_hash_to_their_names(block: dict[str, Any]) -> None:
    assert Header.of_block(block).hash == raw(block["hash"])
    assert block["extraData"] == block["sendRoot"]
    assert block["mixHash"][2:18] == block["sendCount"][2:].rjust(16, "0")
