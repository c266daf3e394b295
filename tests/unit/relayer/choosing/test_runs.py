"""Runs: no run is at a loss, and no other choice leaves more."""

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from xl2.relayer.choosing.runs import Run, choose

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
