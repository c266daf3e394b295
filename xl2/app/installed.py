"""
Installed: the group and name of an entry point in, what some distribution brings under it out.

Promise: each is looked for once, when it is first asked for: looking reads the metadata of every distribution that is
installed, and a daemon asks for each key of each lane. What it is, and what to say where there is none, is the asker's.
"""

from functools import cache
from importlib.metadata import entry_points
from typing import Any


@cache
def installed(group: str, name: str) -> Any:  # noqa: ANN401 - a module or class of another distribution, by name only
    """Load what is there by this name; None where nothing is."""
    for entry in entry_points(group=group, name=name):
        return entry.load()
    return None


def names(group: str) -> str:
    """All names of a group, in words."""
    return ", ".join(sorted(entry.name for entry in entry_points(group=group))) or "none"
