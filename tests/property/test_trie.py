"""The trie verifier agrees with py-trie, an independent implementation, on whatever tries chance builds."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trie.hexary import HexaryTrie

from xl2.core import rlp
from xl2.core.storage_proof import nodes_of, pack_nodes, unpack_nodes
from xl2.core.trie import no_value_at, value_at
from xl2.core.types import Hash32
from xl2.errors import ProofInvalid

#: Keys that share long prefixes, so that extensions, deep branches and inline nodes occur.
KEYS = st.builds(
    lambda head, tail: Hash32((bytes(head) + b"\x55" * 32)[: 32 - len(tail)] + bytes(tail)),
    st.lists(st.sampled_from((0x00, 0x01, 0x10, 0x55)), max_size=3),
    st.lists(st.sampled_from((0x00, 0x01, 0x10, 0xFF)), max_size=2),
)
#: Values below and above the size at which a leaf stands inline.
VALUES = st.binary(min_size=1, max_size=40)
TRIES = st.dictionaries(KEYS, VALUES, min_size=1, max_size=30)


def built(content: Mapping[Hash32, bytes]) -> HexaryTrie:
    trie = HexaryTrie({})
    for key, value in content.items():
        trie[key] = value
    return trie


def proof_of(trie: HexaryTrie, key: Hash32) -> list[bytes]:
    listed = [rlp.encode(node) for node in trie.get_proof(key)]
    return list(unpack_nodes(pack_nodes(nodes_of(listed))))


@given(TRIES, KEYS)
def test_every_key_is_shown_present_with_its_value_or_absent(content: dict[Hash32, bytes], other: Hash32) -> None:
    trie = built(content)
    root = Hash32(trie.root_hash)

    for key in {*content, other}:
        proof = proof_of(trie, key)
        if key in content:
            assert value_at(root, key, proof) == content[key]
            with pytest.raises(ProofInvalid):
                no_value_at(root, key, proof)
        else:
            no_value_at(root, key, proof)
            with pytest.raises(ProofInvalid):
                value_at(root, key, proof)


@given(TRIES, st.data())
@settings(max_examples=200)
def test_a_proof_that_was_touched_shows_nothing(content: dict[Hash32, bytes], data: st.DataObject) -> None:
    trie = built(content)
    key = data.draw(st.one_of(st.sampled_from(sorted(content)), KEYS), label="key")
    proof = proof_of(trie, key)
    at = data.draw(st.integers(0, len(proof) - 1), label="node")
    touched = list(proof)
    how = data.draw(st.sampled_from(("byte", "cut", "grow", "drop", "double", "swap")), label="how")
    if how == "byte":
        place = data.draw(st.integers(0, len(proof[at]) - 1), label="place")
        change = data.draw(st.integers(1, 255), label="change")
        touched[at] = proof[at][:place] + bytes((proof[at][place] ^ change,)) + proof[at][place + 1 :]
    elif how == "cut":
        touched[at] = proof[at][:-1]
    elif how == "grow":
        touched[at] += b"\0"
    elif how == "drop":
        del touched[at]
    elif how == "double":
        touched.insert(at, proof[at])
    else:
        touched.reverse()
        if touched == proof:
            touched = []

    for judge in (value_at, no_value_at):
        with pytest.raises(ProofInvalid):
            judge(Hash32(trie.root_hash), key, touched)


@given(TRIES, KEYS)
def test_the_proof_of_one_key_shows_no_other_value_for_another(content: dict[Hash32, bytes], other: Hash32) -> None:
    trie = built(content)

    for key in content:
        try:
            assert value_at(Hash32(trie.root_hash), other, proof_of(trie, key)) == content.get(other)
        except ProofInvalid:
            continue
