"""The trie verifier on proofs that nodes and another implementation made, the same files that the contracts read."""

from typing import Any

import orjson

from tests.vectors.make import HERE
from xl2.core.hashing import keccak
from xl2.core.header import Header
from xl2.core.storage_proof import LogPlace, read_nodes, root_proof, unpack_nodes
from xl2.core.trie import account_at, no_value_at, no_word_at, value_at, word_at
from xl2.core.types import Hash32, address, hash32
from xl2.core.wire import Reader
from xl2.errors import ProofInvalid

NO_PROOF, PRESENT, ABSENT = 0, 1, 2


def stored(name: str) -> list[Any]:
    vectors = orjson.loads((HERE / "proofs" / f"{name}.json").read_bytes())
    assert isinstance(vectors, list)
    assert vectors
    return vectors


def raw(value: str) -> bytes:
    return bytes.fromhex(value.removeprefix("0x"))


def judged(root: Hash32, key: Hash32, proof: bytes) -> tuple[int, bytes]:
    """Verdict on a packed proof, and the value that it shows."""
    try:
        nodes = unpack_nodes(proof)
    except ProofInvalid:
        return NO_PROOF, b""
    try:
        return PRESENT, value_at(root, key, nodes)
    except ProofInvalid:
        pass
    try:
        no_value_at(root, key, nodes)
    except ProofInvalid:
        return NO_PROOF, b""
    return ABSENT, b""


def test_verdicts_are_those_of_py_trie_and_changed_proofs_show_nothing_else() -> None:
    seen = set()
    for v in stored("tries"):
        verdict, value = judged(hash32(v["root"]), hash32(v["key"]), raw(v["proof"]))
        expected, is_changed = int(v["verdict"], 16), bool(int(v["changed"], 16))
        seen.add((verdict, is_changed))

        # py-trie takes what is left over and what is malformed off the path; we may refuse more, never accept more
        assert verdict == expected or (is_changed and verdict == NO_PROOF), v["name"]
        if verdict == PRESENT:
            assert value == raw(v["value"]), v["name"]

    assert seen >= {(PRESENT, False), (ABSENT, False), (NO_PROOF, True)}


def test_accounts_and_slots_of_a_real_state_are_read_as_they_are() -> None:
    for v in stored("state"):
        account = account_at(hash32(v["stateRoot"]), address(v["account"]), unpack_nodes(raw(v["accountProof"])))
        slot, nodes = hash32(v["slot"]), unpack_nodes(raw(v["storageProof"]))

        assert account.storage_root == hash32(v["storageRoot"]), v["name"]
        assert account.code_hash == hash32(v["codeHash"]), v["name"]
        if int(v["value"], 16):
            assert word_at(account.storage_root, slot, nodes) == hash32(v["value"]), v["name"]
        else:
            no_word_at(account.storage_root, slot, nodes)


def test_a_logs_head_stands_in_the_slot_that_its_lane_kind_and_page_name() -> None:
    for v in stored("logs"):
        place = LogPlace.read(Reader(raw(v["place"]), "place"))
        account = account_at(hash32(v["stateRoot"]), place.account, unpack_nodes(raw(v["accountProof"])))
        nodes = unpack_nodes(raw(v["storageProof"]))

        assert place.log == hash32(v["log"]), v["name"]
        assert place.account == address(v["account"]), v["name"]
        assert account.storage_root == hash32(v["storageRoot"]), v["name"]
        if int(v["head"], 16):
            assert word_at(account.storage_root, place.slot, nodes) == hash32(v["head"]), v["name"]
        else:
            no_word_at(account.storage_root, place.slot, nodes)


def test_the_l1_header_of_a_root_proof_gives_its_state_root_and_time() -> None:
    for v in stored("games"):
        read = Reader(raw(v["rootProof"]), "root proof")
        encoded = read.take(read.uint(2))
        header = Header.parse(encoded, block_hash=keccak(encoded))
        settled, account_nodes = read.take(read.uint(3)), read_nodes(read)
        read.end()

        assert header.state_root == hash32(v["l1StateRoot"]), v["name"]
        assert (header.number, header.timestamp) == (int(v["l1Number"], 16), int(v["l1Timestamp"], 16)), v["name"]
        assert root_proof(l1_header=encoded, settled=settled, account_nodes=account_nodes) == raw(v["rootProof"])
