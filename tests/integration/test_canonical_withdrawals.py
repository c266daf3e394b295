"""Withdrawals by a rollup's own bridge: only against roots that are true and that the portal takes, by anybody."""

from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.bytecode import HUNGRY, VALVE
from tests.devnet_user import User, events
from tests.integration.crossings import Traveller, TravellerOf
from tests.waiting import until
from xl2.core.types import BlockNumber, Hash32
from xl2.errors import Refused, Reverted
from xl2.ports import Cargo, Crossing, CrossingState, Direction, Move
from xl2_adapters.op_stack.canonical.withdrawal import PROVE, Withdrawal
from xl2_adapters.op_stack.output_root import MESSAGE_PASSER, OutputRoot, true_output
from xl2_adapters.tx_logs import included
from xl2_devnet import Description
from xl2_devnet.abi import op_stack
from xl2_devnet.accounts import account
from xl2_devnet.op_stack.l1 import GAME_BOND

ETHER = 10**18
PORTAL, FACTORY, GAME = (op_stack(name) for name in ("OptimismPortal2", "DisputeGameFactory", "FaultDisputeGame"))
CANNON, PERMISSIONED = 0, 1
CHALLENGER_WINS = 1


@pytest.fixture(scope="module")
def devnet(by_hand: Description) -> Description:
    """The one that is travelled on."""
    return by_hand


async def test_ether_is_withdrawn_through_every_state_and_followed_by_any_of_its_transactions(
    traveller_of: TravellerOf, fresh_address: str
) -> None:
    alice = traveller_of("op-a", "alice")
    tx_hash = await alice.withdraw(Cargo(recipient=fresh_address, amount=ETHER))

    seen = [await alice.crossing(tx_hash)]
    ready = await alice.until(tx_hash, CrossingState.READY_TO_PROVE)
    proved = await alice.move(ready, Move.PROVE)
    seen.append(await alice.crossing(tx_hash))
    ripe = await alice.ripe(tx_hash)
    finalized = await alice.move(ripe, Move.FINALIZE)
    arrived = await alice.crossing(tx_hash)

    assert seen[0].state in (CrossingState.WAITING_FOR_ROOT, CrossingState.READY_TO_PROVE)
    assert seen[1].state is CrossingState.PROVEN
    assert seen[1].wait_seconds
    assert (arrived.state, arrived.direction, arrived.cargo.amount) == (
        CrossingState.ARRIVED,
        Direction.WITHDRAWAL,
        ETHER,
    )
    assert await alice.below.balance(fresh_address) == ETHER
    assert await alice.crossing(proved) == arrived
    assert await alice.crossing(finalized) == arrived


async def test_a_withdrawal_that_one_account_proved_is_finalized_by_another_and_only_once(
    traveller_of: TravellerOf, fresh_address: str
) -> None:
    bob, carol = traveller_of("op-a", "bob"), traveller_of("op-a", "carol")
    tx_hash = await bob.withdraw(Cargo(recipient=fresh_address, amount=11))
    await bob.prove(tx_hash)
    ripe = await carol.ripe(tx_hash)
    calls = await carol.bridge.calls(ripe, Move.FINALIZE, carol.address)
    await carol.make(calls)

    arrived = await bob.crossing(tx_hash)
    with pytest.raises(Refused, match="no move"):
        await bob.bridge.calls(arrived, Move.FINALIZE, bob.address)
    again = await bob.below.send("0x" + calls[0].to.hex(), calls[0].data, gas=2_000_000, succeeds=False)

    assert arrived.state is CrossingState.ARRIVED
    assert again["status"] == "0x0"
    assert await bob.below.balance(fresh_address) == 11


async def test_a_relay_that_would_fail_is_not_paid_for_and_one_that_failed_is_replayed(
    traveller_of: TravellerOf,
) -> None:
    dave, grace = traveller_of("op-a", "dave"), traveller_of("op-a", "grace")
    closed = await dave.below.create(VALVE)
    cargo = Cargo(recipient=closed, amount=70, data=b"open sesame", gas_limit=100_000)
    tx_hash = await dave.withdraw(cargo)
    await dave.prove(tx_hash)
    ripe = await dave.ripe(tx_hash)

    with pytest.raises(Reverted, match="what it calls would fail"):
        await dave.bridge.calls(ripe, Move.FINALIZE, dave.address)
    await _finalize_carelessly(grace, dave, tx_hash)
    failed = await dave.crossing(tx_hash)
    await dave.below.send(closed)
    replayed = await grace.move(failed, Move.REPLAY)
    arrived = await dave.crossing(tx_hash)

    assert (failed.state, failed.moves) == (CrossingState.FAILED, (Move.REPLAY,))
    assert arrived.state is CrossingState.ARRIVED
    assert await dave.crossing(replayed) == arrived
    assert await dave.below.balance(closed) == 70


