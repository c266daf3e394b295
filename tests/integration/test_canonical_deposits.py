"""Deposits by a rollup's own bridge: what leaves L1 is followed to the rollup by one hash; nothing fails unseen."""

import pytest
from attrs import evolve

from tests.bytecode import FORWARDS, VALVE
from tests.devnet_user import events
from tests.integration.crossings import Traveller, TravellerOf, mintable, wrapped_ether
from xl2.core.types import Address, BlockNumber, Hash32, address
from xl2.errors import InvalidInput, Refused, Reverted, Unaffordable
from xl2.ports import Cargo, CrossingState, Direction, Move
from xl2_adapters.contracts.alias import speaker
from xl2_adapters.op_stack.canonical.send import DEPOSIT
from xl2_devnet import Description
from xl2_devnet.abi import op_stack

ETHER = 10**18
PORTAL = op_stack("OptimismPortal2")


@pytest.fixture(scope="module")
def devnet(by_hand: Description) -> Description:
    """The one that is travelled on."""
    return by_hand


async def test_ether_is_deposited_and_followed_by_the_hash_of_either_chain(
    traveller_of: TravellerOf, fresh_address: str
) -> None:
    alice = traveller_of("op-a", "alice")
    tx_hash = await alice.deposit(Cargo(recipient=fresh_address, amount=ETHER))

    arrived = await alice.until(tx_hash, CrossingState.ARRIVED)

    above = arrived.steps[-1].place
    assert await alice.above.balance(fresh_address) == ETHER
    assert (arrived.direction, arrived.sender, arrived.cargo.amount) == (Direction.DEPOSIT, alice.address, ETHER)
    assert above is not None
    assert above.tx_hash == arrived.key
    assert await alice.crossing(above.tx_hash) == arrived


async def test_a_deposit_on_its_way_says_what_it_waits_for_and_how_long(
    traveller_of: TravellerOf, fresh_address: str
) -> None:
    bob = traveller_of("op-a", "bob")

    tx_hash = await bob.deposit(Cargo(recipient=fresh_address, amount=1))
    begun = await bob.crossing(tx_hash)
    seconds = await bob.bridge.duration(Direction.DEPOSIT)

    assert seconds is not None
    assert 1 <= seconds <= 600
    assert begun.state in (CrossingState.ON_ITS_WAY, CrossingState.ARRIVED)
    assert begun.state.is_over or ("the rollup to" in begun.waits_for and begun.wait_seconds != 0)


async def test_tokens_are_deposited_and_withdrawn_by_the_standard_bridge(
    traveller_of: TravellerOf, fresh_address: str
) -> None:
    carol = traveller_of("op-a", "carol")
    home = await wrapped_ether(carol, 5_000)
    there = await mintable(carol, home)

    down = await carol.until(
        await carol.deposit(Cargo(recipient=carol.address, amount=5_000, token=home, token_there=there)),
        CrossingState.ARRIVED,
    )
    up = await carol.withdraw(Cargo(recipient=fresh_address, amount=2_000, token=there))
    out = await carol.bring_out(up)

    token, sides = op_stack("WETH"), (carol.above, carol.below)
    owners = (carol.above.address, fresh_address)
    balances = [
        await side.read("0x" + contract.hex(), token, "balanceOf", owner)
        for side, contract, owner in zip(sides, (there, home), owners, strict=True)
    ]
    assert balances == [3_000, 2_000]
    assert (down.cargo.token, down.cargo.token_there, down.cargo.amount) == (home, there, 5_000)
    assert (out.state, out.cargo.token, out.cargo.token_there) == (CrossingState.ARRIVED, there, home)


async def test_tokens_that_do_not_stand_for_each_other_are_refused_before_any_moves(traveller_of: TravellerOf) -> None:
    carol = traveller_of("op-a", "carol")
    home, other = await wrapped_ether(carol, 100), await wrapped_ether(carol, 100)
    there = await mintable(carol, home)

    def cargo(token: Address, token_there: Address | None) -> Cargo:
        return Cargo(recipient=carol.address, amount=100, token=token, token_there=token_there)

    with pytest.raises(Refused, match="standing for"):
        await carol.bridge.deposit_calls(cargo(other, there), carol.address)
    with pytest.raises(InvalidInput, match="is not known"):
        await carol.bridge.deposit_calls(cargo(home, None), carol.address)
    with pytest.raises(InvalidInput, match="is no contract"):
        await carol.bridge.deposit_calls(cargo(home, carol.address), carol.address)
    with pytest.raises(Refused, match="stands for"):
        await carol.bridge.withdraw_calls(cargo(there, other), carol.address)
    with pytest.raises(Unaffordable):
        await carol.bridge.deposit_calls(evolve(cargo(home, there), amount=101), carol.address)


