"""
Trie: a root and the nodes of a proof in, the value of a key out, or the certainty that the key is not there.

Promise: a value or an absence is returned only for a well-formed path of nodes, each of which hashes to what its
parent commits to, with no node missing and none left over. Presence and absence are two functions, so that no proof
of one passes for the other. These are the rules of `StateProof.sol`: what passes here passes there.
Source: Ethereum Yellow Paper, appendices B (RLP), C (hex prefix) and D (trie), for keys of 32 bytes.
"""

from collections.abc import Iterator, Sequence
from typing import NoReturn

from attrs import frozen

from xl2.core import rlp
from xl2.core.hashing import keccak
from xl2.core.rlp import Item
from xl2.core.types import HASH_SIZE, Address, Hash32, Wei, hex_text
from xl2.errors import ProofInvalid

#: Root of a trie with nothing in it: keccak-256 of the empty string's RLP.
EMPTY_ROOT = keccak(rlp.encode(b""))

#: A word that is zero, as a leaf would hold it.
_ZERO = rlp.encode(b"")

_BRANCH_ITEMS = 17
_SHORT_ITEMS = 2

#: Nibbles, from the highest of the first byte.
Path = tuple[int, ...]


@frozen(kw_only=True)
class Account:
    """What a state trie holds of an address."""

    nonce: int
    balance: Wei
    storage_root: Hash32
    code_hash: Hash32


def account_at(state_root: Hash32, address: Address, nodes: Sequence[bytes]) -> Account:
    """Account of `address`. Raises `ProofInvalid` unless the nodes show it under `state_root`."""
    fields = rlp.items(rlp.decode(value_at(state_root, keccak(address), nodes), "account"), "account")
    if len(fields) != 4:
        raise ProofInvalid(f"account has {len(fields)} fields, not 4")
    return Account(
        nonce=rlp.uint(fields[0], 64, "nonce of the account"),
        balance=Wei(rlp.uint(fields[1], 256, "balance of the account")),
        storage_root=Hash32(rlp.word(fields[2], "storage root of the account")),
        code_hash=Hash32(rlp.word(fields[3], "code hash of the account")),
    )


def word_at(storage_root: Hash32, slot: Hash32, nodes: Sequence[bytes]) -> Hash32:
    """Word in `slot`, never zero. Raises `ProofInvalid` unless the nodes show it under `storage_root`."""
    what = f"word in slot {hex_text(slot)}"
    value = rlp.uint(rlp.decode(value_at(storage_root, keccak(slot), nodes), what), 256, what)
    if value == 0:
        # Storage that was never written is zero: a zero shows nothing but its own absence.
        raise ProofInvalid(f"{what} is zero")
    return Hash32(value.to_bytes(HASH_SIZE))


def no_word_at(storage_root: Hash32, slot: Hash32, nodes: Sequence[bytes]) -> None:
    """
    Return if `slot` is zero. Raises `ProofInvalid` unless the nodes show that under `storage_root`.

    A slot that is zero is in no chain's trie. anvil keeps one that was only read as a leaf of zero: it says the same.
    """
    key = keccak(slot)
    value = _walk(storage_root, key, nodes)
    if value is not None and value != _ZERO:
        raise ProofInvalid(f"key {hex_text(key)} is in the trie {hex_text(storage_root)}")


def value_at(root: Hash32, key: Hash32, nodes: Sequence[bytes]) -> bytes:
    """Value of `key`, the hash under which it stands. Raises `ProofInvalid` unless the nodes show it under `root`."""
    value = _walk(root, key, nodes)
    if value is None:
        raise ProofInvalid(f"key {hex_text(key)} is not in the trie {hex_text(root)}")
    return value


def no_value_at(root: Hash32, key: Hash32, nodes: Sequence[bytes]) -> None:
    """Return if `key` is absent. Raises `ProofInvalid` unless the nodes show that under `root`."""
    if _walk(root, key, nodes) is not None:
        raise ProofInvalid(f"key {hex_text(key)} is in the trie {hex_text(root)}")