async def test_a_relay_gets_gas_for_what_it_calls_where_an_estimate_of_the_whole_falls_short(
    traveller_of: TravellerOf,
) -> None:
    """A relay whose call runs out of gas is no failed transaction, so an estimate stops there; ours does not."""
    grace, bob = traveller_of("op-a", "grace"), traveller_of("op-a", "bob")
    hungry = [await grace.below.create(HUNGRY) for _ in range(2)]
    sent = [await grace.withdraw(Cargo(recipient=one, data=b"eat", gas_limit=30_000)) for one in hungry]
    for tx_hash in sent:
        await grace.prove(tx_hash)

    ripe = [await grace.ripe(tx_hash) for tx_hash in sent]
    (ours,) = await bob.bridge.calls(ripe[0], Move.FINALIZE, bob.address)
    theirs, *_ = await bob.bridge.calls(ripe[1], Move.FINALIZE, bob.address)
    plain: Any = {"from": bob.below.address, "to": "0x" + theirs.to.hex(), "data": "0x" + theirs.data.hex()}
    estimate = int(str(await bob.below.rpc.call("eth_estimateGas", plain)), 16)
    await bob.make([ours])
    await bob.make([theirs], gas=estimate)
    ended = [await grace.crossing(tx_hash) for tx_hash in sent]

    assert ours.gas_limit is not None
    assert ours.gas_limit > estimate
    assert [crossing.state for crossing in ended] == [CrossingState.ARRIVED, CrossingState.FAILED]


async def test_a_plain_withdrawal_that_fails_is_never_sent_by_us_and_said_to_be_lost_when_another_sends_it(
    traveller_of: TravellerOf,
) -> None:
    erin = traveller_of("op-a", "erin")
    closed = await erin.below.create(VALVE)
    cargo = Cargo(recipient=closed, amount=5, data=b"x", gas_limit=100_000, is_direct=True)
    tx_hash = await erin.withdraw(cargo)
    await erin.prove(tx_hash)
    ripe = await erin.ripe(tx_hash)

    with pytest.raises(Reverted, match="what it calls would fail"):
        await erin.bridge.calls(ripe, Move.FINALIZE, erin.address)
    await _finalize_carelessly(erin, erin, tx_hash)
    lost = await erin.crossing(tx_hash)

    assert (lost.state, lost.moves) == (CrossingState.IMPOSSIBLE, ())
    assert "stays with the portal" in lost.steps[-1].detail


async def test_a_proof_against_a_false_root_that_was_defeated_is_void_and_made_anew(
    devnet: Description, traveller_of: TravellerOf, fresh_address: str
) -> None:
    """The false root holds the true storage root beside a false state root: the portal takes a proof against it."""
    frank, erin = traveller_of("op-a", "frank"), traveller_of("op-a", "erin")
    tx_hash = await frank.withdraw(Cargo(recipient=fresh_address, amount=33))
    block = (await frank.crossing(tx_hash)).sent.block
    game, index, false = await _propose_falsely(erin, block)
    await _later_than(erin.below, await erin.below.read(game, GAME, "createdAt"))
    careless = await _proof(frank, tx_hash, index, false, block)
    await erin.below.send("0x" + frank.settings.rollup["portal"].hex(), careless, gas=1_000_000)
    await _attacked(erin, game)
    await erin.below.pass_time(devnet.clocks.max_clock_seconds)

    fallen = await frank.until(
        tx_hash, CrossingState.READY_TO_PROVE, also=lambda crossing: "lost to a challenger" in crossing.steps[-1].detail
    )
    out = await frank.bring_out(tx_hash)

    assert await erin.below.read(game, GAME, "status") == CHALLENGER_WINS
    with pytest.raises(Reverted):
        await _checked(erin, fallen)
    assert out.state is CrossingState.ARRIVED
    assert await frank.below.balance(fresh_address) == 33


