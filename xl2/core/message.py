"""
Message: what a sender on the origin says to a recipient on the destination, its 163-byte header and its id.

Comes in: fields, or a header beside its payload. Goes out: canonical header bytes, and their hash, the
message id. Promise: equal ids mean equal messages, payload included, because the header holds every field and
the payload's hash. What the chains think of it is left to `lane`, `segment` and `lifecycle`.
"""

from functools import cached_property, lru_cache
from typing import Any

from attrs import Attribute, field, frozen

from xl2.core.hashing import keccak
from xl2.core.types import (
    HASH_SIZE,
    ZERO_ADDRESS,
    Address,
    Assurance,
    ChainId,
    MessageId,
    Nonce,
    Timestamp,
    Wei,
    address,
    evidence_class,
    hex_text,
    uint,
)
from xl2.core.wire import Reader
from xl2.errors import InvalidInput

VERSION = 1
HEADER_SIZE = 163
#: Bit 0 of the header's flags. The other bits are zero in version 1.
ALLOW_NO_CODE = 1
#: Gas of one transaction at most (EIP-7825).
MAX_TX_GAS = 1 << 24
#: No message may ask for more, so that one message with its proof fits one transaction.
MAX_GAS_LIMIT = 10_000_000
#: What a message asks for when its sender names nothing.
DEFAULT_GAS_LIMIT = 200_000
#: The length of a payload is two bytes on the wire.
MAX_PAYLOAD_SIZE = 65_535
#: Fees are whole numbers of gwei: the outbox books a lane's escrow in 56 bits of them.
GWEI = Wei(10**9)
#: Messages with longer payloads are read anew each time: what is kept stays below some 30 MB.
_KEPT_PAYLOAD_SIZE = 1_024
#: Nonces have five bytes, so that a page and an index always fit where they are stored.
NONCE_BITS = 40


def _recipient(_: object, __: "Attribute[Any]", value: Address) -> None:
    if value == ZERO_ADDRESS:
        raise InvalidInput(
            "recipient is the zero address",
            field="recipient",
            value=value,
            remedy="Name the contract to be called.",
        )


def _gas_limit(_: object, __: "Attribute[Any]", value: int) -> None:
    if value > MAX_GAS_LIMIT:
        raise InvalidInput(
            f"gas_limit is {value}, over {MAX_GAS_LIMIT}",
            field="gas_limit",
            value=value,
            remedy=f"Ask for at most {MAX_GAS_LIMIT} gas; split the work over several messages.",
        )


def _fee(_: object, __: "Attribute[Any]", value: Wei) -> None:
    if value % GWEI:
        raise InvalidInput(
            f"fee is {value} wei, not a whole number of gwei",
            field="fee",
            value=value,
            remedy="Round the fee up to the next multiple of 1,000,000,000 wei.",
        )


def _payload(_: object, __: "Attribute[Any]", value: object) -> None:
    if not isinstance(value, bytes) or len(value) > MAX_PAYLOAD_SIZE:
        shown = f"{len(value)} bytes" if isinstance(value, bytes) else f"a {type(value).__name__}"
        raise InvalidInput(
            f"payload is {shown}, not at most {MAX_PAYLOAD_SIZE} bytes",
            field="payload",
            value=value,
            remedy="Send a shorter payload, or a hash of it.",
        )


@frozen(kw_only=True)
class Message:
    """What one chain says to another. Raises `InvalidInput` for a field out of its domain."""

    #: A recipient without code counts as success (header flag bit 0).
    allow_no_code: bool = False
    #: Class of the lane: the least evidence that serves, there and back.
    assurance: Assurance = field(converter=evidence_class)
    origin: ChainId = field(validator=uint(64))
    destination: ChainId = field(validator=uint(64))
    #: Place in the lane, from 0, without gap.
    nonce: Nonce = field(validator=uint(NONCE_BITS))
    #: Contract that accepted the message on the origin.
    outbox: Address = field(converter=address)
    #: Contract that delivers it on the destination.
    inbox: Address = field(converter=address)
    sender: Address = field(converter=address)
    recipient: Address = field(converter=address, validator=_recipient)
    #: Gas that the recipient is called with, exactly.
    gas_limit: int = field(default=DEFAULT_GAS_LIMIT, validator=[uint(32), _gas_limit])
    #: Last second on the destination's clock at which it may be delivered; 0: none, and then no refund.
    expiry: Timestamp = field(default=Timestamp(0), validator=uint(64))
    #: Escrowed at the origin for whoever makes it succeed.
    fee: Wei = field(default=Wei(0), validator=[uint(96), _fee])
    payload: bytes = field(default=b"", validator=_payload)

    @cached_property
    def header(self) -> bytes:
        """The canonical 163 bytes (protocol.md section 1)."""
        return b"".join(
            (
                VERSION.to_bytes(1),
                (ALLOW_NO_CODE if self.allow_no_code else 0).to_bytes(1),
                self.assurance.to_bytes(1),
                self.origin.to_bytes(8),
                self.destination.to_bytes(8),
                self.nonce.to_bytes(8),
                self.outbox,
                self.inbox,
                self.sender,
                self.recipient,
                self.gas_limit.to_bytes(4),
                self.expiry.to_bytes(8),
                self.fee.to_bytes(12),
                keccak(self.payload),
            )
        )

    @cached_property
    def id(self) -> MessageId:
        """keccak-256 of the header."""
        return id_of(self.header)

    def is_expired(self, now: Timestamp) -> bool:
        """Whether the destination's clock `now` is past the expiry: from then on it can only be refunded."""
        return self.expiry != 0 and now > self.expiry

    @staticmethod
    def parse(header: bytes, payload: bytes) -> "Message":
        """
        Read a message from its header and payload, strictly.

        Raises `ProofInvalid` for a header of another length, version, flag or class, or a payload that is not
        the one the header hashes, and `InvalidInput` for a field out of its domain.
        """
        return _kept(header, payload) if len(payload) <= _KEPT_PAYLOAD_SIZE else _parsed(header, payload)


def _parsed(header: bytes, payload: bytes) -> Message:
    """What `Message.parse` says."""
    read = Reader(header, "header")
    read.expect(VERSION.to_bytes(1), "version")
    flags = read.uint(1)
    read.check(flags <= ALLOW_NO_CODE, f"header flags are {flags:#04x}; only bit 0 has a meaning")
    message = Message(
        allow_no_code=bool(flags & ALLOW_NO_CODE),
        assurance=read.assurance(),
        origin=ChainId(read.uint(8)),
        destination=ChainId(read.uint(8)),
        nonce=Nonce(read.uint(8)),
        outbox=read.address(),
        inbox=read.address(),
        sender=read.address(),
        recipient=read.address(),
        gas_limit=read.uint(4),
        expiry=Timestamp(read.uint(8)),
        fee=Wei(read.uint(12)),
        payload=payload,
    )
    payload_hash = read.take(HASH_SIZE)
    read.end()
    # The header that it has itself, and keeps, holds the hash of this payload.
    if message.header != header:
        read.check(False, f"payload hashes to {hex_text(keccak(payload))}, the header says {hex_text(payload_hash)}")
    return message


# Kept, as what was observed is read back from the store soon after.
_kept = lru_cache(maxsize=1 << 14)(_parsed)


def id_of(header: bytes) -> MessageId:
    """Id of the message with these header bytes."""
    return MessageId(keccak(header))
