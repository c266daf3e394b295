"""Deposits: what L1's portal takes in, L2 executes exactly once, in order, before anything of its users."""

import asyncio
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from eth_account import Account

from tests.bytecode import RECORDS, REVERTS, creation
from tests.deposits import ETHER, advance, deposit, deposits_in, first_derived, told_origins
from tests.devnet_user import User, UserOf, events
from tests.waiting import until
from xl2_devnet import Description
from xl2_devnet.abi import op_stack
from xl2_devnet.op_stack.derive import DEPOSITOR
from xl2_devnet.op_stack.genesis import PREDEPLOYS

MESSENGER = op_stack("L1CrossDomainMessenger")
L2_MESSENGER = op_stack("L2CrossDomainMessenger")
#: Code that writes forty slots: near a million gas.
GREEDY = creation(bytes.fromhex("60285b808055600190038060025700"))
#: From this sender an estimate fails where a messenger's inner call would (Constants.ESTIMATION_ADDRESS).
ESTIMATION_ADDRESS = "0x0000000000000000000000000000000000000001"
ALIAS_OFFSET = 0x1111000000000000000000000000000000001111


async def appearances(user: User, tx_hash: str) -> int:
    """In how many blocks a transaction stands."""
    head = int((await user.block("latest"))["number"], 16)
    blocks = [await user.block(number) for number in range(head + 1)]
    return sum(block["transactions"].count(tx_hash) for block in blocks)


async def test_an_eth_deposit_arrives_once_under_the_hash_that_its_event_gives(
    devnet: Description, user_of: UserOf, fresh_address: str
) -> None:
    l1, l2 = user_of("l1", "alice"), user_of("op-a", "alice")
    portal = devnet.chain("op-a").rollup["portal"]

    sent = await l1.send(portal, deposit(fresh_address, ETHER), value=ETHER)
    (tx_hash,) = deposits_in(sent)
    receipt = await l2.receipt(tx_hash)
    await advance(l2, 3)

    assert receipt["status"] == "0x1"
    assert receipt["type"].lower() == "0x7e"
    assert await l2.balance(fresh_address) == ETHER
    assert await appearances(l2, tx_hash) == 1


async def test_two_deposits_of_one_sender_in_one_l1_block_both_run_in_order(
    devnet: Description, user_of: UserOf, fresh_address: str
) -> None:
    l1, l2 = user_of("l1", "bob"), user_of("op-a", "bob")
    portal = devnet.chain("op-a").rollup["portal"]

    async def both_in_one_block() -> list[Mapping[str, Any]] | None:
        hashes = await l1.submit(*[(portal, deposit(fresh_address, ETHER), ETHER)] * 3)
        receipts = [await l1.receipt(tx_hash) for tx_hash in hashes]
        return receipts if len({receipt["blockHash"] for receipt in receipts}) == 1 else None

    before = await l2.balance(fresh_address)
    receipts = await until(both_in_one_block, "three deposits in one L1 block")
    deposits = [await l2.receipt(tx_hash) for receipt in receipts for tx_hash in deposits_in(receipt)]

    numbers = [int(receipt["blockNumber"], 16) for receipt in deposits]
    assert all(receipt["status"] == "0x1" for receipt in deposits)
    assert numbers == sorted(set(numbers)), "one a block, in the order of L1"
    assert before == 0
    # Tries that fell into two L1 blocks are deposits as well.
    assert (await l2.balance(fresh_address)) % (3 * ETHER) == 0


async def test_a_deposit_that_reverts_keeps_its_mint_and_counts_the_nonce(devnet: Description, user_of: UserOf) -> None:
    l1, l2 = user_of("l1", "carol"), user_of("op-a", "carol")
    reverting = await l2.create(REVERTS)
    sender = Account.create()
    poor = User(devnet.chain("l1"), sender.key.hex())
    await l1.send(sender.address, value=2 * ETHER)

    sent = await poor.send(devnet.chain("op-a").rollup["portal"], deposit(reverting, 0), value=ETHER)
    receipt = await l2.receipt(deposits_in(sent)[0])
    await poor.close()

    assert receipt["status"] == "0x0"
    assert await l2.balance(sender.address) == ETHER
    assert await l2.rpc.call("eth_getTransactionCount", sender.address, "latest") == "0x1"


async def test_a_deposit_of_more_than_its_sender_has_fails_and_keeps_its_mint(
    devnet: Description, user_of: UserOf, fresh_address: str
) -> None:
    l1, l2 = user_of("l1", "carol"), user_of("op-a", "carol")
    sender = Account.create()
    poor = User(devnet.chain("l1"), sender.key.hex())
    await l1.send(sender.address, value=2 * ETHER)

    sent = await poor.send(devnet.chain("op-a").rollup["portal"], deposit(fresh_address, 5 * ETHER), value=ETHER)
    receipt = await l2.receipt(deposits_in(sent)[0])
    await poor.close()

    assert receipt["status"] == "0x0"
    assert await l2.balance(sender.address) == ETHER
    assert await l2.balance(fresh_address) == 0


async def test_a_message_of_the_messenger_arrives_with_its_sender_and_value(
    devnet: Description, user_of: UserOf
) -> None:
    l1, l2 = user_of("l1", "dave"), user_of("op-a", "dave")
    recorder = await l2.create(RECORDS)
    messenger = devnet.chain("op-a").rollup["l1_cross_domain_messenger"]
    word = (0xC0FFEE).to_bytes(32, "big")

    calldata = MESSENGER.call("sendMessage", recorder, word, 200_000)
    sent = await l1.send(messenger, calldata, value=12_345, gas=3_000_000)
    receipt = await l2.receipt(deposits_in(sent)[0])

    slots = [await l2.rpc.call("eth_getStorageAt", recorder, hex(slot), "latest") for slot in range(3)]
    assert receipt["status"] == "0x1"
    assert len(events(receipt, L2_MESSENGER, "RelayedMessage")) == 1
    assert [int(str(slot), 16) for slot in slots] == [
        int(PREDEPLOYS["L2CrossDomainMessenger"], 16),
        12_345,
        0xC0FFEE,
    ]
    assert int(receipt["from"], 16) == (int(messenger, 16) + ALIAS_OFFSET) % (1 << 160)


