"""
Artifacts: what the Solidity compiler made of `contracts/src`, for Python.

A contract's name comes in, its ABI, bytecode, storage layout and the hash of its sources go out.
Promise: what is read here is what the sources beside it compile to (a test rebuilds and compares).
Encoding calls and deploying is left to the adapters.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from attrs import field, frozen

__all__ = ["Artifact", "UnknownArtifactError", "artifact", "names"]


class UnknownArtifactError(LookupError):
    """There is no artifact of this name; `names()` lists those there are."""


@frozen(kw_only=True)
class Artifact:
    """One compiled contract."""

    name: str
    #: The contract's JSON ABI, as solc writes it.
    abi: Sequence[Mapping[str, Any]] = field(repr=False)
    #: Creation code, without constructor arguments.
    bytecode: bytes = field(repr=False)
    #: Code that stands on the chain, immutables still zero.
    deployed_bytecode: bytes = field(repr=False)
    #: Where each state variable lies, as solc writes it.
    storage_layout: Mapping[str, Any] = field(repr=False)
    #: sha256 over the paths and contents of every source file that the contract is compiled from.
    source_hash: str
    #: Version and settings of the compiler.
    compiler: Mapping[str, Any] = field(repr=False)


@cache
def artifact(name: str) -> Artifact:
    """
    Read the artifact of one contract.

    :param name: the contract's name in Solidity, for example `Outbox`.
    :raises UnknownArtifactError: there is none of this name.
    """
    file = resources.files(__name__) / "artifacts" / f"{name}.json"
    if name not in names():
        message = f"no artifact named {name!r}; there are: {', '.join(names()) or 'none'}"
        raise UnknownArtifactError(message)
    raw = json.loads(file.read_text(encoding="utf-8"))
    return Artifact(
        name=raw["name"],
        abi=tuple(MappingProxyType(entry) for entry in raw["abi"]),
        bytecode=bytes.fromhex(raw["bytecode"].removeprefix("0x")),
        deployed_bytecode=bytes.fromhex(raw["deployedBytecode"].removeprefix("0x")),
        storage_layout=MappingProxyType(raw["storageLayout"]),
        source_hash=raw["sourceHash"],
        compiler=MappingProxyType(raw["compiler"]),
    )


@cache
def names() -> tuple[str, ...]:
    """Names of all artifacts, sorted."""
    folder = resources.files(__name__) / "artifacts"
    if not folder.is_dir():
        return ()
    return tuple(sorted(file.name.removesuffix(".json") for file in folder.iterdir() if file.name.endswith(".json")))
