"""From an Arbitrum chain to L1: batches, assertions and sends, on Arbitrum's contracts and on the stand-ins."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from attrs import evolve
from eth_account import Account
from eth_utils import keccak

from tests.bytecode import RECORDS
from tests.devnet_user import User, UserOf, events
from tests.integration.nitro_ground import (
    ARB_SYS,
    BATCHES,
    BRIDGE,
    CHAIN,
    ETHER,
    INBOX,
    OUTBOX,
    ROLLUP,
    NitroDevnet,
    logs,
)
from tests.waiting import until
from xl2.core.types import BlockNumber, Hash32, Timestamp, Wei, address, hex_text
from xl2.errors import Reverted, RpcRejected
from xl2_adapters.nitro.send import Send, root_of
from xl2_adapters.rpc import RpcClient
from xl2_devnet import Description
from xl2_devnet.abi import stand_in
from xl2_devnet.controls import BATCHES as WITHHOLD_BATCHES
from xl2_devnet.controls import ROOTS as WITHHOLD_ROOTS
from xl2_devnet.nitro.genesis import PRECOMPILES

NODE = stand_in("NodeInterface")


@pytest.fixture(scope="module")
def devnet(nitro: NitroDevnet) -> Description:
    """The one that `user_of` is about."""
    return nitro.description


@pytest.fixture
def alice(user_of: UserOf) -> tuple[User, User]:
    """On L1, on the chain."""
    return user_of("l1", "alice"), user_of(CHAIN, "alice")


async def said(l2: User, calldata: bytes, value: int = 0) -> Send:
    """Say something to L1 by ArbSys."""
    return send_in(await l2.send(PRECOMPILES["ArbSys"], calldata, value=value))


def send_in(receipt: Mapping[str, Any]) -> Send:
    """What a transaction said to L1, as its receipt has it."""
    (event,) = events(receipt, ARB_SYS, "L2ToL1Tx")
    told = event.arguments
    send = Send(
        position=told["position"],
        caller=address(told["caller"]),
        destination=address(told["destination"]),
        block=BlockNumber(told["arbBlockNum"]),
        l1_block=BlockNumber(told["ethBlockNum"]),
        timestamp=Timestamp(told["timestamp"]),
        value=Wei(told["callvalue"]),
        data=told["data"],
    )
    assert int.from_bytes(send.hash) == told["hash"]
    return send


async def confirmed(l1: User, l2: User, outbox: str) -> Sequence[tuple[bytes, int]]:
    """Roots that the outbox was told, each with the number of the L2 block that it was told with."""
    found = []
    for log in await logs(l1, outbox, OUTBOX.topic("SendRootUpdated")):
        block = await l2.rpc.call("eth_getBlockByHash", log["topics"][2], False)
        assert isinstance(block, dict), "a confirmed block is one of the chain's"
        found.append((bytes.fromhex(log["topics"][1][2:]), int(str(block["number"]), 16)))
    return found


async def covering(l1: User, l2: User, outbox: str, block: int) -> tuple[bytes, int]:
    """A confirmed root of sends, and its block, that is not before `block`."""

    async def look() -> tuple[bytes, int] | None:
        return next(((root, number) for root, number in await confirmed(l1, l2, outbox) if number >= block), None)

    return await until(look, f"a confirmed root that covers block {block}")


async def tree_at(l2: User, block: int) -> tuple[int, bytes]:
    """Number and root of the sends at a block."""
    request: Any = {"from": l2.address, "to": PRECOMPILES["ArbSys"]}
    calldata = {"data": "0x" + ARB_SYS.call("sendMerkleTreeState").hex()}
    answer = str(await l2.rpc.call("eth_call", {**request, **calldata}, hex(block)))
    size, root, _ = ARB_SYS.result("sendMerkleTreeState", bytes.fromhex(answer[2:]))
    return size, root


async def proof(l1: User, l2: User, outbox: str, send: Send) -> Sequence[bytes]:
    """Nodes beside a send's way to a confirmed root that covers it."""
    root, block = await covering(l1, l2, outbox, send.block)
    size, told = await tree_at(l2, block)
    leaf, same, nodes = await l2.read(PRECOMPILES["NodeInterface"], NODE, "constructOutboxProof", size, send.position)
    assert told == same == root == root_of(Hash32(leaf), send.position, [Hash32(node) for node in nodes])
    return tuple(nodes)


