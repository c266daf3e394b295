"""The trie verifier refuses each way in which a proof can be no proof, by nodes whose hashes are all right."""

import pytest

from tests.factories import some_address, some_hash
from xl2.core import rlp
from xl2.core.hashing import keccak
from xl2.core.rlp import Item
from xl2.core.storage_proof import nodes_of, pack_nodes, pack_paths, unpack_nodes, unpack_paths
from xl2.core.trie import EMPTY_ROOT, account_at, no_value_at, no_word_at, value_at, word_at
from xl2.core.types import Hash32
from xl2.errors import InvalidInput, ProofInvalid

#: 64 nibbles: 0x11 0x11 ... 0x11
KEY = Hash32(b"\x11" * 32)
LEAF = b"\x20" + KEY  # leaf prefix, even, the whole key
VALUE = b"value"


def root_of(node: Item) -> tuple[Hash32, list[bytes]]:
    encoded = rlp.encode(node)
    return keccak(encoded), [encoded]


def branch(child: Item, *, at: int = 1, value: bytes = b"") -> list[Item]:
    children: list[Item] = [b""] * 16
    children[at] = child
    return [*children, value]


#: A leaf for what is left of KEY after one nibble (63, odd), as it stands below a branch.
LEAF_BELOW = rlp.encode([b"\x31" + KEY[1:], VALUE])

