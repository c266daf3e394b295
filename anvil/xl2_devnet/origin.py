"""
Origin: the L1 block that an L2 block is derived from.

Values only. Promise: what an L2 block's first transaction tells of its origin is enough to take derivation up behind
it.
"""

from collections.abc import Mapping
from typing import Any

from attrs import frozen


@frozen(kw_only=True)
class L1Origin:
    """An L1 block, as far as L2 is told of it."""

    number: int
    #: Hex, as JSON-RPC gives it.
    hash: str
    parent_hash: str
    timestamp: int
    base_fee: int

    @classmethod
    def of(cls, block: Mapping[str, Any]) -> "L1Origin":
        """From a block of `eth_getBlockByNumber`."""
        return cls(
            number=int(block["number"], 16),
            hash=block["hash"],
            parent_hash=block["parentHash"],
            timestamp=int(block["timestamp"], 16),
            base_fee=int(block.get("baseFeePerGas") or "0x0", 16),
        )


@frozen(kw_only=True)
class Told:
    """What the first transaction of an L2 block says of the block's origin."""

    number: int
    #: Hex, as JSON-RPC gives it.
    hash: str
    #: Which block of this origin it is, from 0.
    sequence_number: int