def execution(nodes: Sequence[bytes], send: Send) -> bytes:
    """Calldata that pays a send out."""
    return OUTBOX.call(
        "executeTransaction", nodes, send.position, send.caller, send.destination, send.block, send.l1_block,
        send.timestamp, send.value, send.data,
    )  # fmt: skip


async def batch_count(l1: User, nitro: NitroDevnet) -> int:
    count: int = await l1.read(nitro.rollup["bridge"], BRIDGE, "sequencerMessageCount")
    return count


async def test_what_the_outbox_confirms_are_true_blocks_and_roots_of_sends(
    nitro: NitroDevnet, alice: tuple[User, User]
) -> None:
    l1, l2 = alice
    sends = [await said(l2, ARB_SYS.call("withdrawEth", l2.address), value=1) for _ in range(3)]
    await covering(l1, l2, nitro.rollup["outbox"], sends[-1].block)

    found = await confirmed(l1, l2, nitro.rollup["outbox"])

    assert [number for _, number in found] == sorted(number for _, number in found), "order is kept"
    for root, number in found:
        if number:
            assert (await tree_at(l2, number))[1] == root
        # The slot that proofs of the outbox read.
        slot = "0x" + keccak(root + (3).to_bytes(32)).hex()
        held = await l1.rpc.call("eth_getStorageAt", nitro.rollup["outbox"], slot, "latest")
        newest = [number for other, number in found if other == root][-1]
        assert held == (await l2.block(newest))["hash"]


async def test_ether_that_is_withdrawn_is_paid_out_once(nitro: NitroDevnet, alice: tuple[User, User]) -> None:
    (l1, l2), recipient = alice, Account.create().address
    outbox = nitro.rollup["outbox"]
    send = await said(l2, ARB_SYS.call("withdrawEth", recipient), value=ETHER)

    calldata = execution(await proof(l1, l2, outbox, send), send)
    paid = await l1.send(outbox, calldata)
    await l1.send(outbox, calldata, succeeds=False)

    (executed,) = events(paid, OUTBOX, "OutBoxTransactionExecuted")
    assert executed.arguments["transactionIndex"] == send.position
    assert await l1.balance(recipient) == ETHER
    assert await l1.read(outbox, OUTBOX, "isSpent", send.position)


async def test_a_call_of_l1_comes_from_the_bridge_for_the_sender_on_l2(
    nitro: NitroDevnet, alice: tuple[User, User]
) -> None:
    l1, l2 = alice
    recorder = await l1.create(RECORDS)
    send = await said(l2, ARB_SYS.call("sendTxToL1", recorder, b"\x09" * 32), value=44)

    await l1.send(nitro.rollup["outbox"], execution(await proof(l1, l2, nitro.rollup["outbox"], send), send))

    assert await l1.slots(recorder) == [int(nitro.rollup["bridge"], 16), 44, int.from_bytes(b"\x09" * 32)]


async def test_a_send_that_was_never_made_is_not_paid_out(nitro: NitroDevnet, alice: tuple[User, User]) -> None:
    (l1, l2), outbox = alice, nitro.rollup["outbox"]
    send = await said(l2, ARB_SYS.call("withdrawEth", l1.address), value=1)
    nodes = await proof(l1, l2, outbox, send)

    richer = execution(nodes, evolve(send, value=Wei(2)))
    request: Any = {"from": l1.address, "to": outbox, "data": "0x" + richer.hex()}
    with pytest.raises(Reverted) as refused:
        await l1.rpc.call("eth_call", request, "latest")

    data = refused.value.data
    assert isinstance(data, bytes)
    assert data[:4] == keccak(text="UnknownRoot(bytes32)")[:4]


