"""
Kinds: the words of `--l2`, and the family of rollups that each is built by.

A word comes in, a family or the `Rollup` that builds it goes out. Promise: nothing of a family is imported before one
of its L2s is asked for.
"""

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xl2_devnet.rollup import Rollup

#: Family (entry point of `xl2.adapters`) by kind.
FAMILIES: Mapping[str, str] = {"op": "op", "base": "op", "arbitrum": "nitro", "zk": "zk"}

#: Where a family's `Rollup` stands.
_HOMES = {
    "op": ("op_stack.rollup", "OpRollup"),
    "nitro": ("nitro.rollup", "NitroRollup"),
    "zk": ("zk_stack.rollup", "ZkRollup"),
}


def rollups_of(families: Iterable[str]) -> "dict[str, Rollup]":
    """A new `Rollup` for each family, in the order of their first mention."""
    found: dict[str, Rollup] = {}
    for family in families:
        if family not in found:
            module, name = _HOMES[family]
            found[family] = getattr(import_module(f"xl2_devnet.{module}"), name)()
    return found
