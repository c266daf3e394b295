"""The ZK stack's own bridge on the devnet: ether, calls and tokens down, ether and tokens up, by the real Diamond."""

from collections.abc import Iterator

import pytest
from attrs import evolve
from eth_account import Account

from tests.bytecode import FORWARDS, REVERTS
from tests.devnet_clocks import QUICK
from tests.integration.crossings import Traveller, TravellerOf
from tests.waiting import until
from xl2.core.evidence import Finality
from xl2.core.types import Address, Hash32, address, hex_text
from xl2.errors import InvalidInput, NotYet, ProofInvalid, Refused, Reverted, Unaffordable
from xl2.ports import Cargo, Crossing, CrossingState, Move
from xl2_adapters.contracts.alias import speaker
from xl2_adapters.rpc_wire import Json, sequence
from xl2_adapters.tx_logs import included
from xl2_adapters.zk_stack.canonical.bridge import ZkBridge
from xl2_adapters.zk_stack.messages import messages_of
from xl2_adapters.zk_stack.proofs import OutcomeProof
from xl2_devnet import Description
from xl2_devnet.abi import op_stack
from xl2_devnet.controls import BATCHES, ROOTS, Controls
from xl2_devnet.devnet import running
from xl2_devnet.options import Options
from xl2_devnet.zk_stack.contracts import zk_stack

ETHER = 10**18
_GAS = 2_000_000
ZK = "zk-a"


@pytest.fixture(scope="module")
def devnet(controls: Controls) -> Iterator[Description]:
    """One chain of the ZK stack."""
    with running(Options(l2=("zk",), clocks=QUICK), controls=controls) as description:
        yield description


@pytest.fixture(autouse=True)
def given_in_the_end(controls: Controls) -> Iterator[None]:
    """What a test withholds."""
    yield
    controls.give(BATCHES, ZK)
    controls.give(ROOTS, ZK)


def zk(traveller: Traveller) -> ZkBridge:
    """The bridge, as the one that it is."""
    assert isinstance(traveller.bridge, ZkBridge)
    return traveller.bridge


def nobody() -> Address:
    return address(Account.create().address)


async def test_ether_and_a_call_go_down_and_what_was_paid_too_much_comes_back(traveller_of: TravellerOf) -> None:
    alice, recipient = traveller_of(ZK, "alice"), nobody()
    before = await alice.above.balance(alice.above.address)

    tx_hash = await alice.deposit(Cargo(recipient=recipient, amount=ETHER))
    there = await alice.until(tx_hash, CrossingState.ARRIVED)

    assert await alice.above.balance(hex_text(recipient)) == ETHER
    # The door knows the chain's transaction by the name that L1 gave it, and the crossing by either.
    assert there.steps[-1].place is not None
    assert there.steps[-1].place.tx_hash == there.key
    assert [one.key for one in await alice.bridge.crossings(there.key)] == [there.key]
    # An account without code speaks for itself.
    assert there.sender == alice.address

    async def refunded() -> bool | None:
        return await alice.above.balance(alice.above.address) > before or None

    await until(refunded, "the refund of gas that was not used")


async def test_a_deposit_is_found_again_by_the_note_that_went_along(traveller_of: TravellerOf) -> None:
    alice, recipient = traveller_of(ZK, "alice"), nobody()
    since = (await zk(alice).anchor_evm.head(Finality.LATEST)).number

    tx_hash = await alice.deposit(Cargo(recipient=recipient, amount=1, data=b"note 1"))

    assert await zk(alice).deposit_noted(b"note 1", alice.address, since) == tx_hash
    assert await zk(alice).deposit_noted(b"note 2", alice.address, since) is None
    assert await zk(alice).deposit_noted(b"note 1", recipient, since) is None
    arrived = await alice.until(tx_hash, CrossingState.ARRIVED)
    assert arrived.cargo.data == b"note 1"
    assert await alice.bridge.crossings(Hash32(b"\x77" * 32)) == []


async def test_a_contract_on_l1_speaks_by_its_alias(traveller_of: TravellerOf) -> None:
    bob, recipient = traveller_of(ZK, "bob"), nobody()
    contract = address(await bob.below.create(FORWARDS))
    (call,) = await bob.bridge.deposit_calls(Cargo(recipient=recipient, amount=7), bob.address)

    receipt = await bob.below.send(hex_text(contract), call.to.rjust(32, b"\0") + call.data, value=call.value, gas=_GAS)
    there = await bob.until(Hash32(bytes.fromhex(receipt["transactionHash"][2:])), CrossingState.ARRIVED)

    assert there.sender == speaker(contract)
    assert await bob.above.balance(hex_text(recipient)) == 7


async def test_an_account_that_delegates_to_code_is_warned_before_its_refund_is_lost(
    traveller_of: TravellerOf,
) -> None:
    alice, delegating = traveller_of(ZK, "alice"), nobody()
    await alice.below.rpc.call("anvil_setCode", hex_text(delegating), "0xef0100" + "11" * 20)

    with pytest.raises(Refused, match="which nobody holds"):
        await alice.bridge.deposit_calls(Cargo(recipient=delegating, amount=1), delegating)


