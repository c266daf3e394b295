"""
Edges: a name in, what other libraries come in by out: accounts, providers, attesters (entry points `xl2.edges`).

Promise: the house imports none of them; each is loaded when it is first used.
"""

from typing import Any, Final

from xl2.app.installed import installed
from xl2.errors import ConfigInvalid

EDGES: Final = "xl2.edges"


def edge(name: str) -> Any:  # noqa: ANN401 - a module or class of another distribution, known by name only
    """Find what lets accounts, providers and attesters of other libraries in."""
    found = installed(EDGES, name)
    if found is None:
        raise ConfigInvalid(
            f"nothing is installed that brings {name!r} (entry point group {EDGES})",
            remedy="Install xl2 anew.",
        )
    return found
