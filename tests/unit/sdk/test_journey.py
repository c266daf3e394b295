"""Journeys over bridges in memory: the second half is sent once, whatever crashes or fails in between."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from attrs import define, evolve, field

from tests.unit.sdk.scene import A, B, Scene
from xl2.core.evidence import Finality
from xl2.core.onward import Onward, comes_from, first_of, in_words
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, Timestamp, Wei
from xl2.errors import ConfigInvalid, InvalidInput, NotFound, NotYet, Refused, RpcUnavailable
from xl2.ports import (
    Block,
    Call,
    Cargo,
    Crossing,
    CrossingState,
    CrossingStep,
    Direction,
    Move,
    Place,
    Transaction,
    TxReceipt,
)
from xl2.sdk.canonical import Crossings
from xl2.sdk.journey import Journeys
from xl2.sdk.parts import Parts
from xl2.testing import MemorySigner

L1 = ChainId(900)
OWNER = MemorySigner.named("user").address
THERE = Address(b"\x42" * 20)
ONWARD = Onward(destination=B, recipient=THERE)


@define
class Ground:
    """What the bridges of both rollups and their anchor have in common: transactions, in order."""

    sent: list[tuple[ChainId, Cargo]] = field(factory=list)
    moved: list[Move] = field(factory=list)
    #: The next submission is in a block, and nobody learns of it.
    crashes: bool = False

    async def submit(self, call: Call) -> TxReceipt:
        await asyncio.sleep(0)
        self.sent.append((call.chain, _CARGO[call.data]))
        if self.crashes:
            raise RuntimeError("the machine went down")
        return receipt(self.last)

    @property
    def last(self) -> Hash32:
        return hash_of(len(self.sent) - 1)


_CARGO: dict[bytes, Cargo] = {}


def hash_of(place: int) -> Hash32:
    return Hash32(bytes([place + 1]) * 32)


def receipt(tx_hash: Hash32) -> TxReceipt:
    return TxReceipt(tx_hash=tx_hash, block=BlockNumber(1), block_hash=tx_hash, succeeded=True, gas_used=1, cost=Wei(1))


@define
class MemoryBridge:
    """A bridge whose withdrawals wait for one move and whose deposits arrive at once."""

    ground: Ground
    rollup: ChainId
    anchor: ChainId = L1
    takes_notes: bool = True
    down: bool = False

    async def deposit_calls(self, cargo: Cargo, sender: Address) -> Sequence[Call]:
        del sender
        return [self._call(L1, cargo)]

    async def withdraw_calls(self, cargo: Cargo, sender: Address) -> Sequence[Call]:
        del sender
        return [self._call(self.rollup, cargo)]

    def _call(self, chain: ChainId, cargo: Cargo) -> Call:
        if cargo.data and not self.takes_notes:
            raise InvalidInput("no note", field="data")
        key = b"%d %d %s" % (self.rollup, chain, cargo.data)
        _CARGO[key] = cargo
        return Call(chain=chain, to=THERE, data=key, what="cross")

    async def duration(self, direction: Direction) -> int | None:
        return 60 if direction is Direction.DEPOSIT else 600

    async def crossings(self, tx_hash: Hash32) -> Sequence[Crossing]:
        if self.down:
            raise RpcUnavailable("no answer", endpoint="memory")
        place = tx_hash[0] - 1
        if not 0 <= place < len(self.ground.sent):
            return []
        chain, cargo = self.ground.sent[place]
        if chain not in (self.rollup, L1) or (chain == L1 and self.rollup != B):
            return []
        return [self._crossing(tx_hash, chain, cargo)]

    def _crossing(self, tx_hash: Hash32, chain: ChainId, cargo: Cargo) -> Crossing:
        place = Place(block=BlockNumber(1), block_hash=tx_hash, tx_hash=tx_hash, log_index=0)
        is_up = chain == self.rollup
        has_arrived = not is_up or Move.FINALIZE in self.ground.moved
        state = CrossingState.ARRIVED if has_arrived else CrossingState.READY_TO_FINALIZE
        return Crossing(
            direction=Direction.WITHDRAWAL if is_up else Direction.DEPOSIT,
            rollup=self.rollup,
            anchor=L1,
            index=0,
            sent=place,
            key=tx_hash,
            sender=OWNER,
            cargo=cargo,
            state=state,
            steps=(CrossingStep(state=state, chain=L1, at=Timestamp(1), place=place),),
            arrival_seconds=None if has_arrived else 0,
            moves=() if has_arrived else (Move.FINALIZE,),
        )

    async def deposit_noted(self, note: bytes, sender: Address, since: BlockNumber) -> Hash32 | None:
        assert (sender, since) == (OWNER, BlockNumber(1))
        noted = [place for place, (chain, cargo) in enumerate(self.ground.sent) if chain == L1 and cargo.data == note]
        return hash_of(noted[-1]) if noted else None

    async def calls(self, crossing: Crossing, move: Move, actor: Address) -> Sequence[Call]:
        del crossing, actor
        self.ground.moved.append(move)
        return [self._call(L1, Cargo(recipient=THERE))]


class Placeless(MemoryBridge):
    """One that knows a withdrawal to be paid out, and not where."""

    async def crossings(self, tx_hash: Hash32) -> Sequence[Crossing]:
        sent = CrossingStep(state=CrossingState.SENT, chain=self.rollup, at=Timestamp(5_000))
        return [
            evolve(found, steps=(sent, evolve(found.steps[-1], place=None)))
            for found in await super().crossings(tx_hash)
        ]


class Anchor:
    """An anchor of which only these are asked."""

    def __init__(self, code: bytes = b"") -> None:
        self._code = code

    async def code(self, account: Address) -> bytes:
        del account
        return self._code

    async def tx_receipt(self, tx_hash: Hash32) -> TxReceipt:
        return receipt(tx_hash)

    async def head(self, finality: Finality) -> Block:
        assert finality is Finality.LATEST
        return await self.block(BlockNumber(2))

    async def block(self, number: BlockNumber) -> Block:
        """Block 1 is the first that is young enough for what was sent at 5,000."""
        times = (0, 5_000, 9_000)
        return Block(
            number=number,
            hash=hash_of(number),
            parent_hash=hash_of(number),
            timestamp=Timestamp(times[number]),
            gas_limit=1,
        )


class Trip:
    """Journeys from A to B, and what they are made of."""

    def __init__(self, *, code: bytes = b"", takes_notes: bool = True) -> None:
        self.ground = Ground()
        scene = Scene()
        anchors: Any = {L1: Anchor(code)}

        def submitter(chain: ChainId) -> Any:
            del chain
            return MemorySigner.named("user")

        scene.bridges = {
            chain: MemoryBridge(ground=self.ground, rollup=chain, takes_notes=takes_notes) for chain in (A, B)
        }
        self.bridges = scene.bridges
        self.parts: Parts = evolve(scene.parts, anchors=anchors, submitter=submitter)
        crossings = Crossings(self.parts, self.ground.submit)
        self.crossings, self.journeys = crossings, Journeys(self.parts, crossings)

    async def begin(self) -> Hash32:
        cargo = Cargo(recipient=OWNER, amount=5, data=ONWARD.encode())
        return (await self.journeys.begin("a", cargo, ONWARD)).first.sent.tx_hash

    @property
    def deposits(self) -> list[Cargo]:
        return [cargo for chain, cargo in self.ground.sent if chain == L1 and cargo.amount]


async def test_a_journey_is_one_withdrawal_and_one_deposit_that_names_it() -> None:
    trip = Trip()
    first = await trip.begin()

    done = await trip.journeys.carry(first, 0, 10.0)
    again = await trip.journeys.advance(first, 0, None)

    (deposit,) = trip.deposits
    assert done.journey.is_over
    assert [act.what.split()[0] for act in done.acts] == ["cross", "send"]
    assert (deposit.recipient, deposit.amount, first_of(deposit.data)) == (THERE, 5, first)
    assert again.acts == ()


async def test_two_callers_at_once_send_the_second_half_once() -> None:
    trip = Trip()
    first = await trip.begin()
    await trip.journeys.advance(first, 0, None)

    await asyncio.gather(*(trip.journeys.advance(first, 0, None) for _ in range(3)))

    assert len(trip.deposits) == 1


async def test_a_journey_whose_arrival_is_in_no_log_is_looked_for_since_it_was_sent() -> None:
    """Families know of some withdrawals that they were paid out, and not where."""
    trip = Trip()
    trip.bridges[A] = Placeless(ground=trip.ground, rollup=A)
    first = await trip.begin()

    done = await trip.journeys.carry(first, 0, 10.0)
    again = await trip.journeys.advance(first, 0, None)

    assert len(trip.deposits) == 1
    assert done.journey.is_over
    assert again.acts == ()


async def test_what_the_journal_has_in_a_block_is_not_sent_again_where_a_node_lags() -> None:
    trip = Trip()
    first = await trip.begin()
    await trip.journeys.advance(first, 0, None)
    deposit = Transaction(
        chain=L1, tx_nonce=0, to=THERE, data=b"", value=Wei(5), gas_limit=1, max_fee=Wei(1), priority_fee=Wei(1)
    )
    signed = await MemorySigner.named("user").sign_transaction(deposit, "")
    await trip.parts.store.keep(signed, f"deposit 5 wei {in_words(comes_from(first))}")
    await trip.parts.store.included(receipt(signed.hash), signed)

    with pytest.raises(NotYet, match="does not show"):
        await trip.journeys.advance(first, 0, None)

    assert trip.deposits == []


async def test_an_endpoint_that_fails_for_a_while_ends_no_wait() -> None:
    trip = Trip()
    first = await trip.begin()
    bridge: Any = trip.bridges[A]
    failures = iter((RpcUnavailable("no answer", endpoint="memory"), NotYet("not yet")))

    async def failing(crossing: Crossing, move: Move, actor: Address) -> Sequence[Call]:
        for failure in failures:
            raise failure
        return await bridge.calls(crossing, move, actor)  # type: ignore[no-any-return]

    trip.bridges[A] = _with_calls(bridge, failing)

    assert (await trip.journeys.carry(first, 0, 10.0)).journey.is_over


async def test_what_a_crash_left_on_the_chains_is_not_sent_again() -> None:
    trip = Trip()
    first = await trip.begin()
    await trip.journeys.advance(first, 0, None)
    trip.ground.crashes = True
    with pytest.raises(RuntimeError):
        await trip.journeys.advance(first, 0, None)
    trip.ground.crashes = False

    done = await trip.journeys.carry(first, 0, 10.0)

    assert len(trip.deposits) == 1
    assert done.journey.is_over


async def test_what_an_earlier_run_had_signed_is_seen_through_before_anything_is_signed_anew() -> None:
    """The second half was in the journal and in no block when the machine went down."""
    trip = Trip()
    first = await trip.begin()
    await trip.journeys.advance(first, 0, None)
    left = Transaction(
        chain=L1, tx_nonce=0, to=THERE, data=b"", value=Wei(5), gas_limit=1, max_fee=Wei(1), priority_fee=Wei(1)
    )
    signed = await MemorySigner.named("user").sign_transaction(left, "")
    await trip.parts.store.keep(signed, "deposit 5 wei")

    class Recovering:
        async def recover(self) -> Sequence[TxReceipt]:
            trip.ground.sent.append((L1, Cargo(recipient=THERE, amount=5, data=comes_from(first))))
            await trip.parts.store.included(receipt(signed.hash), signed)
            return [receipt(signed.hash)]

    journalled: Any = lambda _: Recovering()  # noqa: E731 - the port is a callable
    crossings = Crossings(trip.parts, trip.ground.submit)
    journeys = Journeys(evolve(trip.parts, journalled=journalled), crossings)

    done = await journeys.carry(first, 0, 10.0)

    assert len(trip.deposits) == 1
    assert done.journey.is_over


async def test_where_no_note_travels_and_nothing_is_in_the_journal_it_goes_nowhere() -> None:
    trip = Trip(takes_notes=False)
    first = await trip.begin()

    done = await trip.journeys.carry(first, 0, 10.0)

    assert done.journey.onward is None
    assert trip.deposits == []


async def test_a_bridge_without_notes_is_not_paid_into_twice_by_another_machine() -> None:
    trip = Trip()
    first = await trip.begin()
    await trip.journeys.advance(first, 0, None)
    trip.bridges[B] = MemoryBridge(ground=trip.ground, rollup=B, takes_notes=False)

    with pytest.raises(Refused, match="cannot be told"):
        await trip.journeys.advance(first, 0, None)

    assert trip.deposits == []


async def test_an_account_with_code_on_the_anchor_is_not_called_with_the_note() -> None:
    trip = Trip(code=b"\x60")

    with pytest.raises(InvalidInput, match="is a contract on the anchor"):
        await trip.begin()

    assert trip.ground.sent == []


async def test_a_bridge_that_does_not_answer_is_no_reason_to_say_there_is_nothing() -> None:
    trip = Trip()
    bridge = trip.bridges[B]
    assert isinstance(bridge, MemoryBridge)
    with pytest.raises(NotFound):
        await trip.crossings.find(Hash32(b"\x63" * 32))

    bridge.down = True

    with pytest.raises(RpcUnavailable):
        await trip.crossings.find(Hash32(b"\x63" * 32))
    with pytest.raises(RpcUnavailable):
        await trip.crossings.find(await trip.begin(), 1)
    assert (await trip.crossings.find(await trip.begin())).state is CrossingState.READY_TO_FINALIZE


async def test_a_chain_without_a_bridge_of_its_own_hides_no_other() -> None:
    trip = Trip()
    known = trip.parts.bridges

    def bridges(chain: ChainId) -> Any:
        if chain == B:
            raise ConfigInvalid("no bridge of its own is known")
        return known(chain)

    crossings = Crossings(evolve(trip.parts, bridges=bridges), trip.ground.submit)

    with pytest.raises(NotFound):
        await crossings.find(Hash32(b"\x63" * 32))
    assert (await crossings.find(await trip.begin())).rollup == A


async def test_a_wait_ends_at_its_time_and_says_how_to_go_on() -> None:
    trip = Trip()
    first = await trip.begin()
    trip.ground.moved = []

    async def never(_: Crossing, __: Move, ___: Address) -> Sequence[Call]:
        raise NotYet("the game is not over")

    bridge: Any = trip.bridges[A]
    trip.bridges[A] = _with_calls(bridge, never)

    with pytest.raises(NotYet, match="it waits for the game is not over"):
        await trip.journeys.carry(first, 0, 3.0)


def _with_calls(bridge: MemoryBridge, calls: Any) -> Any:
    class Waiting(MemoryBridge):
        async def calls(self, crossing: Crossing, move: Move, actor: Address) -> Sequence[Call]:
            return await calls(crossing, move, actor)  # type: ignore[no-any-return]

    return Waiting(ground=bridge.ground, rollup=bridge.rollup)