MALFORMED: dict[str, Item] = {
    "three items": [LEAF, VALUE, b""],
    "no item": [],
    "a string": b"just a string, and no list of items at all",
    "path is a list": [[LEAF], VALUE],
    "empty path": [b"", VALUE],
    "prefix four": [b"\x40" + KEY, VALUE],
    "padding not zero": [b"\x21" + KEY, VALUE],
    "leaf above the key's end": [b"\x20" + KEY[:31], VALUE],
    "leaf below the key's end": [b"\x20" + KEY + b"\x11", VALUE],
    "leaf without value": [LEAF, b""],
    "leaf whose value is a list": [LEAF, [VALUE]],
    "extension of no nibble": [b"\x00", keccak(LEAF_BELOW)],
    "extension of a whole key": [b"\x00" + KEY, keccak(LEAF_BELOW)],
    "extension to a short hash": [b"\x00\x11", keccak(LEAF_BELOW)[:31]],
    "extension to nothing": [b"\x00\x11", b""],
    "branch with a value": branch(keccak(LEAF_BELOW), value=VALUE),
    "branch with a short hash": branch(keccak(LEAF_BELOW)[:31]),
    "branch with a bad child elsewhere": [b"\x01", *branch(keccak(LEAF_BELOW))[1:]],
    "branch with an empty inline child": branch([]),
    "branch with a child too long to stand inline": branch([b"\x31" + KEY[1:], VALUE]),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_node_shows_neither_a_value_nor_an_absence(name: str) -> None:
    root, nodes = root_of(MALFORMED[name])
    nodes.append(LEAF_BELOW)

    with pytest.raises(ProofInvalid):
        value_at(root, KEY, nodes)
    with pytest.raises(ProofInvalid):
        no_value_at(root, KEY, nodes)


def test_a_value_stands_under_a_leaf_that_is_the_root() -> None:
    root, nodes = root_of([LEAF, VALUE])

    assert value_at(root, KEY, nodes) == VALUE


def test_a_value_stands_below_a_branch() -> None:
    root, nodes = root_of(branch(keccak(LEAF_BELOW)))

    assert value_at(root, KEY, [*nodes, LEAF_BELOW]) == VALUE


def test_what_is_there_cannot_be_shown_absent_nor_the_other_way_round() -> None:
    root, nodes = root_of([LEAF, VALUE])
    absent = Hash32(b"\x12" + KEY[1:])

    with pytest.raises(ProofInvalid, match="is in the trie"):
        no_value_at(root, KEY, nodes)
    with pytest.raises(ProofInvalid, match="is not in the trie"):
        value_at(root, absent, nodes)
    no_value_at(root, absent, nodes)


def test_a_key_is_absent_where_a_branch_has_no_child_or_an_extension_turns_away() -> None:
    root, nodes = root_of(branch(keccak(LEAF_BELOW), at=2))
    no_value_at(root, KEY, nodes)

    root, nodes = root_of([b"\x00\x12", keccak(LEAF_BELOW)])
    no_value_at(root, KEY, nodes)


def test_an_empty_trie_is_shown_by_no_node() -> None:
    no_value_at(EMPTY_ROOT, KEY, [])

    with pytest.raises(ProofInvalid):
        value_at(EMPTY_ROOT, KEY, [])
    with pytest.raises(ProofInvalid):
        no_value_at(EMPTY_ROOT, KEY, [b"\x80"])
    with pytest.raises(ProofInvalid, match="ends before"):
        no_value_at(some_hash("another root"), KEY, [])


def test_nodes_left_over_missing_or_swapped_are_refused() -> None:
    root, nodes = root_of(branch(keccak(LEAF_BELOW)))

    with pytest.raises(ProofInvalid, match="left over"):
        value_at(root, KEY, [*nodes, LEAF_BELOW, LEAF_BELOW])
    with pytest.raises(ProofInvalid, match="ends before"):
        value_at(root, KEY, nodes)
    with pytest.raises(ProofInvalid, match="was due"):
        value_at(root, KEY, [LEAF_BELOW, *nodes])


def test_a_short_node_stands_inline_and_never_by_its_hash() -> None:
    short: Item = [b"\x20", b"v" * 20]  # leaf with nothing left of the path

    def proof(child: Item) -> tuple[Hash32, list[bytes]]:
        lowest = rlp.encode([b"", child, child, *[b""] * 14])
        root, nodes = root_of([b"\x11" + KEY[1:], keccak(lowest)])  # extension of 63 nibbles
        return root, [*nodes, lowest]

    root, nodes = proof(short)
    assert value_at(root, KEY, nodes) == b"v" * 20
    root, nodes = proof(keccak(rlp.encode(short)))
    with pytest.raises(ProofInvalid, match="stand inline"):
        value_at(root, KEY, [*nodes, rlp.encode(short)])


def test_rlp_that_is_not_canonical_is_refused() -> None:
    encoded = rlp.encode([LEAF, VALUE])
    long_form = b"\xf8" + bytes((len(encoded) - 1,)) + encoded[1:]
    for node in (long_form, encoded + b"\0", encoded[:-1], b"", b"\xc1" * 5000, b"\xb8\x01\x05"):
        with pytest.raises(ProofInvalid):
            value_at(keccak(node), KEY, [node])


def slot_trie(value: bytes, slot: Hash32) -> tuple[Hash32, list[bytes]]:
    return root_of([b"\x20" + keccak(slot), value])


def test_a_slot_holds_a_word_of_at_most_32_bytes_that_is_not_zero() -> None:
    slot = some_hash("slot")

    root, nodes = slot_trie(rlp.encode(b"\x01\x00"), slot)
    assert word_at(root, slot, nodes) == b"\x01\x00".rjust(32, b"\0")
    for value in (b"\x00", rlp.encode(b"\x00\x01"), rlp.encode(b"\x01" * 33), b"\x81\x01", b"\xc0"):
        root, nodes = slot_trie(value, slot)
        with pytest.raises(ProofInvalid):
            word_at(root, slot, nodes)
        with pytest.raises(ProofInvalid):
            no_word_at(root, slot, nodes)


def test_a_leaf_of_zero_is_no_word_and_shows_that_there_is_none() -> None:
    slot = some_hash("slot")

    root, nodes = slot_trie(rlp.encode(b""), slot)

    with pytest.raises(ProofInvalid):
        word_at(root, slot, nodes)
    no_word_at(root, slot, nodes)


def test_an_account_has_four_fields_of_their_sizes() -> None:
    who = some_address("account")
    storage_root, code_hash = some_hash("storage"), some_hash("code")

    def account(*fields: Item) -> tuple[Hash32, list[bytes]]:
        return root_of([b"\x20" + keccak(who), rlp.encode(fields)])

    root, nodes = account(b"\x07", b"\x01\x00", storage_root, code_hash)
    found = account_at(root, who, nodes)
    assert (found.nonce, found.balance) == (7, 256)
    assert (found.storage_root, found.code_hash) == (storage_root, code_hash)
    for fields in (
        (b"\x07", b"", storage_root),
        (b"\x07", b"", storage_root, code_hash, b""),
        (b"\x00", b"", storage_root, code_hash),
        (b"\x01" * 9, b"", storage_root, code_hash),
        (b"", b"\x01" * 33, storage_root, code_hash),
        (b"", b"", storage_root[:31], code_hash),
        (b"", b"", storage_root, [code_hash]),
    ):
        root, nodes = account(*fields)
        with pytest.raises(ProofInvalid):
            account_at(root, who, nodes)


def test_packing_drops_what_an_endpoint_lists_beyond_the_proof() -> None:
    root, leaf, inline = b"r" * 40, b"l" * 32, b"i" * 31

    assert nodes_of([root, leaf, inline]) == (root, leaf)
    assert nodes_of([inline]) == (inline,)
    assert nodes_of([b"\x80"]) == ()
    assert unpack_nodes(pack_nodes((root, leaf))) == (root, leaf)
    assert pack_nodes(()) == b"\0"


def test_a_packed_proof_is_read_to_its_last_byte() -> None:
    packed = pack_nodes((b"a" * 32, b"b" * 33))

    for wire in (b"", packed[:-1], packed + b"\0"):
        with pytest.raises(ProofInvalid):
            unpack_nodes(wire)
    with pytest.raises(InvalidInput, match="nodes"):
        pack_nodes([b"n" * 32] * 256)


def test_a_node_that_proofs_share_is_packed_once() -> None:
    root, left, right = b"r" * 532, b"l" * 70, b"m" * 80
    paths = ((root, left), (root, right), (root, left), ())

    packed = pack_paths(paths)

    assert unpack_paths(packed) == paths
    assert len(packed) == len(pack_nodes((root, left))) + len(pack_nodes((right,))) + 2 + 1 + 2 * 2 + 1
    assert packed.count(root) == packed.count(left) == 1


def test_a_node_too_far_back_is_packed_again() -> None:
    root, filler = b"r" * 532, [bytes([index]) * 532 for index in range(62)]

    packed = pack_paths([(root,), filler, (root,), (root,)])

    assert packed.count(root) == 2
    assert unpack_paths(packed) == ((root,), tuple(filler), (root,), (root,))


def test_a_node_is_given_only_where_one_stands() -> None:
    for wire in (b"\1\x80\x00", b"\1\x80\x02", b"\1\xff\xff", b"\1\x80"):
        with pytest.raises(ProofInvalid):
            unpack_paths(wire)
