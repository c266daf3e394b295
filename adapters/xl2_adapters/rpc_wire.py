"""
JSON-RPC on the wire: calls become request bytes, answer bytes become results or typed errors.

Promise: pure, and strict in what it takes in. An answer counts only if it is JSON, carries the id of a call that was
sent, each id once, and has a result or an error but not both; whatever else comes (HTML, a truncated body, `null`)
is `RpcUnavailable`, never a value. The transport, its limits and its retry are `rpc`'s.
Source: JSON-RPC 2.0 specification; EIP-1474 for quantities and data; geth for the code 3 of a revert.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

import orjson
from attrs import frozen

from xl2.errors import InvalidInput, Reverted, RpcRejected, RpcUnavailable
from xl2.mask import masked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

#: Methods whose result is never null by EIP-1474: a null there is a sick endpoint, not an answer.
NEVER_NULL = frozenset(
    {
        "eth_blockNumber", "eth_call", "eth_chainId", "eth_estimateGas", "eth_feeHistory", "eth_gasPrice",
        "eth_getBalance", "eth_getCode", "eth_getLogs", "eth_getProof", "eth_getStorageAt",
        "eth_getTransactionCount", "eth_maxPriorityFeePerGas", "eth_sendRawTransaction",
    }
)  # fmt: skip

#: Error code with which geth and its kin answer a reverted `eth_call` or `eth_estimateGas`.
REVERTED = 3

_QUANTITY = re.compile("0x[0-9a-fA-F]{1,64}")
_COUNT_BITS = 63

#: How much of a strange body an error quotes.
_QUOTED_BYTES = 80
_READ_BYTES = 4_096


@frozen
class Call:
    """One JSON-RPC call: a method and its positional parameters, ready for JSON."""

    method: str
    params: tuple[Json, ...] = ()


def endpoint_name(url: str) -> str:
    """Scheme, host and port of an RPC URL: what may be logged. User, password, path and query may hold a key.

    Raises:
        InvalidInput: not an absolute http(s) URL; the message never repeats the URL.
    """
    remedy = "Give a URL like http://127.0.0.1:8545 or https://host/path."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidInput("the RPC URL cannot be read", field="url", remedy=remedy) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidInput("the RPC URL is not an absolute http or https URL", field="url", remedy=remedy)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")


def encode_single(call: Call, request_id: int) -> bytes:
    """The request body of one call."""
    return orjson.dumps(_request(call, request_id))


def encode_batch(calls: Sequence[Call], first_id: int) -> bytes:
    """The request body of a batch; the call at place i has the id `first_id + i`."""
    return orjson.dumps([_request(call, first_id + place) for place, call in enumerate(calls)])


def decode_single(body: bytes, call: Call, request_id: int, endpoint: str) -> Json | RpcRejected:
    """The result of one call, or the error object that the node answered with (returned, not raised).

    Raises:
        RpcUnavailable: the body is no answer to this call.
    """
    answer = _parse(body, endpoint)
    if not isinstance(answer, dict):
        raise _garbage(f"{call.method}: the answer is {_kind(answer)}, not an object", endpoint)
    # An id of null is allowed only where the node could not read the request, and then with an error.
    if not _is_id(answer.get("id"), request_id) and not (answer.get("id") is None and answer.get("error")):
        raise _garbage(f"{call.method}: the answer has id {answer.get('id')!r}, sent was {request_id}", endpoint)
    return _outcome(answer, call, endpoint)


def decode_batch(body: bytes, calls: Sequence[Call], first_id: int, endpoint: str) -> list[Json | RpcRejected]:
    """One outcome a call, in the order of the calls, whatever the order of the answers.

    Raises:
        RpcRejected: the node refused the batch as a whole with one error object.
        RpcUnavailable: an answer is missing, came twice or was never asked for, or the body is no JSON array.
    """
    answers = _parse(body, endpoint)
    refusal = answers.get("error") if isinstance(answers, dict) else None
    if isinstance(refusal, dict):
        raise _rejected(refusal, f"a batch of {len(calls)} calls", endpoint)
    if not isinstance(answers, list):
        raise _garbage(f"the answer to a batch is {_kind(answers)}, not an array", endpoint)
    outcomes: dict[int, Json | RpcRejected] = {}
    for answer in answers:
        request_id = answer.get("id") if isinstance(answer, dict) else None
        place = request_id - first_id if type(request_id) is int else -1
        if not isinstance(answer, dict) or not 0 <= place < len(calls):
            raise _garbage(f"the batch holds an answer with id {request_id!r} that was never asked for", endpoint)
        if place in outcomes:
            raise _garbage(f"the batch answers id {request_id} twice", endpoint)
        outcomes[place] = _outcome(answer, calls[place], endpoint)
    if len(outcomes) != len(calls):
        raise _garbage(f"the batch has {len(outcomes)} answers to {len(calls)} calls", endpoint)
    return [outcomes[place] for place in range(len(calls))]


def result_of(outcome: Json | RpcRejected) -> Json:
    """One call's result. Raises `RpcRejected` where the node answered it with an error."""
    if isinstance(outcome, RpcRejected):
        raise outcome
    return outcome


