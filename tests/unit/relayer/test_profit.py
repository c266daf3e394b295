"""Profit: no run is at a loss, and no other choice leaves more."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xl2.relayer.profit import (
    LEAST_REST,
    LEAST_WAIT,
    LONGEST_REST,
    CarryNow,
    Decline,
    Outlook,
    Run,
    WaitUntil,
    choose,
    next_look,
    outlook,
)

WORTHS = st.lists(st.integers(-60, 60), max_size=8)


def left_by(worths: list[int], fixed: int, runs: list[Run]) -> int:
    return sum(sum(worths[run.first : run.end]) - fixed for run in runs)


def most_left(worths: list[int], fixed: int, ends: list[int], place: int = 0) -> int:
    """Every choice of runs, tried."""
    if place >= len(worths):
        return 0
    skipped = most_left(worths, fixed, ends, place + 1)
    carried = [
        left_by(worths, fixed, [Run(place, end)]) + most_left(worths, fixed, ends, end)
        for end in range(place + 1, ends[place] + 1)
    ]
    return max(skipped, *carried)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[int], int, list[int]]:
    worths, end = draw(WORTHS), 0
    ends = []
    for place in range(len(worths)):
        end = max(place + 1, draw(st.integers(end, len(worths))))
        ends.append(end)
    return worths, draw(st.integers(0, 80)), ends


@given(tables())
def test_no_choice_of_runs_leaves_more_and_none_of_them_is_at_a_loss(table: tuple[list[int], int, list[int]]) -> None:
    worths, fixed, ends = table

    runs = choose(worths, fixed, ends)

    assert left_by(worths, fixed, runs) == most_left(worths, fixed, ends)
    assert all(left_by(worths, fixed, [run]) >= 0 for run in runs)
    assert all(run.first < run.end <= ends[run.first] for run in runs)
    assert all(one.end <= two.first for one, two in pairwise(runs))


@given(tables())
def test_no_neighbour_is_left_out_whose_company_leaves_more(table: tuple[list[int], int, list[int]]) -> None:
    worths, fixed, ends = table
    runs = choose(worths, fixed, ends)
    taken = {place for run in runs for place in range(run.first, run.end)}

    for run in runs:
        for first, end in combinations(range(len(worths) + 1), 2):
            wider = Run(first, end)
            is_wider = first <= run.first and run.end <= end <= ends[first]
            others = {place for place in range(first, end) if place not in range(run.first, run.end)}
            if is_wider and not others & taken:
                assert left_by(worths, fixed, [wider]) <= left_by(worths, fixed, [run])


def test_messages_that_pay_together_go_together_and_alone_they_do_not() -> None:
    assert choose([6, 6], 10, [2, 2]) == [Run(0, 2)]
    assert choose([6, 6], 10, [1, 2]) == []


def test_whoever_stands_between_two_is_carried_where_that_is_cheaper_than_two_deliveries() -> None:
    assert choose([50, -9, 50], 10, [3, 3, 3]) == [Run(0, 3)]
    assert choose([50, -11, 50], 10, [3, 3, 3]) == [Run(0, 1), Run(2, 3)]


def test_the_first_of_equal_deliveries_is_as_full_as_it_may_be() -> None:
    assert choose([20] * 5, 10, [3, 4, 5, 5, 5]) == [Run(0, 3), Run(3, 5)]


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
