"""
RLP: bytes in, nested lists of bytes out, and back; the Ethereum Yellow Paper's appendix B, read strictly.

Promise: what is decoded encodes to the very same bytes, so no second spelling of an item passes; anything else is
`ProofInvalid`. The codec itself is the library `rlp`; this is the one module that knows it.
"""

from collections.abc import Sequence

from rlp import decode as _decode
from rlp import encode as _encode
from rlp.exceptions import DecodingError

from xl2.errors import ProofInvalid

#: A string of bytes, or a list of items.
Item = bytes | Sequence["Item"]


def encode(item: Item) -> bytes:
    """Encode an item."""
    encoded: bytes = _encode(item)
    return encoded


def decode(data: bytes, what: str) -> Item:
    """Decode the one item that `data` is. `what`: its name in errors. Raises `ProofInvalid`."""
    try:
        item: Item = _decode(data)
    # the library indexes past the end of truncated input, and descends as deep as it is told
    except (DecodingError, IndexError, RecursionError) as bad:
        raise ProofInvalid(f"{what} is not RLP: {bad}") from bad
    if encode(item) != data:
        raise ProofInvalid(f"{what} is not in canonical RLP")
    return item


def items(item: Item, what: str) -> Sequence[Item]:
    """Item as a list. Raises `ProofInvalid` for a string."""
    if isinstance(item, bytes):
        raise ProofInvalid(f"{what} is a string of {len(item)} bytes, not a list")
    return item


def string(item: Item, what: str) -> bytes:
    """Item as a string. Raises `ProofInvalid` for a list."""
    if not isinstance(item, bytes):
        raise ProofInvalid(f"{what} is a list of {len(item)} items, not a string")
    return item


def word(item: Item, what: str) -> bytes:
    """Item as a string of 32 bytes. Raises `ProofInvalid` for another length."""
    data = string(item, what)
    if len(data) != 32:
        raise ProofInvalid(f"{what} has {len(data)} bytes, not 32")
    return data


def uint(item: Item, bits: int, what: str) -> int:
    """Item as an unsigned integer without leading zeros. Raises `ProofInvalid` for more bits."""
    data = string(item, what)
    if data[:1] == b"\0" or len(data) > bits // 8:
        raise ProofInvalid(f"{what} is 0x{data.hex()}, not an unsigned integer of {bits} bits")
    return int.from_bytes(data)
