"""
Storage: where heads stand in the storage of outbox and inbox, and what the words beside them say.

Comes in: a lane and a page; storage words as `eth_getProof` gives them. Goes out: 32-byte slots, and the
fields of a word. Promise: these slots are protocol (protocol.md section 2), fixed for version 1, never left to
a compiler's order. Whether a word is true is left to `trie`.
"""

from typing import Self

from attrs import frozen

from xl2.core.hashing import keccak
from xl2.core.lane import Lane
from xl2.core.message import GWEI, NONCE_BITS
from xl2.core.types import ADDRESS_SIZE, Address, Assurance, ChainId, Hash32, Wei

_LANES = keccak(b"xl2.outbox.lanes")
_LANE_PAGES = keccak(b"xl2.outbox.pages")
_RECEIPTS = keccak(b"xl2.inbox.receipts")
_RECEIPT_PAGES = keccak(b"xl2.inbox.receiptPages")

_INBOX_BITS = 8 * ADDRESS_SIZE


def lane_slot(lane: Lane) -> Hash32:
    """Slot of the lane log's head in the outbox; the next slot is its `LaneWord`."""
    return _entry(_lane_key(lane.destination, lane.assurance), _LANES)


def lane_page_slot(lane: Lane, page: int) -> Hash32:
    """Slot of page head `page` (from 1) of the lane log in the outbox."""
    return _entry(page, _entry(_lane_key(lane.destination, lane.assurance), _LANE_PAGES))


def receipt_slot(lane: Lane) -> Hash32:
    """Slot of the receipt log's head in the inbox (0 before the first entry); the next slot is its count."""
    return _entry(lane.receipt_log, _RECEIPTS)


def receipt_page_slot(lane: Lane, page: int) -> Hash32:
    """Slot of page head `page` (from 1) of the receipt log in the inbox."""
    return _entry(page, _entry(lane.receipt_log, _RECEIPT_PAGES))


def following(slot: Hash32) -> Hash32:
    """Return the slot after `slot`."""
    return Hash32(((int.from_bytes(slot) + 1) % 2**256).to_bytes(32))


@frozen(kw_only=True)
class LaneWord:
    """The word after a lane's head in the outbox."""

    #: Contract on the destination, zero while the lane is not open.
    inbox: Address
    #: How many messages were sent: the next nonce.
    count: int
    #: What the lane took in and has not paid out.
    escrow: Wei

    @classmethod
    def unpack(cls, word: Hash32) -> Self:
        """Read inbox (bits 0-159) | nonce << 160 (40 bits) | escrow in gwei << 200 (56 bits)."""
        value = int.from_bytes(word)
        return cls(
            inbox=Address((value % (1 << _INBOX_BITS)).to_bytes(ADDRESS_SIZE)),
            count=(value >> _INBOX_BITS) % (1 << NONCE_BITS),
            escrow=Wei((value >> (_INBOX_BITS + NONCE_BITS)) * GWEI),
        )

    def pack(self) -> Hash32:
        """Return the storage word that `unpack` reads."""
        gwei = self.escrow // GWEI
        return Hash32(
            (int.from_bytes(self.inbox) | self.count << _INBOX_BITS | gwei << (_INBOX_BITS + NONCE_BITS)).to_bytes(32)
        )


def _lane_key(destination: ChainId, assurance: Assurance) -> int:
    return destination << 8 | assurance


def _entry(key: int | Hash32, mapping: Hash32) -> Hash32:
    """Slot of `key` in the mapping at slot `mapping`, as Solidity lays mappings out."""
    word = key.to_bytes(32) if isinstance(key, int) else key
    return keccak(word + mapping)
