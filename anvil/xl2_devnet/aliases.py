"""
Aliases: a transaction that a real chain knows by one hash, and anvil by another.

A call of a user and the table of hashes come in; the call as anvil understands it goes out, and its answer under the
hash that was asked for. Promise: whoever looks a ticket or a priority request up by the hash that L1 told him finds it.
Lists of a block's transactions have anvil's hashes: who walks blocks sees those.
"""

from collections.abc import Mapping
from typing import Any

_LOOK_UPS = frozenset({"debug_traceTransaction", "eth_getTransactionByHash", "eth_getTransactionReceipt"})


def alias_in(call: Mapping[str, Any], aliases: Mapping[str, str]) -> str | None:
    """The alias that a call looks up, in lower case; None: it looks up none."""
    params = call.get("params")
    if call.get("method") not in _LOOK_UPS or not isinstance(params, list) or not params:
        return None
    asked = str(params[0]).lower()
    return asked if asked in aliases else None


def asked_of_anvil(call: Mapping[str, Any], tx_hash: str) -> dict[str, Any]:
    """The call with anvil's own hash in it."""
    return {**call, "params": [tx_hash, *call["params"][1:]]}


def told_to_user(answer: Mapping[str, Any], alias: str) -> dict[str, Any]:
    """The answer, under the hash that was asked for."""
    result = answer.get("result")
    if not isinstance(result, dict):
        return dict(answer)
    told = {**result}
    for member in ("hash", "transactionHash"):
        if member in told:
            told[member] = alias
    if isinstance(told.get("logs"), list):
        told["logs"] = [{**entry, "transactionHash": alias} for entry in told["logs"]]
    return {**answer, "result": told}
