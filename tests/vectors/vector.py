"""What every golden vector is, and a few ways to write one."""

from collections.abc import Iterable

from xl2.core.types import hex_text

#: One flat object of a file: names to text, where integers and bytes are hex with 0x.
Vector = dict[str, str]


def refused(name: str, wire: bytes, why: str) -> Vector:
    return {"name": name, "wire": hex_text(wire), "why": why}


def joined(parts: Iterable[bytes]) -> str:
    return hex_text(b"".join(parts))


def with_byte(wire: bytes, at: int, byte: int) -> bytes:
    """Put another byte at one place."""
    return wire[:at] + byte.to_bytes(1) + wire[at + 1 :]
