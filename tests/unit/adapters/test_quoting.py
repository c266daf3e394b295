"""Quoting: one batch says what a call takes and what its sender has, and one where all its transactions stand."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from xl2.core.types import Address, ChainId, Hash32, Wei
from xl2.errors import Reverted, RpcRejected, RpcUnavailable, WrongChain
from xl2.ports import Call, Fees
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm
from xl2_adapters.rpc import Call as Request

CHAIN = ChainId(901)
SENDER = Address(b"\x0a" * 20)
CALL = Call(chain=CHAIN, to=Address(b"\x0c" * 20), data=b"\x01\x02", what="pay")
ONE, OTHER = Hash32(b"\x01" * 32), Hash32(b"\x02" * 32)

SAID = {
    "eth_chainId": hex(CHAIN),
    "eth_estimateGas": "0x5208",
    "eth_call": "0x",
    "eth_getBlockByNumber": {"baseFeePerGas": "0x64"},
    "eth_maxPriorityFeePerGas": "0x7",
    "eth_getTransactionCount latest": "0x3",
    "eth_getTransactionCount pending": "0x5",
    "eth_getBalance": "0x3e8",
    "eth_blockNumber": "0x63",
}


class Node:
    """Answers batches by method, and counts them."""

    def __init__(self, **said: Any) -> None:
        self.said: Mapping[str, Any] = {**SAID, **said}
        self.batches: list[list[Request]] = []

    def evm(self) -> Evm:
        chain = Evm(CHAIN, "http://127.0.0.1:1")

        async def call(method: str, *_: Any) -> Any:
            assert method == "eth_chainId"
            return hex(CHAIN)

        chain.rpc.call, chain.rpc.try_batch = call, self.batch  # type: ignore[method-assign]
        return chain

    async def batch(self, calls: Sequence[Request]) -> list[Any]:
        self.batches.append(list(calls))
        return [self._answer(one) for one in calls]

    def _answer(self, one: Request) -> Any:
        if one.method == "eth_getTransactionReceipt":
            return self.said.get(str(one.params[0]))
        if one.method == "eth_getTransactionCount":
            return self.said[f"{one.method} {one.params[1]}"]
        return self.said[one.method]


def receipt(tx_hash: Hash32, **fields: Any) -> dict[str, Any]:
    given = {"transactionHash": "0x" + tx_hash.hex(), "blockNumber": "0x9", "blockHash": "0x" + "aa" * 32}
    return {**given, "status": "0x1", "gasUsed": "0x5208", "effectiveGasPrice": "0x2", **fields}


async def test_a_quote_is_one_batch() -> None:
    node = Node()

    quote = await node.evm().quote(CALL, SENDER)

    assert len(node.batches) == 1
    assert (quote.gas, quote.balance, quote.data_fee) == (21_000, 1_000, 0)
    assert quote.fees == Fees(base_fee=Wei(100), priority_fee=Wei(7))
    assert (quote.tx_nonce, quote.pending_nonce) == (3, 5)


async def test_a_call_with_a_limit_of_its_own_is_tried_with_it_and_not_estimated() -> None:
    node = Node()
    call = Call(chain=CHAIN, to=CALL.to, data=b"", gas_limit=90_000, what="retry")

    quote = await node.evm().quote(call, SENDER)

    assert quote.gas == 90_000
    assert node.batches[0][1].method == "eth_call"
    assert node.batches[0][1].params[0]["gas"] == hex(90_000)  # type: ignore[index,call-overload]


async def test_a_call_that_would_revert_says_what_it_was_for() -> None:
    node = Node(eth_estimateGas=Reverted("execution reverted", endpoint="node"))

    with pytest.raises(Reverted, match="pay would revert"):
        await node.evm().quote(CALL, SENDER)


async def test_an_expiry_that_is_over_says_to_give_more_time() -> None:
    expiry = Method("expiry(uint64)").encode(1_700_000_000)
    refused = Reverted("execution reverted", endpoint="node", revert=Method("BadAttribute(bytes)").encode(expiry))

    with pytest.raises(Reverted, match="its expiry, 2023-11-14 22:13:20 UTC") as told:
        await Node(eth_estimateGas=refused).evm().quote(CALL, SENDER)

    assert "--expires-in" in told.value.remedy


async def test_an_endpoint_that_was_swapped_for_another_chains_quotes_nothing() -> None:
    node = Node(eth_chainId="0x1")

    with pytest.raises(WrongChain, match="serves chain 1 now, configured is 901"):
        await node.evm().quote(CALL, SENDER)


async def test_what_a_quote_told_of_the_chain_is_asked_again_only_after_a_while() -> None:
    node = Node()
    evm = node.evm()
    await evm.quote(CALL, SENDER)
    asked: list[str] = []

    async def call(method: str, *_: Any) -> Any:
        asked.append(method)
        return hex(CHAIN)

    evm.rpc.call = call  # type: ignore[method-assign]
    assert await evm.answers_for(within_seconds=60) == CHAIN
    assert asked == []
    assert await evm.answers_for() == CHAIN
    assert asked == ["eth_chainId"]


async def test_a_missing_part_of_a_quote_is_an_error_and_no_zero() -> None:
    node = Node(eth_getBalance=RpcRejected("no such method", endpoint="node"))

    with pytest.raises(RpcRejected, match="no such method"):
        await node.evm().quote(CALL, SENDER)


async def test_a_look_is_one_batch_for_all_transactions() -> None:
    node = Node(**{"0x" + ONE.hex(): receipt(ONE)})

    look = await node.evm().look(SENDER, [ONE, OTHER])

    assert len(node.batches) == 1
    assert set(look.receipts) == {ONE}
    assert look.receipts[ONE].cost == 42_000
    assert (look.head, look.tx_nonce, look.pending_nonce) == (99, 3, 5)


async def test_the_receipt_of_another_transaction_is_refused() -> None:
    node = Node(**{"0x" + ONE.hex(): receipt(OTHER)})

    with pytest.raises(RpcUnavailable, match="sent the receipt of 0x0202"):
        await node.evm().look(SENDER, [ONE])
