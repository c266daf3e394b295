"""
ABI: signatures as Solidity writes them in, codecs of calls, events and errors out.

Promise: a codec is parsed and built once and then cached; what a node sends that is not of the declared types is
`RpcUnavailable`, never a value. What calls mean is left to `contracts`. Source: Solidity ABI specification.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from attrs import field, frozen
from eth_abi.decoding import ContextFramesBytesIO
from eth_abi.exceptions import DecodingError
from eth_abi.registry import registry

from xl2.core.hashing import keccak
from xl2.core.types import Hash32, hex_text
from xl2.errors import RpcUnavailable
from xl2_contracts import artifact, names

_SELECTOR = 4
#: Errors that the compiler itself raises.
_BUILT_IN_ERRORS = ("Error(string)", "Panic(uint256)")
#: Midnight after the last day of a calendar.
_END_OF_TIME: Final = 253_402_300_800


@frozen
class Method:
    """A function of a contract."""

    #: As `transfer(address,uint256)`, tuples in parentheses.
    signature: str
    #: Types it returns, as `(bytes32,uint64)`.
    returns: str = "()"
    selector: bytes = field(init=False)

    @selector.default
    def _selector(self) -> bytes:
        return keccak(self.signature.encode())[:_SELECTOR]

    @property
    def name(self) -> str:
        """What Solidity calls it."""
        return self.signature.partition("(")[0]

    def encode(self, *args: Any) -> bytes:
        """Calldata. Values are checked by eth_abi, which knows them better than a node's error does."""
        return self.selector + _encode(types_of(self.signature), args)

    def decode(self, data: bytes, endpoint: str) -> tuple[Any, ...]:
        """Values that a call returned. Raises `RpcUnavailable` for bytes of another shape."""
        return _decode(types_of(self.returns), data, self.name, endpoint)

    def arguments(self, calldata: bytes, endpoint: str) -> tuple[Any, ...] | None:
        """
        Values that calldata calls this function with, None where it calls another or nothing that can be read.

        Anybody may write any bytes behind a selector, so odd ones say nothing against the endpoint that showed them.
        """
        if calldata[:_SELECTOR] != self.selector:
            return None
        try:
            return _decode(types_of(self.signature), calldata[_SELECTOR:], self.name, endpoint)
        except RpcUnavailable:
            return None


#: What an outbox refuses an attribute with, and the attribute that time alone makes wrong.
_BAD_ATTRIBUTE: Final = Method("BadAttribute(bytes)")
_EXPIRY: Final = Method("expiry(uint64)")


@frozen
class Event:
    """An event of a contract."""

    #: As `Sent(bytes32 indexed,bytes)`.
    declaration: str
    topic: Hash32 = field(init=False)

    @topic.default
    def _topic(self) -> Hash32:
        return keccak(self.declaration.replace(" indexed", "").encode())

    @property
    def name(self) -> str:
        """What Solidity calls it."""
        return self.declaration.partition("(")[0]

    def decode(self, topics: Sequence[bytes], data: bytes, endpoint: str) -> tuple[Any, ...]:
        """
        Values in the order of the declaration; an indexed one of dynamic type is its hash.

        Raises `RpcUnavailable` for topics or bytes of another shape.
        """
        declared = types_of(self.declaration)
        indexed = [kind.removesuffix(" indexed") for kind in declared if kind.endswith(" indexed")]
        if len(topics) != len(indexed) + 1 or topics[0] != self.topic:
            shown = [hex_text(topic) for topic in topics]
            raise RpcUnavailable(f"{endpoint} sent topics {shown} for event {self.name}", endpoint=endpoint)
        named = [
            _decode((kind,), topic, self.name, endpoint)[0] for kind, topic in zip(indexed, topics[1:], strict=True)
        ]
        rest = list(_decode(tuple(kind for kind in declared if " " not in kind), data, self.name, endpoint))
        return tuple((named if kind.endswith(" indexed") else rest).pop(0) for kind in declared)


