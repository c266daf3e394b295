"""
Segment: consecutive messages of one lane, with all that links them to a head of its log.

Comes in: messages, the head before them, the ids after them; or the packed bytes of `Inbox.deliver`. Goes out:
those bytes, and the head and count that evidence must show. Promise: every byte of the wire is hashed into the
head, so two cuts of the same bytes are two heads, and packing adds no ambiguity. Whether the head is true is
left to `evidence` and the verifiers.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Self

from attrs import field, frozen

from xl2.core.lane import Lane, head_after
from xl2.core.message import NONCE_BITS, Message
from xl2.core.types import (
    Address,
    ChainId,
    Hash32,
    MessageId,
    Nonce,
    Timestamp,
    Wei,
    hash32,
    uint,
)
from xl2.core.wire import Reader
from xl2.errors import InvalidInput, ProofInvalid

#: Counts of messages and of suffix ids have two bytes on the wire.
MAX_COUNT = 65_535

# Bits of a message's flag byte: what of it stands on the wire; what does not is as in the message before.
_ALLOW_NO_CODE = 1
_SENDER = 2
_RECIPIENT = 4
_LIMITS = 8
_GIVES_ALL = _SENDER | _RECIPIENT | _LIMITS
_KNOWN = _ALLOW_NO_CODE | _GIVES_ALL


@frozen(kw_only=True)
class Segment:
    """Messages `first`, `first + 1`, ... of a lane. Raises `InvalidInput` unless they are just that."""

    lane: Lane
    #: Nonce of the first message.
    first: Nonce = field(validator=uint(NONCE_BITS))
    #: Head of the lane log before the first message.
    start: Hash32 = field(converter=hash32)
    #: At least one, consecutive, all of the lane.
    messages: tuple[Message, ...]
    #: Ids of the messages between the last one carried and the head; no more than to the end of a page.
    suffix: tuple[MessageId, ...] = ()

    def __attrs_post_init__(self) -> None:
        """Check what holds between the fields."""
        if not 1 <= len(self.messages) <= MAX_COUNT or len(self.suffix) > MAX_COUNT:
            raise InvalidInput(
                f"segment has {len(self.messages)} messages and {len(self.suffix)} suffix ids; "
                f"it carries 1 to {MAX_COUNT} and at most {MAX_COUNT}",
                field="messages",
            )
        for place, message in enumerate(self.messages, self.first):
            if message.nonce != place or Lane.of(message) != self.lane:
                raise InvalidInput(
                    f"message of nonce {message.nonce} stands at place {place} of the segment, or is of another lane",
                    field="messages",
                    value=message,
                    remedy="A segment carries consecutive messages of one lane, in order.",
                )

    @property
    def end(self) -> int:
        """Count of the head: how many messages the lane log had when it stood at `head`."""
        return self.first + len(self.messages) + len(self.suffix)

    @cached_property
    def head(self) -> Hash32:
        """Head of the lane log that these bytes lead to."""
        return head_after(self.start, (*(message.id for message in self.messages), *self.suffix))

    def encode(self) -> bytes:
        """Pack the segment in its shortest form (protocol.md section 3)."""
        return b"".join(
            (
                self.lane.origin.to_bytes(8),
                self.lane.outbox,
                self.lane.assurance.to_bytes(1),
                self.first.to_bytes(5),
                len(self.messages).to_bytes(2),
                len(self.suffix).to_bytes(2),
                self.start,
                *self._packed_messages(),
                *self.suffix,
            )
        )

    def _packed_messages(self) -> Iterator[bytes]:
        before: Message | None = None
        for message in self.messages:
            yield _packed(message, before)
            before = message

    @classmethod
    def parse(cls, wire: bytes, *, destination: ChainId, inbox: Address) -> Self:
        """
        Read a segment as the inbox at `inbox` on chain `destination` does.

        Raises `ProofInvalid` for bytes that are missing, left over, or mean no message.
        """
        read = Reader(wire, "segment")
        origin, outbox, assurance = ChainId(read.uint(8)), read.address(), read.assurance()
        lane = Lane(origin=origin, outbox=outbox, destination=destination, inbox=inbox, assurance=assurance)
        first, count, suffix = read.uint(5), read.uint(2), read.uint(2)
        start = read.hash32()
        try:
            messages: list[Message] = []
            for place in range(first, first + count):
                messages.append(_unpacked(read, lane, Nonce(place), messages[-1] if messages else None))
            ids = tuple(MessageId(read.hash32()) for _ in range(suffix))
            read.end()
            return cls(lane=lane, first=Nonce(first), start=start, messages=tuple(messages), suffix=ids)
        except InvalidInput as bad:
            raise ProofInvalid(f"segment carries what no outbox sends: {bad.what}") from bad


def packed_size(message: Message, before: Message | None) -> int:
    """Bytes of a message on the wire behind the one before it in its segment, None where it is the first."""
    size = 3 + len(message.payload)
    if before is None:
        return size + 64
    if message.sender != before.sender:
        size += 20
    if message.recipient != before.recipient:
        size += 20
    if (message.gas_limit, message.expiry, message.fee) != (before.gas_limit, before.expiry, before.fee):
        size += 24
    return size


def _packed(message: Message, before: Message | None) -> bytes:
    """One message on the wire, without what is as in the one before."""
    flag = _ALLOW_NO_CODE if message.allow_no_code else 0
    fields: list[bytes] = []
    if before is None or message.sender != before.sender:
        flag |= _SENDER
        fields.append(message.sender)
    if before is None or message.recipient != before.recipient:
        flag |= _RECIPIENT
        fields.append(message.recipient)
    if before is None or _limits(message) != _limits(before):
        flag |= _LIMITS
        fields.append(_limits(message))
    return b"".join((flag.to_bytes(1), *fields, len(message.payload).to_bytes(2), message.payload))


def _unpacked(read: Reader, lane: Lane, nonce: Nonce, before: Message | None) -> Message:
    """Next message on the wire."""
    flag = read.uint(1)
    read.check(flag <= _KNOWN, f"message {nonce} has flag {flag:#04x}; bits 4 to 7 have no meaning")
    read.check(
        before is not None or flag & _GIVES_ALL == _GIVES_ALL,
        f"message {nonce} is the first of its segment and has flag {flag:#04x}; the first gives every field",
    )
    sender = read.address() if before is None or flag & _SENDER else before.sender
    recipient = read.address() if before is None or flag & _RECIPIENT else before.recipient
    if before is None or flag & _LIMITS:
        gas_limit, expiry, fee = read.uint(4), Timestamp(read.uint(8)), Wei(read.uint(12))
    else:
        gas_limit, expiry, fee = before.gas_limit, before.expiry, before.fee
    return Message(
        allow_no_code=bool(flag & _ALLOW_NO_CODE),
        assurance=lane.assurance,
        origin=lane.origin,
        destination=lane.destination,
        nonce=nonce,
        outbox=lane.outbox,
        inbox=lane.inbox,
        sender=sender,
        recipient=recipient,
        gas_limit=gas_limit,
        expiry=expiry,
        fee=fee,
        payload=read.take(read.uint(2)),
    )


def _limits(message: Message) -> bytes:
    return message.gas_limit.to_bytes(4) + message.expiry.to_bytes(8) + message.fee.to_bytes(12)
