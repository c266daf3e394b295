"""
Schema: the type of a frozen value in, the JSON schema of what `xl2.plain` makes of it out.

Promise: every attrs class becomes one component, named as it is; a type that is not listed is an error, never "any".
"""

import inspect
import types
import typing
from collections.abc import Mapping
from typing import Any, Final

import attrs

from xl2.core.types import (
    Address,
    Assurance,
    BlockNumber,
    ChainId,
    Hash32,
    MessageId,
    Nonce,
    Timestamp,
    Wei,
)

Schema = dict[str, Any]

_HASH: Final[Schema] = {"type": "string", "pattern": "^0x[0-9a-f]{64}$"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_SCALARS: Final[Mapping[Any, Schema]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    # 20 bytes are written with the checksum of an address, whatever they are.
    bytes: {"type": "string", "pattern": "^0x([0-9a-fA-F]{2})*$"},
    Address: {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"},
    Hash32: _HASH,
    MessageId: _HASH,
    ChainId: _COUNT,
    Nonce: _COUNT,
    BlockNumber: _COUNT,
    Timestamp: _COUNT,
    Wei: {**_COUNT, "description": "wei; may need more than 64 bits"},
    Assurance: {"type": "string", "enum": [one.name.lower() for one in Assurance]},
}


def schema_of(kind: Any, components: dict[str, Schema]) -> Schema:  # noqa: ANN401 - any type hint
    """Schema of a type; the classes in it are added to `components`. Raises `TypeError` for a type without one."""
    if kind in _SCALARS:
        return dict(_SCALARS[kind])
    if inspect.isclass(kind) and attrs.has(kind):
        if kind.__name__ not in components:
            components[kind.__name__] = {}  # holds the place, should the class contain itself
            components[kind.__name__] = _of_class(kind, components)
        return {"$ref": f"#/components/schemas/{kind.__name__}"}
    arguments = typing.get_args(kind)
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union) and len(arguments) == 2 and type(None) in arguments:
        inner = schema_of(next(one for one in arguments if one is not type(None)), components)
        return {"oneOf": [inner, {"type": "null"}]}
    if origin is tuple and arguments[1:] == (...,):
        return {"type": "array", "items": schema_of(arguments[0], components)}
    if origin is Mapping and arguments[0] is str:
        return {"type": "object", "additionalProperties": schema_of(arguments[1], components)}
    raise TypeError(f"{kind} has no JSON schema here")


def _of_class(kind: type, components: dict[str, Schema]) -> Schema:
    hints = typing.get_type_hints(kind)
    fields = [field.name for field in attrs.fields(kind) if field.repr]
    return {
        "type": "object",
        "description": inspect.cleandoc(kind.__doc__ or ""),
        "properties": {name: schema_of(hints[name], components) for name in fields},
        "required": fields,
        "additionalProperties": False,
    }
