"""
Fees: what a chain of Arbitrum Nitro charges for a transaction's bytes on L1: as gas of its own, beside the call's.

Comes in: a call. Goes out: gas, an upper bound. Promise: an estimate of the node holds that gas already, so it is added
where the call names its own limit, and nowhere else; the node's own interface says how much.
Source: nitro-contracts `NodeInterface.sol`; docs.arbitrum.io, how gas is estimated.
"""

from collections.abc import Sequence

from xl2.core.types import Address, Wei, checksum, hex_text
from xl2.errors import RpcRejected
from xl2.ports import Call
from xl2_adapters import rpc_wire
from xl2_adapters.abi import Method
from xl2_adapters.fee_model import Answer, Surcharge
from xl2_adapters.nitro.precompiles import NODE_INTERFACE
from xl2_adapters.rpc import Call as Request
from xl2_adapters.rpc import Json

L1_COMPONENT = Method("gasEstimateL1Component(address,bool,bytes)", "(uint64,uint256,uint256)")

#: L1's price may rise before a block holds the transaction.
_MARGIN_PERCENT = 25
#: Gas of L1 for a byte that is not zero, which Nitro takes for each byte that Brotli leaves.
_BYTE_GAS_OF_L1 = 16


class NitroFees:
    """Implements `FeeModel`."""

    def requests(self, call: Call, sender: Address) -> Sequence[Request]:  # noqa: ARG002 - whoever sends it
        """The gas for its bytes, where no estimate tells it."""
        return () if call.gas_limit is None else [_component(call.to, call.data)]

    def surcharge(self, answers: Sequence[Answer], gas: int, endpoint: str) -> Surcharge:  # noqa: ARG002 - beside it
        """That gas, with a margin."""
        if not answers:
            return Surcharge()
        for_l1, _, _ = _decoded(answers[0], endpoint)
        return Surcharge(gas=for_l1 * (100 + _MARGIN_PERCENT) // 100)

    def rate_requests(self) -> Sequence[Request]:
        """What L1's base fee is taken for."""
        return [_component(NODE_INTERFACE, b"")]

    def byte_fee(self, answers: Sequence[Answer], gas_price: Wei, endpoint: str) -> Wei:  # noqa: ARG002 - L1's price
        """Of a byte that does not compress."""
        _, _, l1_base_fee = _decoded(answers[0], endpoint)
        return Wei(_BYTE_GAS_OF_L1 * l1_base_fee)


def _component(to: Address, data: bytes) -> Request:
    asked: dict[str, Json] = {"to": checksum(NODE_INTERFACE), "data": hex_text(L1_COMPONENT.encode(to, False, data))}
    return Request("eth_call", (asked, "latest"))


def _decoded(answer: Answer, endpoint: str) -> tuple[int, int, int]:
    if isinstance(answer, RpcRejected):
        raise answer
    for_l1, base_fee, l1_base_fee = L1_COMPONENT.decode(rpc_wire.data(answer, endpoint), endpoint)
    return for_l1, base_fee, l1_base_fee
