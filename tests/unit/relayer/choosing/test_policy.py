"""Policy: what is denied is denied whatever it pays, and nothing is carried at a loss."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import message
from xl2.core.message import GWEI
from xl2.core.types import Address, ChainId, Wei
from xl2.relayer.choosing.policy import Accepted, Carry, Declined, Policy, Terms, too_poor, worth
from xl2.relayer.choosing.prices import own_gas

PAID = Terms(carry=Carry.PAID, margin_percent=10)
ALICE, BOB = Address(b"\x0a" * 20), Address(b"\x0b" * 20)


def judged(policy: Policy, added: int = 0, fee: int = 0, **fields: Any) -> Accepted | Declined:
    """Amounts in gwei: a message's fee is a whole number of them."""
    return policy.judge(message(fee=Wei(fee * GWEI), **fields), Wei(added * GWEI))


def test_a_fee_is_worth_its_message_where_it_covers_cost_and_margin() -> None:
    assert worth(110, 100, PAID) == 0
    assert worth(109, 100, PAID) < 0


def test_what_is_too_poor_is_told_with_the_numbers_and_may_change() -> None:
    declined = too_poor(message(fee=Wei(69 * GWEI)), Wei(40 * GWEI), Wei(60 * GWEI), Wei(40 * GWEI), PAID)

    assert declined.may_change
    for number in (109, 40, 110, 100):
        assert f"{number * GWEI} " in declined.why


def test_what_was_added_to_a_fee_counts() -> None:
    policy = Policy(terms=Terms(min_fee=Wei(100 * GWEI)))

    assert isinstance(judged(policy, fee=50), Declined)
    assert isinstance(judged(policy, added=60, fee=50), Accepted)


def test_always_carries_at_a_loss_and_never_carries_nothing() -> None:
    never = judged(Policy(terms=Terms(carry=Carry.NEVER)), fee=10**9)

    assert isinstance(judged(Policy(terms=Terms(carry=Carry.ALWAYS)), fee=0), Accepted)
    assert isinstance(never, Declined)
    assert not never.may_change


def test_the_terms_of_a_lane_stand_over_those_of_all() -> None:
    one = message(fee=0)
    lane = (one.origin, one.destination)
    policy = Policy(terms=Terms(carry=Carry.NEVER), lanes={lane: Terms(carry=Carry.ALWAYS)})

    assert isinstance(policy.judge(one), Accepted)
    assert not policy.wants_cost(*lane)
    assert isinstance(policy.judge(message(fee=0, destination=ChainId(999))), Declined)


def test_a_least_fee_is_asked_for_whatever_delivery_costs() -> None:
    policy = Policy(terms=Terms(carry=Carry.ALWAYS, min_fee=Wei(7 * GWEI)))

    assert isinstance(judged(policy, fee=6), Declined)
    assert isinstance(judged(policy, fee=7), Accepted)


@pytest.mark.parametrize(
    "policy",
    [
        Policy(deny_senders=frozenset({ALICE})),
        Policy(allow_senders=frozenset({BOB})),
        Policy(deny_recipients=frozenset({BOB})),
        Policy(allow_recipients=frozenset({ALICE})),
        Policy(max_payload=3),
        Policy(allow_senders=frozenset({ALICE}), deny_senders=frozenset({ALICE})),
    ],
)
def test_what_a_list_denies_is_declined_whatever_it_pays_and_for_good(policy: Policy) -> None:
    declined = judged(policy, fee=10**9, sender=ALICE, recipient=BOB, payload=b"four")

    assert isinstance(declined, Declined)
    assert not declined.may_change


def test_lists_let_through_what_they_allow() -> None:
    policy = Policy(allow_senders=frozenset({ALICE}), allow_recipients=frozenset({BOB}), max_payload=4)

    assert isinstance(judged(policy, sender=ALICE, recipient=BOB, payload=b"four"), Accepted)


@pytest.mark.parametrize(
    "policy",
    [
        Policy(terms=PAID),
        Policy(terms=Terms(carry=Carry.NEVER)),
        Policy(terms=Terms(min_fee=Wei(1))),
        Policy(deny_senders=frozenset({ALICE})),
        Policy(max_payload=3),
        Policy(lanes={(ChainId(901), ChainId(902)): PAID}),
    ],
)
def test_there_is_nothing_to_ask_only_where_all_is_carried_whatever_it_is(policy: Policy) -> None:
    assert Policy().takes_all(ChainId(901), ChainId(902))
    assert not policy.takes_all(ChainId(901), ChainId(902))


def test_a_messages_own_gas_is_what_its_recipient_may_burn_its_bytes_and_its_place() -> None:
    one = message(payload=bytes(33), gas_limit=70_000)

    assert own_gas(one) == 70_000 + 100 * 40 + 15_000


@given(
    fees=st.lists(st.integers(0, 10**16), min_size=1, max_size=5),
    costs=st.lists(st.integers(0, 10**15), min_size=5, max_size=5),
    shared=st.integers(0, 10**15),
    margin=st.integers(0, 1_000),
)
def test_worths_that_cover_what_is_shared_are_fees_that_cover_all_costs_with_the_margin(
    fees: list[int], costs: list[int], shared: int, margin: int
) -> None:
    terms = Terms(carry=Carry.PAID, margin_percent=margin)

    left = sum(worth(fee, cost, terms) for fee, cost in zip(fees, costs, strict=False)) + worth(0, shared, terms)

    cost = sum(costs[: len(fees)]) + shared
    assert (left >= 0) is (sum(fees) * 100 >= cost * (100 + margin))
