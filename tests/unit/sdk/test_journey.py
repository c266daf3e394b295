"""Journeys over bridges in memory: the second half is sent once, whatever crashes or fails in between."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from attrs import evolve

from tests.unit.sdk.bridges_in_memory import L1, THERE, MemoryBridge, Placeless, Trip, receipt
from tests.unit.sdk.scene import A, B
from xl2.core.onward import comes_from, first_of, in_words
from xl2.core.types import Address, ChainId, Hash32, Wei
from xl2.errors import ConfigInvalid, InvalidInput, NotFound, NotYet, Refused, RpcUnavailable
from xl2.ports import (
    Call,
    Cargo,
    Crossing,
    CrossingState,
    Move,
    Transaction,
    TxReceipt,
)
from xl2.sdk.canonical import Crossings
from xl2.sdk.journey import Journeys
from xl2.testing import MemorySigner


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