async def test_while_batches_are_withheld_the_chain_goes_on_and_l1_hears_nothing(
    nitro: NitroDevnet, alice: tuple[User, User]
) -> None:
    l1, l2 = alice
    nitro.controls.withhold(WITHHOLD_BATCHES, CHAIN)
    send = await said(l2, ARB_SYS.call("withdrawEth", l2.address), value=1)
    before = await batch_count(l1, nitro)
    later = int((await l2.block("latest"))["number"], 16) + 12

    async def gone_on() -> bool | None:
        return True if int((await l2.block("latest"))["number"], 16) >= later else None

    await until(gone_on, "a dozen blocks of the chain")
    withheld = await batch_count(l1, nitro)
    nitro.controls.give(WITHHOLD_BATCHES, CHAIN)
    await covering(l1, l2, nitro.rollup["outbox"], send.block)

    # One may have been on its way.
    assert withheld - before <= 1
    assert await batch_count(l1, nitro) > withheld


async def test_roots_that_were_withheld_follow_in_order(nitro: NitroDevnet, alice: tuple[User, User]) -> None:
    (l1, l2), outbox = alice, nitro.rollup["outbox"]
    nitro.controls.withhold(WITHHOLD_ROOTS, CHAIN)
    send = await said(l2, ARB_SYS.call("withdrawEth", l2.address), value=1)
    batches = await batch_count(l1, nitro)

    async def three_more() -> bool | None:
        await said(l2, ARB_SYS.call("withdrawEth", l2.address), value=1)
        return True if await batch_count(l1, nitro) >= batches + 3 else None

    await until(three_more, "three batches that nobody asserts anything of")
    meanwhile = [number for _, number in await confirmed(l1, l2, outbox)]
    nitro.controls.give(WITHHOLD_ROOTS, CHAIN)
    last = await said(l2, ARB_SYS.call("withdrawEth", l2.address), value=1)
    await covering(l1, l2, outbox, last.block)

    assert max(meanwhile) < send.block
    numbers = [number for _, number in await confirmed(l1, l2, outbox)]
    assert numbers == sorted(numbers)


async def test_a_false_assertion_is_never_confirmed_and_the_true_one_is(
    nitro: NitroDevnet, alice: tuple[User, User]
) -> None:
    (l1, l2), rollup = alice, nitro.rollup["rollup"]
    nitro.controls.claim_falsely(CHAIN)
    send = await said(l2, ARB_SYS.call("withdrawEth", l2.address), value=1)

    await covering(l1, l2, nitro.rollup["outbox"], send.block)

    made = [ROLLUP.event(log) for log in await logs(l1, rollup, ROLLUP.topic("AssertionCreated"))]
    claimed = {
        one.arguments["assertionHash"]: one.arguments["assertion"][2][0][0][0] for one in made if one is not None
    }
    false = [
        name
        for name, block_hash in claimed.items()
        if any(block_hash) and await l2.rpc.call("eth_getBlockByHash", "0x" + block_hash.hex(), False) is None
    ]
    told = {log["topics"][1] for log in await logs(l1, rollup, ROLLUP.topic("AssertionConfirmed"))}
    assert len(false) == 1
    assert "0x" + false[0].hex() not in told
    assert (await l1.read(rollup, ROLLUP, "getAssertion", false[0]))[4] == 1, "pending for good"


