"""Policy: what is denied is denied whatever it pays, and nothing is carried at a loss."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import message
from xl2.core.message import GWEI
from xl2.core.types import Address, ChainId, Wei
from xl2.ports import Fees, Rates
from xl2.relayer.policy import Accepted, Carry, Declined, Policy, Terms, share

PAID = Terms(carry=Carry.PAID, margin_percent=10)
ALICE, BOB = Address(b"\x0a" * 20), Address(b"\x0b" * 20)
RATES = Rates(fees=Fees(base_fee=Wei(90), priority_fee=Wei(10)), byte_fee=Wei(3))


def judged(policy: Policy, cost: int = 0, added: int = 0, fee: int = 0, **fields: Any) -> Accepted | Declined:
    """Amounts in gwei: a message's fee is a whole number of them."""
    return policy.judge(message(fee=Wei(fee * GWEI), **fields), Wei(cost * GWEI), Wei(added * GWEI))


def test_a_fee_that_covers_cost_and_margin_is_accepted() -> None:
    assert isinstance(judged(Policy(terms=PAID), 100, fee=110), Accepted)


def test_a_fee_below_cost_and_margin_is_declined_with_the_numbers_and_may_change() -> None:
    declined = judged(Policy(terms=PAID), 100, fee=109)

    assert isinstance(declined, Declined)
    assert declined.may_change
    assert f"{109 * GWEI} wei" in declined.why
    assert f"{110 * GWEI} wei" in declined.why
    assert f"{100 * GWEI} wei" in declined.why


def test_what_was_added_to_a_fee_counts() -> None:
    policy = Policy(terms=PAID)

    assert isinstance(judged(policy, 100, fee=50), Declined)
    assert isinstance(judged(policy, 100, added=60, fee=50), Accepted)


def test_always_carries_at_a_loss_and_never_carries_nothing() -> None:
    never = judged(Policy(terms=Terms(carry=Carry.NEVER)), 1, fee=10**9)

    assert isinstance(judged(Policy(terms=Terms(carry=Carry.ALWAYS)), 10**9, fee=0), Accepted)
    assert isinstance(never, Declined)
    assert not never.may_change


def test_the_terms_of_a_lane_stand_over_those_of_all() -> None:
    one = message(fee=0)
    lane = (one.origin, one.destination)
    policy = Policy(terms=Terms(carry=Carry.NEVER), lanes={lane: Terms(carry=Carry.ALWAYS)})

    assert isinstance(policy.judge(one, Wei(1)), Accepted)
    assert not policy.wants_cost(*lane)
    assert isinstance(policy.judge(message(fee=0, destination=ChainId(999)), Wei(1)), Declined)


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


def test_a_share_is_a_messages_own_gas_and_bytes_and_its_part_of_the_rest() -> None:
    one = message(payload=bytes(33), gas_limit=70_000)

    alone, of_ten = (share(one, RATES, overhead_gas=50_000, batch=batch) for batch in (1, 10))

    assert alone == (70_000 + 100 * 40 + 50_000) * 100 + 100 * 3
    assert of_ten == (70_000 + 100 * 40 + 13_500 + 5_000) * 100 + 100 * 3


@given(cost=st.integers(0, 10**15), margin=st.integers(0, 1_000), fee=st.integers(0, 10**16))
def test_nothing_is_carried_at_a_loss(cost: int, margin: int, fee: int) -> None:
    policy = Policy(terms=Terms(carry=Carry.PAID, margin_percent=margin))
    judgement = judged(policy, cost, fee=fee)

    assert isinstance(judgement, Accepted) is (fee * 100 >= cost * (100 + margin))
