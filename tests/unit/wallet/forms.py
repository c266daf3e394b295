"""Which functions an ABI has, for comparing the forms that reviews know with the contracts'."""

from collections.abc import Iterable, Mapping
from typing import Any

from xl2.core.hashing import keccak


def selectors(abi: Iterable[Mapping[str, Any]]) -> set[bytes]:
    """Selectors of all functions of an ABI."""
    return {
        keccak(f"{entry['name']}({','.join(map(_type, entry['inputs']))})".encode())[:4]
        for entry in abi
        if entry["type"] == "function"
    }


def _type(given: Mapping[str, Any]) -> str:
    """Canonical type of an ABI parameter; structs become tuples."""
    kind: str = given["type"]
    inner = ",".join(map(_type, given.get("components", ())))
    return kind.replace("tuple", f"({inner})")