async def test_a_message_that_failed_on_the_rollup_is_replayed_by_anybody(traveller_of: TravellerOf) -> None:
    dave, erin = traveller_of("op-a", "dave"), traveller_of("op-a", "erin")
    closed = await dave.above.create(VALVE)
    cargo = Cargo(recipient=closed, amount=7, data=b"open sesame", gas_limit=100_000)

    failed = await dave.until(await dave.deposit(cargo), CrossingState.FAILED)
    with pytest.raises(Reverted, match="what it calls would fail"):
        await erin.bridge.calls(failed, Move.REPLAY, erin.address)
    await dave.above.send(closed)
    replayed = await erin.make(await erin.bridge.calls(failed, Move.REPLAY, erin.address))
    arrived = await dave.crossing(failed.sent.tx_hash)

    assert failed.moves == (Move.REPLAY,)
    assert (arrived.state, arrived.cargo.recipient, arrived.cargo.data) == (
        CrossingState.ARRIVED,
        address(closed),
        b"open sesame",
    )
    assert await dave.above.balance(closed) == 7
    assert await dave.crossing(replayed) == arrived


async def test_a_deposit_whose_call_fails_keeps_its_ether_with_the_sender_and_says_so(
    traveller_of: TravellerOf,
) -> None:
    frank = traveller_of("op-a", "frank")
    closed = await frank.above.create(VALVE)
    before = await frank.above.balance(frank.above.address)

    tx_hash = await frank.deposit(Cargo(recipient=closed, amount=99, data=b"x", gas_limit=100_000, is_direct=True))
    lost = await frank.until(tx_hash, CrossingState.IMPOSSIBLE)

    assert await frank.above.balance(closed) == 0
    assert 0 < await frank.above.balance(frank.above.address) - before <= 99
    assert "its 99 wei (0.000000000000000099 ether) are with" in lost.steps[-1].detail
    assert lost.moves == ()


async def test_a_contract_that_deposits_is_known_on_the_rollup_by_its_alias(
    traveller_of: TravellerOf, fresh_address: str
) -> None:
    grace = traveller_of("op-a", "grace")
    through = await grace.below.create(FORWARDS)
    portal = grace.settings.rollup["portal"]
    data = DEPOSIT.encode(fresh_address, 5, 100_000, False, b"")

    receipt = await grace.below.send(through, portal.rjust(32, b"\0") + data, value=5, gas=1_000_000)
    arrived = await grace.until(Hash32(bytes.fromhex(receipt["transactionHash"][2:])), CrossingState.ARRIVED)

    assert len(events(receipt, PORTAL, "TransactionDeposited")) == 1
    assert arrived.sender == speaker(address(through))
    assert await grace.above.balance(fresh_address) == 5


async def test_a_note_finds_the_deposit_that_carried_it(traveller_of: TravellerOf, fresh_address: str) -> None:
    alice = traveller_of("op-b", "alice")
    since = BlockNumber(int((await alice.below.block("latest"))["number"], 16))
    note = b"note of " + bytes.fromhex(fresh_address[2:])

    unknown = await alice.bridge.deposit_noted(note, alice.address, since)
    tx_hash = await alice.deposit(Cargo(recipient=fresh_address, amount=3, data=note))
    # Its arrival takes a nonce of hers on the rollup: whoever sends there meanwhile may lose his.
    await alice.until(tx_hash, CrossingState.ARRIVED)

    assert unknown is None
    assert await alice.bridge.deposit_noted(note, alice.address, since) == tx_hash
    assert await alice.bridge.deposit_noted(note, address(fresh_address), since) is None


async def test_what_is_no_crossing_of_this_bridge_is_an_empty_answer(
    traveller_of: TravellerOf, fresh_address: str
) -> None:
    alice, other = traveller_of("op-b", "alice"), traveller_of("op-a", "grace")
    elsewhere = await other.deposit(Cargo(recipient=fresh_address, amount=1))
    plain = await alice.above.send(fresh_address, value=1)

    answers = [
        await alice.bridge.crossings(tx_hash)
        for tx_hash in (Hash32(b"\x11" * 32), elsewhere, Hash32(bytes.fromhex(plain["transactionHash"][2:])))
    ]

    assert [list(found) for found in answers] == [[], [], []]


async def test_what_cannot_be_paid_for_or_has_no_recipient_is_refused(traveller_of: TravellerOf) -> None:
    alice: Traveller = traveller_of("op-b", "alice")

    with pytest.raises(Unaffordable):
        await alice.bridge.deposit_calls(Cargo(recipient=alice.address, amount=10**30), alice.address)
    with pytest.raises(Unaffordable):
        await alice.bridge.withdraw_calls(Cargo(recipient=alice.address, amount=10**30), alice.address)
    with pytest.raises(InvalidInput, match="zero address"):
        await alice.bridge.deposit_calls(Cargo(recipient=bytes(20), amount=1), alice.address)
