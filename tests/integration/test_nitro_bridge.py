"""Arbitrum's own bridge: tickets, deposits and sends, followed by a hash alone and brought to their end by anybody."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from attrs import evolve

from tests.bytecode import FORWARDS, RECORDS, VALVE
from tests.devnet_clocks import QUICK
from tests.devnet_user import User
from tests.integration.crossings import Traveller, states, wrapped_ether
from xl2.core.evidence import Finality
from xl2.core.types import Address, Hash32, Wei, address, checksum
from xl2.errors import InvalidInput, ProofInvalid, Refused, Reverted
from xl2.ports import Cargo, Crossing, CrossingState, Direction, Move
from xl2_adapters.abi import Method
from xl2_adapters.contracts.alias import speaker
from xl2_adapters.nitro.canonical.bridge import NitroBridge
from xl2_adapters.nitro.inbox import CREATE_TICKET, DEPOSIT_ETHER
from xl2_adapters.nitro.outbox import EXECUTE
from xl2_adapters.nitro.precompiles import ARB_SYS, SEND_TO_L1
from xl2_adapters.nitro.send import SendProof
from xl2_adapters.tx_logs import included
from xl2_devnet import Description, Options
from xl2_devnet.abi import op_stack
from xl2_devnet.devnet import running

ETHER = 10**18
CHAIN = "arbitrum-a"
UNSAFE_TICKET = Method("unsafe" + CREATE_TICKET.signature[:1].upper() + CREATE_TICKET.signature[1:], "(uint256)")


@pytest.fixture(scope="module")
def nitro() -> Iterator[Description]:
    """An L1 and one Arbitrum chain."""
    with running(Options(l2=("arbitrum",), clocks=QUICK)) as description:
        yield description


@pytest.fixture
async def alice(nitro: Description, tmp_path: Path) -> AsyncIterator[Traveller]:
    traveller = Traveller.of(nitro, tmp_path, CHAIN, "alice")
    yield traveller
    await traveller.close()


@pytest.fixture
async def bob(nitro: Description, tmp_path: Path) -> AsyncIterator[Traveller]:
    """Somebody else."""
    traveller = Traveller.of(nitro, tmp_path, CHAIN, "bob")
    yield traveller
    await traveller.close()


async def recorder(user: User) -> Address:
    """A contract that writes down who called it, with how much and what."""
    return address(await user.create(RECORDS))


def bridge_of(traveller: Traveller) -> NitroBridge:
    assert isinstance(traveller.bridge, NitroBridge)
    return traveller.bridge


async def stuck(alice: Traveller) -> tuple[Hash32, str, Crossing]:
    """A ticket that could not be redeemed by itself; the valve that it calls."""
    contract = await alice.above.create(VALVE)
    tx_hash = await alice.deposit(Cargo(recipient=address(contract), amount=7, data=b"go", gas_limit=60_000))
    return tx_hash, contract, await alice.until(tx_hash, CrossingState.FAILED)


async def test_ether_for_oneself_needs_no_ticket_and_is_followed_by_the_hash_of_either_chain(alice: Traveller) -> None:
    before = await alice.above.balance(alice.above.address)
    (call,) = await alice.bridge.deposit_calls(Cargo(recipient=alice.address, amount=ETHER), alice.address)

    tx_hash = await alice.make([call])
    arrived = await alice.until(tx_hash, CrossingState.ARRIVED)

    assert call.value == ETHER
    assert await alice.above.balance(alice.above.address) == before + ETHER
    assert (arrived.direction, arrived.sender, arrived.cargo.recipient) == (
        Direction.DEPOSIT,
        alice.address,
        alice.address,
    )
    assert states(arrived) == [CrossingState.SENT, CrossingState.ARRIVED]
    # The hash that the chain knows it by follows from L1 alone.
    assert await alice.crossing(arrived.key) == arrived


async def test_ether_that_a_contract_deposits_is_its_aliass(alice: Traveller) -> None:
    contract = await alice.below.create(FORWARDS)
    inbox = alice.settings.rollup["inbox"]

    receipt = await alice.below.send(contract, inbox.rjust(32, b"\0") + DEPOSIT_ETHER.encode(), value=11)
    arrived = await alice.until(Hash32(bytes.fromhex(receipt["transactionHash"][2:])), CrossingState.ARRIVED)

    assert (arrived.sender, arrived.cargo.recipient) == (address(contract), speaker(address(contract)))
    assert await alice.above.balance(checksum(speaker(address(contract)))) == 11


async def test_a_sender_with_code_is_not_refunded_where_nobody_has_a_key(alice: Traveller, fresh_address: str) -> None:
    contract, recipient = address(await alice.below.create(FORWARDS)), address(fresh_address)
    cargo = Cargo(recipient=recipient, amount=1)

    async def refunds(sender: Address, to: Cargo) -> set[str]:
        (call,) = await alice.bridge.deposit_calls(to, sender)
        arguments = CREATE_TICKET.arguments(call.data, "test")
        assert arguments is not None
        return {str(one).lower() for one in arguments[3:5]}

    assert await refunds(alice.address, cargo) == {alice.below.address.lower()}
    assert await refunds(contract, cargo) == {fresh_address.lower()}
    # Where both have code the sender stays it: through the inbox, its alias is at least its own.
    assert await refunds(contract, evolve(cargo, recipient=contract)) == {checksum(contract).lower()}


async def test_a_ticket_calls_with_the_senders_alias_and_gives_back_what_it_did_not_take(alice: Traveller) -> None:
    contract = await recorder(alice.above)
    before = await alice.above.balance(alice.above.address)
    cargo = Cargo(recipient=contract, amount=12_345, data=b"\x01" * 32)
    (call,) = await alice.bridge.deposit_calls(cargo, alice.address)

    arrived = await alice.until(await alice.make([call]), CrossingState.ARRIVED)

    assert await alice.above.slots(checksum(contract)) == [
        int.from_bytes(speaker(alice.address)),
        12_345,
        int.from_bytes(b"\x01" * 32),
    ]
    assert arrived.sender == speaker(alice.address)
    assert (arrived.cargo.amount, arrived.cargo.data, arrived.cargo.recipient) == (12_345, b"\x01" * 32, contract)
    # All but the fees themselves came back to the sender's account on the chain.
    paid = call.value - 12_345
    assert 0 < await alice.above.balance(alice.above.address) - before < paid


async def test_a_call_that_would_fail_is_refused_before_anything_is_paid(alice: Traveller) -> None:
    contract = await alice.above.create(VALVE)

    with pytest.raises(Reverted, match="the call of a retryable ticket"):
        await alice.bridge.deposit_calls(Cargo(recipient=address(contract), data=b"go"), alice.address)


async def test_a_ticket_out_of_gas_is_redeemed_by_somebody_else(alice: Traveller, bob: Traveller) -> None:
    contract = await recorder(alice.above)
    cargo = Cargo(recipient=contract, amount=9, data=b"\x02" * 32, gas_limit=30_000)
    tx_hash = await alice.deposit(cargo)
    failed = await alice.until(tx_hash, CrossingState.FAILED)

    redeemed = await bob.move(failed, Move.REDEEM)
    arrived = await alice.until(tx_hash, CrossingState.ARRIVED)

    assert failed.moves == (Move.REDEEM, Move.KEEP_ALIVE, Move.CANCEL)
    assert "were too little for it; the ticket holds its 9 wei" in failed.steps[-1].detail
    assert (await alice.above.slots(checksum(contract)))[:2] == [int.from_bytes(speaker(alice.address)), 9]
    # A redeem leads back to the deposit that it was about.
    assert (await bob.crossing(redeemed)).key == arrived.key
    with pytest.raises(Refused, match="there is nothing to redeem"):
        await bob.bridge.calls(failed, Move.REDEEM, bob.address)


async def test_a_redeem_is_not_offered_while_the_call_would_fail_again(alice: Traveller, bob: Traveller) -> None:
    tx_hash, contract, failed = await stuck(alice)

    with pytest.raises(Reverted, match="the call of ticket"):
        await bob.bridge.calls(failed, Move.REDEEM, bob.address)
    await alice.above.send(contract)
    await bob.move(failed, Move.REDEEM)

    assert (await alice.until(tx_hash, CrossingState.ARRIVED)).cargo.amount == 7


async def test_a_ticket_is_kept_alive_and_only_its_refund_account_gives_it_up(alice: Traveller, bob: Traveller) -> None:
    tx_hash, _, failed = await stuck(alice)
    assert failed.until is not None

    kept = await bob.move(failed, Move.KEEP_ALIVE)
    longer = await alice.until(tx_hash, CrossingState.FAILED, also=lambda one: one.until != failed.until)
    with pytest.raises(Refused, match="can be cancelled by"):
        await bob.bridge.calls(failed, Move.CANCEL, bob.address)
    await alice.move(failed, Move.CANCEL)
    over = await alice.until(tx_hash, CrossingState.IMPOSSIBLE)

    assert longer.until == failed.until + 7 * 24 * 3600
    assert (await alice.crossing(kept)).key == failed.key
    assert f"its 7 wei (0.000000000000000007 ether) are with {checksum(alice.address)}" in over.steps[-1].detail
    assert over.moves == ()


async def test_a_ticket_that_cannot_pay_for_itself_says_whose_the_deposit_is(alice: Traveller) -> None:
    inbox = alice.settings.rollup["inbox"]
    nobody = Address(b"\x31" * 20)
    data = UNSAFE_TICKET.encode(nobody, 5, ETHER, alice.address, alice.address, 30_000, 10**9, b"")

    receipt = await alice.below.send(checksum(inbox), data, value=6)
    over = await alice.until(Hash32(bytes.fromhex(receipt["transactionHash"][2:])), CrossingState.IMPOSSIBLE)

    said = f"its 6 wei (0.000000000000000006 ether) are with {checksum(speaker(alice.address))}"
    assert said in over.steps[-1].detail


async def test_what_the_inbox_does_not_bring_is_refused(alice: Traveller) -> None:
    with pytest.raises(InvalidInput, match="only that goes without a ticket"):
        await alice.bridge.deposit_calls(
            Cargo(recipient=Address(b"\x32" * 20), amount=1, is_direct=True), alice.address
        )


async def test_a_deposit_is_found_again_by_its_note(alice: Traveller, fresh_address: str) -> None:
    note, since = b"order 4711", (await alice.family.anchor(alice.below_settings).head(Finality.LATEST)).number

    tx_hash = await alice.deposit(Cargo(recipient=address(fresh_address), amount=1, data=note))
    await alice.until(tx_hash, CrossingState.ARRIVED)

    assert await alice.bridge.deposit_noted(note, alice.address, since) == tx_hash
    assert await alice.bridge.deposit_noted(b"order 4712", alice.address, since) is None
    assert await alice.bridge.deposit_noted(note, address(fresh_address), since) is None


async def test_ether_is_withdrawn_by_a_stranger_and_only_once(
    alice: Traveller, bob: Traveller, fresh_address: str
) -> None:
    tx_hash = await alice.withdraw(Cargo(recipient=address(fresh_address), amount=ETHER))

    begun = await alice.crossing(tx_hash)
    ready = await alice.until(tx_hash, CrossingState.READY_TO_FINALIZE)
    (call,) = await bob.bridge.calls(ready, Move.FINALIZE, bob.address)
    paid = await bob.make([call])
    arrived = await alice.crossing(tx_hash)

    assert begun.state in (CrossingState.WAITING_FOR_ROOT, CrossingState.READY_TO_FINALIZE)
    assert begun.state is not CrossingState.WAITING_FOR_ROOT or "confirmed is the chain" in begun.waits_for
    assert await alice.below.balance(fresh_address) == ETHER
    assert states(arrived) == [CrossingState.SENT, CrossingState.ARRIVED]
    assert await alice.crossing(paid) == arrived
    # Once is enough, for us as for the outbox.
    with pytest.raises(Refused, match="there is nothing to finalize"):
        await bob.bridge.calls(ready, Move.FINALIZE, bob.address)
    with pytest.raises(Reverted) as again:
        await bob.family.anchor(bob.below_settings).simulate(call, bob.address)
    assert again.value.revert[:4] == Method("AlreadySpent(uint256)").selector


async def test_a_send_calls_a_contract_and_every_place_in_the_tree_can_be_proven(alice: Traveller) -> None:
    contract = await recorder(alice.below)
    sends = [
        await alice.withdraw(Cargo(recipient=contract, amount=place, data=bytes([place]) * 32)) for place in range(1, 6)
    ]

    for place, tx_hash in enumerate(sends, start=1):
        ready = await alice.until(tx_hash, CrossingState.READY_TO_FINALIZE)
        await alice.move(ready, Move.FINALIZE)
        # The bridge calls; who sent is the outbox's to tell.
        assert await alice.below.slots(checksum(contract)) == [
            int.from_bytes(alice.settings.rollup["bridge"]),
            place,
            int.from_bytes(bytes([place]) * 32),
        ]


async def test_a_note_to_an_account_without_code_travels_beside_the_send(alice: Traveller, fresh_address: str) -> None:
    """Arbitrum's bridge on L1 would never pay out a send with data to an account without code."""
    cargo = Cargo(recipient=address(fresh_address), amount=4, data=b"for the second half")
    tx_hash = await alice.withdraw(cargo)

    ready = await alice.until(tx_hash, CrossingState.READY_TO_FINALIZE)
    paid = await alice.move(ready, Move.FINALIZE)

    assert ready.cargo.data == b"for the second half"
    assert (await alice.crossing(paid)).cargo.data == b"for the second half"
    assert await alice.below.balance(fresh_address) == 4


