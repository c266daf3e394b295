"""Endpoints side by side: who is behind or ahead is named only by enough others."""

import pytest

from xl2_adapters.providers.standing import Blame
from xl2_adapters.providers.survey import FINALITY_SECONDS, Seen, Tip, apart, judge


def seen(by: str, second: int, *, chain: int = 901, finalized: int | None = None) -> Seen:
    final = None if finalized is None else Tip(number=finalized, timestamp=finalized)
    return Seen(by=by, chain=chain, latest=Tip(number=second, timestamp=second), finalized=final)


def verdicts(*looked: Seen, quorum: int = 2) -> dict[str, Blame]:
    return {one.by: one.blame for one in judge(looked, chain=901, quorum=quorum, stale_seconds=15)}


def test_nobody_is_named_who_is_no_further_behind_than_is_usual() -> None:
    assert verdicts(seen("a", 100), seen("b", 90), seen("c", 85)) == {}


def test_who_is_behind_two_others_is_stale() -> None:
    assert verdicts(seen("a", 100), seen("b", 84), seen("c", 101)) == {"b": Blame.STALE}


def test_who_is_ahead_of_two_others_lies() -> None:
    assert verdicts(seen("a", 100), seen("b", 100_000), seen("c", 101)) == {"b": Blame.LIES}


def test_of_two_that_are_apart_nobody_can_be_named_and_that_is_said() -> None:
    looked = [seen("a", 100), seen("b", 10)]

    assert verdicts(*looked) == {}
    assert apart(looked, quorum=2, stale_seconds=15) == "a says block 100 is the newest; b says block 10 is the newest"


def test_where_one_is_enough_the_newest_is_the_measure() -> None:
    assert verdicts(seen("a", 100), seen("b", 10), quorum=1) == {"b": Blame.STALE}


def test_finality_that_stopped_is_named_though_the_tip_goes_on() -> None:
    now = 10 * FINALITY_SECONDS
    looked = [seen(name, now, finalized=now) for name in ("a", "b")]

    stopped = seen("c", now, finalized=now - FINALITY_SECONDS - 1)
    late = seen("c", now, finalized=now - FINALITY_SECONDS)

    assert verdicts(*looked, stopped) == {"c": Blame.STALE}
    assert verdicts(*looked, late) == {}


def test_an_endpoint_of_another_chain_is_no_measure_for_the_others() -> None:
    assert verdicts(seen("a", 100), seen("b", 100), seen("c", 500, chain=1)) == {"c": Blame.WRONG_CHAIN}


@pytest.mark.parametrize("looked", [[], [seen("a", 5)]])
def test_fewer_than_a_quorum_judge_nobody(looked: list[Seen]) -> None:
    assert judge(looked, chain=901, quorum=2, stale_seconds=15) == []
    assert apart(looked, quorum=2, stale_seconds=15) == ""
