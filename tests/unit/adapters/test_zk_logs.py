"""What a ZK-stack chain says to L1: bytes, tree, proofs of both shapes, gas."""

import pytest
from eth_abi import encode
from hypothesis import given
from hypothesis import strategies as st

from xl2.core.hashing import keccak
from xl2.core.types import Address, Hash32
from xl2.errors import InvalidInput, ProofInvalid
from xl2_adapters.zk_stack import gas
from xl2_adapters.zk_stack.logs import (
    DEFAULT_LEAF,
    L1_MESSENGER,
    TREE_HEIGHT,
    L2Log,
    ends_here,
    message_log,
    root_and_paths,
    root_of,
    status_log,
)
from xl2_adapters.zk_stack.proofs import MessageProof

SENDER = Address(b"\x11" * 20)


def leaves(count: int) -> list[Hash32]:
    return [keccak(place.to_bytes(4)) for place in range(count)]


def metadata(*, length: int, onward: int = 0, final: bool = True, version: int = 1) -> Hash32:
    """The word that opens today's proofs."""
    return Hash32(bytes([version, length, onward, final]) + bytes(28))


def test_the_leaf_that_fills_a_tree_up_is_the_contracts_constant() -> None:
    # L2_L1_LOGS_TREE_DEFAULT_LEAF_HASH of `Config.sol`.
    assert DEFAULT_LEAF.hex() == "72abee45b59e344af8a6e520241c4744aff26ed411f4c4b00f8af09adada43ba"


def test_a_log_is_packed_as_the_contracts_pack_it() -> None:
    log = message_log(7, SENDER, b"hello")

    assert (
        log.encode().hex() == "0001" + "0007" + L1_MESSENGER.hex() + "00" * 12 + SENDER.hex() + keccak(b"hello").hex()
    )
    assert L2Log.decode(log.encode()) == log
    assert status_log(0, keccak(b"x"), succeeded=True).value[-1] == 1
    with pytest.raises(InvalidInput, match="88 bytes"):
        L2Log.decode(bytes(87))


@given(st.integers(1, 40), st.data())
def test_every_leafs_path_leads_to_the_root_and_no_others(count: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, count - 1))
    other = data.draw(st.integers(0, (1 << TREE_HEIGHT) - 1))
    root, paths = root_and_paths(leaves(count))

    assert root_of(leaves(count)[place], place, paths[place]) == root
    assert (root_of(leaves(count)[place], other, paths[place]) == root) == (other == place)


def test_a_tree_takes_what_it_has_room_for() -> None:
    root, paths = root_and_paths(leaves(512))

    assert root_of(leaves(512)[511], 511, paths[511]) == root
    with pytest.raises(InvalidInput, match="513 logs do not fit"):
        root_and_paths(leaves(513))


def test_todays_proof_is_the_same_path_behind_a_word_that_tells_its_length() -> None:
    root, paths = root_and_paths(leaves(5), height=14)
    proof = (metadata(length=14), *paths[3])

    assert root_of(leaves(5)[3], 3, proof) == root
    assert ends_here(proof)
    assert ends_here(paths[3])


def test_a_proof_that_goes_on_through_the_gateway_is_read_up_to_the_chains_own_batch() -> None:
    root, paths = root_and_paths(leaves(5), height=14)
    onward = leaves(9)
    proof = (metadata(length=14, onward=4, final=False), *paths[3], *onward)

    assert root_of(leaves(5)[3], 3, proof) == root
    assert not ends_here(proof)


@pytest.mark.parametrize(
    ("leaf", "index", "proof", "reason"),
    [
        (leaves(1)[0], 0, (), "the proof is empty"),
        (DEFAULT_LEAF, 0, tuple(leaves(9)), "fills a tree up"),
        (leaves(1)[0], 512, tuple(leaves(9)), "beyond a tree of height 9"),
        (leaves(1)[0], 0, (metadata(length=3, version=2), *leaves(3)), "version 2"),
        (leaves(1)[0], 0, (metadata(length=3), *leaves(2)), "names 3 siblings and holds 2"),
    ],
)
def test_what_is_no_proof_is_refused_with_the_reason(
    leaf: Hash32, index: int, proof: tuple[Hash32, ...], reason: str
) -> None:
    with pytest.raises(ProofInvalid, match=reason):
        root_of(leaf, index, proof)


def test_a_proof_for_the_router_is_packed_in_front_of_its_message() -> None:
    proof = MessageProof(batch=1, index=2, tx_number=3, sender=SENDER, message=b"m", path=tuple(leaves(2)))

    packed = proof.encode()

    assert packed[:19] == (1).to_bytes(8) + (2).to_bytes(8) + (3).to_bytes(2) + b"\x02"
    assert packed[19:] == b"".join(leaves(2)) + b"m"
    with pytest.raises(ProofInvalid, match="256 words"):
        MessageProof(batch=1, index=2, tx_number=3, sender=SENDER, message=b"", path=tuple(leaves(256))).encode()


@given(st.integers(0, 20_000_000), st.integers(0, 100_000))
def test_the_least_gas_limit_leaves_a_call_what_it_wants_and_one_less_does_not(wanted: int, size: int) -> None:
    limit = gas.limit_for(wanted, size)

    assert gas.body(limit, size) >= wanted
    assert wanted == 0 or gas.body(limit - 2, size) < wanted


@given(st.integers(0, 200))
def test_the_size_of_an_encoded_operation_is_that_of_its_encoding(size: int) -> None:
    types = ["uint256"] * 10 + ["uint256[4]", "bytes", "bytes", "uint256[]", "bytes", "bytes"]
    operation = (*[0] * 10, (0, 0, 0, 0), bytes(size), b"", [], b"", b"")

    assert gas.encoded_size(size) == len(encode([f"({','.join(types)})"], [operation]))
