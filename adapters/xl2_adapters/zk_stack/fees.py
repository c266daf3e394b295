"""
Fees: what a chain of the ZK stack charges for a transaction: all of it as gas, which is not Ethereum's.

Comes in: a call. Goes out: gas. Promise: what a call takes there, publishing of its state changes included, only the
chain's own estimate says; a limit that somebody named in Ethereum's gas is raised to it, never lowered.
Source: docs.zksync.io, fee model: an estimate holds the gas for pubdata, and the price of a byte may rise.
"""

from collections.abc import Sequence

from attrs import evolve

from xl2.core.types import Address, Wei
from xl2.errors import Reverted, RpcRejected
from xl2.ports import Call
from xl2_adapters import rpc_wire
from xl2_adapters.fee_model import Answer, Surcharge, gas_request
from xl2_adapters.rpc import Call as Request

_MARGIN_PERCENT = 30


class ZkFees:
    """Implements `FeeModel`."""

    def requests(self, call: Call, sender: Address) -> Sequence[Request]:
        """An estimate, where the call names a limit of its own."""
        return () if call.gas_limit is None else [gas_request(evolve(call, gas_limit=None), sender)]

    def surcharge(self, answers: Sequence[Answer], gas: int, endpoint: str) -> Surcharge:
        """What the named limit lacks."""
        if not answers or isinstance(answers[0], Reverted):
            # A call that reverts is refused for that; the try with its own limit says how.
            return Surcharge()
        if isinstance(answers[0], RpcRejected):
            raise answers[0]
        needed = rpc_wire.quantity(answers[0], endpoint) * (100 + _MARGIN_PERCENT) // 100
        return Surcharge(gas=max(0, needed - gas))

    def rate_requests(self) -> Sequence[Request]:
        """Nothing: bytes are paid for in gas."""
        return ()

    def byte_fee(self, answers: Sequence[Answer], gas_price: Wei, endpoint: str) -> Wei:  # noqa: ARG002 - none
        """Nothing: calldata is not published, what it changes is."""
        return Wei(0)
