"""
Trimmed: a contract that somebody else built comes in, the artifact that the devnet reads goes out.

Promise: ABI and bytecode are as they came, without the members that nobody here reads, and the same contract gives the
same bytes.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def write(into: Path, name: str, *, package: str, abi: Sequence[Any], bytecode: str) -> None:
    """Write `into/NAME.json`; `package`: as npm names it, with its version."""
    artifact = {"contract": name, "package": package, "abi": interface(abi), "bytecode": bytecode}
    into.mkdir(parents=True, exist_ok=True)
    (into / f"{name}.json").write_text(json.dumps(artifact, separators=(",", ":")) + "\n", encoding="utf-8")


def interface(abi: Sequence[Any]) -> list[Any]:
    """An ABI without the names that types have in the sources."""
    return [_without_internal_types(entry) for entry in abi]


def _without_internal_types(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_internal_types(inner) for key, inner in value.items() if key != "internalType"}
    if isinstance(value, list):
        return [_without_internal_types(inner) for inner in value]
    return value
