"""
Pruned: a node said no because it keeps no state that old.

A rejection and the block it was about come in; whether age explains it goes out. Promise: what a node that is no
archive cannot tell is not taken for a final answer. A newer block serves as well: what is in a log stays in it.
"""

from xl2.core.types import BlockNumber
from xl2.errors import Reverted, RpcRejected

#: Every node answers for the states of so many last blocks; go-ethereum's for 128 unless told otherwise.
_ALWAYS_KEPT = 64


def is_pruned(rejected: RpcRejected, at: BlockNumber, newest: BlockNumber) -> bool:
    """Whether a question about the state of block `at` was rejected for its age; each node words it otherwise."""
    return newest - at > _ALWAYS_KEPT and not isinstance(rejected, Reverted)