async def test_a_contract_that_withdraws_is_the_sender_and_not_who_called_it(traveller_of: TravellerOf) -> None:
    bob = traveller_of(ZK, "bob")
    contract = address(await bob.above.create(FORWARDS))
    (call,) = await bob.bridge.withdraw_calls(Cargo(recipient=nobody(), amount=3), bob.address)

    receipt = await bob.above.send(hex_text(contract), call.to.rjust(32, b"\0") + call.data, value=call.value, gas=_GAS)
    crossing = await bob.crossing(Hash32(bytes.fromhex(receipt["transactionHash"][2:])))

    assert crossing.sender == contract


async def test_the_value_of_a_call_that_fails_is_its_refund_recipients(traveller_of: TravellerOf) -> None:
    carol = traveller_of(ZK, "carol")
    reverts = address(await carol.above.create(REVERTS))
    before = await carol.above.balance(carol.above.address)

    tx_hash = await carol.deposit(Cargo(recipient=reverts, amount=ETHER, data=b"?", gas_limit=100_000))
    failed = await carol.until(tx_hash, CrossingState.IMPOSSIBLE)

    async def back() -> bool | None:
        return await carol.above.balance(carol.above.address) >= before + ETHER or None

    await until(back, "the value of the failed call")
    assert f"its {ETHER} wei (1 ether) are with {carol.above.address} on the rollup" in failed.steps[-1].detail
    # L1 can be shown that it failed, and not that it did not.
    proof = await _when_executed(carol, failed.key)
    assert not proof.succeeded
    assert await zk(carol).diamond.takes(proof)
    assert not await zk(carol).diamond.takes(evolve(proof, succeeded=True))