def _walk(root: Hash32, key: Hash32, nodes: Sequence[bytes]) -> bytes | None:
    """Follow `key` from the root to its value, or to where it would be if it were there."""
    if root == EMPTY_ROOT and not nodes:
        return None
    proof = iter(nodes)
    path = _nibbles(key)
    node = _node(root, proof, is_root=True)
    while True:
        child, path, ends = _step(node, path)
        if child is None or ends:
            break
        node = _child(child, proof)
    spare = sum(1 for _ in proof)
    if spare:
        raise ProofInvalid(f"trie proof has {spare} nodes left over")
    return None if child is None else rlp.string(child, "value of a leaf")


def _step(node: Sequence[Item], path: Path) -> tuple[Item | None, Path, bool]:
    """From a node one step along the path: the child or value there or None, the rest of the path, is it a value."""
    if len(node) == _BRANCH_ITEMS:
        return _step_branch(node, path)
    if len(node) != _SHORT_ITEMS:
        _refuse(f"a node of {len(node)} items; a branch has 17, an extension or leaf 2")
    return _step_short(node, path)


def _step_branch(node: Sequence[Item], path: Path) -> tuple[Item | None, Path, bool]:
    """Take the path's next nibble down a branch."""
    if not path:
        _refuse("a branch below a whole key")
    if node[-1] != b"":
        _refuse("a branch with a value, which a key of 32 bytes never has")
    for item in node[:-1]:
        if item != b"":
            _check_reference(item)
    child = node[path[0]]
    return (None if child == b"" else child), path[1:], False


def _step_short(node: Sequence[Item], path: Path) -> tuple[Item | None, Path, bool]:
    """Take all nibbles of an extension or leaf at once, if they are the path's."""
    nibbles, is_leaf = _hex_prefix(rlp.string(node[0], "path of a node"))
    # Every key has 64 nibbles: a leaf uses up what is left, an extension leaves at least one for the branch below.
    if len(nibbles) > len(path) or is_leaf != (len(nibbles) == len(path)) or not (is_leaf or nibbles):
        _refuse(f"a path of {len(nibbles)} nibbles where {len(path)} are left")
    if is_leaf:
        if rlp.string(node[1], "value of a leaf") == b"":
            _refuse("a leaf without a value")
    else:
        _check_reference(node[1])
    matches = path[: len(nibbles)] == nibbles
    return (node[1] if matches else None), path[len(nibbles) :], is_leaf


def _hex_prefix(encoded: bytes) -> tuple[Path, bool]:
    """Path of an extension or leaf, and whether it is a leaf (appendix C)."""
    nibbles = _nibbles(encoded)
    if not nibbles or nibbles[0] > 3:
        _refuse(f"a path with prefix 0x{encoded[:1].hex()}")
    is_odd, is_leaf = bool(nibbles[0] & 1), bool(nibbles[0] & 2)
    if not is_odd and nibbles[1] != 0:
        _refuse("a path with padding that is not zero")
    return nibbles[1 if is_odd else 2 :], is_leaf


def _child(reference: Item, proof: Iterator[bytes]) -> Sequence[Item]:
    """Open the node that a parent refers to: the next of the proof by its hash, or the one that stands inline."""
    if isinstance(reference, bytes):
        return _node(Hash32(reference), proof)
    return reference


def _node(expected: Hash32, proof: Iterator[bytes], *, is_root: bool = False) -> Sequence[Item]:
    """Take the next node of the proof."""
    node = next(proof, None)
    if node is None:
        raise ProofInvalid(f"trie proof ends before node {hex_text(expected)}")
    if keccak(node) != expected:
        raise ProofInvalid(f"trie proof has node {hex_text(keccak(node))} where {hex_text(expected)} was due")
    if len(node) < HASH_SIZE and not is_root:
        _refuse(f"a node of {len(node)} bytes by its hash, which should stand inline")
    return rlp.items(rlp.decode(node, "node of the trie"), "node of the trie")


def _check_reference(item: Item) -> None:
    """Refuse what is neither the hash of a node nor a node shorter than a hash."""
    if isinstance(item, bytes):
        if len(item) != HASH_SIZE:
            _refuse(f"a reference of {len(item)} bytes")
    elif not item or len(rlp.encode(item)) >= HASH_SIZE:
        _refuse("an inline node that is empty, or no shorter than its hash")


def _nibbles(data: bytes) -> Path:
    return tuple(nibble for byte in data for nibble in (byte >> 4, byte & 0x0F))


def _refuse(what: str) -> NoReturn:
    raise ProofInvalid(f"trie proof has {what}")
