"""EVM: what an endpoint sends is checked against what it was asked."""

from collections.abc import Callable
from typing import Any

import pytest

from xl2.core.evidence import Finality
from xl2.core.types import Address, BlockNumber, ChainId, Hash32
from xl2.errors import NotYet, RpcRejected, RpcUnavailable, Unaffordable, WrongChain
from xl2.ports import Broadcast
from xl2_adapters.evm import Evm
from xl2_adapters.node_words import outcome_of

CONTRACT = Address(b"\x0c" * 20)
TOPIC = b"\x01" * 32


def evm(answer: Callable[..., Any]) -> Evm:
    """A chain whose endpoint answers by a function of method and parameters."""
    chain = Evm(ChainId(901), "http://127.0.0.1:1")

    async def call(method: str, *params: Any) -> Any:
        return answer(method, *params)

    chain.rpc.call = call  # type: ignore[method-assign]
    return chain


def block(number: int, **fields: str) -> dict[str, str]:
    given = {"number": hex(number), "hash": "0x" + "aa" * 32, "parentHash": "0x" + "bb" * 32, "timestamp": "0x5"}
    return {**given, "gasLimit": "0x1c9c380", **fields}


def log(number: int, **fields: Any) -> dict[str, Any]:
    given = {
        "address": "0x" + CONTRACT.hex(),
        "topics": ["0x" + TOPIC.hex()],
        "data": "0x",
        "blockNumber": hex(number),
        "blockHash": "0x" + "aa" * 32,
        "transactionHash": "0x" + "cc" * 32,
        "logIndex": "0x0",
        "removed": False,
    }
    return {**given, **fields}


def serving(method: str, result: Any) -> Callable[..., Any]:
    return lambda asked, *_: "0x385" if asked == "eth_chainId" else result if asked == method else None


async def test_the_chain_id_is_checked_before_the_first_answer() -> None:
    chain = evm(lambda method, *_: "0x386" if method == "eth_chainId" else block(5))

    with pytest.raises(WrongChain, match="serves chain 902, configured is 901"):
        await chain.head(Finality.LATEST)


async def test_an_endpoint_that_has_no_newest_block_fails_and_one_that_has_no_final_one_is_waited_for() -> None:
    with pytest.raises(RpcUnavailable, match="there is no newest block"):
        await evm(serving("eth_getBlockByNumber", None)).head(Finality.LATEST)

    with pytest.raises(NotYet):
        await evm(serving("eth_getBlockByNumber", None)).head(Finality.FINALIZED)


async def test_a_block_that_is_not_there_is_not_there_yet() -> None:
    with pytest.raises(NotYet, match="no block 7 yet"):
        await evm(serving("eth_getBlockByNumber", None)).block(BlockNumber(7))


@pytest.mark.parametrize(
    "said",
    [
        "BlockOutOfRangeError: block height is 100 but requested was 103",
        "header not found",
        "block range extends beyond current head block",
    ],
)
async def test_a_question_about_a_block_above_the_tip_is_put_again_later(said: str) -> None:
    def answer(method: str, *_: Any) -> Any:
        if method == "eth_chainId":
            return "0x385"
        raise RpcRejected(f"node rejected {method}: {said}", endpoint="node", rpc_code=-32602)

    with pytest.raises(NotYet, match=said[:20]):
        await evm(answer).storage(CONTRACT, Hash32(TOPIC), BlockNumber(103))


async def test_a_block_that_is_too_old_to_ask_about_is_no_block_to_come() -> None:
    said = "BlockOutOfRangeError: block height is 3431 but requested was 3030"

    def answer(method: str, *_: Any) -> Any:
        if method == "eth_chainId":
            return "0x385"
        raise RpcRejected(f"node rejected {method}: {said}", endpoint="node", rpc_code=-32602)

    with pytest.raises(RpcRejected, match="requested was 3030"):
        await evm(answer).storage(CONTRACT, Hash32(TOPIC), BlockNumber(3030))


async def test_another_block_than_asked_for_is_refused() -> None:
    with pytest.raises(RpcUnavailable, match="sent block 6 for block 7"):
        await evm(serving("eth_getBlockByNumber", block(6))).block(BlockNumber(7))


