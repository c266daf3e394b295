"""What a message costs, and which fee is taken."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import DESTINATION, ORIGIN
from xl2.core.message import GWEI
from xl2.core.types import Assurance, Timestamp, Wei
from xl2.errors import InvalidInput, Unaffordable
from xl2.plan import DELIVERY_GAS, SETTLEMENT_GAS, Quote, chosen_fee, quote, whole_gwei
from xl2.ports import Fees

ROOT = Path(__file__).parents[2]


def priced(*, here: int = 10**9, there: int = 2 * 10**9, margin_percent: int = 50, gas: int = 100_000) -> Quote:
    return quote(
        origin=ORIGIN,
        destination=DESTINATION,
        assurance=Assurance.ATTESTED,
        payload_size=0,
        recipient_gas=gas,
        here=Fees(base_fee=Wei(here), priority_fee=Wei(0)),
        there=Fees(base_fee=Wei(there), priority_fee=Wei(0)),
        margin_percent=margin_percent,
        expiry=Timestamp(0),
    )


def test_the_cost_is_delivery_there_and_settlement_here() -> None:
    found = priced()

    delivery = (DELIVERY_GAS[Assurance.ATTESTED] + 100_000) * 2 * 10**9
    assert found.least_wei == delivery + SETTLEMENT_GAS[Assurance.ATTESTED] * 10**9
    assert found.fee_wei == found.least_wei * 3 // 2


def test_what_is_priced_is_what_was_measured_and_little_more() -> None:
    measured = json.loads((ROOT / "bench" / "results" / "gas.json").read_text("utf-8"))
    recipient = 5_048

    alone = measured["deliver_1_attested"]["value"] - recipient
    assert alone <= DELIVERY_GAS[Assurance.ATTESTED] <= alone * 3 // 2


def test_stronger_evidence_costs_more_and_so_does_more_work() -> None:
    assert DELIVERY_GAS[Assurance.ATTESTED] < DELIVERY_GAS[Assurance.SETTLED]
    assert priced(gas=1).least_wei < priced(gas=10_000_000).least_wei


@given(here=st.integers(0, 10**12), there=st.integers(0, 10**12), margin=st.integers(0, 500))
def test_a_fee_is_whole_gwei_and_never_below_the_cost(here: int, there: int, margin: int) -> None:
    found = priced(here=here, there=there, margin_percent=margin)

    assert found.fee_wei % GWEI == found.least_wei % GWEI == 0
    assert found.fee_wei >= found.least_wei


@given(st.integers(0, 10**30))
def test_rounding_goes_up_and_by_less_than_a_gwei(wei: int) -> None:
    assert 0 <= whole_gwei(wei) - wei < GWEI


def test_no_wish_is_the_quotes_fee_and_nothing_is_nothing() -> None:
    assert chosen_fee(priced(), None) == priced().fee_wei
    assert chosen_fee(priced(), 0) == 0


def test_a_fee_from_the_cost_on_is_taken_as_it_is() -> None:
    assert chosen_fee(priced(), priced().least_wei) == priced().least_wei


def test_a_fee_below_the_cost_is_refused_with_the_number() -> None:
    with pytest.raises(Unaffordable) as refused:
        chosen_fee(priced(), GWEI)

    assert (refused.value.available, refused.value.needed) == (GWEI, priced().least_wei)
    assert str(priced().fee_wei) in refused.value.remedy


def test_a_fee_below_zero_is_refused() -> None:
    with pytest.raises(InvalidInput, match="below zero") as refused:
        chosen_fee(priced(), -GWEI)

    assert "the quote's" in refused.value.remedy


@pytest.mark.parametrize("fee", [1, GWEI + 1])
def test_a_part_of_a_gwei_is_refused(fee: int) -> None:
    with pytest.raises(InvalidInput, match="whole number of gwei"):
        chosen_fee(priced(), fee)
