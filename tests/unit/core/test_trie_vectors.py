"""Golden proofs: Python's walk reads real state as the contracts do, and never says more than py-trie."""

import json
from pathlib import Path

import pytest

from xl2.core.storage_proof import LogPlace, unpack_nodes
from xl2.core.trie import account_at, no_value_at, no_word_at, value_at, word_at
from xl2.core.types import Hash32, address, hash32
from xl2.core.wire import Reader
from xl2.errors import ProofInvalid

HERE = Path(__file__).parents[2] / "vectors" / "proofs"
NO_PROOF, VALUE, ABSENT = 0, 1, 2


def vectors(name: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads((HERE / f"{name}.json").read_text())
    return found


def nodes(packed: str) -> tuple[bytes, ...]:
    return unpack_nodes(bytes.fromhex(packed[2:]))


def verdict(vector: dict[str, str]) -> tuple[int, bytes]:
    """What our walk makes of a proof."""
    root, key = hash32(vector["root"]), hash32(vector["key"])
    try:
        path = nodes(vector["proof"])
        return VALUE, value_at(root, key, path)
    except ProofInvalid:
        pass
    try:
        no_value_at(root, key, nodes(vector["proof"]))
    except ProofInvalid:
        return NO_PROOF, b""
    return ABSENT, b""


@pytest.mark.parametrize("vector", vectors("state"), ids=lambda vector: vector["name"])
def test_accounts_and_slots_of_real_states_are_read(vector: dict[str, str]) -> None:
    shown = account_at(hash32(vector["stateRoot"]), address(vector["account"]), nodes(vector["accountProof"]))
    assert (shown.storage_root, shown.code_hash) == (hash32(vector["storageRoot"]), hash32(vector["codeHash"]))

    slot, path = hash32(vector["slot"]), nodes(vector["storageProof"])
    if int(vector["value"], 16) == 0:
        no_word_at(shown.storage_root, slot, path)
        with pytest.raises(ProofInvalid):
            word_at(shown.storage_root, slot, path)
    else:
        assert word_at(shown.storage_root, slot, path) == hash32(vector["value"])
        with pytest.raises(ProofInvalid):
            no_word_at(shown.storage_root, slot, path)


def test_true_proofs_say_what_py_trie_says_and_changed_ones_no_more() -> None:
    agreed = {NO_PROOF: 0, VALUE: 0, ABSENT: 0}
    for vector in vectors("tries"):
        found, value = verdict(vector)
        theirs = int(vector["verdict"], 16)
        if vector["changed"] == "0x0" or found != NO_PROOF:
            assert (found, value) == (theirs, bytes.fromhex(vector["value"][2:])), vector
        if vector["changed"] != "0x0" and found == theirs:
            agreed[found] += 1

    assert all(count > 10 for count in agreed.values()), agreed


@pytest.mark.parametrize("vector", vectors("logs"), ids=lambda vector: vector["name"])
def test_heads_stand_where_the_lane_says(vector: dict[str, str]) -> None:
    place = LogPlace.read(Reader(bytes.fromhex(vector["place"][2:]), "place"))
    shown = account_at(hash32(vector["stateRoot"]), place.account, nodes(vector["accountProof"]))
    path = nodes(vector["storageProof"])

    assert (place.log, place.account) == (hash32(vector["log"]), address(vector["account"]))
    assert shown.storage_root == hash32(vector["storageRoot"])
    if int(vector["head"], 16) == 0:
        no_word_at(shown.storage_root, Hash32(place.slot), path)
    else:
        assert word_at(shown.storage_root, place.slot, path) == hash32(vector["head"])