async def test_a_send_that_calls_nobody_is_not_paid_for_in_vain(alice: Traveller, fresh_address: str) -> None:
    receipt = await alice.above.send(checksum(ARB_SYS), SEND_TO_L1.encode(address(fresh_address), b"is anybody there"))
    ready = await alice.until(Hash32(bytes.fromhex(receipt["transactionHash"][2:])), CrossingState.READY_TO_FINALIZE)

    with pytest.raises(Refused, match="has no code on l1"):
        await alice.bridge.calls(ready, Move.FINALIZE, alice.address)


async def test_two_sends_of_one_transaction_are_told_apart(alice: Traveller) -> None:
    """The same send twice has the same hash: only its place tells which."""
    tx_hash = await alice.withdraw(Cargo(recipient=alice.address, amount=1))
    ready = await alice.until(tx_hash, CrossingState.READY_TO_FINALIZE)
    bridge = bridge_of(alice)
    transaction = await included(bridge.rollup_evm, tx_hash)
    assert transaction is not None
    (placed,) = bridge.withdrawals.sends.sends_of(transaction)
    moved = evolve(placed.send, position=placed.send.position + 1)

    proof = await bridge.withdrawals.sends.proof(placed.send)

    assert int.from_bytes(ready.key) == placed.send.position
    with pytest.raises(ProofInvalid, match=f"proof of send {moved.position}"):
        SendProof(send=moved, root=proof.root, nodes=proof.nodes)