async def test_a_message_that_the_sequencer_leaves_out_of_batches_can_be_forced_in(
    nitro: NitroDevnet, alice: tuple[User, User]
) -> None:
    (l1, l2), at = alice, nitro.rollup
    nitro.controls.withhold(WITHHOLD_BATCHES, CHAIN)
    sent = await l1.send(at["inbox"], INBOX.call("depositEth()"), value=1)
    (delivered,) = events(sent, BRIDGE, "MessageDelivered")
    told, block = delivered.arguments, int(sent["blockNumber"], 16)
    force = BATCHES.call(
        "forceInclusion", told["messageIndex"] + 1, told["kind"], [block, told["timestamp"]], told["baseFeeL1"],
        told["sender"], told["messageDataHash"],
    )  # fmt: skip
    before = await batch_count(l1, nitro)
    # Asked of the block that has it: by the next ones the sequencer's time may be over, on a busy machine.
    forced: Any = {"from": l1.address, "to": at["sequencer_inbox"], "data": hex_text(force)}
    with pytest.raises(RpcRejected):
        await l1.rpc.call("eth_call", forced, hex(block))

    async def old_enough() -> bool | None:
        clocks = nitro.description.clocks
        return True if int((await l1.block("latest"))["number"], 16) > block + clocks.force_inclusion_blocks else None

    await until(old_enough, "the sequencer's time to be over")
    await l1.send(at["sequencer_inbox"], force)
    read = await l1.read(at["sequencer_inbox"], BATCHES, "totalDelayedMessagesRead")
    nitro.controls.give(WITHHOLD_BATCHES, CHAIN)
    last = await said(l2, ARB_SYS.call("withdrawEth", l2.address), value=1)
    await covering(l1, l2, at["outbox"], last.block)

    assert read == told["messageIndex"] + 1
    assert await batch_count(l1, nitro) > before + 1


async def test_after_l1_took_blocks_back_only_true_roots_follow(nitro: NitroDevnet, alice: tuple[User, User]) -> None:
    (l1, l2), outbox = alice, nitro.rollup["outbox"]
    before = await said(l2, ARB_SYS.call("withdrawEth", l2.address), value=1)
    await covering(l1, l2, outbox, before.block)

    async with RpcClient(nitro.description.chain("l1").node_url) as node, nitro.controls.turn("l1"):
        await node.call("anvil_reorg", 6, [])
    receipt = await l2.send(PRECOMPILES["ArbSys"], ARB_SYS.call("withdrawEth", l2.address), value=1)

    async def standing() -> Send | None:
        # A chain that learns only now what L1 took back takes the transaction up again, in another block.
        send = send_in(await l2.receipt(receipt["transactionHash"]))
        await covering(l1, l2, outbox, send.block)
        return send if send_in(await l2.receipt(receipt["transactionHash"])) == send else None

    after = await until(standing, "the send to be confirmed where it stands")
    root, block = await covering(l1, l2, outbox, after.block)

    # `confirmed` fails for a block that is not the chain's; anvil still tells logs of blocks that were taken back.
    assert (await tree_at(l2, block))[1] == root
    await l1.send(outbox, execution(await proof(l1, l2, outbox, after), after))


async def test_a_proof_of_every_send_leads_to_the_root_of_all(alice: tuple[User, User]) -> None:
    _, l2 = alice
    node, arb_sys = PRECOMPILES["NodeInterface"], PRECOMPILES["ArbSys"]

    async def nine() -> int | None:
        send = await said(l2, ARB_SYS.call("withdrawEth", l2.address), value=1)
        return send.position + 1 if send.position >= 8 else None

    size = await until(nine, "nine sends")
    _, root, partials = await l2.read(arb_sys, ARB_SYS, "sendMerkleTreeState")

    assert [any(partial) for partial in partials] == [bool(size >> level & 1) for level in range(size.bit_length())]
    for position in range(size):
        leaf, same, nodes = await l2.read(node, NODE, "constructOutboxProof", size, position)
        assert same == root == root_of(Hash32(leaf), position, [Hash32(one) for one in nodes])


async def test_arb_sys_says_where_the_chain_is(nitro: NitroDevnet, alice: tuple[User, User]) -> None:
    l1, l2 = alice
    head = int((await l2.block("latest"))["number"], 16)

    number = await l2.read(PRECOMPILES["ArbSys"], ARB_SYS, "arbBlockNumber")
    known = await l2.read(PRECOMPILES["ArbSys"], ARB_SYS, "arbBlockHash", head - 1)
    told = await l2.read(PRECOMPILES["ArbOS"], stand_in("ArbOS"), "l1BlockNumber")

    assert number >= head
    assert "0x" + known.hex() == (await l2.block(head - 1))["hash"]
    assert await l2.read(PRECOMPILES["ArbSys"], ARB_SYS, "arbChainID") == nitro.description.chain(CHAIN).chain_id
    assert 0 < told <= int((await l1.block("latest"))["number"], 16)
