"""A ZK-stack rollup on the devnet: what users of its node see, what L1 holds, and how it goes on after a fault."""

import os
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.devnet_clocks import QUICK
from tests.devnet_user import User, events
from tests.waiting import until
from xl2.errors import RpcRejected
from xl2_adapters.rpc import RpcClient
from xl2_adapters.rpc_wire import quantity, sequence
from xl2_devnet import Description, Options, up
from xl2_devnet.abi import stand_in
from xl2_devnet.accounts import account
from xl2_devnet.controls import Controls
from xl2_devnet.l1_account import L1Account
from xl2_devnet.rollup import Berth
from xl2_devnet.sites import Site
from xl2_devnet.toolchain import ANVIL, find
from xl2_devnet.zk_stack.batcher import Ledger, ZkBatcher
from xl2_devnet.zk_stack.contracts import zk_stack
from xl2_devnet.zk_stack.genesis import L1_MESSENGER
from xl2_devnet.zk_stack.operations import Operations

ETHER = 10**18
DIAMOND, MESSENGER = zk_stack("IZkSync"), stand_in("L1Messenger")
#: Price of L1 gas that the requests below are sent at most, and their L2 gas.
_GAS_PRICE, _L2_GAS = 21 * 10**9, 1_000_000


@pytest.fixture
def controls() -> Controls:
    return Controls()


@pytest.fixture
async def own_devnet(controls: Controls) -> AsyncIterator[Description]:
    async with up(Options(l2=("zk",), clocks=QUICK), controls=controls) as description:
        yield description


@pytest.fixture
async def users(own_devnet: Description) -> AsyncIterator[tuple[User, User]]:
    """Alice on L1, bob on the L2: a deposit counts one of its sender's nonces there."""
    async with (
        User(own_devnet.chain("l1"), account("alice").private_key) as l1,
        User(own_devnet.chain("zk-a"), account("bob").private_key) as l2,
    ):
        yield l1, l2


async def ask_for(l1: User, diamond: str, to: str, value: int, *, data: bytes = b"") -> str:
    """Have L1 ask the chain for a call; the canonical hash."""
    cost = await l1.read(diamond, DIAMOND, "l2TransactionBaseCost", _GAS_PRICE, _L2_GAS, 800)
    call = DIAMOND.call("requestL2Transaction", to, value, data, _L2_GAS, 800, [], l1.address)
    receipt = await l1.send(diamond, call, value=cost + value)
    (asked,) = events(receipt, DIAMOND, "NewPriorityRequest")
    canonical_hash: bytes = asked.arguments["txHash"]
    return "0x" + canonical_hash.hex()


async def when_in_a_batch(l2: User, tx_hash: str) -> Mapping[str, Any]:
    """The receipt, once it names its batch."""

    async def look() -> Mapping[str, Any] | None:
        found: Any = await l2.rpc.call("eth_getTransactionReceipt", tx_hash)
        return found if found is not None and found["l1BatchNumber"] is not None else None

    return await until(look, f"the batch of {tx_hash}")


async def when_executed(l1: User, diamond: str, batch: int) -> bytes:
    """The root of a batch's logs, once L1 has executed it."""

    async def look() -> bytes | None:
        root: bytes = await l1.read(diamond, DIAMOND, "l2LogsRootHash", batch)
        return root if any(root) else None

    return await until(look, f"batch {batch} to be executed")


