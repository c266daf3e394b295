"""The gate and the proxy: what users of an L2 can do, and what only its node can."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from eth_account import Account

from tests.devnet_user import User, UserOf
from tests.waiting import until
from xl2.errors import RpcRejected
from xl2_adapters.rpc import Call, RpcClient, RpcLimits
from xl2_devnet import Description
from xl2_devnet.abi import op_stack
from xl2_devnet.accounts import account
from xl2_devnet.anvil import anvil
from xl2_devnet.devnet_file import ChainEntry
from xl2_devnet.gate import Gate
from xl2_devnet.op_stack.derive import DEPOSIT_TOPIC, DEPOSITOR, l1_attributes, user_deposit
from xl2_devnet.op_stack.genesis import PREDEPLOYS
from xl2_devnet.origin import L1Origin
from xl2_devnet.toolchain import ANVIL, find

ETHER = 10**18
ORIGIN = L1Origin(number=1, hash="0x" + "ab" * 32, parent_hash="0x" + "00" * 32, timestamp=1, base_fee=1)


@pytest.fixture
async def node() -> AsyncIterator[RpcClient]:
    """An empty OP Stack anvil that mines when told to."""
    binary = find(ANVIL, {"HOME": str(Path.home()), "PATH": "/usr/bin:/bin"})
    arguments = ["--network", "optimism", "--no-mining", "--order", "fifo", "--disable-pool-balance-checks"]
    async with (
        anvil(binary, "l2", port=0, arguments=[*arguments, "--chain-id", "901", "--accounts", "16"]) as running,
        RpcClient(running.url, limits=RpcLimits(max_attempts=1)) as rpc,
    ):
        yield rpc


def user_at(node_url: str, role: str) -> User:
    chain = ChainEntry(name="l2", chain_id=901, family="op", rpc_url=node_url, node_url=node_url, block_seconds=1)
    return User(chain, account(role).private_key)


def deposit_from(sender: str, log_index: int = 0) -> Any:
    """A deposit of one ether from `sender` to itself."""
    word = (32).to_bytes(32, "big")
    opaque = ETHER.to_bytes(32, "big") + bytes(32) + (100_000).to_bytes(8, "big") + b"\x00"
    padded = word + len(opaque).to_bytes(32, "big") + opaque + bytes(-len(opaque) % 32)
    address = "0x" + "00" * 12 + sender[2:].lower()
    return user_deposit(
        {
            "topics": [DEPOSIT_TOPIC, address, address, "0x" + "00" * 32],
            "data": "0x" + padded.hex(),
            "blockHash": "0x" + "cd" * 32,
            "logIndex": hex(log_index),
        }
    )


async def test_anvil_lets_a_senders_first_transaction_push_his_deposit_out_of_the_pool(node: RpcClient) -> None:
    """The trap that the gate is for; when anvil mends it, this test says that the gate may forget it."""
    user = user_at(node.name, "alice")
    deposit = deposit_from(user.address)

    await node.call("eth_sendRawTransaction", "0x" + deposit.raw.hex())
    await node.call("eth_sendRawTransaction", user.sign(user.address, tx_nonce=0))
    await node.call("evm_mine")

    block: Any = await node.call("eth_getBlockByNumber", "latest", False)
    assert deposit.tx_hash not in block["transactions"]
    await user.close()


async def test_anvil_runs_a_deposit_twice_that_is_sent_twice(node: RpcClient) -> None:
    """The trap that the sequencer's own set of source hashes is for."""
    sender = Account.create().address
    deposit = deposit_from(sender)

    for _ in range(2):
        await node.call("eth_sendRawTransaction", "0x" + deposit.raw.hex())
        await node.call("evm_mine")

    assert int(str(await node.call("eth_getBalance", sender, "latest")), 16) == 2 * ETHER


async def test_a_first_transaction_waits_for_a_block_without_deposits(node: RpcClient) -> None:
    gate = Gate(node, gas_limit=30_000_000)
    alice, bob = user_at(node.name, "alice"), user_at(node.name, "bob")
    deposit = deposit_from(alice.address)
    async with gate.closed():
        await node.call("eth_sendRawTransaction", "0x" + deposit.raw.hex())
        await gate.lay_out(deposit_gas=0, holds_deposits=True)

    first = asyncio.create_task(gate.send([alice.sign(bob.address, tx_nonce=1, value=1)]))
    held = asyncio.create_task(gate.send([bob.sign(alice.address, tx_nonce=0, value=1)]))
    await first
    async with gate.closed():
        await node.call("evm_mine")
        block: Any = await node.call("eth_getBlockByNumber", "latest", False)
        held_back = not held.done()
        gate.sealed(block["transactions"])
        await gate.lay_out(deposit_gas=0, holds_deposits=False)
    (answer,) = await held

    assert held_back
    assert block["transactions"][0] == deposit.tx_hash
    assert not isinstance(answer, RpcRejected)
    await alice.close()
    await bob.close()


