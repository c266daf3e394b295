"""
ZK contracts: the ZK stack's contracts as the devnet deploys them.

Names come in, interfaces and code go out. Promise: they are Matter Labs' own code of @matterlabs/zksync-contracts
0.6.1, compiled by `tools/zk_artifacts.py`.
"""

from functools import lru_cache

from xl2_devnet.abi import Contract, shipped


@lru_cache
def zk_stack(name: str) -> Contract:
    """One of Matter Labs' L1 contracts, or an interface of them (without code)."""
    return shipped("zk_stack", name)
