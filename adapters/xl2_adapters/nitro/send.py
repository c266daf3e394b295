"""
Send: what a contract on a Nitro chain said to L1, and the tree in which its outbox finds it.

Comes in: a send's fields, the nodes beside its leaf. Goes out: its hash, the root that the nodes lead to. Promise: the
same hashes as `Outbox` on L1 makes, so that a proof which leads to a confirmed root here passes there. Where nodes come
from is left to `sends`. Source: nitro-contracts `AbsOutbox.sol`, `MerkleLib.sol`.
"""

from collections.abc import Sequence

from attrs import field, frozen

from xl2.core.hashing import keccak
from xl2.core.types import Address, BlockNumber, Hash32, Timestamp, Wei
from xl2.core.wire import Reader
from xl2.errors import ProofInvalid

_WORD = 32
#: The outbox refuses longer proofs.
_MAX_DEPTH = 255


@frozen(kw_only=True)
class Send:
    """A message from a Nitro chain to L1 (`ArbSys.sendTxToL1`, `withdrawEth`)."""

    #: Place among all sends of the chain, from 0.
    position: int
    caller: Address
    destination: Address
    #: Block of the chain.
    block: BlockNumber
    #: Block of L1 that the chain saw then.
    l1_block: BlockNumber
    timestamp: Timestamp
    value: Wei
    data: bytes = field(repr=False)

    @property
    def hash(self) -> Hash32:
        """Hash of the fields (`Outbox.calculateItemHash`)."""
        return keccak(
            b"".join(
                (
                    self.caller,
                    self.destination,
                    self.block.to_bytes(_WORD),
                    self.l1_block.to_bytes(_WORD),
                    self.timestamp.to_bytes(_WORD),
                    self.value.to_bytes(_WORD),
                    self.data,
                )
            )
        )

    @property
    def leaf(self) -> Hash32:
        """Leaf of the tree: the hash hashed once more, so that no node passes for a leaf."""
        return keccak(self.hash)

    def encode(self) -> bytes:
        """Pack it: position ‖ caller ‖ destination ‖ block ‖ l1 block ‖ timestamp ‖ value ‖ data."""
        numbers = (self.block, self.l1_block, self.timestamp, self.value)
        return b"".join(
            (
                self.position.to_bytes(_WORD),
                self.caller,
                self.destination,
                *(number.to_bytes(_WORD) for number in numbers),
                self.data,
            )
        )

    @classmethod
    def parse(cls, encoded: bytes) -> "Send":
        """Read what `encode` packed. Raises `ProofInvalid` for bytes missing."""
        read = Reader(encoded, "send")
        return cls(
            position=read.uint(_WORD),
            caller=read.address(),
            destination=read.address(),
            block=BlockNumber(read.uint(_WORD)),
            l1_block=BlockNumber(read.uint(_WORD)),
            timestamp=Timestamp(read.uint(_WORD)),
            value=Wei(read.uint(_WORD)),
            data=read.take(read.rest),
        )


@frozen(kw_only=True)
class SendProof:
    """A send, and the nodes beside its way up to a confirmed root."""

    send: Send
    root: Hash32
    nodes: tuple[Hash32, ...] = field(repr=False)

    def __attrs_post_init__(self) -> None:
        """Raises `ProofInvalid` for nodes that do not lead to the root."""
        found = root_of(self.send.leaf, self.send.position, self.nodes)
        if found != self.root:
            raise ProofInvalid(
                f"proof of send {self.send.position} leads to root 0x{found.hex()}, confirmed is 0x{self.root.hex()}"
            )


def root_of(leaf: Hash32, position: int, nodes: Sequence[Hash32]) -> Hash32:
    """Root that the nodes beside a leaf's way lead to. Raises `ProofInvalid` where the outbox would not look at it."""
    if len(nodes) > _MAX_DEPTH or position >> len(nodes):
        raise ProofInvalid(f"proof of send {position} has {len(nodes)} nodes: the outbox wants the shortest way")
    at = leaf
    for level, node in enumerate(nodes):
        at = keccak(node + at) if position >> level & 1 else keccak(at + node)
    return at
