"""Exposure: what is lost is never more than the allowance, and what the recipients that lost it had been paid for."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import message
from xl2.core.message import Message
from xl2.core.types import Address, Nonce
from xl2.relayer.choosing.exposure import FORGIVEN, Bet, Exposure
from xl2.relayer.choosing.prices import own_gas
from xl2.testing import ManualClock

ALLOWANCE = 2_000_000
SHARED = 100_000
GOOD, BAD = Address(b"\x0a" * 20), Address(b"\x0b" * 20)


def to(recipient: Address, nonce: int = 0, gas_limit: int = 200_000) -> Message:
    return message(recipient=recipient, nonce=Nonce(nonce), gas_limit=gas_limit, payload=b"")


def bet(*messages: Message, fee: int = 10**7) -> Bet:
    costs = [own_gas(one) for one in messages]
    return Bet(messages=messages, costs=costs, fees=[fee] * len(messages), shared=SHARED)


class Lane:
    """An exposure, what was lost in truth, and what was paid for."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.exposure = Exposure(gas_per_hour=ALLOWANCE, steady=self.clock.steady)
        self.lost = self.paid_for = 0

    def deliver(self, *messages: Message, fee: int = 10**7, succeeds: bool) -> bool:
        """Deliver, where that is allowed; whether it was."""
        made = bet(*messages, fee=fee)
        if self.exposure.too_much(made):
            return False
        self.exposure.begin(made)
        self.exposure.end(messages, {one.id: succeeds for one in messages})
        if succeeds:
            self.paid_for += sum(min(fee, own_gas(one) + SHARED) for one in messages)
        else:
            self.lost += SHARED + sum(own_gas(one) for one in messages)
        return True


@pytest.fixture
def lane() -> Lane:
    return Lane()


def test_what_a_delivery_stakes_is_given_back_when_it_was_delivered(lane: Lane) -> None:
    for nonce in range(50):
        assert lane.deliver(to(GOOD, nonce), succeeds=True)

    assert lane.exposure.left == ALLOWANCE


def test_what_is_under_way_is_staked_only_once(lane: Lane) -> None:
    first, second = bet(to(GOOD, 1, 900_000)), bet(to(GOOD, 2, 900_000))

    lane.exposure.begin(first)

    assert lane.exposure.too_much(second)
    lane.exposure.end(first.messages, {})
    assert not lane.exposure.too_much(second)


def test_the_allowance_refills_by_the_hour_and_holds_no_more_than_one(lane: Lane) -> None:
    while lane.deliver(to(BAD), succeeds=False):
        pass
    empty = lane.exposure.left

    lane.clock.advance(1_800)
    half = lane.exposure.left
    lane.clock.advance(100 * 3_600)

    assert empty < own_gas(to(BAD)) + SHARED
    assert ALLOWANCE // 2 <= half <= ALLOWANCE // 2 + empty
    assert lane.exposure.left == ALLOWANCE


def test_a_recipient_that_was_paid_for_needs_no_stake_for_as_much(lane: Lane) -> None:
    for nonce in range(20):
        lane.deliver(to(GOOD, nonce), succeeds=True)
    while lane.deliver(to(BAD), succeeds=False):
        pass

    assert not lane.exposure.too_much(bet(*(to(GOOD, nonce) for nonce in range(20))))
    assert lane.exposure.too_much(bet(*(to(GOOD, nonce) for nonce in range(21)), fee=0))


def test_messages_that_pay_nothing_earn_no_trust(lane: Lane) -> None:
    for nonce in range(20):
        lane.deliver(to(GOOD, nonce, 50_000), fee=0, succeeds=True)

    assert not lane.exposure.sure(bet(to(GOOD, 99)))


def test_a_recipient_that_fails_again_and_again_is_left_alone_for_ever_longer(lane: Lane) -> None:
    rests = []
    for _ in range(FORGIVEN + 3):
        lane.exposure.begin(bet(to(BAD)))
        lane.exposure.end([to(BAD)], {to(BAD).id: False})
        rests.append(lane.exposure.rests(to(BAD)))

    assert rests == [0.0] * (FORGIVEN - 1) + [60.0, 120.0, 240.0, 480.0]
    assert lane.exposure.rests(to(GOOD)) == 0.0


