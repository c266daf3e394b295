"""
Onward: what a withdrawal to oneself carries along so that anybody can read where it is to go on to.

Comes in: a rollup, a recipient there, a token there. Goes out: 56 bytes for the cargo of the first crossing, and 40 for
the second, which name the first. Promise: both are read back from the chains alone where a bridge takes notes, so that
a journey from rollup to rollup is known by the hash of its first transaction; bytes of another shape are no note.
"""

import re

from attrs import frozen

from xl2.core.hashing import keccak
from xl2.core.types import ADDRESS_SIZE, HASH_SIZE, ZERO_ADDRESS, Address, ChainId, Hash32

_GOES_ON = keccak(b"xl2.canonical.goes-on")[:8]
_COMES_FROM = keccak(b"xl2.canonical.comes-from")[:8]
_CHAIN_SIZE = 8
_WORDS = re.compile(r"\[note 0x((?:[0-9a-f]{2})+)\]")


@frozen(kw_only=True)
class Onward:
    """Where what was withdrawn goes on to."""

    destination: ChainId
    recipient: Address
    #: What stands for the token there; None: ether.
    token: Address | None = None

    def encode(self) -> bytes:
        """Mark 8 ‖ chain id u64 ‖ recipient 20 ‖ token 20."""
        return _GOES_ON + self.destination.to_bytes(_CHAIN_SIZE) + self.recipient + (self.token or ZERO_ADDRESS)


def onward_in(note: bytes) -> Onward | None:
    """What a crossing's data say of where it goes on to, None where they say nothing of it."""
    start, size = len(_GOES_ON), len(_GOES_ON) + _CHAIN_SIZE + 2 * ADDRESS_SIZE
    if len(note) != size or not note.startswith(_GOES_ON):
        return None
    at = start + _CHAIN_SIZE
    token = Address(note[at + ADDRESS_SIZE :])
    return Onward(
        destination=ChainId(int.from_bytes(note[start:at])),
        recipient=Address(note[at : at + ADDRESS_SIZE]),
        token=None if token == ZERO_ADDRESS else token,
    )


def in_words(note: bytes) -> str:
    """A note as the words of a transaction hold it, for bridges that take none."""
    return f"[note 0x{note.hex()}]"


def note_in(words: str) -> bytes:
    """The note that words hold, empty where they hold none."""
    found = _WORDS.search(words)
    return bytes.fromhex(found[1]) if found else b""


def comes_from(first: Hash32) -> bytes:
    """Note of the second crossing: mark 8 ‖ key of the first."""
    return _COMES_FROM + first


def first_of(note: bytes) -> Hash32 | None:
    """Key of the crossing before, None for any other data."""
    if len(note) != len(_COMES_FROM) + HASH_SIZE or not note.startswith(_COMES_FROM):
        return None
    return Hash32(note[len(_COMES_FROM) :])
