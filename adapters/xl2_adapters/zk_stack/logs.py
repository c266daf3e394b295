"""
Logs: what a ZK-stack chain says to L1 in a batch, and the Merkle tree that the batch's root is made of.

Pure. Logs come in, leaves, roots and proofs go out. Promise: bytes are those that the Diamond hashes, so that a proof
which `root_of` brings to the stored root is one that the Diamond takes. Two shapes of proof are known: the plain path
of the first era, and today's, which a metadata word opens and which may go on through the chain it settles on (the
Gateway). Of the second only the part up to this chain's batch root is computed here, the rest is passed through.
Source: `Mailbox.sol`, `Merkle.sol`, `Config.sol` of @matterlabs/zksync-contracts 0.6.1; era-contracts `MessageHashing`.
"""

from collections.abc import Sequence

from attrs import field, frozen

from xl2.core.hashing import keccak
from xl2.core.types import Address, Hash32, address, uint
from xl2.errors import InvalidInput, ProofInvalid

#: System contracts.
BOOTLOADER = address("0x0000000000000000000000000000000000008001")
L1_MESSENGER = address("0x0000000000000000000000000000000000008008")
BASE_TOKEN = address("0x000000000000000000000000000000000000800a")
SYSTEM_CONTEXT = address("0x000000000000000000000000000000000000800b")

LOG_BYTES = 88
#: Height of the tree in the first era; later ones have higher trees, whose proofs tell it.
TREE_HEIGHT = 9
DEFAULT_LEAF = keccak(bytes(LOG_BYTES))
#: First byte of the metadata word that opens a proof today.
_METADATA_VERSION = 1
_METADATA_ZEROS = bytes(28)


@frozen(kw_only=True)
class L2Log:
    """One log from a chain to L1: `L2Log` of the contracts."""

    shard: int = field(default=0, validator=uint(8))
    is_service: bool = True
    #: Place of its transaction in the batch.
    tx_number: int = field(validator=uint(16))
    sender: Address
    key: Hash32
    value: Hash32

    def encode(self) -> bytes:
        """The 88 bytes that are hashed: shard 1 ‖ service 1 ‖ transaction 2 ‖ sender 20 ‖ key 32 ‖ value 32."""
        front = bytes([self.shard, self.is_service]) + self.tx_number.to_bytes(2)
        return front + self.sender + self.key + self.value

    @property
    def leaf(self) -> Hash32:
        """Leaf of the tree."""
        return keccak(self.encode())

    @classmethod
    def decode(cls, data: bytes) -> "L2Log":
        """What `encode` wrote. Raises `InvalidInput` for another number of bytes."""
        if len(data) != LOG_BYTES:
            raise InvalidInput(f"a log to L1 has {LOG_BYTES} bytes, not {len(data)}", field="data")
        return cls(
            shard=data[0],
            is_service=data[1] != 0,
            tx_number=int.from_bytes(data[2:4]),
            sender=Address(data[4:24]),
            key=Hash32(data[24:56]),
            value=Hash32(data[56:]),
        )


def message_log(tx_number: int, sender: Address, message: bytes) -> L2Log:
    """The log by which the L1Messenger stands for a message of `sender`."""
    return L2Log(tx_number=tx_number, sender=L1_MESSENGER, key=Hash32(sender.rjust(32, b"\0")), value=keccak(message))


def status_log(tx_number: int, canonical_hash: Hash32, *, succeeded: bool) -> L2Log:
    """The log by which the bootloader tells what became of a priority operation."""
    return L2Log(tx_number=tx_number, sender=BOOTLOADER, key=canonical_hash, value=Hash32(int(succeeded).to_bytes(32)))


def root_and_paths(leaves: Sequence[Hash32], height: int = TREE_HEIGHT) -> tuple[Hash32, list[tuple[Hash32, ...]]]:
    """
    Root of the tree over leaves, filled up with the default leaf, and the path of each leaf, lowest sibling first.

    Raises `InvalidInput` for more leaves than the tree has.
    """
    if len(leaves) > 1 << height:
        raise InvalidInput(f"{len(leaves)} logs do not fit a tree of height {height}", field="leaves")
    level, filler = list(leaves), DEFAULT_LEAF
    paths: list[list[Hash32]] = [[] for _ in leaves]
    for depth in range(height):
        for place, path in enumerate(paths):
            sibling = (place >> depth) ^ 1
            path.append(level[sibling] if sibling < len(level) else filler)
        level = [
            keccak(level[left] + (level[left + 1] if left + 1 < len(level) else filler))
            for left in range(0, len(level), 2)
        ]
        filler = keccak(filler + filler)
    return (level[0] if level else filler), [tuple(path) for path in paths]


def root_of(leaf: Hash32, index: int, proof: Sequence[Hash32]) -> Hash32:
    """
    Root of the batch that a proof leads to.

    Raises `ProofInvalid` for the default leaf, an index beyond the tree, or a proof of an unknown version.
    """
    if leaf == DEFAULT_LEAF:
        raise ProofInvalid("the leaf is the one that fills a tree up, not of a log")
    path = _path_in_batch(proof)
    if index >> len(path):
        raise ProofInvalid(f"log {index} is beyond a tree of height {len(path)}")
    node = leaf
    for depth, sibling in enumerate(path):
        node = keccak(sibling + node) if index >> depth & 1 else keccak(node + sibling)
    return node


def ends_here(proof: Sequence[Hash32]) -> bool:
    """Whether the proof ends at the chain's own batch root, rather than going on through the chain it settles on."""
    return not _has_metadata(proof) or proof[0][2] == 0 or proof[0][3] != 0


def _path_in_batch(proof: Sequence[Hash32]) -> Sequence[Hash32]:
    """
    Siblings up to this chain's batch root.

    The metadata word: version 1 ‖ length of this path ‖ length of the path in the settlement layer ‖ whether it ends
    here ‖ 28 zeros. No sibling looks so, but with a chance of one in 2^232.
    """
    if not proof:
        raise ProofInvalid("the proof is empty")
    if not _has_metadata(proof):
        return proof
    version, length = proof[0][0], proof[0][1]
    if version != _METADATA_VERSION:
        raise ProofInvalid(f"the proof's metadata has version {version}, known is {_METADATA_VERSION}")
    if len(proof) < 1 + length:
        raise ProofInvalid(f"the proof names {length} siblings and holds {len(proof) - 1}")
    return proof[1 : 1 + length]


def _has_metadata(proof: Sequence[Hash32]) -> bool:
    return bool(proof) and proof[0][4:] == _METADATA_ZEROS
