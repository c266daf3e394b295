"""
ZK contracts: the ZK stack's contracts as the devnet deploys them, and what stands in for its zkVM side.

Names come in, interfaces and code go out. Promise: `zk_stack` is Matter Labs' own code of
@matterlabs/zksync-contracts 0.6.1, compiled by `tools/zk_artifacts.py`; `stand_in` is ours, from `contracts/devnet`.
"""

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

from xl2_devnet.abi import Contract


@lru_cache
def zk_stack(name: str) -> Contract:
    """One of Matter Labs' L1 contracts, or an interface of them (without code)."""
    return _contract(_stored("zk_stack", name), "contract")


@lru_cache
def stand_in(name: str) -> Contract:
    """One of our stand-ins, to be created."""
    return _contract(_stored("emulated", name), "name")


@lru_cache
def runtime(name: str) -> str:
    """Code of a stand-in as it stands on a chain, in hex. Only for those without immutables."""
    code: str = _stored("emulated", name)["deployedBytecode"]
    return code


def _stored(folder: str, name: str) -> dict[str, Any]:
    path = files("xl2_devnet").joinpath("artifacts", folder, f"{name}.json")
    stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return stored


def _contract(stored: dict[str, Any], name: str) -> Contract:
    return Contract(name=stored[name], abi=stored["abi"], bytecode=bytes.fromhex(stored["bytecode"][2:]))
