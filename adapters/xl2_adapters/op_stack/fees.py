"""
Fees: what an OP-Stack chain charges for a transaction beside its gas: the data fee of L1, and the operator's fee.

Comes in: a call. Goes out: wei, an upper bound. Promise: both are asked of the chain's own predeploy, which knows the
scalars of its hardfork; the data fee is bounded for bytes that do not compress (Fjord), the operator's fee is linear in
gas (Isthmus, Jovian), so two points tell it all.
Source: specs.optimism.io, Ecotone, Fjord and Isthmus `exec-engine.md`; `GasPriceOracle.sol`.
"""

from collections.abc import Sequence

from xl2.core.types import Address, Wei, address, checksum, hex_text
from xl2.errors import Reverted, RpcRejected, RpcUnavailable
from xl2.ports import Call
from xl2_adapters import rpc_wire
from xl2_adapters.abi import Method
from xl2_adapters.fee_model import Answer, Surcharge
from xl2_adapters.rpc import Call as Request

ORACLE = address("0x420000000000000000000000000000000000000F")
UPPER_BOUND = Method("getL1FeeUpperBound(uint256)", "(uint256)")
L1_FEE = Method("getL1Fee(bytes)", "(uint256)")
OPERATOR_FEE = Method("getOperatorFee(uint256)", "(uint256)")

#: Bytes of an unsigned EIP-1559 transaction beside its calldata, an upper bound; the oracle adds the signature.
_ENVELOPE = 120
_MILLION = 10**6
#: A message's bytes in a batch are a small part of it: the price of one is that of the thousandth of so many.
_SAMPLE = 100_000


class OpFees:
    """Implements `FeeModel`."""

    def __init__(self) -> None:
        """A chain is taken to be past Fjord (July 2024) until its oracle says otherwise."""
        self._has_upper_bound = True

    def requests(self, call: Call, sender: Address) -> Sequence[Request]:  # noqa: ARG002 - whoever sends it
        """The data fee of its bytes, and two points of the operator's fee."""
        data_fee = UPPER_BOUND.encode(_ENVELOPE + len(call.data)) if self._has_upper_bound else self._before(call.data)
        return [_view(data_fee), _view(OPERATOR_FEE.encode(0)), _view(OPERATOR_FEE.encode(_MILLION))]

    def surcharge(self, answers: Sequence[Answer], gas: int, endpoint: str) -> Surcharge:
        """Both fees. Raises `RpcUnavailable` once, where the oracle is older than was thought."""
        data_fee, at_none, at_million = answers
        flat, high = _operator_fee(at_none, endpoint), _operator_fee(at_million, endpoint)
        return Surcharge(fee=Wei(self._data_fee(data_fee, endpoint) + flat + -(-(high - flat) * gas // _MILLION)))

    def rate_requests(self) -> Sequence[Request]:
        """The data fee of a large transaction."""
        data = UPPER_BOUND.encode(_SAMPLE) if self._has_upper_bound else self._before(b"\xff" * (_SAMPLE // 100))
        return [_view(data)]

    def byte_fee(self, answers: Sequence[Answer], gas_price: Wei, endpoint: str) -> Wei:  # noqa: ARG002 - L1's price
        """A part of that."""
        size = _SAMPLE if self._has_upper_bound else _SAMPLE // 100
        return Wei(-(-self._data_fee(answers[0], endpoint) // size))

    def _before(self, data: bytes) -> bytes:
        """Before Fjord the oracle counts bytes that are not zero; what signature and envelope hold is none of them."""
        return L1_FEE.encode(data + b"\xff" * _ENVELOPE)

    def _data_fee(self, answer: Answer, endpoint: str) -> int:
        if isinstance(answer, Reverted) and self._has_upper_bound:
            self._has_upper_bound = False
            what = f"the gas oracle of {endpoint} knows no upper bound yet, so it is asked in the older way from now on"
            raise RpcUnavailable(what, endpoint=endpoint)
        return _number(answer, endpoint)


def _operator_fee(answer: Answer, endpoint: str) -> int:
    """Before Isthmus there is none, and the oracle has no such function."""
    return 0 if isinstance(answer, Reverted) else _number(answer, endpoint)


def _number(answer: Answer, endpoint: str) -> int:
    """A word. A chain without the predeploy is no OP-Stack chain yet (a devnet in the making): it charges nothing."""
    if isinstance(answer, RpcRejected):
        raise answer
    word = rpc_wire.data(answer, endpoint)
    return int.from_bytes(word)


def _view(data: bytes) -> Request:
    return Request("eth_call", ({"to": checksum(ORACLE), "data": hex_text(data)}, "latest"))
