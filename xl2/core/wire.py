"""
Wire: packed bytes in, fields out, read strictly from left to right.

Promise: nothing is read past the end and nothing is left over; either raises `ProofInvalid` that names the
packet and the place. What the fields mean is left to the reader's owner.
"""

from xl2.core.types import ADDRESS_SIZE, HASH_SIZE, Address, Assurance, Hash32
from xl2.errors import ProofInvalid

_LAST_CLASS = max(Assurance)


class Reader:
    """A cursor over one packet."""

    def __init__(self, data: bytes, name: str) -> None:
        """`name`: what the packet is called in errors, such as "segment"."""
        self._data = data
        self._name = name
        self._at = 0

    @property
    def rest(self) -> int:
        """How many bytes are still unread."""
        return len(self._data) - self._at

    def take(self, size: int) -> bytes:
        """Take the next `size` bytes."""
        end = self._at + size
        # Here and below the words are made only where they are needed: messages are read by the thousand.
        if end > len(self._data):
            raise ProofInvalid(f"{self._name} ends at byte {len(self._data)}, {size} were due at {self._at}")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def uint(self, size: int) -> int:
        """Take the next `size` bytes, a big-endian unsigned integer."""
        return int.from_bytes(self.take(size))

    def address(self) -> Address:
        """Take the next 20 bytes."""
        return Address(self.take(ADDRESS_SIZE))

    def hash32(self) -> Hash32:
        """Take the next 32 bytes."""
        return Hash32(self.take(HASH_SIZE))

    def assurance(self) -> Assurance:
        """Take the next byte, an evidence class."""
        value = self.uint(1)
        if value > _LAST_CLASS:
            raise ProofInvalid(f"{self._name} names class {value}; there are 0, 1 and 2")
        return Assurance(value)

    def expect(self, constant: bytes, what: str) -> None:
        """Take bytes that can only be `constant`."""
        found = self.take(len(constant))
        if found != constant:
            raise ProofInvalid(f"{what} of the {self._name} is 0x{found.hex()}, not 0x{constant.hex()}")

    def end(self) -> None:
        """Refuse what is left over."""
        if self.rest:
            raise ProofInvalid(f"{self._name} has {self.rest} bytes too many after byte {self._at}")

    def check(self, holds: bool, what: str) -> None:
        """Raise `ProofInvalid(what)` unless the condition holds."""
        if not holds:
            raise ProofInvalid(what)