async def test_a_message_is_proven_by_what_the_node_tells_and_l1_holds(
    own_devnet: Description, users: tuple[User, User]
) -> None:
    (l1, l2), diamond = users, own_devnet.chain("zk-a").rollup["diamond"]

    sent = await l2.send(L1_MESSENGER, MESSENGER.call("sendToL1", b"hello"))
    assert sent["l1BatchNumber"] is None
    placed = await when_in_a_batch(l2, sent["transactionHash"])
    batch, number = int(placed["l1BatchNumber"], 16), int(placed["l1BatchTxIndex"], 16)
    told: Any = await l2.rpc.call("zks_getL2ToL1LogProof", sent["transactionHash"], 0)
    root = await when_executed(l1, diamond, batch)

    (log,) = placed["l2ToL1Logs"]
    assert int(log["key"], 16) == int(l2.address, 16)
    assert log["value"] == "0x" + keccak(b"hello").hex()
    path = [bytes.fromhex(node[2:]) for node in told["proof"]]
    message = (number, l2.address, b"hello")
    assert told["root"] == "0x" + root.hex()
    assert await l1.read(diamond, DIAMOND, "proveL2MessageInclusion", batch, told["id"], message, path)
    other = (number, l1.address, b"hello")
    assert not await l1.read(diamond, DIAMOND, "proveL2MessageInclusion", batch, told["id"], other, path)

    async def verified() -> Mapping[str, Any] | None:
        details: Any = await l2.rpc.call("zks_getL1BatchDetails", batch)
        return details if details["status"] == "verified" else None

    details = await until(verified, "the node to know that its batch was executed")
    assert all(details[name] for name in ("commitTxHash", "proveTxHash", "executeTxHash"))
    first, last = sequence(await l2.rpc.call("zks_getL1BatchBlockRange", batch), "zk-a")
    assert quantity(first, "zk-a") <= int(sent["blockNumber"], 16) <= quantity(last, "zk-a")


async def test_the_node_answers_what_a_zk_stack_node_answers_and_no_more(
    own_devnet: Description, users: tuple[User, User]
) -> None:
    _, l2 = users
    rollup = own_devnet.chain("zk-a").rollup

    assert await l2.rpc.call("zks_getMainContract") == rollup["diamond"].lower()
    assert await l2.rpc.call("zks_L1ChainId") == "0x384"
    bridges: Any = await l2.rpc.call("zks_getBridgeContracts")
    assert bridges["l1Erc20DefaultBridge"] == rollup["l1_bridge"].lower()
    assert await l2.rpc.call("zks_getL2ToL1LogProof", "0x" + "ab" * 32) is None
    assert await l2.rpc.call("zks_getL1BatchDetails", 10**6) is None
    with pytest.raises(RpcRejected, match="a transaction hash is wanted"):
        await l2.rpc.call("zks_getL2ToL1LogProof", "0x12")
    with pytest.raises(RpcRejected, match="not available"):
        await l2.rpc.call("zks_getAllAccountBalances", l2.address)


async def test_the_verifier_is_a_stand_in_and_says_so(own_devnet: Description, users: tuple[User, User]) -> None:
    l1, _ = users
    diamond = own_devnet.chain("zk-a").rollup["diamond"]

    verifier = await l1.read(diamond, DIAMOND, "getVerifier")

    assert "not proven" in await l1.read(verifier, stand_in("ZkVerifierStandIn"), "NOTICE")


async def test_after_a_reorg_of_l1_batches_are_posted_again(
    own_devnet: Description, controls: Controls, users: tuple[User, User], fresh_address: str
) -> None:
    (l1, l2), diamond = users, own_devnet.chain("zk-a").rollup["diamond"]
    canonical_hash = await ask_for(l1, diamond, fresh_address, ETHER)
    asked = await l2.receipt(canonical_hash)
    assert asked["status"] == "0x1"
    sent = await l2.send(L1_MESSENGER, MESSENGER.call("sendToL1", b"before"))
    placed = await when_in_a_batch(l2, sent["transactionHash"])
    await when_executed(l1, diamond, int(placed["l1BatchNumber"], 16))
    head = await l1.block("latest")

    async with controls.turn("l1"):
        await l1.rpc.call("anvil_reorg", 8, [])

    # What L1 took back is no deposit any more or is one still; what the L2 said comes to L1 in any case.
    async def shown() -> bool | None:
        found: Any = await l2.rpc.call("eth_getTransactionReceipt", sent["transactionHash"])
        told: Any = await l2.rpc.call("zks_getL2ToL1LogProof", sent["transactionHash"], 0)
        if found is None or found["l1BatchNumber"] is None or told is None:
            return None
        root = await l1.read(diamond, DIAMOND, "l2LogsRootHash", int(found["l1BatchNumber"], 16))
        return told["root"] == "0x" + root.hex() or None

    await until(shown, "the batch to stand on the new L1")
    again = await l1.block(int(head["number"], 16))
    assert again["hash"] != head["hash"]


