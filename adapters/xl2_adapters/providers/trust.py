"""
Trust: for each call, whose word is enough, and what counts as the same word.

Comes in: a call and what an endpoint answered. Goes out: how it is asked (of one, of k that agree, of all), and a vote
that is equal where two endpoints said the same. Promise: pure. Whatever others build on without looking again (block
hashes, storage and logs at a named block, code, the chain id) needs agreement; estimates and receipts, which cost at
most time or are looked at again at a named block, do not. A tip is paid as it is offered, and a nonce far ahead waits
for ever, so the least of what so many say is taken: who says too little costs time. A proof needs nobody's word: it
stands under a state root.
"""

from collections.abc import Hashable, Mapping
from enum import Enum, auto
from typing import Final

import orjson

from xl2.core.hashing import keccak
from xl2.errors import Reverted, RpcRejected
from xl2_adapters.rpc_wire import Call, Json


class Trust(Enum):
    """How a call is asked."""

    #: Of the best endpoint; the next one where it has no answer.
    ANY = auto()
    #: Of as many as must agree.
    AGREED = auto()
    #: The newest block of a finality: the highest one that as many as must agree have.
    HEAD = auto()
    #: Of as many as must agree, and the least of what they say: a tip, which is paid in full whatever it is; the next
    #: nonce, above which nothing is included before all below.
    LEAST = auto()
    #: Of one, and checked under an agreed state root.
    PROOF = auto()
    #: Of all; one that takes it is enough.
    ALL = auto()


_TAGS: Final = frozenset({"latest", "safe", "finalized"})
#: Where a call names its block.
_BLOCK_AT: Final[Mapping[str, int]] = {
    "eth_getBlockByNumber": 0, "eth_call": 1, "eth_getStorageAt": 2, "eth_getProof": 2, "eth_getCode": 1,
    "eth_getBalance": 1, "eth_getTransactionCount": 1,
}  # fmt: skip
_STATE: Final = frozenset({"eth_call", "eth_getStorageAt", "eth_getBalance"})
#: Of a header: what is built on without hashing it again.
_HEADER: Final = (
    "number", "hash", "parentHash", "stateRoot", "receiptsRoot", "timestamp", "gasLimit", "baseFeePerGas",
)  # fmt: skip
_LOG: Final = ("blockNumber", "blockHash", "transactionHash", "logIndex", "address", "data", "removed")


def trust_of(call: Call) -> Trust:  # noqa: PLR0911 - one case a kind
    """How a call is asked."""
    match call.method:
        case "eth_sendRawTransaction":
            return Trust.ALL
        case "eth_chainId" | "eth_getCode" | "eth_getLogs" | "eth_getBlockByHash":
            return Trust.AGREED
        case "eth_maxPriorityFeePerGas":
            return Trust.LEAST
        case "eth_getTransactionCount" if height_of(call) is None:
            return Trust.LEAST
        case "eth_getBlockByNumber":
            tag = _named(call)
            return Trust.HEAD if tag in _TAGS else Trust.AGREED if tag != "pending" else Trust.ANY
        case "eth_getProof":
            return Trust.PROOF if height_of(call) is not None else Trust.ANY
        case method if method in _STATE:
            return Trust.AGREED if height_of(call) is not None else Trust.ANY
        case _:
            return Trust.ANY


def height_of(call: Call) -> int | None:
    """Number of the block that a call is about, where it names one by number."""
    if call.method == "eth_getLogs":
        wanted = call.params[0] if call.params else None
        return _number(wanted.get("toBlock")) if isinstance(wanted, Mapping) else None
    return _number(_named(call))


def vote_of(call: Call, outcome: Json | RpcRejected) -> Hashable | None:
    """
    What an outcome says, so that equal votes say the same; None for a refusal, which says nothing.

    Endpoints differ in letter case, in the order of members and in members of their own; none of that counts.
    """
    if isinstance(outcome, RpcRejected):
        return ("revert", outcome.revert) if isinstance(outcome, Reverted) else None
    match call.method:
        case "eth_getBlockByNumber" | "eth_getBlockByHash" if isinstance(outcome, dict):
            return tuple(_plain(outcome.get(name)) for name in _HEADER)
        case "eth_getLogs" if isinstance(outcome, list) and all(isinstance(log, dict) for log in outcome):
            return tuple(sorted(_log(log) for log in outcome if isinstance(log, dict)))
        case "eth_getStorageAt" if isinstance(outcome, str):
            return "0x" + outcome.lower().removeprefix("0x").rjust(64, "0")
        case _:
            return _plain(outcome)


def in_words(call: Call, outcome: Json | RpcRejected) -> str:
    """What an outcome says, in few words."""
    if isinstance(outcome, RpcRejected):
        return outcome.what
    match call.method, outcome:
        case _, None:
            return "nothing"
        case "eth_getLogs", list():
            return f"{len(outcome)} logs with digest {keccak(repr(vote_of(call, outcome)).encode())[:4].hex()}"
        case _, {"number": str(number), "hash": str(block_hash)}:
            return f"block {int(number, 16)} with hash {block_hash}"
        case _:
            text = orjson.dumps(outcome).decode()
            return text if len(text) <= 80 else f"{text[:77]}..."


def _named(call: Call) -> Json:
    place = _BLOCK_AT.get(call.method)
    return call.params[place] if place is not None and place < len(call.params) else None


def _number(tag: Json) -> int | None:
    return int(tag, 16) if isinstance(tag, str) and tag.startswith("0x") and len(tag) < 66 else None


def _log(log: Mapping[str, Json]) -> tuple[str, ...]:
    topics = log.get("topics")
    named = [_plain(log.get(name) or "") for name in _LOG]
    return (*named, *(_plain(topic) for topic in (topics if isinstance(topics, list) else [])))


def _plain(value: Json) -> str:
    if isinstance(value, str):
        return value.lower()
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode().lower()
