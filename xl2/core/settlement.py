"""
Settlement: consecutive receipts, opened or not, with all that links them to a head of the receipt log.

Comes in: receipts in the order of their log and the head before them; or the packed bytes of `Outbox.settle`.
Goes out: those bytes, and the head and count that evidence must show. Promise: as with `segment`, every byte is
hashed into the head, and an expired message brings the chain of ids that shows it on the origin's own lane log.
What each entry pays, and to whom, is the outbox's own rule (protocol.md section 6).
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Self

from attrs import field, frozen

from xl2.core.lane import PAGE_SIZE, Lane, head_after
from xl2.core.message import HEADER_SIZE, Message, id_of
from xl2.core.receipt import Delivered, Expired
from xl2.core.types import Address, Assurance, ChainId, Hash32, MessageId, Wei, evidence_class, hash32, uint
from xl2.core.wire import Reader
from xl2.errors import InvalidInput, ProofInvalid

#: The number of entries has two bytes on the wire.
MAX_COUNT = 65_535
#: Ids that can follow one message on its page.
MAX_FOLLOWING = PAGE_SIZE - 1

_UNOPENED = 0x00
_DELIVERED = 0x01
_EXPIRED = 0x02

# Bits of a delivered entry's tag: what of it stands on the wire; what does not is as in the delivered one before.
_PAGE = 1 << 2
_PAYEE = 1 << 3
_FEES = 1 << 4
_GIVES_ALL = _PAGE | _PAYEE | _FEES

# Bits 5-6 of the tag: how the bitmap is written.
_WORD = 0 << 5
_ONE_NONCE = 1 << 5
_RUN = 2 << 5
_FORM = 3 << 5


@frozen(kw_only=True)
class Unopened:
    """A receipt of which only the hash is shown: it links, and settles nothing."""

    hash: Hash32 = field(converter=hash32)


@frozen(kw_only=True)
class ExpiredMessage:
    """An expired receipt with its message's header, and where that message stands on the origin's lane log."""

    header: bytes
    #: Head of the lane log before the message.
    start: Hash32 = field(converter=hash32)
    #: Ids after the message: to the end of its page, or of the log while that page is open.
    following: tuple[MessageId, ...] = ()

    def __attrs_post_init__(self) -> None:
        """Check the sizes that the wire has room for."""
        if len(self.header) != HEADER_SIZE or len(self.following) > MAX_FOLLOWING:
            raise InvalidInput(
                f"header has {len(self.header)} bytes and {len(self.following)} ids follow; "
                f"a header has {HEADER_SIZE}, and at most {MAX_FOLLOWING} follow on its page",
                field="header",
                value=self.header,
            )

    @property
    def id(self) -> MessageId:
        """Id of the message."""
        return id_of(self.header)

    @property
    def hash(self) -> Hash32:
        """Hash of the receipt."""
        return Expired(id=self.id).hash

    @property
    def lane_head(self) -> Hash32:
        """What must be the head of the message's page, or of the lane log, at the origin."""
        return head_after(self.start, (self.id, *self.following))


#: What stands in a settlement, in the order of the receipt log.
Entry = Unopened | Delivered | ExpiredMessage


@frozen(kw_only=True)
class Settlement:
    """Receipts `first`, `first + 1`, ... of a lane's receipt log, as its origin reads them."""

    destination: ChainId = field(validator=uint(64))
    assurance: Assurance = field(converter=evidence_class)
    #: Number of the first entry in the receipt log.
    first: int = field(validator=uint(40))
    #: Head of the receipt log before it.
    start: Hash32 = field(converter=hash32)
    #: At least one.
    entries: tuple[Entry, ...]

    def __attrs_post_init__(self) -> None:
        """Check the sizes that the wire has room for."""
        if not 1 <= len(self.entries) <= MAX_COUNT:
            raise InvalidInput(
                f"settlement has {len(self.entries)} entries; it carries 1 to {MAX_COUNT}", field="entries"
            )

    @property
    def end(self) -> int:
        """Count of the head: how many entries the receipt log had when it stood at `head`."""
        return self.first + len(self.entries)

    @cached_property
    def head(self) -> Hash32:
        """Head of the receipt log that these bytes lead to."""
        return head_after(self.start, (entry.hash for entry in self.entries))

    def lane(self, *, origin: ChainId, outbox: Address, inbox: Address) -> Lane:
        """Lane it settles, read by the outbox at `outbox` on `origin`, which knows the inbox it speaks to."""
        return Lane(
            origin=origin,
            outbox=outbox,
            destination=self.destination,
            inbox=inbox,
            assurance=self.assurance,
        )

    def encode(self) -> bytes:
        """Pack the settlement in its shortest form (protocol.md section 6)."""
        return b"".join(
            (
                self.destination.to_bytes(8),
                self.assurance.to_bytes(1),
                self.first.to_bytes(5),
                len(self.entries).to_bytes(2),
                self.start,
                *self._packed_entries(),
            )
        )

    def _packed_entries(self) -> Iterator[bytes]:
        before: Delivered | None = None
        for entry in self.entries:
            match entry:
                case Unopened():
                    yield _UNOPENED.to_bytes(1) + entry.hash
                case ExpiredMessage():
                    yield _packed_expired(entry)
                case Delivered():
                    yield _packed_delivered(entry, before)
                    before = entry

    @classmethod
    def parse(cls, wire: bytes) -> Self:
        """
        Read a settlement as an outbox does.

        Raises `ProofInvalid` for bytes that are missing, left over, or mean no receipt.
        """
        read = Reader(wire, "settlement")
        destination, assurance = ChainId(read.uint(8)), read.assurance()
        first, count, start = read.uint(5), read.uint(2), read.hash32()
        try:
            entries: list[Entry] = []
            before: Delivered | None = None
            for place in range(first, first + count):
                entry = _unpacked(read, place, before)
                entries.append(entry)
                before = entry if isinstance(entry, Delivered) else before
            read.end()
            return cls(destination=destination, assurance=assurance, first=first, start=start, entries=tuple(entries))
        except InvalidInput as bad:
            raise ProofInvalid(f"settlement says what no inbox writes: {bad.what}") from bad