async def test_batches_go_on_after_l1s_clock_was_turned_a_year_forward(
    own_devnet: Description, users: tuple[User, User]
) -> None:
    """The Executor takes no batch that is a year old: what was not committed in time comes with a younger block."""
    (l1, l2), diamond = users, own_devnet.chain("zk-a").rollup["diamond"]
    await l1.rpc.call("evm_increaseTime", 366 * 86_400)

    sent = await l2.send(L1_MESSENGER, MESSENGER.call("sendToL1", b"later"))

    placed = await when_in_a_batch(l2, sent["transactionHash"])
    assert any(await when_executed(l1, diamond, int(placed["l1BatchNumber"], 16)))


async def test_a_validator_that_starts_anew_reads_its_batches_back_from_l1(
    own_devnet: Description, users: tuple[User, User], fresh_address: str
) -> None:
    (l1, l2), chain = users, own_devnet.chain("zk-a")
    diamond = chain.rollup["diamond"]
    canonical_hash = await ask_for(l1, diamond, fresh_address, ETHER)
    sent = await l2.send(L1_MESSENGER, MESSENGER.call("sendToL1", b"of old"))
    for tx_hash in (canonical_hash, sent["transactionHash"]):
        placed = await when_in_a_batch(l2, tx_hash)
        await when_executed(l1, diamond, int(placed["l1BatchNumber"], 16))

    async with RpcClient(chain.node_url) as node:
        berth = Berth(
            site=Site(name="zk-a", chain_id=chain.chain_id, family="zk", kind="zk"),
            l1=l1.rpc, l2=node, rollup=chain.rollup, clocks=QUICK, clock=time.monotonic,
            l1_account=lambda role: L1Account(l1.rpc, account(role).address), controls=Controls(),
        )  # fmt: skip
        ledger, operations = Ledger(), Operations(l1.rpc, diamond)
        await ZkBatcher(berth, operations, ledger, busy_block=lambda _: 0).start()

    assert ledger.progress.executed > 0
    for batch in ledger.batches[1 : ledger.progress.executed + 1]:
        stored = await l1.read(diamond, DIAMOND, "storedBlockHash", batch.number)
        assert stored == keccak(
            encode(["(uint64,bytes32,uint64,uint256,bytes32,bytes32,uint256,bytes32)"], [batch.stored])
        )
    said = [one.message for batch in ledger.batches for one in batch.said if one.message]
    assert said.count(b"of old") == 1
    assert bytes.fromhex(canonical_hash[2:]) in [one for batch in ledger.batches for one in batch.operations]


async def test_a_devnet_goes_on_from_a_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_address: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("XL2_ANVIL", str(_anvil()))
    options = Options(l2=("zk",), clocks=QUICK)
    async with up(options) as first:
        assert not first.from_snapshot

    async with up(options) as second:
        diamond = second.chain("zk-a").rollup["diamond"]
        async with (
            User(second.chain("l1"), account("alice").private_key) as l1,
            User(second.chain("zk-a"), account("bob").private_key) as l2,
        ):
            canonical_hash = await ask_for(l1, diamond, fresh_address, ETHER)
            placed = await when_in_a_batch(l2, canonical_hash)
            root = await when_executed(l1, diamond, int(placed["l1BatchNumber"], 16))
            told: Any = await l2.rpc.call("zks_getL2ToL1LogProof", canonical_hash, 0)
            status = await l1.read(
                diamond, DIAMOND, "proveL1ToL2TransactionStatus", bytes.fromhex(canonical_hash[2:]),
                int(placed["l1BatchNumber"], 16), told["id"], int(placed["l1BatchTxIndex"], 16),
                [bytes.fromhex(node[2:]) for node in told["proof"]], 1,
            )  # fmt: skip

    assert second.from_snapshot
    assert status
    assert told["root"] == "0x" + root.hex()


def _anvil() -> Path:
    """The anvil of this machine, so that the cache of the test holds snapshots alone."""

    return find(ANVIL, os.environ)
