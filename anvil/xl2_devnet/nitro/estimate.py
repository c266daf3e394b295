"""
Nitro estimate: the gas that a retryable ticket's first try would take, as a Nitro node answers it.

Parameters of `eth_estimateGas` come in; where they call `NodeInterface.estimateRetryableTicket`, the gas of the
ticket's call goes out, made by the alias of its sender, who has the deposit to spend. Promise: all other estimates are
left to the chain itself.
"""

from collections.abc import Sequence
from typing import Any

from eth_abi import decode
from eth_abi.exceptions import DecodingError

from xl2.errors import RpcRejected
from xl2_adapters.rpc import RpcClient
from xl2_adapters.rpc_wire import Json, quantity
from xl2_devnet.abi import stand_in
from xl2_devnet.nitro.genesis import PRECOMPILES
from xl2_devnet.rollup import PASS, Pass

_NODE = stand_in("NodeInterface")
_ZERO = "0x" + "00" * 20
_SELECTOR = 4
#: Sender, deposit, recipient, wei of the call, two refund addresses, data.
_TICKET = ("address", "uint256", "address", "uint256", "address", "address", "bytes")
_ESTIMATE = _NODE.call("estimateRetryableTicket", _ZERO, 0, _ZERO, 0, _ZERO, _ZERO, b"")[:_SELECTOR]
_ALIAS_OFFSET = 0x1111000000000000000000000000000000001111
_INVALID_PARAMS = -32602


async def estimate_ticket(l2: RpcClient, parameters: Sequence[Any]) -> Json | Pass:
    """
    Gas of a ticket's call, in hex; PASS for parameters that ask for something else.

    Raises:
        Reverted: the call would revert.
        RpcRejected: the calldata is not what the function takes.
    """
    request = parameters[0] if parameters and isinstance(parameters[0], dict) else {}
    calldata = str(request.get("data") or request.get("input") or "")
    if str(request.get("to")).lower() != PRECOMPILES["NodeInterface"] or not calldata.startswith(
        "0x" + _ESTIMATE.hex()
    ):
        return PASS
    try:
        sender, deposit, to, value, _, _, data = decode(_TICKET, bytes.fromhex(calldata[2:])[_SELECTOR:])
    except (DecodingError, ValueError) as error:
        message = f"these are not the arguments of estimateRetryableTicket: {error}"
        raise RpcRejected(message, endpoint=l2.name, rpc_code=_INVALID_PARAMS) from error
    speaker = f"0x{(int(sender, 16) + _ALIAS_OFFSET) % 2**160:040x}"
    owned = quantity(await l2.call("eth_getBalance", speaker, "latest"), l2.name)
    call: dict[str, Json] = {"from": speaker, "value": hex(value), "data": "0x" + data.hex()}
    if to != _ZERO:
        call["to"] = to
    return await l2.call("eth_estimateGas", call, "latest", {speaker: {"balance": hex(owned + deposit)}})