def opened(message: Message, *, start: Hash32, following: tuple[MessageId, ...] = ()) -> ExpiredMessage:
    """Open the expired receipt of `message`, which stands after head `start` and before the ids `following`."""
    return ExpiredMessage(header=message.header, start=start, following=following)


def _packed_expired(entry: ExpiredMessage) -> bytes:
    return b"".join(
        (
            _EXPIRED.to_bytes(1),
            entry.header,
            entry.start,
            len(entry.following).to_bytes(1),
            *entry.following,
        )
    )


def _packed_delivered(entry: Delivered, before: Delivered | None) -> bytes:
    """One delivered entry on the wire, without what is as in the one before."""
    form, bitmap = _packed_bitmap(entry.bitmap)
    tag = _DELIVERED | form
    fields: list[bytes] = []
    if before is None or entry.page != before.page:
        tag |= _PAGE
        fields.append(entry.page.to_bytes(5))
    if before is None or entry.payee != before.payee:
        tag |= _PAYEE
        fields.append(entry.payee)
    if before is None or entry.fees != before.fees:
        tag |= _FEES
        fields.append(entry.fees.to_bytes(12))
    return b"".join((tag.to_bytes(1), *fields, bitmap))


def _unpacked(read: Reader, place: int, before: Delivered | None) -> Entry:
    """Next entry on the wire."""
    tag = read.uint(1)
    if tag == _UNOPENED:
        return Unopened(hash=read.hash32())
    if tag == _EXPIRED:
        header, start = read.take(HEADER_SIZE), read.hash32()
        ids = tuple(MessageId(read.hash32()) for _ in range(read.uint(1)))
        return ExpiredMessage(header=header, start=start, following=ids)
    read.check(
        tag & ~(_GIVES_ALL | _FORM) == _DELIVERED and tag & _FORM != _FORM,
        f"entry {place} has tag {tag:#04x}",
    )
    read.check(
        before is not None or tag & _GIVES_ALL == _GIVES_ALL,
        f"entry {place} is the first delivered one and has tag {tag:#04x}; the first gives every field",
    )
    return Delivered(
        page=read.uint(5) if before is None or tag & _PAGE else before.page,
        payee=read.address() if before is None or tag & _PAYEE else before.payee,
        fees=Wei(read.uint(12)) if before is None or tag & _FEES else before.fees,
        bitmap=_unpacked_bitmap(read, tag & _FORM),
    )


def _packed_bitmap(bitmap: int) -> tuple[int, bytes]:
    """Shortest form of a bitmap that is not empty: its bits in the tag, and its bytes."""
    first = (bitmap & -bitmap).bit_length() - 1
    last = bitmap.bit_length() - 1
    if first == last:
        return _ONE_NONCE, bytes((first,))
    if bitmap == _run(first, last):
        return _RUN, bytes((first, last))
    return _WORD, bitmap.to_bytes(32)


def _unpacked_bitmap(read: Reader, form: int) -> int:
    if form == _ONE_NONCE:
        return 1 << read.uint(1)
    if form == _RUN:
        first, last = read.uint(1), read.uint(1)
        read.check(first <= last, f"a run of nonces goes from {first} back to {last}")
        return _run(first, last)
    return read.uint(32)


def _run(first: int, last: int) -> int:
    """Bits `first` to `last`, both included."""
    return (1 << last + 1) - (1 << first)
