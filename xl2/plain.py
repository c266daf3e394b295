"""
Plain: a value of ours as JSON has it, the same in `--json` and over HTTP.

Promise: JSON is the value itself, field by field (but for fields that hide from `repr`); amounts are whole numbers in
the smallest unit, bytes are 0x and hex, enumerations their word; nothing is rounded.
"""

from collections.abc import Mapping
from enum import Enum

import attrs

from xl2.core.types import ADDRESS_SIZE, Address, checksum, hex_text


def plain(value: object) -> object:
    """A value as JSON has it."""
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(inner) for inner in value]
    kind = type(value)
    if attrs.has(kind):
        return {field.name: plain(getattr(value, field.name)) for field in attrs.fields(kind) if field.repr}
    return _scalar(value)


def _scalar(value: object) -> object:
    if isinstance(value, bytes):
        return checksum(Address(value)) if len(value) == ADDRESS_SIZE else hex_text(value)
    if isinstance(value, Enum):
        return value.name.lower()
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
