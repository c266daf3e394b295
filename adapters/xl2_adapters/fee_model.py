"""
Fee model: how a family of chains charges for transactions, beside the gas that their calls take.

Comes in: a call. Goes out: what to ask in the batch of a quote, and what the answers come to. Promise: a cost is an
upper bound of what is charged, so that a balance that covers it covers the transaction. Ethereum, and chains whose gas
holds all that they charge, ask nothing.
"""

from collections.abc import Sequence
from typing import Protocol

from attrs import frozen

from xl2.core.types import Address, Wei, checksum, hex_text
from xl2.errors import RpcRejected
from xl2.ports import Call
from xl2_adapters.rpc import Call as Request
from xl2_adapters.rpc import Json

Answer = Json | RpcRejected


@frozen(kw_only=True)
class Surcharge:
    """What a chain takes of a transaction beside the gas that its call takes times the price of gas."""

    #: Gas to add where the call names its own limit; an estimate contains it.
    gas: int = 0
    #: Wei.
    fee: Wei = Wei(0)


class FeeModel(Protocol):
    """How a family of chains charges."""

    def requests(self, call: Call, sender: Address) -> Sequence[Request]:
        """What to ask for a call, in the batch of its quote."""
        ...

    def surcharge(self, answers: Sequence[Answer], gas: int, endpoint: str) -> Surcharge:
        """
        What the answers come to for a transaction with so much gas.

        Raises what a node refused, where a fee cannot be known without it.
        """
        ...

    def rate_requests(self) -> Sequence[Request]:
        """What to ask for the price of a byte."""
        ...

    def byte_fee(self, answers: Sequence[Answer], gas_price: Wei, endpoint: str) -> Wei:
        """What a byte of calldata costs beside its gas on the chain itself; an upper bound."""
        ...


class GasAlone:
    """Ethereum, and chains whose gas holds all that they charge. Implements `FeeModel`."""

    def requests(self, call: Call, sender: Address) -> Sequence[Request]:  # noqa: ARG002 - of no call
        """Nothing."""
        return ()

    def surcharge(self, answers: Sequence[Answer], gas: int, endpoint: str) -> Surcharge:  # noqa: ARG002 - none
        """Nothing."""
        return Surcharge()

    def rate_requests(self) -> Sequence[Request]:
        """Nothing."""
        return ()

    def byte_fee(self, answers: Sequence[Answer], gas_price: Wei, endpoint: str) -> Wei:  # noqa: ARG002 - none
        """Nothing."""
        return Wei(0)


def gas_request(call: Call, sender: Address) -> Request:
    """An estimate, or a try with the limit that the call names."""
    fields: dict[str, Json] = {
        "from": checksum(sender),
        "to": checksum(call.to),
        "data": hex_text(call.data),
        "value": hex(call.value),
    }
    if call.gas_limit is None:
        return Request("eth_estimateGas", (fields,))
    return Request("eth_call", ({**fields, "gas": hex(call.gas_limit)}, "latest"))
