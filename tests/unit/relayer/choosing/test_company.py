"""Company: nobody waits longer than that may pay, and neighbours are looked at together."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xl2.relayer.choosing.company import LEAST_REST, LEAST_WAIT, LONGEST_REST, next_look, waits_until

NOW = 10_000.0


@pytest.mark.parametrize(
    ("pays_for_itself", "since", "expiry", "expected"),
    [
        (True, NOW - 10, 0, NOW + 50),
        (True, NOW - 60, 0, None),
        (False, NOW, 0, None),
        (True, NOW - 10, NOW + 20, NOW + 20),
        (True, NOW - 10, NOW, None),
        # The clock was set back by an hour since it was seen.
        (True, NOW + 3_600, 0, NOW + 60),
    ],
)
def test_what_covers_its_own_cost_waits_for_company_and_the_rest_does_not(
    pays_for_itself: bool, since: float, expiry: float, expected: float | None
) -> None:
    found = waits_until(pays_for_itself=pays_for_itself, since=since, now=NOW, expiry=expiry, longest_wait=60)

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
