"""Amounts as people write them, and as tokens count them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xl2.config import Token
from xl2.core.types import Assurance
from xl2.errors import InvalidInput
from xl2.sdk.amount import smallest_units
from xl2.sdk.transfer import units_of

USD = Token(symbol="USDD", decimals=6, assurance=Assurance.ATTESTED, on={})


@pytest.mark.parametrize(
    ("amount", "units"), [("1", 1_000_000), ("1.5", 1_500_000), ("0.000001", 1), (7, 7), ("1e2", 100_000_000)]
)
def test_text_is_whole_tokens_and_a_number_is_base_units(amount: int | str, units: int) -> None:
    assert units_of(amount, USD) == units


@pytest.mark.parametrize(
    "amount",
    ["0", "-1", "0.0000001", "one", "", "nan", "inf", 0, -1, True, 2**112, "1e40", "1,5", "1e999981", "1e999999", None],
)
def test_what_is_no_amount_is_refused(amount: int | str) -> None:
    with pytest.raises(InvalidInput):
        units_of(amount, USD)


@given(st.integers(1, 2**112 - 1))
def test_no_amount_is_rounded(units: int) -> None:
    whole, part = divmod(units, 10**6)

    assert units_of(f"{whole}.{part:06d}", USD) == units


@pytest.mark.parametrize(
    ("amount", "decimals", "units"), [("1.5", 18, 15 * 10**17), ("-2", 0, -2), (2**256 - 1, 18, 2**256 - 1)]
)
def test_smallest_units_are_exact(amount: int | str, decimals: int, units: int) -> None:
    assert smallest_units(amount, decimals) == units


@pytest.mark.parametrize("amount", ["1e999980", "1e999999999999999999999", "snan", 1.0, (1,), b"1"])
def test_what_is_odd_is_no_amount_and_takes_no_time(amount: object) -> None:
    assert smallest_units(amount, 18) is None