def quantity(value: Json, endpoint: str) -> int:
    """A hex quantity ("0x1f") as an int.

    Raises:
        RpcUnavailable: the endpoint gave something else.
    """
    # Not `int` alone: it would take signs, underscores and other scripts' digits.
    if isinstance(value, str) and _QUANTITY.fullmatch(value):
        return int(value, 16)
    raise _garbage(f"expected a hex quantity, got {masked(str(value)[:_READ_BYTES])[:_QUOTED_BYTES]!r}", endpoint)


def count(value: Json, endpoint: str) -> int:
    """A hex quantity that counts blocks, logs or seconds: below 2^63, which every store can hold.

    Raises:
        RpcUnavailable: the endpoint gave something else.
    """
    found = quantity(value, endpoint)
    if found >> _COUNT_BITS:
        raise _garbage(f"expected a number of blocks, logs or seconds, got {value!r}", endpoint)
    return found


def data(value: Json, endpoint: str) -> bytes:
    """Hex data ("0x00ff") as bytes.

    Raises:
        RpcUnavailable: the endpoint gave something else.
    """
    if isinstance(value, str) and value.startswith("0x"):
        try:
            decoded = bytes.fromhex(value[2:])
        except ValueError:
            decoded = b""
        # `fromhex` skips spaces, which are no data.
        if len(decoded) * 2 == len(value) - 2:
            return decoded
    raise _garbage(f"expected hex data, got {masked(str(value)[:_READ_BYTES])[:_QUOTED_BYTES]!r}", endpoint)


def mapping(value: Json, endpoint: str) -> Mapping[str, Json]:
    """A JSON object as a mapping.

    Raises:
        RpcUnavailable: the endpoint gave something else, null included.
    """
    if isinstance(value, dict):
        return value
    raise _garbage(f"expected an object, got {_kind(value)}", endpoint)


def sequence(value: Json, endpoint: str) -> Sequence[Json]:
    """A JSON array as a sequence.

    Raises:
        RpcUnavailable: the endpoint gave something else, null included.
    """
    if isinstance(value, list):
        return value
    raise _garbage(f"expected an array, got {_kind(value)}", endpoint)


def _request(call: Call, request_id: int) -> dict[str, Json]:
    return {"jsonrpc": "2.0", "id": request_id, "method": call.method, "params": list(call.params)}


def _parse(body: bytes, endpoint: str) -> Json:
    try:
        parsed: Json = orjson.loads(body)
    except orjson.JSONDecodeError:
        # Masked before it is cut: half a secret is known by nobody.
        start = masked(body[:_READ_BYTES].decode("utf-8", "replace"))[:_QUOTED_BYTES]
        what = f"the answer of {len(body)} bytes is not JSON; it begins with {start!r}"
        raise _garbage(what, endpoint) from None
    return parsed


def _outcome(answer: Mapping[str, Json], call: Call, endpoint: str) -> Json | RpcRejected:
    error = answer.get("error")
    result = answer.get("result")
    if error is not None:
        if result is not None or not isinstance(error, dict):
            raise _garbage(f"{call.method}: the answer's error is {_kind(error)} beside a result", endpoint)
        return _rejected(error, call.method, endpoint)
    if "result" not in answer or (result is None and call.method in NEVER_NULL):
        raise _garbage(f"{call.method}: the answer has neither result nor error", endpoint)
    return result


def _rejected(error: Mapping[str, Json], what: str, endpoint: str) -> RpcRejected:
    code = error.get("code")
    rpc_code = code if type(code) is int else 0
    message = masked(str(error.get("message", "no message")))
    sentence = f"{endpoint} rejected {what}: {message}"
    if rpc_code == REVERTED or "revert" in message.lower():
        return Reverted(sentence, endpoint=endpoint, revert=_revert_bytes(error.get("data")), rpc_code=rpc_code)
    return RpcRejected(sentence, endpoint=endpoint, rpc_code=rpc_code, data=error.get("data"))


def _revert_bytes(value: Json) -> bytes:
    # Most nodes put hex there; some wrap it in an object, parity says "Reverted 0x…".
    if isinstance(value, dict):
        return _revert_bytes(value.get("data"))
    if isinstance(value, str) and "0x" in value:
        try:
            return bytes.fromhex(value[value.index("0x") + 2 :])
        except ValueError:
            return b""
    return b""


def _is_id(value: Json, request_id: int) -> bool:
    # `True == 1` in Python, so the type counts too.
    return type(value) is int and value == request_id


def _kind(value: Json) -> str:
    return "null" if value is None else f"a JSON {type(value).__name__}"


def _garbage(what: str, endpoint: str) -> RpcUnavailable:
    # An endpoint may repeat the URL that it was asked by, with the key in it.
    return RpcUnavailable(f"{endpoint} did not answer by the protocol: {masked(what)}", endpoint=endpoint)