async def test_an_erc20_goes_to_l2_by_the_standard_bridge(
    devnet: Description, user_of: UserOf, fresh_address: str
) -> None:
    l1, l2 = user_of("l1", "grace"), user_of("op-a", "grace")
    weth, factory, bridge = (op_stack(name) for name in ("WETH", "OptimismMintableERC20Factory", "L1StandardBridge"))
    token = await l1.create(weth.creation(), gas=2_000_000)
    at_l1_bridge = devnet.chain("op-a").rollup["l1_standard_bridge"]
    await l1.send(token, weth.call("deposit"), value=ETHER)
    await l1.send(token, weth.call("approve", at_l1_bridge, ETHER))
    create = factory.call("createOptimismMintableERC20", token, "Wrapped", "W")
    made = await l2.send(PREDEPLOYS["OptimismMintableERC20Factory"], create, gas=3_000_000)
    (created,) = events(made, factory, "OptimismMintableERC20Created")
    twin = created.arguments["localToken"]

    calldata = bridge.call("bridgeERC20To", token, twin, fresh_address, ETHER, 200_000, b"")
    sent = await l1.send(at_l1_bridge, calldata, gas=3_000_000)
    receipt = await l2.receipt(deposits_in(sent)[0])

    assert len(events(receipt, L2_MESSENGER, "RelayedMessage")) == 1
    assert await l2.read(twin, op_stack("OptimismMintableERC20"), "balanceOf", fresh_address) == ETHER
    assert await l1.read(token, weth, "balanceOf", at_l1_bridge) == ETHER


async def test_an_estimate_for_the_messenger_is_too_low_unless_asked_from_the_estimation_address(
    devnet: Description, user_of: UserOf
) -> None:
    l1, l2 = user_of("l1", "frank"), user_of("op-a", "frank")
    greedy = await l2.create(GREEDY)
    sent = await l1.send(
        devnet.chain("op-a").rollup["l1_cross_domain_messenger"],
        MESSENGER.call("sendMessage", greedy, b"", 1),
        gas=3_000_000,
    )
    failed = await l2.receipt(deposits_in(sent)[0])
    (message,) = events(sent, MESSENGER, "SentMessage")
    replay = L2_MESSENGER.call(
        "relayMessage", message.arguments["messageNonce"], message.arguments["sender"], greedy, 0, 1, b""
    )

    async def estimate(sender: str) -> int:
        request: Any = {"from": sender, "to": PREDEPLOYS["L2CrossDomainMessenger"], "data": "0x" + replay.hex()}
        return int(str(await l2.rpc.call("eth_estimateGas", request)), 16)

    careless, careful = await estimate(l2.address), await estimate(ESTIMATION_ADDRESS)
    again = await l2.send(PREDEPLOYS["L2CrossDomainMessenger"], replay, gas=careless)
    replayed = await l2.send(PREDEPLOYS["L2CrossDomainMessenger"], replay, gas=careful)

    assert len(events(failed, L2_MESSENGER, "FailedRelayedMessage")) == 1
    assert careless < careful, "the inner call's failure is swallowed, so a plain estimate is too low"
    assert len(events(again, L2_MESSENGER, "FailedRelayedMessage")) == 1
    assert len(events(replayed, L2_MESSENGER, "RelayedMessage")) == 1


async def test_l1_info_is_the_first_transaction_of_every_block_and_users_come_last(
    devnet: Description, user_of: UserOf, fresh_address: str
) -> None:
    l1, l2 = user_of("l1", "erin"), user_of("op-a", "erin")
    portal = devnet.chain("op-a").rollup["portal"]
    await asyncio.gather(
        l1.send(portal, deposit(fresh_address, 1), value=1),
        *[user_of("op-a", role).send(fresh_address, value=1) for role in ("erin", "frank", "grace")],
    )
    await advance(l2, 2)

    head = int((await l2.block("latest"))["number"], 16)
    first = max(await first_derived(l2), head - 100)
    blocks = [await l2.block(number, full=True) for number in range(first, head + 1)]

    for block in blocks:
        first, *others = block["transactions"]
        kinds = [transaction["type"].lower() == "0x7e" for transaction in others]
        assert (first["from"], first["to"]) == (DEPOSITOR, PREDEPLOYS["L1Block"])
        assert all(transaction["from"] != DEPOSITOR for transaction in others)
        assert kinds == sorted(kinds, reverse=True), "deposits before users"
    assert any(len(block["transactions"]) > 1 for block in blocks)


async def test_l2_knows_the_true_hash_of_each_l1_block(user_of: UserOf) -> None:
    l1, l2 = user_of("l1", "alice"), user_of("op-b", "alice")
    await advance(l2, 3)

    head = int((await l2.block("latest"))["number"], 16)
    # Of older blocks the state may be gone, where a session shares its devnet for long.
    origins = await told_origins(l1, l2, max(await first_derived(l2), head - 50))

    gaps = [later - earlier for earlier, later in pairwise(origins)]
    assert set(gaps) <= {0, 1}, "no L1 block is left out, none comes back"
