"""From L1 to an Arbitrum chain: ether, retryable tickets and messages, on Arbitrum's contracts and on the stand-ins."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from eth_abi import encode
from eth_account import Account
from eth_utils import keccak

from tests.bytecode import FORWARDS, RECORDS
from tests.devnet_user import User, UserOf, events
from tests.integration.nitro_ground import (
    CHAIN,
    ETHER,
    INBOX,
    TICKETS,
    NitroDevnet,
    Ticket,
    alias,
    asking,
    gone,
    ids_of,
    retry_of,
    sent,
    settled,
    timeout_of,
)
from tests.waiting import until
from xl2_adapters.rpc import Call, RpcClient
from xl2_devnet import Description
from xl2_devnet.abi import stand_in
from xl2_devnet.accounts import ACCOUNTS, FUNDED_ETHER
from xl2_devnet.nitro.contracts import PACKAGE
from xl2_devnet.nitro.genesis import PRECOMPILES

WEEK = 7 * 86_400


@pytest.fixture(scope="module")
def devnet(nitro: NitroDevnet) -> Description:
    """The one that `user_of` is about."""
    return nitro.description


@pytest.fixture
def alice(user_of: UserOf) -> tuple[User, User]:
    """On L1, on the chain."""
    return user_of("l1", "alice"), user_of(CHAIN, "alice")


@pytest.fixture
def bob(user_of: UserOf) -> tuple[User, User]:
    return user_of("l1", "bob"), user_of(CHAIN, "bob")


async def fails_for_now(l1: User, l2: User, nitro: NitroDevnet, value: int = 9) -> tuple[str, str]:
    """A ticket whose first try has too little gas: its id, and the contract that it calls."""
    contract = await l2.create(RECORDS)
    ticket = Ticket(to=contract, refund=l1.address, value=value, gas=25_000, data=b"\x07" * 32)
    ticket_id, _ = await sent(l1, nitro, ticket)
    retried = await retry_of(l2, await l2.receipt(ticket_id))
    assert retried["status"] == "0x0"
    await settled(l2, ticket_id)
    return ticket_id, contract


@pytest.mark.usefixtures("devnet")  # or it would be sorted away from the others, and their devnets be started twice
def test_the_user_is_told_whose_contracts_there_are(nitro: NitroDevnet) -> None:
    said = " ".join(nitro.said)

    if "upgrade_executor" in nitro.rollup:
        assert "stand-ins" not in said
    else:
        assert f"could not bring {PACKAGE.spec}" in said
        assert "BUSL-1.1" in said


async def test_the_bridge_holds_all_ether_that_the_chain_began_with(
    nitro: NitroDevnet, alice: tuple[User, User]
) -> None:
    assert await alice[0].balance(nitro.rollup["bridge"]) >= len(ACCOUNTS) * FUNDED_ETHER * ETHER


async def test_ether_of_an_account_without_code_arrives_at_its_own_address(
    nitro: NitroDevnet, alice: tuple[User, User]
) -> None:
    sender = Account.create()
    await alice[0].send(sender.address, value=2 * ETHER)
    l2 = alice[1]
    async with User(nitro.description.chain("l1"), sender.key.hex()) as l1:
        receipt = await l1.send(nitro.rollup["inbox"], INBOX.call("depositEth()"), value=ETHER)
    (deposit_id,) = ids_of(receipt, nitro.description.chain(CHAIN))

    arrived = await l2.receipt(deposit_id)

    assert arrived["status"] == "0x1"
    assert arrived["transactionHash"] == deposit_id
    assert await l2.balance(sender.address) == ETHER
    assert await l2.rpc.call("eth_getTransactionCount", sender.address, "latest") == "0x0"


async def test_ether_of_a_contract_arrives_at_its_alias(nitro: NitroDevnet, alice: tuple[User, User]) -> None:
    l1, l2 = alice
    contract = await l1.create(FORWARDS)

    calldata = encode(["address"], [nitro.rollup["inbox"]]) + INBOX.call("depositEth()")
    receipt = await l1.send(contract, calldata, value=ETHER)
    (deposit_id,) = ids_of(receipt, nitro.description.chain(CHAIN))
    await l2.receipt(deposit_id)

    assert await l2.balance(alias(contract)) == ETHER


@pytest.mark.parametrize("by_contract", [False, True], ids=["an account", "a contract"])
async def test_a_ticket_is_tried_at_once_by_the_alias_of_whoever_sent_it(
    nitro: NitroDevnet, alice: tuple[User, User], *, by_contract: bool
) -> None:
    l1, l2 = alice
    recorder = await l2.create(RECORDS)
    ticket = Ticket(to=recorder, refund=l1.address, value=12_345, data=b"\x01" * 32)
    inbox = nitro.rollup["inbox"]
    sender = await l1.create(FORWARDS) if by_contract else l1.address
    calldata = encode(["address"], [inbox]) + ticket.calldata if by_contract else ticket.calldata

    receipt = await l1.send(sender if by_contract else inbox, calldata, value=ticket.deposit, gas=1_000_000)
    (ticket_id,) = ids_of(receipt, nitro.description.chain(CHAIN))
    made = await l2.receipt(ticket_id)
    retried = await retry_of(l2, made)

    assert len(events(made, TICKETS, "TicketCreated")) == 1
    assert retried["status"] == "0x1"
    assert await l2.slots(recorder) == [int(alias(sender), 16), 12_345, int.from_bytes(b"\x01" * 32)]
    await gone(l2, ticket_id)


async def test_what_a_try_does_not_take_is_refunded_and_the_submission_fee_with_it(
    nitro: NitroDevnet, alice: tuple[User, User]
) -> None:
    (l1, l2), refund = alice, Account.create().address
    recorder = await l2.create(RECORDS)
    ticket = Ticket(to=recorder, refund=refund, value=1, gas=200_000)

    ticket_id, _ = await sent(l1, nitro, ticket)
    retried = await retry_of(l2, await l2.receipt(ticket_id))
    await gone(l2, ticket_id)

    (scheduled,) = events(await l2.receipt(ticket_id), TICKETS, "RedeemScheduled")
    block = await l2.block(int((await l2.receipt(ticket_id))["blockNumber"], 16))
    burnt = int(retried["gasUsed"], 16) * int(block["baseFeePerGas"], 16)
    assert scheduled.arguments["submissionFeeRefund"] > 0
    assert await l2.balance(refund) == ticket.deposit - ticket.value - burnt


async def test_a_ticket_without_gas_waits_until_anybody_redeems_it(
    nitro: NitroDevnet, alice: tuple[User, User], bob: tuple[User, User]
) -> None:
    l1, l2 = alice
    recorder = await l2.create(RECORDS)
    ticket_id, _ = await sent(l1, nitro, Ticket(to=recorder, refund=l1.address, value=5, gas=0, max_fee=0))
    made = await l2.receipt(ticket_id)

    redeemed = await bob[1].send(
        PRECOMPILES["ArbRetryableTx"], TICKETS.call("redeem", bytes.fromhex(ticket_id[2:])), gas=1_000_000
    )
    retried = await retry_of(l2, redeemed)

    assert events(made, TICKETS, "RedeemScheduled") == []
    assert retried["status"] == "0x1"
    assert (await l2.slots(recorder))[:2] == [int(alias(l1.address), 16), 5]
    await gone(l2, ticket_id)


async def test_a_try_that_fails_leaves_the_ticket_its_value_for_the_next(
    nitro: NitroDevnet, alice: tuple[User, User], bob: tuple[User, User]
) -> None:
    l1, l2 = alice
    ticket_id, recorder = await fails_for_now(l1, l2, nitro)
    held = await l2.balance(alias(l1.address))

    redeemed = await bob[1].send(
        PRECOMPILES["ArbRetryableTx"], TICKETS.call("redeem", bytes.fromhex(ticket_id[2:])), gas=1_000_000
    )
    retried = await retry_of(l2, redeemed)

    (scheduled,) = events(redeemed, TICKETS, "RedeemScheduled")
    assert (scheduled.arguments["sequenceNum"], scheduled.arguments["gasDonor"]) == (1, bob[1].address)
    assert retried["status"] == "0x1"
    assert (await l2.slots(recorder))[1] == 9
    assert await l2.balance(alias(l1.address)) == held
    await gone(l2, ticket_id)
    await bob[1].send(
        PRECOMPILES["ArbRetryableTx"],
        TICKETS.call("redeem", bytes.fromhex(ticket_id[2:])),
        gas=1_000_000,
        succeeds=False,
    )


async def test_a_ticket_is_kept_alive_once_by_anybody(
    nitro: NitroDevnet, alice: tuple[User, User], bob: tuple[User, User]
) -> None:
    ticket_id, _ = await fails_for_now(*alice, nitro)
    before = await timeout_of(alice[1], ticket_id)
    keep = TICKETS.call("keepalive", bytes.fromhex(ticket_id[2:]))

    kept = await bob[1].send(PRECOMPILES["ArbRetryableTx"], keep)
    await bob[1].send(PRECOMPILES["ArbRetryableTx"], keep, succeeds=False)

    assert before is not None
    (extended,) = events(kept, TICKETS, "LifetimeExtended")
    assert extended.arguments["newTimeout"] == before + WEEK == await timeout_of(alice[1], ticket_id)


async def test_only_its_beneficiary_cancels_a_ticket_and_has_its_value(
    nitro: NitroDevnet, alice: tuple[User, User], bob: tuple[User, User]
) -> None:
    ticket_id, recorder = await fails_for_now(*alice, nitro, value=ETHER)
    cancel = TICKETS.call("cancel", bytes.fromhex(ticket_id[2:]))
    l2 = alice[1]

    await bob[1].send(PRECOMPILES["ArbRetryableTx"], cancel, succeeds=False)
    before = await l2.balance(l2.address)
    canceled = await l2.send(PRECOMPILES["ArbRetryableTx"], cancel)

    fee = int(canceled["gasUsed"], 16) * int(canceled["effectiveGasPrice"], 16)
    assert len(events(canceled, TICKETS, "Canceled")) == 1
    assert await l2.balance(l2.address) == before + ETHER - fee
    assert await timeout_of(l2, ticket_id) is None
    assert await l2.slots(recorder) == [0, 0, 0]


async def test_tickets_of_one_sender_are_tried_in_the_order_of_l1(nitro: NitroDevnet, alice: tuple[User, User]) -> None:
    l1, l2 = alice
    recorder = await l2.create(RECORDS)
    tickets = [Ticket(to=recorder, refund=l1.address, data=bytes([n + 1]) * 32) for n in range(5)]

    inbox = nitro.rollup["inbox"]
    hashes = await l1.submit(*[(inbox, ticket.calldata, ticket.deposit) for ticket in tickets], gas=1_000_000)
    ids = [ids_of(await l1.receipt(tx_hash), nitro.description.chain(CHAIN))[0] for tx_hash in hashes]
    retried = [await retry_of(l2, await l2.receipt(ticket_id)) for ticket_id in ids]

    places = [(int(one["blockNumber"], 16), int(one["transactionIndex"], 16)) for one in retried]
    assert all(one["status"] == "0x1" for one in retried)
    assert all(earlier < later for earlier, later in pairwise(places))
    assert (await l2.slots(recorder))[2] == int.from_bytes(b"\x05" * 32)


async def test_more_tickets_in_one_l1_block_than_fit_into_one_of_the_chain_are_all_made(
    nitro: NitroDevnet, alice: tuple[User, User]
) -> None:
    (l1, l2), count = alice, 400
    ticket = Ticket(to=l1.address, refund=l1.address, gas=0, max_fee=0)

    nitro.controls.hold_l1()
    try:
        hashes = await l1.submit(*[(nitro.rollup["inbox"], ticket.calldata, ticket.deposit)] * count, gas=150_000)
    finally:
        nitro.controls.release_l1()
    receipts = [await l1.receipt(tx_hash) for tx_hash in hashes]
    made = [await l2.receipt(ids_of(receipt, nitro.description.chain(CHAIN))[0]) for receipt in receipts]

    assert all(len(events(one, TICKETS, "TicketCreated")) == 1 for one in made)
    assert max(Counter(one["blockNumber"] for one in receipts).values()) > 300
    places = [(int(one["blockNumber"], 16), int(one["transactionIndex"], 16)) for one in made]
    assert places == sorted(places)


async def test_nobody_but_the_sequencer_makes_or_settles_tickets(alice: tuple[User, User]) -> None:
    l2 = alice[1]
    submission = (bytes(32), l2.address, l2.address, 1, 1, l2.address, l2.address, 0, 0, b"")

    for calldata in (TICKETS.call("submit", submission), TICKETS.call("settle", bytes(32), True, 0)):
        refused = await l2.send(PRECOMPILES["ArbRetryableTx"], calldata, succeeds=False)
        assert refused["logs"] == []


async def test_a_signed_transaction_enters_by_l1_under_its_own_hash(
    nitro: NitroDevnet, alice: tuple[User, User], bob: tuple[User, User]
) -> None:
    l1, l2 = alice
    refund = Account.create().address
    raw = bob[1].sign(refund, value=77, tx_nonce=await bob[1].tx_nonce())
    signed = b"\x04" + bytes.fromhex(raw[2:])

    await l1.send(nitro.rollup["inbox"], INBOX.call("sendL2MessageFromOrigin", signed))
    arrived = await l2.receipt("0x" + keccak(signed[1:]).hex())
    # Again: its nonce is over.
    await l1.send(nitro.rollup["inbox"], INBOX.call("sendL2Message", signed))
    ticket_id, _ = await sent(l1, nitro, Ticket(to=refund, refund=l1.address))
    await l2.receipt(ticket_id)

    assert arrived["from"] == bob[1].address.lower()
    assert await l2.balance(refund) == 77


async def test_a_contract_speaks_by_its_alias_with_ether_from_l1(nitro: NitroDevnet, alice: tuple[User, User]) -> None:
    l1, l2 = alice
    recorder = await l2.create(RECORDS)
    speaker = await l1.create(FORWARDS)

    spoken = INBOX.call("sendL1FundedContractTransaction", 200_000, 10**10, recorder, b"\x03" * 32)
    await l1.send(speaker, encode(["address"], [nitro.rollup["inbox"]]) + spoken, value=33)

    async def recorded() -> list[int] | None:
        found = await l2.slots(recorder)
        # All of them: a node that is at work on the next block shows what it has written so far.
        return found if all(found) else None

    found = await until(recorded, "the contract's call")
    assert found == [int(alias(speaker), 16), 33, int.from_bytes(b"\x03" * 32)]


async def test_an_estimate_of_a_ticket_is_that_of_the_aliased_senders_call(alice: tuple[User, User]) -> None:
    l1, l2 = alice
    recorder = await l2.create(RECORDS)
    node = stand_in("NodeInterface")
    calldata = node.call(
        "estimateRetryableTicket", l1.address, ETHER, recorder, 5, l1.address, l1.address, b"\x01" * 32
    )
    request: Any = {"from": l2.address, "to": PRECOMPILES["NodeInterface"], "data": "0x" + calldata.hex()}

    gas = int(str(await l2.rpc.call("eth_estimateGas", request)), 16)

    # Three slots that are written for the first time, and the call itself.
    assert 3 * 22_100 < gas - 21_000 < 3 * 22_100 + 5_000


async def test_arb_sys_tells_a_tickets_contract_who_on_l1_began(nitro: NitroDevnet, alice: tuple[User, User]) -> None:
    l1, l2 = alice
    questions = ("wasMyCallersAddressAliased", "myCallersAddressWithoutAliasing")
    asked = [stand_in("ArbSys").call(question) for question in questions]
    askers = [await l2.create(asking(selector)) for selector in asked]

    for asker in askers:
        ticket_id, _ = await sent(l1, nitro, Ticket(to=asker, refund=l1.address))
        assert (await retry_of(l2, await l2.receipt(ticket_id)))["status"] == "0x1"
    by_ticket = [(await l2.slots(asker))[0] for asker in askers]
    for asker in askers:
        await l2.send(asker)
    by_user = [(await l2.slots(asker))[0] for asker in askers]

    assert by_ticket == [1, int(l1.address, 16)]
    assert by_user == [0, int(l2.address, 16)]


async def test_the_node_tells_the_gas_and_the_price_of_a_call(alice: tuple[User, User]) -> None:
    l2, node = alice[1], stand_in("NodeInterface")
    recorder = await l2.create(RECORDS)

    gas, for_l1, price, _ = await l2.read(
        PRECOMPILES["NodeInterface"], node, "gasEstimateComponents", recorder, False, b"\x01" * 32
    )
    used = int((await l2.send(recorder, b"\x01" * 32, gas=gas))["gasUsed"], 16)

    assert used <= gas < 1.2 * used
    assert (for_l1, price > 0) == (0, True)


async def test_a_ticket_whose_time_is_over_ends_and_its_beneficiary_has_the_value(
    nitro: NitroDevnet, alice: tuple[User, User]
) -> None:
    """The last one here: it turns the clocks of the module's devnet on."""
    l1, l2 = alice
    beneficiary = Account.create().address
    recorder = await l2.create(RECORDS)
    ticket_id, _ = await sent(l1, nitro, Ticket(to=recorder, refund=beneficiary, value=ETHER, gas=0, max_fee=0))
    await l2.receipt(ticket_id)
    refunded = await l2.balance(beneficiary)

    async with RpcClient(nitro.description.chain("l1").node_url) as node:
        # As in ArbOS, what ends waits behind the extended life of a ticket that was kept alive before it.
        await node.call("evm_increaseTime", 2 * WEEK + 60)
        await gone(l2, ticket_id)

        async def paid() -> bool | None:
            # Some end in each block, and all of the module's are over: a block of L1 is one of the L2, which hurries.
            await node.batch([Call("evm_mine", ())] * 20)
            return True if await l2.balance(beneficiary) > refunded else None

        await until(paid, "the value of the ticket")
    assert await l2.balance(beneficiary) == refunded + ETHER