async def test_a_send_with_another_field_is_refused_by_us_and_by_the_outbox(alice: Traveller) -> None:
    tx_hash = await alice.withdraw(Cargo(recipient=alice.address, amount=3))
    await alice.until(tx_hash, CrossingState.READY_TO_FINALIZE)
    bridge = bridge_of(alice)
    transaction = await included(bridge.rollup_evm, tx_hash)
    assert transaction is not None
    (placed,) = bridge.withdrawals.sends.sends_of(transaction)
    proof = await bridge.withdrawals.sends.proof(placed.send)
    forged = evolve(placed.send, value=Wei(ETHER))

    with pytest.raises(ProofInvalid):
        SendProof(send=forged, root=proof.root, nodes=proof.nodes)
    call = bridge.withdrawals.sends.outbox.execute_call(proof)
    arguments = EXECUTE.arguments(call.data, "test")
    assert arguments is not None
    wrong = evolve(call, data=EXECUTE.encode(*arguments[:7], ETHER, arguments[8]))
    with pytest.raises(Reverted) as refusal:
        await bridge.anchor_evm.simulate(wrong, alice.address)
    assert refusal.value.revert[:4] == Method("UnknownRoot(bytes32)").selector


async def test_the_time_to_confirm_is_the_rollups_own(alice: Traveller) -> None:
    seconds = await alice.bridge.duration(Direction.WITHDRAWAL)

    assert seconds is not None
    assert 0 < seconds < 120
    assert await alice.bridge.duration(Direction.DEPOSIT) is None


