"""
ABI: a contract's JSON interface comes in; calldata, results and events go out.

Promise: a call or event is picked by the very name (or signature, where a name is overloaded) that the contract's own
ABI has; a wrong name or count of arguments fails before anything is sent. Addresses are checksummed hex, as JSON-RPC
has them. The codec is eth_abi's.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

from attrs import field, frozen
from eth_abi import decode, encode
from eth_utils import keccak, to_checksum_address

from xl2.errors import InvalidInput
from xl2_contracts import artifact


@frozen(kw_only=True)
class Event:
    """A decoded log: the event's name and its arguments by name."""

    name: str
    arguments: Mapping[str, Any]


@frozen(kw_only=True)
class Contract:
    """A contract's name, interface and creation code."""

    name: str
    abi: Sequence[Mapping[str, Any]] = field(repr=False)
    bytecode: bytes = field(repr=False)

    def creation(self, *arguments: Any) -> bytes:
        """Creation code with the constructor's arguments."""
        constructors = [entry for entry in self.abi if entry["type"] == "constructor"]
        types = _types(constructors[0]["inputs"]) if constructors else []
        self._require(f"{self.name}'s constructor", len(arguments) == len(types), arguments)
        return self.bytecode + encode(types, arguments)

    def call(self, function: str, *arguments: Any) -> bytes:
        """Calldata of `function`: a name, or a whole signature where the name is overloaded."""
        entry = self._function(function, arguments)
        return keccak(text=_signature(entry))[:4] + encode(_types(entry["inputs"]), arguments)

    def has(self, function: str) -> bool:
        """Whether there is a function of this name."""
        return any(entry["type"] == "function" and entry["name"] == function for entry in self.abi)

    def result(self, function: str, data: bytes) -> tuple[Any, ...]:
        """What `function` returned."""
        entry = self._function(function, None)
        return decode(_types(entry["outputs"]), data)

    def topic(self, event: str) -> str:
        """Topic 0 of `event`, in hex."""
        entry = next((entry for entry in self.abi if entry["type"] == "event" and entry["name"] == event), None)
        if entry is None:
            raise InvalidInput(f"{self.name} has no event {event}", field="event", value=event)
        return "0x" + keccak(text=_signature(entry)).hex()

    def event(self, log: Mapping[str, Any]) -> Event | None:
        """A log as one of this contract's events; None for a log that is none of them."""
        topics = log["topics"]
        for entry in self.abi:
            if entry["type"] == "event" and topics and "0x" + keccak(text=_signature(entry)).hex() == topics[0]:
                return _event(entry, topics[1:], bytes.fromhex(log["data"][2:]))
        return None

    def _function(self, function: str, arguments: Sequence[Any] | None) -> Mapping[str, Any]:
        found = [
            entry
            for entry in self.abi
            if entry["type"] == "function"
            and function in {entry["name"], _signature(entry)}
            and (arguments is None or len(arguments) == len(entry["inputs"]))
        ]
        self._require(f"{self.name}.{function}", len(found) == 1, arguments or ())
        return found[0]

    def _require(self, what: str, fits: bool, arguments: Sequence[Any]) -> None:
        if not fits:
            raise InvalidInput(f"{what} does not take {len(arguments)} arguments, or is none or several of its ABI")


@lru_cache
def op_stack(name: str) -> Contract:
    """One of the OP Stack's contracts."""
    return shipped("op_stack", name)


@lru_cache
def stand_in(name: str) -> Contract:
    """One of our stand-ins (`contracts/devnet`), to be created, or called by its interface."""
    return shipped("emulated", name)


@lru_cache
def runtime(name: str) -> str:
    """Code of a stand-in as it stands on a chain, in hex. Only for those without immutables."""
    code: str = _stored("emulated", name)["deployedBytecode"]
    return code


@lru_cache
def xl2(name: str) -> Contract:
    """One of xl2's own contracts."""
    built = artifact(name)
    return Contract(name=built.name, abi=built.abi, bytecode=built.bytecode)


def shipped(folder: str, name: str) -> Contract:
    """A contract from a folder of the artifacts that ship with this package."""
    stored = _stored(folder, name)
    return Contract(name=name, abi=stored["abi"], bytecode=bytes.fromhex(stored["bytecode"].removeprefix("0x")))


def _stored(folder: str, name: str) -> dict[str, Any]:
    path = files("xl2_devnet").joinpath("artifacts", folder, f"{name}.json")
    stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return stored


def _event(entry: Mapping[str, Any], topics: Sequence[str], data: bytes) -> Event:
    indexed = [argument for argument in entry["inputs"] if argument["indexed"]]
    plain = [argument for argument in entry["inputs"] if not argument["indexed"]]
    found = dict(zip([p["name"] for p in plain], decode(_types(plain), data), strict=True))
    for argument, topic in zip(indexed, topics, strict=True):
        raw = bytes.fromhex(topic[2:])
        # Of an indexed value that does not fit a word, the topic holds only the hash.
        hashed = argument["type"] in {"bytes", "string"} or argument["type"].endswith("]")
        found[argument["name"]] = raw if hashed else decode([_type(argument)], raw)[0]
    addresses = {a["name"] for a in entry["inputs"] if a["type"] == "address"}
    return Event(
        name=entry["name"],
        arguments={name: to_checksum_address(v) if name in addresses else v for name, v in found.items()},
    )


def _signature(entry: Mapping[str, Any]) -> str:
    return f"{entry['name']}({','.join(_types(entry['inputs']))})"


def _types(arguments: Sequence[Mapping[str, Any]]) -> list[str]:
    return [_type(argument) for argument in arguments]


def _type(argument: Mapping[str, Any]) -> str:
    declared: str = argument["type"]
    if declared.startswith("tuple"):
        return f"({','.join(_types(argument['components']))}){declared[5:]}"
    return declared
