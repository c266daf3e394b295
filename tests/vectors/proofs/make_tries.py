"""
Make tries.json: `python -m tests.vectors.proofs.make_tries`.

Tries of 32-byte keys that share prefixes of many lengths, so that extensions and inline nodes occur at all depths;
a proof for keys that are there and keys that are not; and the same proofs changed: bytes, nodes, and nodes grafted
in with all above them committing to the new one. What each shows is py-trie's answer, which our own code has no
part in.

py-trie reads whole nodes; our walk measures inline children that it passes by and does not read them. So a graft
that breaks just such a child is no proof here and one there; the dice (seed 32) throw none. Throw others and look
before believing.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path

from eth_utils import keccak
from rlp import encode
from rlp.exceptions import RLPException
from trie import HexaryTrie
from trie.exceptions import InvalidNode, MissingTraversalNode, MissingTrieNode, ValidationError

HERE = Path(__file__).parent
NO_PROOF, VALUE, ABSENT = 0, 1, 2
#: Bytes with a meaning in RLP and in path prefixes.
TELLING = bytes.fromhex("00010f10112021303f407f8081a0a1b7b8c0c1dfe0f7f8f9ff")

Nodes = list[bytes]


def verdict(root: bytes, key: bytes, nodes: Nodes) -> tuple[int, bytes]:
    """What py-trie makes of a proof."""
    try:
        value = HexaryTrie({keccak(node): node for node in nodes}, root).get(key)
    except (MissingTrieNode, MissingTraversalNode, InvalidNode, ValidationError, RLPException):
        return NO_PROOF, b""
    except (TypeError, ValueError, IndexError, AttributeError):  # nodes that it does not expect at all
        return NO_PROOF, b""
    return (VALUE, value) if isinstance(value, bytes) and value else (ABSENT, b"") if value == b"" else (NO_PROOF, b"")


def proof(trie: HexaryTrie, key: bytes) -> Nodes:
    """Nodes from the root to the key, or to where it leaves the trie, without those that stand inline."""
    listed = [encode(node) for node in trie.get_proof(key)]
    return [node for depth, node in enumerate(listed) if (depth == 0 or len(node) >= 32) and node != b"\x80"]


def tries(dice: random.Random) -> Iterator[tuple[str, HexaryTrie, list[bytes]]]:
    for name, count, shared, sizes in (
        ("empty", 0, (0,), (1,)),
        ("one key", 1, (0,), (1,)),
        ("two keys", 2, (0, 0), (1, 40)),
        ("short values, long prefixes", 12, (20, 40, 50, 58, 61, 62, 63), (1,)),
        ("mixed", 30, (0, 1, 2, 3, 9, 20, 33, 50, 60, 63), (1, 2, 20, 32, 33, 56)),
        ("wide", 60, (0, 0, 0, 1, 2), (1, 32)),
    ):
        trie = HexaryTrie({})
        keys: list[bytes] = []
        for _ in range(count):
            key = dice.randbytes(32)
            if keys and (nibbles := dice.choice(shared)):
                kept = (1 << 256) - (1 << 4 * (64 - nibbles))
                key = (int.from_bytes(dice.choice(keys)) & kept | int.from_bytes(key) & ~kept).to_bytes(32)
            # Never zero bytes: an empty value would delete.
            trie[key] = bytes(dice.randrange(1, 256) for _ in range(dice.choice(sizes)))
            keys.append(key)
        yield name, trie, keys


def strangers(keys: list[bytes], dice: random.Random) -> Iterator[bytes]:
    """Keys that are not there: near to some that are, and anywhere."""
    yield dice.randbytes(32)
    for nibbles in (1, 2, 5, 21, 49, 59, 62, 63):
        if keys:
            bit = 1 << (4 * (63 - nibbles) + dice.randrange(4))
            near = (int.from_bytes(dice.choice(keys)) ^ bit).to_bytes(32)
            if near not in keys:
                yield near


def changed(nodes: Nodes, dice: random.Random) -> Nodes:
    """The proof with one thing wrong, under the same root."""
    nodes, place = list(nodes), dice.randrange(len(nodes))
    match dice.randrange(6):
        case 0:
            del nodes[place]
        case 1:
            nodes.insert(place, dice.choice(nodes))
        case 2:
            nodes.reverse()
        case 3:
            nodes[place] = nodes[place][: dice.randrange(len(nodes[place]))]
        case 4:
            nodes[place] += b"\x80"
        case _:
            nodes[place] = other(nodes[place], dice)
    return nodes


def grafted(nodes: Nodes, dice: random.Random) -> tuple[bytes, Nodes]:
    """The proof with another node in it, all above committing to that one; the root that this makes."""
    nodes, place = list(nodes), dice.randrange(len(nodes))
    before, nodes[place] = keccak(nodes[place]), other(nodes[place], dice)
    after = keccak(nodes[place])
    for above in reversed(range(place)):
        here = keccak(nodes[above])
        nodes[above] = nodes[above].replace(before, after)
        before, after = here, keccak(nodes[above])
    return after, nodes


def other(node: bytes, dice: random.Random) -> bytes:
    """A node with a byte changed, put in or taken out; half of the time in front, where its structure is."""
    place = dice.randrange(min(len(node), 6)) if dice.random() < 0.5 else dice.randrange(len(node))
    put = bytes([dice.choice(TELLING)]) if dice.random() < 0.7 else dice.randbytes(1)
    match dice.randrange(8):
        case 0:
            return node[:place] + put + node[place:]
        case 1:
            return node[:place] + node[place + 1 :]
        case _:
            return node[:place] + put + node[place + 1 :]


def vector(name: str, *, root: bytes, key: bytes, nodes: Nodes, change: bool) -> dict[str, str]:
    found, value = verdict(root, key, nodes)
    return {
        "name": name,
        "root": "0x" + root.hex(),
        "key": "0x" + key.hex(),
        "proof": "0x" + (len(nodes).to_bytes(1) + b"".join(len(node).to_bytes(2) + node for node in nodes)).hex(),
        "changed": hex(change),
        "verdict": hex(found),
        "value": "0x" + value.hex(),
    }


def main() -> None:
    dice, vectors = random.Random(32), []
    for name, trie, keys in tries(dice):
        asked = [*dice.sample(keys, min(len(keys), 5)), *strangers(keys, dice)]
        for key in asked:
            nodes = proof(trie, key)
            vectors.append(vector(name, root=trie.root_hash, key=key, nodes=nodes, change=False))
            if not nodes:
                continue
            vectors.append(vector(name, root=trie.root_hash, key=key, nodes=changed(nodes, dice), change=True))
            for _ in range(3):
                root, grown = grafted(nodes, dice)
                vectors.append(vector(name, root=root, key=key, nodes=grown, change=True))
    (HERE / "tries.json").write_text(json.dumps(vectors, indent=2) + "\n")


if __name__ == "__main__":
    main()