async def test_ether_goes_up_once(traveller_of: TravellerOf, controls: Controls) -> None:
    dave, recipient = traveller_of(ZK, "dave"), nobody()

    controls.withhold(ROOTS, ZK)
    tx_hash = await dave.withdraw(Cargo(recipient=recipient, amount=ETHER // 2))
    waiting = await dave.crossing(tx_hash)
    controls.give(ROOTS, ZK)
    ready = await dave.until(tx_hash, CrossingState.READY_TO_FINALIZE)
    (call,) = await dave.bridge.calls(ready, Move.FINALIZE, dave.address)
    paid_by = await dave.make([call])

    assert waiting.state is CrossingState.WAITING_FOR_ROOT
    assert waiting.waits_for
    assert await dave.below.balance(hex_text(recipient)) == ETHER // 2
    arrived = await dave.until(tx_hash, CrossingState.ARRIVED)
    assert arrived.steps[-1].place is not None
    assert arrived.steps[-1].place.tx_hash == paid_by
    # Found again by the transaction that paid it out, and by nothing but hashes.
    assert [one.key for one in await dave.bridge.crossings(paid_by)] == [ready.key]
    with pytest.raises(Reverted):
        await zk(dave).anchor_evm.view(call.to, call.data)
    with pytest.raises(Refused, match="nothing to finalize"):
        await dave.bridge.calls(arrived, Move.FINALIZE, dave.address)


async def test_a_message_that_was_tampered_with_is_refused_here_and_on_l1(traveller_of: TravellerOf) -> None:
    erin = traveller_of(ZK, "erin")
    tx_hash = await erin.withdraw(Cargo(recipient=erin.address, amount=5))
    await erin.until(tx_hash, CrossingState.READY_TO_FINALIZE)
    transaction = await included(zk(erin).rollup_evm, tx_hash)
    assert transaction is not None
    (message,) = messages_of(transaction, "zk")
    batches, diamond = zk(erin).deposits.batches, zk(erin).diamond

    proof = await batches.message(tx_hash, message.sender, message.data)
    tampered = [
        evolve(proof, message=proof.message[:-1] + b"\xff"),
        evolve(proof, sender=nobody()),
        evolve(proof, index=proof.index ^ 1),
        evolve(proof, tx_number=proof.tx_number + 1),
        evolve(proof, batch=proof.batch + 1_000),
        evolve(proof, path=(Hash32(bytes(32)), *proof.path[1:])),
        evolve(proof, path=proof.path[:-1]),
    ]

    assert await diamond.takes(proof)
    assert [await diamond.takes(one) for one in tampered] == [False] * len(tampered)
    with pytest.raises(ProofInvalid, match="said that 0 times"):
        await batches.message(tx_hash, message.sender, message.data[:-1] + b"\xff")


async def test_tokens_go_down_and_up_over_the_first_bridge(traveller_of: TravellerOf) -> None:
    frank, recipient = traveller_of(ZK, "frank"), nobody()
    token = await _token(frank)

    tx_hash = await frank.deposit(Cargo(recipient=frank.address, token=token, amount=1_000))
    there = await frank.until(tx_hash, CrossingState.ARRIVED)
    assert there.cargo.token_there is not None
    erc20, on_rollup = op_stack("OptimismMintableERC20"), hex_text(there.cargo.token_there)
    described = [await frank.above.read(on_rollup, erc20, name) for name in ("name", "symbol", "decimals")]
    up = await frank.withdraw(Cargo(recipient=recipient, token=there.cargo.token_there, amount=400))
    ready = await frank.until(up, CrossingState.READY_TO_FINALIZE)
    await frank.move(ready, Move.FINALIZE)

    assert described == ["Gold", "GLD", 18]
    assert there.sender == frank.address
    assert ready.cargo.token_there == token
    assert await frank.above.read(on_rollup, erc20, "balanceOf", frank.above.address) == 600
    assert await frank.below.read(hex_text(token), erc20, "balanceOf", hex_text(recipient)) == 400
    await frank.until(up, CrossingState.ARRIVED)


async def test_tokens_of_a_failed_deposit_are_taken_back_once(traveller_of: TravellerOf) -> None:
    grace = traveller_of(ZK, "grace")
    token = await _token(grace)
    erc20 = op_stack("OptimismMintableERC20")

    # So little gas that it is mined and fails.
    tx_hash = await grace.deposit(Cargo(recipient=grace.address, token=token, amount=1_000, gas_limit=60_000))
    failed = await grace.until(tx_hash, CrossingState.FAILED, also=lambda one: bool(one.moves))
    locked = await grace.below.read(hex_text(token), erc20, "balanceOf", grace.below.address)
    await grace.move(failed, Move.RECLAIM)
    back = await grace.until(tx_hash, CrossingState.IMPOSSIBLE)

    assert failed.moves == (Move.RECLAIM,)
    assert locked == 0
    assert await grace.below.read(hex_text(token), erc20, "balanceOf", grace.below.address) == 1_000
    assert "has the tokens back on l1" in back.steps[-1].detail


async def test_what_could_never_arrive_is_refused_with_numbers(traveller_of: TravellerOf) -> None:
    alice = traveller_of(ZK, "alice")
    reverts = address(await alice.above.create(REVERTS))

    with pytest.raises(Unaffordable):
        await alice.bridge.deposit_calls(Cargo(recipient=nobody(), amount=10**6 * ETHER), alice.address)
    with pytest.raises(InvalidInput, match="takes no note"):
        await alice.bridge.withdraw_calls(Cargo(recipient=nobody(), amount=1, data=b"x"), alice.address)
    with pytest.raises(Refused):
        # The chain's node says that the call would revert.
        await alice.bridge.deposit_calls(Cargo(recipient=reverts, data=b"x"), alice.address)
    with pytest.raises(Refused, match="did not come by this bridge"):
        await alice.bridge.withdraw_calls(Cargo(recipient=nobody(), token=nobody(), amount=1), alice.address)


async def test_a_withheld_batch_holds_withdrawals_up_and_loses_none(
    traveller_of: TravellerOf, controls: Controls
) -> None:
    bob = traveller_of(ZK, "bob")
    controls.withhold(ROOTS, ZK)
    tx_hash = await bob.withdraw(Cargo(recipient=bob.address, amount=9))

    async def committed() -> Crossing | None:
        one = await bob.crossing(tx_hash)
        return one if "is not executed on l1" in one.waits_for else None

    await until(committed, "a batch that is committed and not executed")
    controls.withhold(BATCHES, ZK)
    later = await bob.withdraw(Cargo(recipient=bob.address, amount=9))
    controls.give(ROOTS, ZK)
    await bob.until(tx_hash, CrossingState.READY_TO_FINALIZE)
    held = await bob.crossing(later)
    controls.give(BATCHES, ZK)
    await bob.until(later, CrossingState.READY_TO_FINALIZE)

    assert "is in no batch" in held.waits_for


async def test_a_false_batch_is_reverted_before_it_is_executed(traveller_of: TravellerOf, controls: Controls) -> None:
    carol = traveller_of(ZK, "carol")
    diamond, getters = hex_text(zk(carol).diamond.address), zk_stack("IZkSync")
    reverts: Json = {"address": diamond, "topics": [getters.topic("BlocksRevert")], "fromBlock": "0x0"}

    async def reverted() -> int:
        return len(sequence(await carol.below.rpc.call("eth_getLogs", reverts), "l1"))

    before = await reverted()
    controls.claim_falsely(ZK)

    async def again() -> bool | None:
        return await reverted() > before or None

    await until(again, "the batch to be reverted")
    # The chain goes on, and what was in the false batch comes in a true one.
    tx_hash = await carol.withdraw(Cargo(recipient=carol.address, amount=3))
    await carol.until(tx_hash, CrossingState.READY_TO_FINALIZE)


async def _when_executed(traveller: Traveller, canonical_hash: Hash32) -> OutcomeProof:
    async def look() -> OutcomeProof | None:
        try:
            return await zk(traveller).deposits.batches.outcome(canonical_hash)
        except NotYet:
            return None

    return await until(look, "the batch to be executed")


async def _token(owner: Traveller) -> Address:
    """A token on L1 of which the owner has a thousand."""
    erc20 = op_stack("OptimismMintableERC20")
    code = erc20.creation(owner.below.address, hex_text(nobody()), "Gold", "GLD", 18)
    token = await owner.below.create(code, gas=3_000_000)
    await owner.below.send(token, erc20.call("mint", owner.below.address, 1_000))
    return address(token)
