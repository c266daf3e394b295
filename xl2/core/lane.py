"""
Lane: (origin, outbox, destination, inbox, class), and the hash chains that run along it.

Comes in: a lane and the entries of a log. Goes out: the log's name, its head after any entry, the pages it is
cut into. Promise: a head commits to every entry before it, in order; two lanes never share a log. What an
entry is, is left to `message` (its id) and `receipt` (its hash); in which slot a head stands, to `storage`.
"""

from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from typing import Self

from attrs import field, frozen

from xl2.core.hashing import keccak
from xl2.core.message import Message
from xl2.core.types import Address, Assurance, ChainId, Hash32, address, evidence_class, uint
from xl2.core.wire import Reader

LANE_SIZE = 57
#: Entries of a page. The head after each 256th entry is kept on chain, so that any page can be proven alone.
PAGE_SIZE = 256


@frozen(kw_only=True)
class Lane:
    """A one-way line between two contracts with its own nonces, statuses, fees and logs."""

    origin: ChainId = field(validator=uint(64))
    outbox: Address = field(converter=address)
    destination: ChainId = field(validator=uint(64))
    inbox: Address = field(converter=address)
    assurance: Assurance = field(converter=evidence_class)

    @staticmethod
    def of(message: Message) -> "Lane":
        """Lane that a message travels; messages of one lane share the value."""
        return _lane(message.origin, message.outbox, message.destination, message.inbox, message.assurance)

    def encode(self) -> bytes:
        """Pack the 57 bytes that name the lane (protocol.md section 2)."""
        return b"".join(
            (
                self.origin.to_bytes(8),
                self.outbox,
                self.destination.to_bytes(8),
                self.inbox,
                self.assurance.to_bytes(1),
            )
        )

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a lane from its 57 bytes. Raises `ProofInvalid` for another length or class."""
        read = Reader(data, "lane")
        lane = cls(
            origin=ChainId(read.uint(8)),
            outbox=read.address(),
            destination=ChainId(read.uint(8)),
            inbox=read.address(),
            assurance=read.assurance(),
        )
        read.end()
        return lane

    @cached_property
    def name(self) -> str:
        """What people call the lane: `901-902-settled`. Lanes between other contracts of the same chains share it."""
        return f"{self.origin}-{self.destination}-{self.assurance.name.lower()}"

    def words(self, name: Callable[[ChainId], str]) -> str:
        """The lane in words, by what people call its chains: `base to op, settled`."""
        return f"{name(self.origin)} to {name(self.destination)}, {self.assurance.name.lower()}"

    @cached_property
    def log(self) -> Hash32:
        """Name of the lane log, and its head before the first message."""
        return keccak(b"xl2.lane.v1" + self.encode())

    @cached_property
    def receipt_log(self) -> Hash32:
        """Name of the receipt log, and its head before the first receipt."""
        return keccak(b"xl2.receipts.v1" + self.encode())


@lru_cache(maxsize=1024)
def _lane(origin: ChainId, outbox: Address, destination: ChainId, inbox: Address, assurance: Assurance) -> Lane:
    return Lane(origin=origin, outbox=outbox, destination=destination, inbox=inbox, assurance=assurance)


def extend(head: Hash32, entry: Hash32) -> Hash32:
    """Head of a log after one more entry, given by its hash."""
    return _extended(head, entry)


# Kept, as the same step is taken by who observes, who stores, who proves and who delivers.
@lru_cache(maxsize=1 << 15)
def _extended(head: Hash32, entry: Hash32) -> Hash32:
    return keccak(head + entry)


def head_after(start: Hash32, entries: Iterable[Hash32]) -> Hash32:
    """Head of a log that stood at `start` after these entries."""
    head = start
    for entry in entries:
        head = extend(head, entry)
    return head


def page_of(place: int) -> int:
    """Page that entry number `place` is on."""
    return place // PAGE_SIZE


def index_in_page(place: int) -> int:
    """Bit of entry number `place` in its page's bitmap."""
    return place % PAGE_SIZE


def closing_page(place: int) -> int:
    """First page head that commits to entry number `place`: the one stored when its page is full."""
    return page_of(place) + 1


def page_start(page: int) -> int:
    """Count of entries before `page`, which is the count of page head `page`."""
    return page * PAGE_SIZE
