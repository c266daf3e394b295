"""
Spoil: what each fault does to a call on its way to the node, and to the node's answer on its way back.

Comes in: a parsed JSON-RPC call or answer and the fault that is switched on. Goes out: the call as the node gets it,
the answer as the asker gets it. Promise: what a fault does not touch passes as it is. Faults of the connection itself
are `proxy`'s.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from attrs import frozen


class Fault(StrEnum):
    """What an endpoint can do wrong."""

    # The connection: all that a request holds is touched by it.
    REFUSED = "refuses connections"
    RESET = "resets connections"
    HANG = "takes the request and never answers"
    HANG_MID_BODY = "stops in the middle of the answer"
    SLOW = "answers late"
    DRIP = "sends the answer byte by byte"
    RATE_LIMIT = "429"
    RATE_LIMIT_UNTIL = "429 with Retry-After"
    SERVER_ERROR = "503"
    HTML = "200 with a page of HTML"
    TRUNCATED = "half of the JSON"
    HUGE = "an answer without end"
    REORDERED_BATCH = "answers of a batch in another order"
    PARTIAL_BATCH = "an answer too few in a batch"
    # One answer, each by itself.
    WRONG_ID = "the id of another request"
    NULL_RESULT = "null"
    WRONG_CHAIN = "another chain's id"
    STALE_HEAD = "stands still while the chain goes on"
    HEAD_BACK = "goes back some blocks and stands there"
    FINALITY_FROZEN = "new blocks, and none of them final"
    FORGED_BLOCK = "block hashes that no chain has"
    FORGED_LOG = "a bit of a log turned"
    MISSING_LOG = "the last log left out"
    DUPLICATED_LOG = "the last log twice"
    FORGED_PROOF = "a bit of a proof turned"
    PRUNED_STATE = "keeps no state"
    SWALLOWED = "takes a transaction and tells nobody"


Call = dict[str, Any]
Answer = dict[str, Any]

_HEADS: Final = ("eth_blockNumber", "eth_getBlockByNumber")
_TAGGED: Final[Mapping[str, int]] = {
    "eth_getBlockByNumber": 0, "eth_call": 1, "eth_getBalance": 1, "eth_getCode": 1, "eth_getTransactionCount": 1,
    "eth_getStorageAt": 2, "eth_getProof": 2,
}  # fmt: skip
_STATE: Final = ("eth_call", "eth_getProof", "eth_getStorageAt", "eth_getBalance", "eth_getCode")

#: Methods that a fault touches where nobody says which; the others touch all.
USUAL: Final[Mapping[Fault, tuple[str, ...]]] = {
    Fault.WRONG_CHAIN: ("eth_chainId",),
    Fault.STALE_HEAD: (*_TAGGED, "eth_blockNumber", "eth_getLogs", "eth_getTransactionReceipt"),
    Fault.HEAD_BACK: (*_TAGGED, "eth_blockNumber", "eth_getLogs", "eth_getTransactionReceipt"),
    Fault.FINALITY_FROZEN: ("eth_getBlockByNumber",),
    Fault.FORGED_BLOCK: ("eth_getBlockByNumber",),
    Fault.FORGED_LOG: ("eth_getLogs",),
    Fault.MISSING_LOG: ("eth_getLogs",),
    Fault.DUPLICATED_LOG: ("eth_getLogs",),
    Fault.FORGED_PROOF: ("eth_getProof",),
    Fault.PRUNED_STATE: _STATE,
    Fault.SWALLOWED: ("eth_sendRawTransaction",),
}

#: Faults of the connection, in which one call spoils the whole request.
WHOLE: Final = frozenset(
    {
        Fault.REFUSED, Fault.RESET, Fault.HANG, Fault.HANG_MID_BODY, Fault.SLOW, Fault.DRIP, Fault.RATE_LIMIT,
        Fault.RATE_LIMIT_UNTIL, Fault.SERVER_ERROR, Fault.HTML, Fault.TRUNCATED, Fault.HUGE, Fault.REORDERED_BATCH,
        Fault.PARTIAL_BATCH,
    }
)  # fmt: skip
FROZEN: Final = frozenset({Fault.STALE_HEAD, Fault.HEAD_BACK, Fault.FINALITY_FROZEN})
_FINAL: Final = ("safe", "finalized")
#: How far `HEAD_BACK` goes back.
BLOCKS_BACK: Final = 5


@frozen(kw_only=True)
class Frozen:
    """Where a node stands that has stopped: block numbers by tag. It answers as it did then, with HTTP 200."""

    latest: int
    safe: int
    finalized: int
    #: Its tip goes on, and only what it calls final stands still.
    is_final_alone: bool = False

    def back(self, blocks: int) -> "Frozen":
        """The same, so many blocks earlier."""
        latest = max(0, self.latest - blocks)
        return Frozen(latest=latest, safe=min(self.safe, latest), finalized=min(self.finalized, latest))

    def ask(self, call: Call) -> Call | Answer:
        """The call as the node gets it, or an answer where it gets none."""
        method, params = call["method"], list(call["params"])
        if method == "eth_blockNumber":
            return _answer(call, hex(self.latest))
        if method == "eth_getLogs" and "blockHash" not in params[0]:
            first, last = (self._number(params[0].get(name, "latest")) for name in ("fromBlock", "toBlock"))
            if first > self.latest:
                return _answer(call, [])
            return {**call, "params": [{**params[0], "toBlock": hex(min(last, self.latest))}]}
        place = _TAGGED.get(method)
        if place is None or place >= len(params) or not self._is_about(params[place]):
            return call
        number = self._number(params[place])
        if number > self.latest:
            return _answer(call, None) if method == "eth_getBlockByNumber" else _error(call, "header not found")
        return {**call, "params": [*params[:place], hex(number), *params[place + 1 :]]}

    def tell(self, call: Call, answer: Answer) -> Answer:
        """The answer as the asker gets it."""
        found = answer.get("result")
        is_later = isinstance(found, dict) and int(found.get("blockNumber") or "0x0", 16) > self.latest
        return {**answer, "result": None} if call["method"] == "eth_getTransactionReceipt" and is_later else answer

    def _is_about(self, tag: Any) -> bool:
        return isinstance(tag, str) and (tag in _FINAL or not self.is_final_alone)

    def _number(self, tag: str) -> int:
        named = {"earliest": 0, "pending": self.latest, "latest": self.latest}
        named |= {"safe": self.safe, "finalized": self.finalized}
        return named[tag] if tag in named else int(tag, 16)


def ask(fault: Fault, call: Call) -> Call | Answer:
    """The call as the node gets it, or the answer where it gets none."""
    match fault:
        case Fault.PRUNED_STATE:
            return _error(call, "missing trie node 5bd0 (path ) state 0x5bd0 is not available")
        case Fault.WRONG_CHAIN:
            return _answer(call, "0x3e7f")
        case Fault.SWALLOWED:
            return _answer(call, "0x" + "5a" * 32)
        case _:
            return call


def tell(fault: Fault, answer: Answer) -> Answer:
    """The answer as the asker gets it."""
    spoil = _ANSWERS.get(fault)
    if fault is Fault.WRONG_ID:
        return {**answer, "id": 7_000_007}
    if spoil is None or answer.get("result") is None:
        return answer
    return {**answer, "result": spoil(answer["result"])}


def _turned(text: str) -> str:
    """Hex data with its last bit turned."""
    return text[:-1] + format(int(text[-1], 16) ^ 1, "x")


def _forged_block(block: Any) -> Any:
    return {**block, "hash": _turned(block["hash"])}


def _forged_log(logs: Any) -> Any:
    return [*logs[:-1], {**logs[-1], "data": _turned(logs[-1]["data"])}] if logs else logs


def _forged_proof(proof: Any) -> Any:
    nodes = proof["accountProof"]
    return {**proof, "accountProof": [*nodes[:-1], _turned(nodes[-1])]}


_ANSWERS: Final[Mapping[Fault, Callable[[Any], Any]]] = {
    Fault.NULL_RESULT: lambda _: None,
    Fault.FORGED_BLOCK: _forged_block,
    Fault.FORGED_LOG: _forged_log,
    Fault.MISSING_LOG: lambda logs: logs[:-1],
    Fault.DUPLICATED_LOG: lambda logs: [*logs, *logs[-1:]],
    Fault.FORGED_PROOF: _forged_proof,
}


def _answer(call: Call, result: Any) -> Answer:
    return {"jsonrpc": "2.0", "id": call["id"], "result": result}


def _error(call: Call, message: str) -> Answer:
    return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32000, "message": message}}
