"""What is thought of an endpoint: strikes are forgotten with time, and who comes back soon stays away for longer."""

from xl2_adapters.providers.standing import Blame, Standing


def test_two_strikes_in_a_minute_are_enough() -> None:
    standing = Standing()

    assert not standing.strike(Blame.DOWN, "no answer", 0)
    assert standing.strike(Blame.DOWN, "no answer", 20)
    assert (standing.blame, standing.reason) == (Blame.DOWN, "no answer")


def test_two_strikes_far_apart_are_none() -> None:
    standing = Standing()

    assert not standing.strike(Blame.DOWN, "no answer", 0)
    assert not standing.strike(Blame.DOWN, "no answer", 300)
    assert not standing.aside


def test_it_is_told_once_that_an_endpoint_is_left_aside() -> None:
    standing = Standing()

    assert standing.leave_aside(Blame.LIES, "a log too few", 0)
    assert not standing.leave_aside(Blame.DOWN, "no answer", 1)
    assert standing.reason == "a log too few"


def test_who_is_left_aside_again_stays_so_for_twice_as_long_until_it_is_forgiven() -> None:
    standing, spans = Standing(), []
    for start in (0, 1_000, 2_000):
        standing.leave_aside(Blame.LIES, "lie", start)
        spans.append(standing.aside_until - start)
        standing.take_back(start + 500)
    standing.forgive()
    standing.leave_aside(Blame.LIES, "lie", 3_000)
    spans.append(standing.aside_until - 3_000)

    assert spans == [60, 120, 240, 60]


def test_what_an_endpoint_asked_for_is_waited_for() -> None:
    standing = Standing()
    standing.leave_aside(Blame.LIMITS, "429", 0, seconds=90)

    assert not standing.may_prove_itself(89)
    assert standing.may_prove_itself(90)


def test_who_fails_to_prove_itself_waits_longer() -> None:
    standing = Standing()
    standing.leave_aside(Blame.DOWN, "no answer", 0)
    standing.failed_to_prove(5)

    assert not standing.may_prove_itself(14)
    assert standing.may_prove_itself(15)


def test_the_quick_and_blameless_cost_least() -> None:
    quick, slow, struck = Standing(), Standing(), Standing()
    quick.answered(0.01)
    slow.answered(0.5)
    struck.answered(0.01)
    struck.strike(Blame.SLOW, "late", 0)

    assert quick.cost(1) < slow.cost(1) < struck.cost(1)
    assert struck.cost(600) < slow.cost(600)