def types_of(signature: str) -> tuple[str, ...]:
    """Types between the outer parentheses of a signature, split where no inner parenthesis is open."""
    inner = signature[signature.index("(") + 1 : signature.rindex(")")]
    found: list[str] = []
    depth = 0
    for part in inner.split(","):
        if depth:
            found[-1] += "," + part
        elif part:
            found.append(part)
        depth += part.count("(") - part.count(")")
    return tuple(found)


def explain_revert(revert: bytes) -> str:
    """Revert bytes in words: the error of our contracts with its values, or the bytes as they are."""
    if not revert:
        return "no reason given"
    signature = _errors().get(revert[:_SELECTOR])
    if signature is None:
        return f"unknown error {hex_text(revert[:64])}"
    name = signature.partition("(")[0]
    expiry = refused_expiry(revert)
    if expiry is not None:
        moment = datetime.fromtimestamp(expiry, UTC)
        return f"its expiry, {moment:%Y-%m-%d %H:%M:%S} UTC, is not after the block that takes it ({name})"
    try:
        values = _decode(types_of(signature), revert[_SELECTOR:], name, "")
    except RpcUnavailable:
        return f"{name} with odd bytes {hex_text(revert[_SELECTOR:68])}"
    return f"{name}({', '.join(_word(value) for value in values)})"


def refused_expiry(revert: bytes) -> int | None:
    """The expiry that an outbox refused as one that is over, in unix seconds; None for any other revert."""
    if revert[:_SELECTOR] != _BAD_ATTRIBUTE.selector:
        return None
    try:
        (attribute,) = _decode(types_of(_BAD_ATTRIBUTE.signature), revert[_SELECTOR:], _BAD_ATTRIBUTE.name, "")
    except RpcUnavailable:
        return None
    if attribute[:_SELECTOR] != _EXPIRY.selector or len(attribute) != _SELECTOR + 32:
        return None
    expiry = int.from_bytes(attribute[_SELECTOR:])
    return expiry if expiry < _END_OF_TIME else None


def error_name(revert: bytes) -> str | None:
    """Name of the error that a contract of ours reverted with, None for any other bytes."""
    signature = _errors().get(revert[:_SELECTOR])
    return signature.partition("(")[0] if signature else None


@cache
def _errors() -> Mapping[bytes, str]:
    """Signatures by selector of every error that an artifact declares."""
    declared = [entry for name in names() for entry in artifact(name).abi if entry["type"] == "error"]
    signatures = [f"{entry['name']}({','.join(map(_type_of, entry['inputs']))})" for entry in declared]
    return {keccak(signature.encode())[:_SELECTOR]: signature for signature in (*_BUILT_IN_ERRORS, *signatures)}


def _type_of(given: Mapping[str, Any]) -> str:
    """Canonical type of an ABI parameter; structs become tuples."""
    kind: str = given["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_type_of(part) for part in given['components'])}){kind.removeprefix('tuple')}"


def _word(value: object) -> str:
    if isinstance(value, bytes):
        return hex_text(value)
    return str(value)


@cache
def _encoder(types: tuple[str, ...]) -> Any:
    return registry.get_tuple_encoder(*types)


@cache
def _decoder(types: tuple[str, ...]) -> Any:
    return registry.get_tuple_decoder(*types)


def _encode(types: tuple[str, ...], values: Sequence[Any]) -> bytes:
    encoded: bytes = _encoder(types)(values)
    return encoded


def _decode(types: tuple[str, ...], data: bytes, name: str, endpoint: str) -> tuple[Any, ...]:
    if not types:
        return ()
    if not data:
        raise RpcUnavailable(
            f"{endpoint} sent nothing for {name}: no contract of ours stands there at that block",
            endpoint=endpoint,
            remedy="Check the contract's address in the configuration; an older block needs only time.",
        )
    try:
        decoded: tuple[Any, ...] = _decoder(types)(ContextFramesBytesIO(data))  # type: ignore[no-untyped-call]
    except (DecodingError, UnicodeDecodeError, OverflowError) as bad:
        what = f"{endpoint} sent {len(data)} bytes for {name} that are not ({','.join(types)})"
        raise RpcUnavailable(what, endpoint=endpoint, remedy="Ask another endpoint.") from bad
    return decoded