async def test_tokens_go_down_and_up_by_arbitrums_gateways(alice: Traveller, fresh_address: str) -> None:
    token, weth = await wrapped_ether(alice, 5_000), op_stack("WETH")
    down = await alice.until(
        await alice.deposit(Cargo(recipient=alice.address, amount=5_000, token=token)), CrossingState.ARRIVED
    )
    there = down.cargo.token_there
    assert there is not None
    minted = await alice.above.read(checksum(there), weth, "balanceOf", alice.above.address)

    up = await alice.withdraw(Cargo(recipient=address(fresh_address), amount=2_000, token=there))
    await alice.move(await alice.until(up, CrossingState.READY_TO_FINALIZE), Move.FINALIZE)
    out = await alice.crossing(up)

    assert minted == 5_000
    assert (down.sender, down.cargo.token, down.cargo.amount) == (alice.address, token, 5_000)
    assert (out.state, out.cargo.token, out.cargo.token_there) == (CrossingState.ARRIVED, there, token)
    assert (out.sender, out.cargo.recipient) == (alice.address, address(fresh_address))
    assert await alice.below.read(checksum(token), weth, "balanceOf", fresh_address) == 2_000


async def test_a_call_that_looks_like_a_gateways_is_told_as_a_call(alice: Traveller, fresh_address: str) -> None:
    """Anybody may send bytes that a gateway could have sent; only the gateways' own move tokens."""
    weth = await wrapped_ether(alice, 1)
    forged = Method("finalizeInboundTransfer(address,address,address,uint256,bytes)").encode(
        weth, alice.address, address(fresh_address), 10**6, b""
    )

    tx_hash = await alice.deposit(Cargo(recipient=address(fresh_address), data=forged))
    arrived = await alice.until(tx_hash, CrossingState.ARRIVED)

    assert arrived.cargo.token is None
    assert arrived.cargo.data == forged


async def test_tokens_that_no_gateway_brought_cannot_be_withdrawn(alice: Traveller) -> None:
    weth = op_stack("WETH")
    stranger = address(await alice.above.create(weth.creation(), gas=3_000_000))

    with pytest.raises(Refused, match="names no token on l1"):
        await alice.bridge.withdraw_calls(Cargo(recipient=alice.address, amount=1, token=stranger), alice.address)
    with pytest.raises(InvalidInput, match="no note"):
        await alice.bridge.deposit_calls(
            Cargo(recipient=alice.address, amount=1, token=stranger, data=b"x"), alice.address
        )


async def test_a_transaction_of_neither_bridge_has_no_crossings(alice: Traveller, fresh_address: str) -> None:
    for user in (alice.below, alice.above):
        receipt = await user.send(fresh_address, value=1)
        assert list(await alice.bridge.crossings(Hash32(bytes.fromhex(receipt["transactionHash"][2:])))) == []
    assert list(await alice.bridge.crossings(Hash32(b"\x77" * 32))) == []
