"""
Snapshot: the state of a freshly deployed devnet, kept in the user's cache for the next start.

What decides that state comes in as a key, dumps of the chains go out, or come in to be kept. Promise: a snapshot is
used only for the very code, contracts, clocks and chains that it was made from, is never seen half-written, and one
that cannot be read is as if it were not there.
"""

import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import orjson
from attrs import frozen

from xl2 import whole
from xl2_devnet.packages import cache

#: Snapshots that stay in the cache; older ones go.
_KEPT = 8


@frozen(kw_only=True)
class Snapshot:
    """A deployed devnet at rest: `anvil_dumpState` of each chain, and what was deployed where."""

    states: Mapping[str, str]
    deployed: Mapping[str, Any]


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where snapshots are kept."""
    return cache(environ) / "devnet"


def key_of(*, anvil: Path, parameters: object) -> str:
    """Name of the state that this code, its contracts, this anvil and these parameters lead to."""
    # The binary's size stands for its version: reading 44 MB at each start would cost more than it tells.
    digest = hashlib.sha256(f"{anvil.stat().st_size}\n{parameters!r}\n".encode())
    for package in ("xl2_devnet", "xl2_contracts"):
        for path, content in sorted(_contents(files(package), package)):
            digest.update(f"{path} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()[:32]


def load(folder: Path, key: str) -> Snapshot | None:
    """The snapshot of this key, or None."""
    path = _path(folder, key)
    try:
        tree = orjson.loads(path.read_bytes())
        snapshot = Snapshot(states=tree["states"], deployed=tree["deployed"])
        os.utime(path)
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return snapshot


def keep(folder: Path, key: str, snapshot: Snapshot) -> None:
    """Keep a snapshot under its key; the longest unused go."""
    folder.mkdir(parents=True, exist_ok=True)
    whole.write(_path(folder, key), orjson.dumps({"states": snapshot.states, "deployed": snapshot.deployed}))
    by_use = sorted(folder.glob("*snapshot-*"), key=_last_use, reverse=True)
    for old in by_use[_KEPT:]:
        old.unlink(missing_ok=True)


def forget(folder: Path, key: str) -> None:
    """Drop a snapshot that a node would not take."""
    _path(folder, key).unlink(missing_ok=True)


def _path(folder: Path, key: str) -> Path:
    return folder / f"snapshot-{key}.json"


def _last_use(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # another process dropped it meanwhile
        return time.time()


def _contents(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _contents(entry, f"{prefix}/{entry.name}")
        elif entry.name.endswith((".py", ".json")):
            yield f"{prefix}/{entry.name}", entry.read_bytes()
