"""
Storage proof: node lists of `eth_getProof` in, the packed proofs that `ProvenHeads` reads out.

Promise: the slot asked for follows from lane, kind and page alone, so nobody can prove another slot for it.
Whether the nodes prove anything is left to `trie`, which reads the same packing.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Self

from attrs import field, frozen

from xl2.core.lane import LANE_SIZE, Lane
from xl2.core.storage import lane_page_slot, lane_slot, receipt_page_slot, receipt_slot
from xl2.core.types import HASH_SIZE, Address, BlockNumber, Hash32, uint
from xl2.core.wire import Reader
from xl2.errors import InvalidInput

#: The number of nodes has one byte on the wire, a node's length two.
MAX_NODES = 255
MAX_NODE_SIZE = 65_535
#: RLP of the empty string: what some endpoints list as the root node of a trie with nothing in it.
EMPTY_TRIE = b"\x80"


class LogKind(IntEnum):
    """Which of a lane's two logs."""

    #: In the outbox, on the lane's origin.
    LANE = 0
    #: In the inbox, on the lane's destination.
    RECEIPTS = 1


@frozen(kw_only=True)
class LogProof:
    """Shows the head, or a page head, of one log under the storage root of its contract."""

    lane: Lane
    kind: LogKind = field(converter=LogKind)
    #: Page head, from 1; 0 is the current head.
    page: int = field(default=0, validator=uint(40))
    #: Block of the remote chain under whose state root the storage root was proven.
    l2_block: BlockNumber = field(validator=uint(64))
    #: Packed trie proof of `slot` (`pack_nodes`).
    storage_proof: bytes

    @property
    def log(self) -> Hash32:
        """Log that is proven."""
        return self.lane.log if self.kind is LogKind.LANE else self.lane.receipt_log

    @property
    def account(self) -> Address:
        """Contract whose storage holds the log."""
        return self.lane.outbox if self.kind is LogKind.LANE else self.lane.inbox

    @property
    def slot(self) -> Hash32:
        """Slot that is proven (protocol.md section 2)."""
        return log_slot(self.lane, self.kind, self.page)

    def encode(self) -> bytes:
        """Pack lane 57 ‖ kind u8 ‖ page u40 ‖ l2 block u64 ‖ storage proof (protocol.md section 7)."""
        return b"".join(
            (
                self.lane.encode(),
                self.kind.to_bytes(1),
                self.page.to_bytes(5),
                self.l2_block.to_bytes(8),
                self.storage_proof,
            )
        )

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a log proof. Raises `ProofInvalid` for missing bytes or an unknown kind; the nodes are not read."""
        read = Reader(data, "log proof")
        lane = Lane.parse(read.take(LANE_SIZE))
        kind = read.uint(1)
        read.check(kind <= max(LogKind), f"log proof names kind {kind}; there are 0 and 1")
        page, block = read.uint(5), BlockNumber(read.uint(8))
        return cls(lane=lane, kind=LogKind(kind), page=page, l2_block=block, storage_proof=read.take(read.rest))


def log_slot(lane: Lane, kind: LogKind, page: int = 0) -> Hash32:
    """Slot of a log's current head (page 0), or of page head `page`."""
    if kind is LogKind.LANE:
        return lane_page_slot(lane, page) if page else lane_slot(lane)
    return receipt_page_slot(lane, page) if page else receipt_slot(lane)


def nodes_of(listed: Sequence[bytes]) -> tuple[bytes, ...]:
    """
    Nodes that a proof consists of, from the list that `eth_getProof` gave, root first.

    A node shorter than 32 bytes stands inline in its parent, and an empty trie has no node: some endpoints list
    them, some do not, a proof never.
    """
    if list(listed) == [EMPTY_TRIE]:
        return ()
    return tuple(node for depth, node in enumerate(listed) if depth == 0 or len(node) >= HASH_SIZE)


def pack_nodes(nodes: Sequence[bytes]) -> bytes:
    """
    Pack the nodes of a proof, root first: node count u8, then length u16 ‖ node for each.

    Raises `InvalidInput` for a proof too long for the wire.
    """
    if len(nodes) > MAX_NODES or any(len(node) > MAX_NODE_SIZE for node in nodes):
        raise InvalidInput(
            f"trie proof has {len(nodes)} nodes of {[len(node) for node in nodes]} bytes",
            field="nodes",
            remedy="Fetch the proof anew; a proof has at most 255 nodes, root first.",
        )
    return b"".join((len(nodes).to_bytes(1), *(len(node).to_bytes(2) + node for node in nodes)))


def unpack_nodes(data: bytes) -> tuple[bytes, ...]:
    """Read what `pack_nodes` packed. Raises `ProofInvalid` for bytes missing or left over."""
    read = Reader(data, "trie proof")
    nodes = read_nodes(read)
    read.end()
    return nodes


def read_nodes(read: Reader) -> tuple[bytes, ...]:
    """Take one packed proof; more may follow it. Raises `ProofInvalid` for bytes missing."""
    return tuple(read.take(read.uint(2)) for _ in range(read.uint(1)))