@pytest.mark.parametrize(
    "odd",
    [
        {"address": "0x" + "0d" * 20},
        {"blockNumber": "0x63"},
        {"topics": ["0x" + "02" * 32]},
        {"topics": []},
        {"removed": True},
    ],
)
async def test_a_log_that_was_not_asked_for_is_refused(odd: dict[str, Any]) -> None:
    chain = evm(serving("eth_getLogs", [log(5, **odd)]))

    with pytest.raises(RpcUnavailable, match="not asked for"):
        await chain.logs(CONTRACT, [[TOPIC]], BlockNumber(1), BlockNumber(9))


async def test_a_range_that_is_too_long_is_halved_until_it_fits() -> None:
    asked: list[tuple[int, int]] = []

    def answer(method: str, *params: Any) -> Any:
        if method == "eth_chainId":
            return "0x385"
        first, last = int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)
        asked.append((first, last))
        if last - first >= 2:
            raise RpcRejected("block range too wide", endpoint="http://node")
        return [log(number) for number in range(first, last + 1)]

    found = await evm(answer).logs(CONTRACT, [[TOPIC]], BlockNumber(1), BlockNumber(7))

    assert [one.place.block for one in found] == [1, 2, 3, 4, 5, 6, 7]
    assert asked[0] == (1, 7)


async def test_one_block_that_is_refused_is_an_error() -> None:
    def answer(method: str, *_: Any) -> Any:
        if method == "eth_chainId":
            return "0x385"
        raise RpcRejected("query timeout exceeded", endpoint="http://node")

    with pytest.raises(RpcRejected, match="timeout"):
        await evm(answer).logs(CONTRACT, [[TOPIC]], BlockNumber(1), BlockNumber(2))


async def test_a_range_grows_again_behind_a_dense_block() -> None:
    lengths: list[int] = []

    def answer(method: str, *params: Any) -> Any:
        if method == "eth_chainId":
            return "0x385"
        first, last = int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)
        if first <= 50 <= last and last - first >= 10:
            raise RpcRejected("query returned more than 10000 results", endpoint="http://node")
        lengths.append(last - first + 1)
        return []

    await evm(answer).logs(CONTRACT, [[TOPIC]], BlockNumber(1), BlockNumber(40_000))

    assert sum(lengths) == 40_000
    assert min(lengths) <= 10
    assert lengths.count(2_000) > 10


@pytest.mark.parametrize(
    "said", ["archive only", "rate limit reached", "too many requests", "invalid block range params", "unknown address"]
)
async def test_a_refusal_that_no_shorter_range_mends_is_an_error_at_once(said: str) -> None:
    asked: list[str] = []

    def answer(method: str, *_: Any) -> Any:
        if method == "eth_chainId":
            return "0x385"
        asked.append(method)
        raise RpcRejected(said, endpoint="http://node")

    with pytest.raises(RpcRejected, match=said):
        await evm(answer).logs(CONTRACT, [[TOPIC]], BlockNumber(1), BlockNumber(900))

    assert asked == ["eth_getLogs"]


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("already known", Broadcast.ACCEPTED),
        ("transaction already imported", Broadcast.ACCEPTED),
        ("nonce too low: next nonce 5, tx nonce 4", Broadcast.NONCE_USED),
        ("replacement transaction underpriced", Broadcast.UNDERPRICED),
        ("max fee per gas less than block base fee: address 0x1", Broadcast.UNDERPRICED),
        ("transaction underpriced: tip needed 1", Broadcast.UNDERPRICED),
    ],
)
def test_the_words_of_nodes_are_understood(said: str, means: Broadcast) -> None:
    assert outcome_of(RpcRejected(said, endpoint="http://node")) is means


def test_no_money_for_gas_is_said_so() -> None:
    with pytest.raises(Unaffordable):
        outcome_of(RpcRejected("insufficient funds for gas * price + value", endpoint="http://node"))


@pytest.mark.parametrize(
    ("code", "said"),
    [(-32603, "Internal error"), (-32603, "daily request count unknown"), (-32000, "request timed out")],
)
def test_a_node_that_could_not_take_a_transaction_now_has_not_refused_it(code: int, said: str) -> None:
    with pytest.raises(RpcUnavailable, match=said):
        outcome_of(RpcRejected(said, endpoint="http://node", rpc_code=code))


def test_words_that_no_known_node_uses_are_never_final() -> None:
    with pytest.raises(RpcUnavailable, match="the moon is full"):
        outcome_of(RpcRejected("the moon is full", endpoint="http://node"))
