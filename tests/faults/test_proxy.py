"""The man in the middle itself: each of its faults reaches whoever asks, as the error that our client makes of it."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest
import pytest_asyncio
from attrs import evolve

from tests.faults.proxy import Fault, FaultProxy
from tests.faults.spoil import WHOLE
from tests.waiting import until
from xl2.errors import RpcRateLimited, RpcRejected, RpcTooLarge, RpcUnavailable
from xl2_adapters.rpc import Call, RpcClient, RpcLimits
from xl2_devnet.anvil import anvil
from xl2_devnet.toolchain import ANVIL, find

# One node serves them all, so they share its event loop.
pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Few bytes at most, as an answer without end must meet that limit before the one of time, on a busy machine too.
_ONCE = RpcLimits(max_attempts=1, max_response_bytes=1 << 20)
#: For what gives no answer, or none in time.
_IMPATIENT = evolve(_ONCE, read_timeout_seconds=0.4, total_timeout_seconds=1)
_SILENT = (Fault.HANG, Fault.HANG_MID_BODY, Fault.DRIP)
#: Logs the word 1, whatever it is called with: PUSH1 1 PUSH0 MSTORE PUSH1 32 PUSH0 LOG0.
_LOGGER_INIT = "0x" + "60098060095f395ff3" + "60015f5260205fa000"

#: What a client sees of the faults that leave no usable answer.
LOST: dict[Fault, type[Exception]] = {
    Fault.REFUSED: RpcUnavailable,
    Fault.RESET: RpcUnavailable,
    Fault.HANG: RpcUnavailable,
    Fault.HANG_MID_BODY: RpcUnavailable,
    Fault.DRIP: RpcUnavailable,
    Fault.RATE_LIMIT: RpcRateLimited,
    Fault.RATE_LIMIT_UNTIL: RpcRateLimited,
    Fault.SERVER_ERROR: RpcUnavailable,
    Fault.HTML: RpcUnavailable,
    Fault.TRUNCATED: RpcUnavailable,
    Fault.HUGE: RpcTooLarge,
    Fault.WRONG_ID: RpcUnavailable,
    Fault.NULL_RESULT: RpcUnavailable,
    Fault.PARTIAL_BATCH: RpcUnavailable,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node() -> AsyncIterator[str]:
    """One anvil with a contract that logs once a block."""
    async with anvil(find(ANVIL, {}), "faults", port=0, arguments=()) as running, RpcClient(running.url) as rpc:
        (sender, *_) = await accounts(rpc)
        made = await receipt(rpc, {"from": sender, "data": _LOGGER_INIT})
        for _ in range(10):
            await receipt(rpc, {"from": sender, "to": made["contractAddress"]})
        yield running.url


@pytest_asyncio.fixture(loop_scope="module")
async def proxy(node: str) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(node) as between:
        yield between


@pytest_asyncio.fixture(loop_scope="module")
async def rpc(proxy: FaultProxy) -> AsyncIterator[RpcClient]:
    async with RpcClient(proxy.url, limits=_ONCE) as client:
        yield client


async def accounts(rpc: RpcClient) -> list[Any]:
    found = await rpc.call("eth_accounts")
    assert isinstance(found, list)
    return found


async def receipt(rpc: RpcClient, transaction: dict[str, Any]) -> dict[str, Any]:
    tx_hash = await rpc.call("eth_sendTransaction", transaction)

    async def look() -> dict[str, Any] | None:
        found = await rpc.call("eth_getTransactionReceipt", tx_hash)
        return found if isinstance(found, dict) else None

    return await until(look, f"the receipt of {tx_hash}")


async def logs(rpc: RpcClient) -> list[Any]:
    found = await rpc.call("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"})
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: fault.name.lower())
async def test_a_fault_of_the_connection_is_an_error_while_it_lasts(
    proxy: FaultProxy, rpc: RpcClient, fault: Fault
) -> None:
    two = [Call("eth_blockNumber"), Call("eth_blockNumber")]
    before = await rpc.batch(two)

    proxy.fault(fault)
    async with RpcClient(proxy.url, limits=_IMPATIENT if fault in _SILENT else _ONCE) as asking:
        with pytest.raises(LOST[fault]):
            await asking.batch(two)
    proxy.heal()

    async with RpcClient(proxy.url) as patient:
        assert await patient.batch(two) == before
    assert proxy.spoiled[fault] >= 1


async def test_a_fault_ends_by_itself_after_as_many_times_as_were_asked_for(proxy: FaultProxy, rpc: RpcClient) -> None:
    proxy.fault(Fault.SERVER_ERROR, times=2)

    for _ in range(2):
        with pytest.raises(RpcUnavailable):
            await rpc.call("eth_blockNumber")

    assert await rpc.call("eth_blockNumber") == "0xb"
    assert proxy.spoiled == {Fault.SERVER_ERROR: 2}


@pytest.mark.parametrize(
    ("fault", "spoilt"), [(Fault.NULL_RESULT, None), (Fault.WRONG_CHAIN, "0x3e7f")], ids=["answer", "call"]
)
async def test_a_fault_that_ends_within_a_batch_is_over_for_the_rest_and_for_good(
    proxy: FaultProxy, node: str, fault: Fault, spoilt: str | None
) -> None:
    asked = [{"jsonrpc": "2.0", "id": place, "method": "eth_chainId", "params": []} for place in range(5)]
    proxy.fault(fault, times=3)

    async with aiohttp.ClientSession() as session:
        told = [await (await session.post(proxy.url, json=asked)).json() for _ in range(2)]
        truth = await (await session.post(node, json=asked)).json()

    assert [one["result"] for one in told[0]] == [spoilt] * 3 + ["0x7a69"] * 2
    assert told[1] == truth
    assert proxy.spoiled == {fault: 3}


async def test_a_fault_touches_the_methods_it_was_asked_to_and_no_other(proxy: FaultProxy, rpc: RpcClient) -> None:
    proxy.fault(Fault.RESET, methods=["eth_gasPrice"])

    assert await rpc.call("eth_blockNumber") == "0xb"
    with pytest.raises(RpcUnavailable):
        await rpc.call("eth_gasPrice")


async def test_a_batch_in_another_order_is_the_same_batch(proxy: FaultProxy, rpc: RpcClient) -> None:
    proxy.fault(Fault.REORDERED_BATCH)

    assert await rpc.batch([Call("eth_chainId"), Call("eth_blockNumber")]) == ["0x7a69", "0xb"]
    assert proxy.spoiled[Fault.REORDERED_BATCH] == 1


async def test_a_node_that_stands_still_knows_nothing_of_later_blocks(
    proxy: FaultProxy, rpc: RpcClient, node: str
) -> None:
    proxy.fault(Fault.STALE_HEAD)
    stood: Any = await rpc.call("eth_getBlockByNumber", "latest", False)
    number = int(stood["number"], 16)
    async with RpcClient(node) as straight:
        await straight.call("evm_mine")

    assert await rpc.call("eth_blockNumber") == hex(number)
    assert await rpc.call("eth_getBlockByNumber", "latest", False) == stood
    assert await rpc.call("eth_getBlockByNumber", hex(number + 1), False) is None
    assert await rpc.call("eth_getLogs", {"fromBlock": hex(number + 1), "toBlock": "latest"}) == []
    with pytest.raises(RpcRejected, match="header not found"):
        await rpc.call("eth_call", {"to": "0x" + "11" * 20}, hex(number + 1))
    proxy.heal()
    assert await rpc.call("eth_blockNumber") == hex(number + 1)


async def test_a_head_goes_back(proxy: FaultProxy, rpc: RpcClient) -> None:
    before = int(str(await rpc.call("eth_blockNumber")), 16)

    proxy.fault(Fault.HEAD_BACK)

    assert await rpc.call("eth_blockNumber") == hex(before - 5)


async def test_lies_are_well_formed_and_differ_from_the_truth(proxy: FaultProxy, rpc: RpcClient) -> None:
    true_logs, true_block = await logs(rpc), await rpc.call("eth_getBlockByNumber", "0x3", False)
    proof_of: tuple[Any, ...] = ("eth_getProof", "0x" + "11" * 20, [], "0x3")
    true_proof = await rpc.call(*proof_of)

    seen: dict[Fault, Any] = {}
    for fault in (Fault.MISSING_LOG, Fault.DUPLICATED_LOG, Fault.FORGED_LOG):
        proxy.fault(fault)
        seen[fault] = await logs(rpc)
        proxy.heal()
    proxy.fault(Fault.FORGED_BLOCK)
    seen[Fault.FORGED_BLOCK] = await rpc.call("eth_getBlockByNumber", "0x3", False)
    proxy.fault(Fault.FORGED_PROOF)
    seen[Fault.FORGED_PROOF] = await rpc.call(*proof_of)
    proxy.fault(Fault.WRONG_CHAIN)
    seen[Fault.WRONG_CHAIN] = await rpc.call("eth_chainId")
    proxy.fault(Fault.PRUNED_STATE)
    with pytest.raises(RpcRejected, match="missing trie node"):
        await rpc.call("eth_getBalance", "0x" + "11" * 20, "0x3")

    assert seen[Fault.MISSING_LOG] == true_logs[:-1]
    assert seen[Fault.DUPLICATED_LOG] == [*true_logs, true_logs[-1]]
    assert seen[Fault.FORGED_LOG][:-1] == true_logs[:-1]
    assert seen[Fault.FORGED_LOG][-1] == {**true_logs[-1], "data": "0x" + "00" * 32}
    assert isinstance(true_block, dict)
    assert {**seen[Fault.FORGED_BLOCK], "hash": true_block["hash"]} == true_block != seen[Fault.FORGED_BLOCK]
    assert seen[Fault.FORGED_PROOF] != true_proof
    assert seen[Fault.WRONG_CHAIN] == "0x3e7f"


async def test_a_swallowed_transaction_reaches_nobody(proxy: FaultProxy, rpc: RpcClient) -> None:
    proxy.fault(Fault.SWALLOWED)

    told = await rpc.call("eth_sendRawTransaction", "0x02")

    assert told == "0x" + "5a" * 32


async def test_a_websocket_passes_until_it_is_cut(proxy: FaultProxy) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(proxy.ws_url) as ws:
        await ws.send_str('{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}')
        answered = orjson.loads((await ws.receive()).data)
        await proxy.cut_sockets()
        after = await ws.receive()

    assert answered["id"] == 1
    assert "result" in answered
    assert after.type is aiohttp.WSMsgType.CLOSE or after.type is aiohttp.WSMsgType.CLOSED


async def test_every_fault_is_tried_here() -> None:
    alone = {
        Fault.REORDERED_BATCH, Fault.STALE_HEAD, Fault.HEAD_BACK, Fault.MISSING_LOG, Fault.DUPLICATED_LOG,
        Fault.FORGED_LOG, Fault.FORGED_BLOCK, Fault.FORGED_PROOF, Fault.WRONG_CHAIN, Fault.PRUNED_STATE,
        Fault.SWALLOWED,
    }  # fmt: skip
    # A fault that is only late is no error: the scenes with several endpoints see it, and `test_finality` the other.
    assert set(LOST) | alone | {Fault.SLOW, Fault.FINALITY_FROZEN} == set(Fault)
    assert {Fault.SLOW, Fault.REORDERED_BATCH} < WHOLE