def test_failures_are_forgotten_by_the_hour(lane: Lane) -> None:
    for _ in range(FORGIVEN):
        lane.exposure.begin(bet(to(BAD)))
        lane.exposure.end([to(BAD)], {to(BAD).id: False})
    lane.clock.advance(3_601)
    lane.exposure.begin(bet(to(BAD)))
    lane.exposure.end([to(BAD)], {to(BAD).id: False})

    assert lane.exposure.rests(to(BAD)) == 0.0


def test_a_transaction_that_reverts_as_a_whole_is_taken_from_the_allowance(lane: Lane) -> None:
    made = bet(to(GOOD))
    lane.exposure.begin(made)

    lane.exposure.end(made.messages, {}, wasted=1_500_000)

    assert lane.exposure.left == ALLOWANCE - 1_500_000


def test_what_others_send_to_a_good_recipient_costs_its_senders_neither_trust_nor_time(lane: Lane) -> None:
    for nonce in range(20):
        lane.deliver(to(GOOD, nonce), succeeds=True)
    strangers = [evolve(to(GOOD, 100 + one), sender=Address(bytes([one + 1]) * 20)) for one in range(9)]

    for stranger in strangers:
        lane.deliver(stranger, succeeds=False)

    assert lane.exposure.rests(to(GOOD)) == 0.0
    assert not lane.exposure.too_much(bet(*(to(GOOD, nonce) for nonce in range(15))))
    assert lane.lost <= ALLOWANCE + FORGIVEN * (own_gas(to(GOOD)) + SHARED)


def test_strangers_are_carried_to_a_recipient_that_others_paid_for_until_some_of_theirs_failed(lane: Lane) -> None:
    for nonce in range(60):
        lane.deliver(to(GOOD, nonce), succeeds=True)
    while lane.deliver(to(BAD), succeeds=False):
        pass
    strangers = [evolve(to(GOOD, 100 + one), sender=Address(bytes([one + 1]) * 20)) for one in range(FORGIVEN + 1)]
    carried = not lane.exposure.too_much(bet(*strangers))

    failed = [lane.deliver(one, succeeds=False) for one in strangers]
    lane.clock.advance(3_601)
    while lane.deliver(to(BAD, 999), succeeds=False):
        pass

    assert carried
    assert failed == [True] * FORGIVEN + [False]
    assert not lane.exposure.too_much(bet(strangers[-1]))


def test_what_was_carried_and_the_inbox_did_not_try_is_lost_as_well_and_no_failure_of_its_recipient(lane: Lane) -> None:
    refused, good = to(BAD, 1), to(GOOD, 2)
    made = bet(refused, good)

    for _ in range(FORGIVEN + 1):
        lane.exposure.begin(made)
        lane.exposure.end(made.messages, {good.id: True}, skipped=[refused.id])

    assert lane.exposure.left == ALLOWANCE - (FORGIVEN + 1) * (SHARED + own_gas(refused))
    assert lane.exposure.rests(refused) == 0.0


def test_no_more_is_lost_than_the_whole_delivery_took(lane: Lane) -> None:
    greedy = to(BAD, 1, 1_500_000)
    made = bet(greedy)
    lane.exposure.begin(made)

    lane.exposure.end(made.messages, {greedy.id: False}, spent=120_000)

    assert lane.exposure.left == ALLOWANCE - 120_000


def test_what_earns_nothing_is_spent_only_while_something_is_left(lane: Lane) -> None:
    assert [lane.exposure.spend(900_000) for _ in range(3)] == [True, True, False]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.integers(1, 6),
            st.booleans(),
            st.sampled_from([0, 250_000, 10**7]),
            st.integers(0, 900),
        ),
        max_size=60,
    )
)
def test_no_sequence_of_deliveries_loses_more_than_the_allowance_and_what_was_paid_for(
    moves: list[tuple[int, int, bool, int, int]],
) -> None:
    lane, began = Lane(), 0.0
    for number, (recipient, count, succeeds, fee, seconds) in enumerate(moves):
        lane.clock.advance(seconds)
        began += seconds
        to_whom = Address(bytes([recipient + 1]) * 20)
        sender = Address(bytes([fee % 7 + 1]) * 20)
        sent = [evolve(to(to_whom, 10 * number + one), sender=sender) for one in range(count)]
        lane.deliver(*sent, fee=fee, succeeds=succeeds)

    assert lane.lost <= ALLOWANCE + ALLOWANCE * began / 3_600 + lane.paid_for
