"""
Types: plain integers and bytes in, the protocol's words out.

Promise: what carries one of these types was checked where it entered (`address`, `hash32`, `uint`), so
nobody checks twice. Bytes inside; hex only at the rim (`checksum`, `hex_text`). What the values mean is left
to the modules that use them.
"""

from collections.abc import Callable
from enum import IntEnum
from functools import lru_cache
from typing import Any, NewType

from attrs import Attribute
from eth_hash.auto import keccak

from xl2.errors import InvalidInput

#: EIP-155 chain id.
ChainId = NewType("ChainId", int)
#: Place of a message in its lane, from 0, without gap.
Nonce = NewType("Nonce", int)
#: Height of a block on its own chain.
BlockNumber = NewType("BlockNumber", int)
#: Amount of a chain's native currency.
Wei = NewType("Wei", int)
#: Unix seconds on the clock of the chain that is spoken of.
Timestamp = NewType("Timestamp", int)
#: 20 bytes: an account or contract.
Address = NewType("Address", bytes)
#: 32 bytes: a keccak-256 digest, or a storage word.
Hash32 = NewType("Hash32", bytes)
#: keccak-256 of a message's header: the key of a message everywhere.
MessageId = NewType("MessageId", Hash32)

ADDRESS_SIZE = 20
HASH_SIZE = 32
ZERO_ADDRESS = Address(bytes(ADDRESS_SIZE))
ZERO_HASH = Hash32(bytes(HASH_SIZE))


class Assurance(IntEnum):
    """Class of a lane, a verifier or a head: how much it rests on. A higher class serves for a lower one."""

    #: A quorum of signers says so.
    ATTESTED = 0
    #: A bonded claim that nobody disproved in its window.
    OPTIMISTIC = 1
    #: Proven under the rollup's own withdrawal rule; nobody is trusted.
    SETTLED = 2


def address(value: bytes | str) -> Address:
    """
    20 bytes, or their hex text with 0x.

    Raises `InvalidInput` for another length, and for mixed-case text whose EIP-55 checksum is wrong: a
    mistyped address.
    """
    raw = _raw(value, ADDRESS_SIZE, "address")
    if isinstance(value, str) and _is_mixed_case(value) and checksum(Address(raw)) != value:
        raise InvalidInput(
            f"address {value} has a wrong EIP-55 checksum",
            field="address",
            value=value,
            remedy="Copy the address again; a letter or digit of it is mistyped.",
        )
    return Address(raw)


def evidence_class(value: int) -> Assurance:
    """Class of a number, 0 to 2. Raises `InvalidInput` for another."""
    if isinstance(value, Assurance):
        return value
    if value not in list(Assurance):
        raise InvalidInput(f"class is {value!r}; there are 0, 1 and 2", field="assurance", value=value)
    return Assurance(value)


def hash32(value: bytes | str) -> Hash32:
    """32 bytes, or their hex text with 0x. Raises `InvalidInput` for another length."""
    return Hash32(_raw(value, HASH_SIZE, "hash"))


def message_id(value: bytes | str) -> MessageId:
    """Id of a message: 32 bytes, or their hex text with 0x. Raises `InvalidInput` for another length."""
    return MessageId(Hash32(_raw(value, HASH_SIZE, "message id")))


def uint(bits: int) -> Callable[[Any, "Attribute[Any]", Any], None]:
    """Make an attrs validator: an unsigned integer of at most `bits` bits, else `InvalidInput`."""

    def validate(_: object, attribute: "Attribute[Any]", value: object) -> None:
        # bool is an int in Python, never on the wire
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << bits:
            raise InvalidInput(
                f"{attribute.name} is {value!r}, not an unsigned integer of {bits} bits",
                field=attribute.name,
                value=value,
            )

    return validate


def checksum(value: Address) -> str:
    """Write an address as hex text with its EIP-55 checksum."""
    return _checksum(value)


@lru_cache(maxsize=4096)
def _checksum(value: bytes) -> str:
    text = value.hex()
    digest = keccak(text.encode("ascii")).hex()
    return "0x" + "".join(c.upper() if int(nibble, 16) >= 8 else c for c, nibble in zip(text, digest, strict=False))


def hex_text(value: bytes) -> str:
    """Write bytes as hex text with 0x."""
    return "0x" + value.hex()


def _raw(value: object, size: int, name: str) -> bytes:
    """`size` bytes from bytes or hex text."""
    raw: object = value
    if isinstance(value, str):
        try:
            raw = bytes.fromhex(value[2:]) if value[:2] == "0x" and " " not in value else None
        except ValueError:
            raw = None
    if not isinstance(raw, bytes) or len(raw) != size:
        shown = hex_text(value) if isinstance(value, bytes) else repr(value)
        if size != HASH_SIZE and isinstance(value, str) and len(value.removeprefix("0x")) == 2 * HASH_SIZE:
            # As long as a private key, which may have slipped in where an account belongs.
            shown = f"text of {len(value)} characters"
        raise InvalidInput(
            f"{name} is {shown}, not {size} bytes",
            field=name,
            value=value,
            remedy=f"Give {size} bytes, or 0x and {2 * size} hex digits.",
        )
    return raw


def _is_mixed_case(text: str) -> bool:
    digits = text[2:]
    return digits != digits.lower() and digits != digits.upper()
