"""Company: nobody waits longer than that may pay, and neighbours are looked at together."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xl2.relayer.choosing.company import (
    LEAST_REST,
    LEAST_WAIT,
    LONGEST_REST,
    CarryNow,
    Decline,
    Outlook,
    WaitUntil,
    next_look,
    outlook,
)

NOW = 10_000.0


@pytest.mark.parametrize(
    ("is_chosen", "worth", "since", "expiry", "expected"),
    [
        (True, -1, NOW, 0, CarryNow()),
        (False, 0, NOW - 10, 0, WaitUntil(NOW + 50)),
        (False, 0, NOW - 60, 0, Decline()),
        (False, -1, NOW, 0, Decline()),
        (False, 5, NOW - 10, NOW + 20, WaitUntil(NOW + 20)),
        (False, 5, NOW - 10, NOW, Decline()),
        # The clock was set back by an hour since it was seen.
        (False, 5, NOW + 3_600, 0, WaitUntil(NOW + 60)),
    ],
)
def test_what_covers_its_own_cost_waits_for_company_and_the_rest_does_not(
    is_chosen: bool, worth: int, since: float, expiry: float, expected: Outlook
) -> None:
    found = outlook(is_chosen=is_chosen, worth=worth, since=since, now=NOW, expiry=expiry, longest_wait=60)

    assert found == expected


def looks(since: float, upto: float, least: int) -> list[float]:
    found = [next_look(since, since, least)]
    while found[-1] < upto:
        found.append(next_look(found[-1], since, least))
    return found


def test_rests_grow_with_the_time_that_has_passed() -> None:
    times = [64_000.0, *looks(64_000.0, 67_500.0, LEAST_REST)]

    rests = [later - earlier for earlier, later in pairwise(times)]

    assert rests == [32, 32, 64, 128, 256, 512, 512, 1_024, 1_024]


@given(st.floats(0, 1e9), st.floats(0, 100_000), st.sampled_from([LEAST_WAIT, LEAST_REST]))
def test_neighbours_are_looked_at_together_however_far_apart_they_came(since: float, later: float, least: int) -> None:
    """So two that pay together alone are found to, once the price of gas lets them."""
    upto = since + later + 3 * LONGEST_REST

    both = set(looks(since, upto, least)) & set(looks(since + later, upto, least))

    assert any(look > since + later for look in both)
