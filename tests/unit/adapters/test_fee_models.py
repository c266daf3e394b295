"""Fee models: what a family charges beside gas is in the quote, and a price of bytes in the rates."""

from collections.abc import Sequence
from typing import Any

import pytest
from attrs import evolve

from xl2.core.types import Address, Wei
from xl2.errors import Reverted, RpcRejected, RpcUnavailable
from xl2.ports import Call
from xl2_adapters.fee_model import GasAlone
from xl2_adapters.nitro.fees import NitroFees
from xl2_adapters.op_stack.fees import L1_FEE, OPERATOR_FEE, UPPER_BOUND, OpFees
from xl2_adapters.rpc import Call as Request
from xl2_adapters.zk_stack.fees import ZkFees

SENDER = Address(b"\x0a" * 20)
CALL = Call(chain=901, to=Address(b"\x0c" * 20), data=bytes(1_000), what="deliver")  # type: ignore[arg-type]
LIMITED = evolve(CALL, gas_limit=500_000)
OLD = Reverted("GasPriceOracle: getL1FeeUpperBound only supports Fjord", endpoint="node")


def word(*values: int) -> str:
    return "0x" + b"".join(value.to_bytes(32) for value in values).hex()


def selectors(requests: Sequence[Request]) -> list[bytes]:
    return [bytes.fromhex(asked["data"][2:10]) for asked, *_ in (one.params for one in requests)]  # type: ignore[index,call-overload,arg-type]


def test_ethereum_charges_nothing_beside_gas() -> None:
    assert GasAlone().requests(CALL, SENDER) == ()
    assert GasAlone().surcharge((), 21_000, "node").fee == 0


def test_an_op_chain_charges_for_bytes_on_l1_and_for_its_operator() -> None:
    asked = selectors(OpFees().requests(CALL, SENDER))
    charged = OpFees().surcharge([word(7_000), word(50), word(50 + 300)], 2_000_000, "node")

    assert asked == [UPPER_BOUND.selector, OPERATOR_FEE.selector, OPERATOR_FEE.selector]
    assert charged.fee == 7_000 + 50 + 600
    assert charged.gas == 0


def test_before_isthmus_there_is_no_operator_to_pay() -> None:
    none = Reverted("execution reverted", endpoint="node")

    assert OpFees().surcharge([word(7_000), none, none], 2_000_000, "node").fee == 7_000


def test_before_fjord_the_oracle_is_asked_in_the_older_way() -> None:
    model = OpFees()
    with pytest.raises(RpcUnavailable, match="older way"):
        model.surcharge([OLD, OLD, OLD], 21_000, "node")

    assert selectors(model.requests(CALL, SENDER))[0] == L1_FEE.selector
    assert model.surcharge([word(9), OLD, OLD], 21_000, "node").fee == 9


def test_an_oracle_that_does_not_answer_makes_no_fee_of_zero() -> None:
    broken: list[Any] = [RpcRejected("missing trie node", endpoint="node"), word(0), word(0)]

    with pytest.raises(RpcRejected):
        OpFees().surcharge(broken, 21_000, "node")


def test_a_byte_on_an_op_chain_costs_its_part_of_a_large_transaction() -> None:
    assert OpFees().byte_fee([word(100_000 * 3 + 1)], Wei(1), "node") == 4


def test_nitro_adds_gas_for_l1_where_the_call_names_its_own_limit_and_nowhere_else() -> None:
    estimated = NitroFees().surcharge([], 21_000, "node")
    named = NitroFees().surcharge([word(40_000, 1, 2)], 500_000, "node")

    assert NitroFees().requests(CALL, SENDER) == ()
    assert len(NitroFees().requests(LIMITED, SENDER)) == 1
    assert (estimated.gas, named.gas, named.fee) == (0, 50_000, 0)
    assert NitroFees().byte_fee([word(0, 1, 10**9)], Wei(1), "node") == 16 * 10**9


def test_a_zk_chain_raises_a_limit_in_ethereums_gas_to_its_own_estimate_and_lowers_none() -> None:
    (asked,) = ZkFees().requests(LIMITED, SENDER)

    assert asked.method == "eth_estimateGas"
    assert "gas" not in asked.params[0]  # type: ignore[operator]
    assert ZkFees().requests(CALL, SENDER) == ()
    assert ZkFees().surcharge([hex(1_000_000)], 500_000, "node").gas == 800_000
    assert ZkFees().surcharge([hex(100_000)], 500_000, "node").gas == 0
