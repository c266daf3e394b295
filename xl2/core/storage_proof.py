"""
Storage proof: node lists of `eth_getProof` in, the packed proofs that `ProvenHeads` reads out.

Promise: the contract and slot asked for follow from lane, kind and page alone, so nobody can prove another slot for
a log. Whether the nodes prove anything is left to `trie`; what makes a root settled, to the rollup's family.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Self

from attrs import field, frozen

from xl2.core.lane import LANE_SIZE, Lane
from xl2.core.storage import lane_page_slot, lane_slot, receipt_page_slot, receipt_slot
from xl2.core.types import HASH_SIZE, Address, BlockNumber, Hash32, uint
from xl2.core.wire import Reader
from xl2.errors import InvalidInput

#: The number of nodes has one byte on the wire; a node's length, or how far back it was given before, 15 bits of two.
MAX_NODES = 255
MAX_NODE_SIZE = 0x7FFF
_GIVEN_BEFORE = 0x8000
#: RLP of the empty string: what some endpoints list as the root node of a trie with nothing in it.
EMPTY_TRIE = b"\x80"

_UNDER_CACHED_ROOT = 0x00
_EVERYTHING_INLINE = 0x01


class LogKind(IntEnum):
    """Which of a lane's two logs."""

    #: In the outbox, on the lane's origin.
    LANE = 0
    #: In the inbox, on the lane's destination.
    RECEIPTS = 1


@frozen(kw_only=True)
class LogPlace:
    """Where a head of a log stands in storage: the current one, or the one that closed a page."""

    lane: Lane
    kind: LogKind = field(converter=LogKind)
    #: Page head, from 1; 0 is the current head.
    page: int = field(default=0, validator=uint(40))

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
        if self.kind is LogKind.LANE:
            return lane_page_slot(self.lane, self.page) if self.page else lane_slot(self.lane)
        return receipt_page_slot(self.lane, self.page) if self.page else receipt_slot(self.lane)

    def encode(self) -> bytes:
        """Pack lane 57 ‖ kind u8 ‖ page u40 (protocol.md section 7)."""
        return self.lane.encode() + self.kind.to_bytes(1) + self.page.to_bytes(5)

    @classmethod
    def read(cls, read: Reader) -> Self:
        """Take the 63 bytes of a place; more may follow them. Raises `ProofInvalid` for an unknown kind."""
        lane, kind = Lane.parse(read.take(LANE_SIZE)), read.uint(1)
        read.check(kind <= max(LogKind), f"log proof names kind {kind}; there are 0 and 1")
        return cls(lane=lane, kind=LogKind(kind), page=read.uint(5))


def cached_proof(place: LogPlace, *, l2_block: BlockNumber, storage_nodes: Sequence[bytes]) -> bytes:
    """Proof under the storage root that `prove` has cached for the account at that block of its chain."""
    return b"".join((_UNDER_CACHED_ROOT.to_bytes(1), place.encode(), l2_block.to_bytes(8), pack_nodes(storage_nodes)))


def inline_proof(place: LogPlace, *, root: bytes, storage_nodes: Sequence[bytes]) -> bytes:
    """Proof with everything inline; `root` is a `root_proof`."""
    return b"".join((_EVERYTHING_INLINE.to_bytes(1), place.encode(), root, pack_nodes(storage_nodes)))


def root_proof(*, l1_header: bytes, settled: bytes, account_nodes: Sequence[bytes]) -> bytes:
    """
    Proof of a contract's storage root on the remote chain: length u16 ‖ header ‖ length u24 ‖ settled ‖ account proof.

    `l1_header`: RLP of the one L1 block under which all is proven. `settled`: what the family's rule asks for.
    """
    return b"".join(
        (
            len(l1_header).to_bytes(2),
            l1_header,
            len(settled).to_bytes(3),
            settled,
            pack_nodes(account_nodes),
        )
    )


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
    return pack_paths((nodes,))


def pack_paths(paths: Iterable[Sequence[bytes]]) -> bytes:
    """
    Pack proofs one after the other, each as `pack_nodes` does, but each node once.

    Proofs under one root share their upper nodes; bytes are what a proof costs. A node that stands in the packet
    already is given as 0x8000 | how many bytes back its length stands (u16).

    Raises `InvalidInput` for a proof too long for the wire.
    """
    packed = bytearray()
    places: dict[bytes, int] = {}
    for nodes in paths:
        if len(nodes) > MAX_NODES or any(len(node) > MAX_NODE_SIZE for node in nodes):
            raise InvalidInput(
                f"trie proof has {len(nodes)} nodes of {[len(node) for node in nodes]} bytes",
                field="nodes",
                remedy="Fetch the proof anew; a proof has at most 255 nodes, root first.",
            )
        packed += len(nodes).to_bytes(1)
        for node in nodes:
            here = len(packed)
            back = here - places.setdefault(node, here)
            if 0 < back < _GIVEN_BEFORE:
                packed += (_GIVEN_BEFORE | back).to_bytes(2)
            else:
                places[node] = here
                packed += len(node).to_bytes(2) + node
    return bytes(packed)


def unpack_nodes(data: bytes) -> tuple[bytes, ...]:
    """Read what `pack_nodes` packed. Raises `ProofInvalid` for bytes missing or left over."""
    read = Reader(data, "trie proof")
    nodes = read_nodes(read)
    read.end()
    return nodes


def unpack_paths(data: bytes) -> tuple[tuple[bytes, ...], ...]:
    """Read what `pack_paths` packed. Raises `ProofInvalid` for bytes missing, or a node given where none stands."""
    read = Reader(data, "trie proofs")
    paths = []
    while read.rest:
        path = []
        for _ in range(read.uint(1)):
            here = len(data) - read.rest
            size = read.uint(2)
            if size & _GIVEN_BEFORE:
                place = here - (size & ~_GIVEN_BEFORE)
                read.check(0 <= place < here, f"a node of the trie proofs is given at byte {place}, seen from {here}")
                path.append(data[place + 2 : place + 2 + int.from_bytes(data[place : place + 2])])
            else:
                path.append(read.take(size))
        paths.append(tuple(path))
    return tuple(paths)


def read_nodes(read: Reader) -> tuple[bytes, ...]:
    """Take one packed proof; more may follow it. Raises `ProofInvalid` for bytes missing."""
    return tuple(read.take(read.uint(2)) for _ in range(read.uint(1)))
