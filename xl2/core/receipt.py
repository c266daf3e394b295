"""
Receipt: an entry of the receipt log, the destination's word on what became of messages.

Comes in: the nonces a delivery touched, or the id of a message that expired. Goes out: the entry's bytes and the
hash that extends the log. Promise: an entry starts with 0x81 or 0x82 and is 70 or 33 bytes, so none passes for a
message id or for the other kind. How receipts are shown to the origin is left to `settlement`.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Self

from attrs import Attribute, field, frozen

from xl2.core.hashing import keccak
from xl2.core.lane import PAGE_SIZE, index_in_page, page_of, page_start
from xl2.core.message import NONCE_BITS
from xl2.core.types import Address, Hash32, MessageId, Nonce, Wei, address, message_id, uint
from xl2.core.wire import Reader
from xl2.errors import InvalidInput, ProofInvalid

_DELIVERED = 0x81
_EXPIRED = 0x82
_PAGE_BITS = NONCE_BITS - 8


def _not_empty(_: object, __: "Attribute[Any]", value: int) -> None:
    if value == 0:
        raise InvalidInput("bitmap of a delivered receipt is empty", field="bitmap", value=value)


@frozen(kw_only=True)
class Delivered:
    """Messages of one page succeeded, once each, and `payee` is owed their fees."""

    page: int = field(validator=uint(_PAGE_BITS))
    #: Bit i: nonce 256 * page + i.
    bitmap: int = field(validator=[uint(PAGE_SIZE), _not_empty])
    payee: Address = field(converter=address)
    #: Sum of the fees in the headers; what was added later is known at the origin alone.
    fees: Wei = field(validator=uint(96))

    @classmethod
    def of(cls, nonces: Iterable[Nonce], *, payee: Address, fees: Wei) -> Self:
        """Receipt of these nonces, which share a page. Raises `InvalidInput` if they do not."""
        places = set(nonces)
        pages = {page_of(nonce) for nonce in places}
        if len(pages) != 1:
            raise InvalidInput(
                f"nonces {sorted(places)} are on {len(pages)} pages; a receipt speaks of one", field="nonces"
            )
        bitmap = sum(1 << index_in_page(nonce) for nonce in places)
        return cls(page=pages.pop(), bitmap=bitmap, payee=payee, fees=fees)

    @property
    def nonces(self) -> tuple[Nonce, ...]:
        """Nonces delivered, rising."""
        start, bits = page_start(self.page), f"{self.bitmap:b}"
        return tuple(Nonce(start + index) for index, bit in enumerate(reversed(bits)) if bit == "1")

    def encode(self) -> bytes:
        """Pack the entry in its 70 bytes (protocol.md section 5)."""
        return b"".join(
            (
                _DELIVERED.to_bytes(1),
                self.page.to_bytes(5),
                self.bitmap.to_bytes(32),
                self.payee,
                self.fees.to_bytes(12),
            )
        )

    @cached_property
    def hash(self) -> Hash32:
        """What extends the receipt log."""
        return keccak(self.encode())


@frozen(kw_only=True)
class Expired:
    """The message's time ran out before it was delivered; it never will be."""

    id: MessageId = field(converter=message_id)

    def encode(self) -> bytes:
        """Pack the entry in its 33 bytes (protocol.md section 5)."""
        return _EXPIRED.to_bytes(1) + self.id

    @cached_property
    def hash(self) -> Hash32:
        """What extends the receipt log."""
        return keccak(self.encode())


#: An entry of the receipt log.
Receipt = Delivered | Expired


def parse_receipt(entry: bytes) -> Receipt:
    """Read an entry strictly. Raises `ProofInvalid` for another tag or length, or an empty bitmap."""
    read = Reader(entry, "receipt")
    tag = read.uint(1)
    receipt: Receipt
    try:
        if tag == _DELIVERED:
            receipt = Delivered(page=read.uint(5), bitmap=read.uint(32), payee=read.address(), fees=Wei(read.uint(12)))
        elif tag == _EXPIRED:
            receipt = Expired(id=MessageId(read.hash32()))
        else:
            raise ProofInvalid(f"receipt has tag {tag:#04x}; delivered is 0x81, expired is 0x82")
    except InvalidInput as bad:
        raise ProofInvalid(f"receipt says what no inbox writes: {bad.what}") from bad
    read.end()
    return receipt
