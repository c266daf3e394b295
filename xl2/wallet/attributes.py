"""
Attributes: what a send asks for beside recipient and payload, read from calldata.

In: the byte strings of `sendMessage`. Out: what they ask for, with the outbox's defaults for what they do not name.
Promise: exactly the forms that the outbox accepts are read; any other is refused. Source: ERC-7786, protocol.md 8.
"""

from collections.abc import Sequence
from typing import Final

from attrs import evolve, frozen

from xl2.core.hashing import keccak
from xl2.core.types import Assurance, Timestamp
from xl2.errors import ProofInvalid

_NEVER: Final = Timestamp(0)
_WORD: Final = 32
_SELECTOR: Final = 4
_GAS_LIMIT, _EXPIRY, _ASSURANCE, _ALLOW_NO_CODE = (
    bytes(keccak(signature)[:_SELECTOR])
    for signature in (b"gasLimit(uint32)", b"expiry(uint64)", b"assurance(uint8)", b"allowNoCode()")
)


@frozen(kw_only=True)
class Attributes:
    """What a send asks for. Without attributes: settled, never expiring, the default gas, a recipient with code."""

    gas_limit: int | None = None
    expiry: Timestamp = _NEVER
    assurance: Assurance = Assurance.SETTLED
    allow_no_code: bool = False


def read_attributes(attributes: Sequence[bytes]) -> Attributes:
    """Read attributes. Raises `ProofInvalid` for one that is unknown, given twice, of wrong length or out of range."""
    asked = Attributes()
    seen: set[bytes] = set()
    for attribute in attributes:
        selector, word = attribute[:_SELECTOR], attribute[_SELECTOR:]
        value = int.from_bytes(word)
        fits = len(word) == (0 if selector == _ALLOW_NO_CODE else _WORD) and selector not in seen
        seen.add(selector)
        if selector == _GAS_LIMIT and fits and value < 1 << 32:
            asked = evolve(asked, gas_limit=value)
        elif selector == _EXPIRY and fits and value < 1 << 64:
            asked = evolve(asked, expiry=Timestamp(value))
        elif selector == _ASSURANCE and fits and value in tuple(Assurance):
            asked = evolve(asked, assurance=Assurance(value))
        elif selector == _ALLOW_NO_CODE and fits:
            asked = evolve(asked, allow_no_code=True)
        else:
            raise ProofInvalid(
                f"attribute 0x{attribute.hex()} is unknown, given twice, of wrong length or out of range"
            )
    return asked
