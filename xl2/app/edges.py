"""
Edges: a name in, what other libraries come in by out: accounts, providers, attesters (entry points `xl2.edges`).

Promise: the house imports none of them; each is loaded when it is first used, and looked for once: looking reads the
metadata of every distribution that is installed, and a daemon asks for each log of each lane.
"""

from functools import cache
from importlib.metadata import entry_points
from typing import Any, Final

from xl2.errors import ConfigInvalid

EDGES: Final = "xl2.edges"


@cache
def edge(name: str) -> Any:  # noqa: ANN401 - a module or class of another distribution, known by name only
    """Find what lets accounts, providers and attesters of other libraries in."""
    for entry in entry_points(group=EDGES, name=name):
        return entry.load()
    raise ConfigInvalid(
        f"nothing is installed that brings {name!r} (entry point group {EDGES})",
        remedy="Install xl2 anew.",
    )