async def test_a_game_that_is_attacked_by_hand_is_lost_by_the_rules_of_the_game_itself(
    devnet: Description,
    traveller_of: TravellerOf,
) -> None:
    bob = traveller_of("op-b", "bob")
    number = BlockNumber(int((await bob.above.block("latest"))["number"], 16))
    game, _, false = await _propose_falsely(bob, number)
    truth = (await true_output(bob.rollup, number, number)).hash

    position = await bob.below.read(game, GAME, "getRequiredBond", 2**128 // 2**127)
    attack = GAME.call("attack", false.hash, 0, keccak(b"by hand" + truth))
    await bob.below.send(game, attack, value=position, gas=1_000_000)
    await bob.below.pass_time(devnet.clocks.max_clock_seconds)

    async def lost() -> bool | None:
        """Whoever is first resolves a claim; the other's transaction fails."""
        for claim in reversed(range(await bob.below.read(game, GAME, "claimDataLen"))):
            await _tried(bob.below, game, GAME.call("resolveClaim", claim, 0))
        await _tried(bob.below, game, GAME.call("resolve"))
        return True if await bob.below.read(game, GAME, "status") == CHALLENGER_WINS else None

    assert await until(lost, "the game to be lost")


async def test_a_blacklisted_game_is_refused_and_a_proof_against_it_made_anew(
    devnet: Description, traveller_of: TravellerOf, fresh_address: str
) -> None:
    carol = traveller_of("op-a", "carol")
    guardian = User(devnet.chain("l1"), account("deployer").private_key)
    portal = "0x" + carol.settings.rollup["portal"].hex()
    tx_hash = await carol.withdraw(Cargo(recipient=fresh_address, amount=44))
    await carol.prove(tx_hash)
    proven = await carol.crossing(tx_hash)
    game = next(step for step in proven.steps if step.state is CrossingState.PROVEN).detail.split()[2]

    await guardian.send(portal, PORTAL.call("blacklistDisputeGame", game))
    fallen = await carol.crossing(tx_hash)
    await _stir(carol)
    out = await carol.bring_out(tx_hash)

    await guardian.close()
    assert fallen.state in (CrossingState.WAITING_FOR_ROOT, CrossingState.READY_TO_PROVE)
    assert "it is blacklisted" in fallen.steps[-1].detail
    assert out.state is CrossingState.ARRIVED


async def test_games_of_another_type_or_from_before_a_retirement_are_refused(
    devnet: Description, traveller_of: TravellerOf, fresh_address: str
) -> None:
    alice = traveller_of("op-b", "alice")
    guardian = User(devnet.chain("l1"), account("deployer").private_key)
    portal = "0x" + alice.settings.rollup["portal"].hex()
    tx_hash = await alice.withdraw(Cargo(recipient=fresh_address, amount=55))
    await alice.prove(tx_hash)

    await guardian.send(portal, PORTAL.call("setRespectedGameType", PERMISSIONED))
    other_type = await alice.crossing(tx_hash)
    await guardian.send(portal, PORTAL.call("setRespectedGameType", CANNON))
    retired = await alice.crossing(tx_hash)
    await guardian.close()
    await _stir(alice)
    out = await alice.bring_out(tx_hash)

    assert other_type.state is CrossingState.WAITING_FOR_ROOT
    assert "is not the respected one" in other_type.steps[-1].detail + other_type.waits_for
    assert "it is retired" in retired.steps[-1].detail
    assert out.state is CrossingState.ARRIVED


async def _finalize_carelessly(actor: Traveller, prover: Traveller, tx_hash: Hash32) -> None:
    """As one does who does not look what becomes of the call inside."""
    withdrawal = await _withdrawal(prover, tx_hash)
    data = PORTAL.call("finalizeWithdrawalTransactionExternalProof", withdrawal.tuple, prover.below.address)
    await actor.below.send("0x" + prover.settings.rollup["portal"].hex(), data, gas=2_000_000)


async def _withdrawal(traveller: Traveller, tx_hash: Hash32) -> Withdrawal:
    transaction = await included(traveller.rollup, tx_hash)
    assert transaction is not None
    (log,) = [one for one in transaction.logs if one.contract == MESSAGE_PASSER]
    return Withdrawal.of(log, "the devnet")


async def _propose_falsely(liar: Traveller, number: BlockNumber) -> tuple[str, int, OutputRoot]:
    truth = await true_output(liar.rollup, number, number)
    false = OutputRoot(
        state_root=Hash32(keccak(b"a state that never was")),
        storage_root=truth.storage_root,
        block_hash=truth.block_hash,
    )
    factory = "0x" + liar.settings.rollup["dispute_game_factory"].hex()
    lie = FACTORY.call("create", CANNON, false.hash, encode(["uint256"], [number]))
    receipt = await liar.below.send(factory, lie, value=GAME_BOND, gas=1_500_000)
    (created,) = events(receipt, FACTORY, "DisputeGameCreated")
    game: str = created.arguments["disputeProxy"]
    count = await liar.below.read(factory, FACTORY, "gameCount")
    for index in reversed(range(count)):
        if (await liar.below.read(factory, FACTORY, "gameAtIndex", index))[2] == game.lower():
            return game, index, false
    raise AssertionError(f"the factory does not list game {game}")


async def _proof(traveller: Traveller, tx_hash: Hash32, index: int, output: OutputRoot, number: BlockNumber) -> bytes:
    withdrawal = await _withdrawal(traveller, tx_hash)
    proof = await traveller.rollup.proof(MESSAGE_PASSER, [withdrawal.slot], number)
    root = (bytes(32), output.state_root, output.storage_root, output.block_hash)
    return PROVE.encode(withdrawal.tuple, index, root, list(proof.storage[0]))


async def _stir(traveller: Traveller) -> None:
    """While nobody sends anything, roots are proposed seldom."""
    await traveller.above.send(traveller.above.address)


async def _attacked(user: Traveller, game: str) -> None:
    async def attacked() -> bool | None:
        return True if await user.below.read(game, GAME, "claimDataLen") > 1 else None

    await until(attacked, "the challenger's attack")


async def _later_than(user: User, timestamp: int) -> None:
    async def later() -> bool | None:
        return True if await user.now() > timestamp else None

    await until(later, "a later second on L1")


async def _checked(prover: Traveller, crossing: Crossing) -> None:
    portal = "0x" + prover.settings.rollup["portal"].hex()
    await prover.below.read(portal, PORTAL, "checkWithdrawal", crossing.key, prover.below.address)


async def _tried(user: User, to: str, data: bytes) -> None:
    (tx_hash,) = await user.submit((to, data, 0), gas=1_000_000)
    await user.receipt(tx_hash)
