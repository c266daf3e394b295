"""Vectors of Nitro chains, made by others' programs: see the notes in the files."""

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "facts"

IDS: dict[str, Any] = json.loads((HERE / "ids.json").read_text(encoding="utf-8"))
BLOCKS: list[dict[str, Any]] = json.loads((HERE / "blocks.json").read_text(encoding="utf-8"))["blocks"]


def number(text: str) -> int:
    """An integer of a vector."""
    return int(text, 16)


def raw(text: str) -> bytes:
    """Bytes of a vector."""
    return bytes.fromhex(text[2:])