async def test_what_is_left_in_the_pool_goes_behind_the_next_deposits(node: RpcClient) -> None:
    gate = Gate(node, gas_limit=30_000_000)
    alice = user_at(node.name, "alice")
    info = l1_attributes(ORIGIN, 0, bytes(32))
    async with gate.closed():
        await gate.lay_out(deposit_gas=0, holds_deposits=False)
    # Its predecessor is missing, so this one stays in the pool.
    await gate.send([alice.sign(alice.address, tx_nonce=1, value=1)])
    async with gate.closed():
        await node.call("evm_mine")
        left = gate.sealed([])
        await node.call("anvil_dropAllTransactions")
        await node.call("eth_sendRawTransaction", "0x" + info.raw.hex())
        await gate.lay_out(deposit_gas=0, holds_deposits=False)
    await gate.send([alice.sign(alice.address, tx_nonce=0, value=1)])
    await node.call("evm_mine")

    block: Any = await node.call("eth_getBlockByNumber", "latest", True)
    assert left
    assert [transaction["from"] for transaction in block["transactions"]] == [
        DEPOSITOR,
        alice.address.lower(),
        alice.address.lower(),
    ]
    await alice.close()


@pytest.mark.parametrize(
    "method",
    [
        "anvil_setBalance", "anvil_impersonateAccount", "evm_mine", "evm_increaseTime", "hardhat_setCode",
        "eth_sendTransaction", "eth_sign", "personal_sign", "eth_sendUnsignedTransaction", "anvil_reorg", "no_such",
    ],
)  # fmt: skip
async def test_a_user_cannot_do_what_only_the_node_can(devnet: Description, method: str) -> None:
    async with RpcClient(devnet.chain("op-a").rpc_url) as rpc:
        with pytest.raises(RpcRejected, match="does not exist/is not available") as refused:
            await rpc.call(method, "0x" + "11" * 20, "0x1")
        alone = refused.value.rpc_code
        in_batch = (await rpc.try_batch([Call("eth_chainId"), Call(method), Call("eth_blockNumber")]))[1]

    assert alone == -32601
    assert isinstance(in_batch, RpcRejected)


async def test_a_user_cannot_send_a_deposit(devnet: Description) -> None:
    raw = "0x" + deposit_from(account("alice").address).raw.hex()
    async with RpcClient(devnet.chain("op-a").rpc_url) as rpc:
        with pytest.raises(RpcRejected, match="transaction type not supported"):
            await rpc.call("eth_sendRawTransaction", raw)
        answers = await rpc.try_batch([Call("eth_sendRawTransaction", (raw,)), Call("eth_chainId")])

    assert isinstance(answers[0], RpcRejected)
    assert answers[1] == "0x385"


@pytest.mark.parametrize("raw", ["", "0x", "0x02", "0x02c0", "0xzz", "0x05c3010203", "0x7f"])
async def test_what_is_no_transaction_is_refused(devnet: Description, raw: str) -> None:
    async with RpcClient(devnet.chain("op-a").rpc_url) as rpc:
        with pytest.raises(RpcRejected):
            await rpc.call("eth_sendRawTransaction", raw)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[1]", b'"x"', b"null"])
async def test_what_is_no_request_gets_an_error_as_an_answer(devnet: Description, body: bytes) -> None:
    async with aiohttp.ClientSession() as session, session.post(devnet.chain("op-a").rpc_url, data=body) as response:
        answer = await response.json()

    assert response.status == 200
    assert answer["error"]["code"] in {-32700, -32600}


async def test_the_nodes_own_words_reach_the_sender(user_of: UserOf) -> None:
    user = user_of("op-b", "frank")
    used = await user.send(user.address)

    with pytest.raises(RpcRejected, match=r"eth_sendRawTransaction: nonce too low"):
        await user.rpc.call("eth_sendRawTransaction", user.sign(user.address, tx_nonce=0))
    assert used["status"] == "0x1"


async def test_transactions_beyond_one_blocks_gas_are_mined_in_later_blocks_behind_l1_info(user_of: UserOf) -> None:
    user = user_of("op-b", "grace")

    # 200 M gas asked for, 60 M in a block.
    hashes = await user.submit(*[(user.address, b"", 1)] * 20, gas=10_000_000)
    receipts = [await user.receipt(tx_hash) for tx_hash in hashes]

    numbers = {int(receipt["blockNumber"], 16) for receipt in receipts}
    assert all(receipt["status"] == "0x1" for receipt in receipts)
    assert len(numbers) >= 3
    for number in numbers:
        block = await user.block(number, full=True)
        assert block["transactions"][0]["to"] == PREDEPLOYS["L1Block"]


async def test_a_transaction_whose_predecessor_comes_later_is_kept(user_of: UserOf) -> None:
    user = user_of("op-b", "dave")
    following = await user.tx_nonce()
    start = int((await user.block("latest"))["number"], 16)

    late = str(await user.rpc.call("eth_sendRawTransaction", user.sign(user.address, tx_nonce=following + 1)))

    async def two_blocks_later() -> bool | None:
        return True if int((await user.block("latest"))["number"], 16) >= start + 2 else None

    await until(two_blocks_later, "two blocks")
    assert await user.rpc.call("eth_getTransactionReceipt", late) is None
    early = str(await user.rpc.call("eth_sendRawTransaction", user.sign(user.address, tx_nonce=following)))

    assert (await user.receipt(early))["status"] == "0x1"
    assert (await user.receipt(late))["status"] == "0x1"


async def test_a_call_without_sender_is_answered_as_on_a_real_chain(devnet: Description) -> None:
    version = op_stack("L1Block").call("version")
    async with RpcClient(devnet.chain("op-a").rpc_url) as rpc:
        answer = await rpc.call("eth_call", {"to": PREDEPLOYS["L1Block"], "data": "0x" + version.hex()}, "latest")

    assert b"1.4.1-beta.1" in bytes.fromhex(str(answer)[2:])
