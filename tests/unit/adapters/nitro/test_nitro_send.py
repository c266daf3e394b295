"""Sends: the hashes and roots that the outbox on L1 makes, and proofs that it would not take."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.unit.adapters.nitro.vectors import IDS, number, raw
from xl2.core.hashing import keccak
from xl2.core.types import Address, BlockNumber, Hash32, Timestamp, Wei
from xl2.errors import ProofInvalid
from xl2_adapters.nitro.send import Send, SendProof, root_of

FIVE = next(tree for tree in IDS["trees"] if "sends" in tree)


def send_of(position: int) -> Send:
    vector = FIVE["sends"][position]
    return Send(
        position=position,
        caller=Address(raw(vector["caller"])),
        destination=Address(raw(vector["destination"])),
        block=BlockNumber(number(vector["block"])),
        l1_block=BlockNumber(number(vector["l1Block"])),
        timestamp=Timestamp(number(vector["timestamp"])),
        value=Wei(number(vector["value"])),
        data=raw(vector["data"]),
    )


def beside(leaves: Sequence[bytes], position: int) -> tuple[Hash32, ...]:
    """Nodes beside a leaf's way, from all leaves; what is missing is zero."""
    nodes, level, at = [], [*leaves], position
    while len(level) > 1:
        level += [bytes(32)] * (len(level) % 2)
        nodes.append(Hash32(level[at ^ 1]))
        level, at = [keccak(level[i] + level[i + 1]) for i in range(0, len(level), 2)], at >> 1
    return tuple(nodes)


@pytest.mark.parametrize("position", range(5))
def test_a_send_has_the_hash_that_the_chain_announces(position: int) -> None:
    send = send_of(position)

    assert send.hash == raw(FIVE["hashes"][position])
    assert Send.parse(send.encode()) == send


@pytest.mark.parametrize("tree", IDS["trees"], ids=lambda tree: tree["name"])
def test_every_leaf_leads_to_the_root_of_the_accumulator(tree: dict[str, Any]) -> None:
    leaves = [keccak(raw(one)) for one in tree["hashes"]]

    for position, leaf in enumerate(leaves):
        assert root_of(leaf, position, beside(leaves, position)) == raw(tree["root"])


def test_a_proof_that_leads_elsewhere_does_not_exist() -> None:
    leaves = [keccak(raw(one)) for one in FIVE["hashes"]]
    nodes, root = beside(leaves, 3), Hash32(raw(FIVE["root"]))

    assert SendProof(send=send_of(3), root=root, nodes=nodes).root == root
    for send, under, way in (
        (send_of(2), root, nodes),
        (send_of(3), Hash32(bytes(32)), nodes),
        (send_of(3), root, nodes[:-1]),
        (send_of(3), root, (nodes[1], nodes[0], nodes[2])),
    ):
        with pytest.raises(ProofInvalid, match=f"proof of send {send.position}"):
            SendProof(send=send, root=under, nodes=way)


def test_a_way_longer_or_shorter_than_the_outbox_takes_is_refused() -> None:
    leaf = send_of(4).leaf

    with pytest.raises(ProofInvalid, match="shortest way"):
        root_of(leaf, 4, [Hash32(bytes(32))] * 2)
    with pytest.raises(ProofInvalid, match="256 nodes"):
        root_of(leaf, 4, [Hash32(bytes(32))] * 256)


def test_a_send_that_is_cut_is_refused() -> None:
    with pytest.raises(ProofInvalid, match="send"):
        Send.parse(send_of(0).encode()[:150])
