"""Retry: the first delays of each policy, and which cause gets which."""

import pytest
from tenacity.wait import wait_base

from xl2.errors import (
    KeyLost,
    NotYet,
    ProofInvalid,
    Reverted,
    RpcRateLimited,
    RpcRejected,
    RpcUnavailable,
    StoreUnavailable,
    Unaffordable,
    Xl2Error,
)
from xl2.relayer import retry


@pytest.mark.parametrize(
    ("policy", "delays"),
    [
        (retry.WAITING, [1.0, 1.5, 2.25, 3.375, 5.0625, 7.59375, 11.390625, 12.0, 12.0]),
        (retry.ENDPOINT, [1, 2, 4, 8, 16, 32, 60, 60]),
        (retry.STARTING, [0.5, 1, 2, 4, 8, 10, 10]),
        (retry.REVERTED, [5, 10, 30, 60, 180, 600, 600]),
        (retry.RECIPIENT, [10, 30, 60, 300, 900, 3600, 3600]),
        (retry.UNTRUE, [5, 15, 60, 300, 300]),
        (retry.DENIED, [3600, 3600]),
        (retry.POOR, [30, 60, 300, 300]),
    ],
)
def test_the_first_delays_of_each_policy(policy: wait_base, delays: list[float]) -> None:
    assert [retry.delay(policy, attempt) for attempt in range(1, len(delays) + 1)] == delays


@pytest.mark.parametrize(
    ("cause", "policy"),
    [
        (NotYet("x"), retry.WAITING),
        (RpcUnavailable("x", endpoint="e"), retry.ENDPOINT),
        (RpcRejected("x", endpoint="e"), retry.ENDPOINT),
        (KeyLost("x", key="far"), retry.ENDPOINT),
        (StoreUnavailable("x"), retry.ENDPOINT),
        (Reverted("x", endpoint="e"), retry.REVERTED),
        (ProofInvalid("x"), retry.UNTRUE),
        (Unaffordable("x", needed=2, available=1), retry.POOR),
    ],
)
def test_each_cause_has_its_policy(cause: Xl2Error, policy: wait_base) -> None:
    assert retry.policy_for(cause) is policy


@pytest.mark.parametrize(
    ("stood", "rests"), [(0.0, 1), (2.9, 1), (5.0, 2), (24.0, 12), (599.0, 12), (600.0, 12), (1500.0, 30), (1e6, 60)]
)
def test_what_waits_rests_by_how_long_it_has_stood(stood: float, rests: float) -> None:
    assert retry.waiting_seconds(NotYet("x"), stood) == rests
    assert retry.waiting_seconds(NotYet("x"), -stood) == rests, "a clock that was set back"


def test_what_waits_for_an_endpoint_that_asks_for_longer_rests_longer() -> None:
    limited = RpcRateLimited("x", endpoint="e", retry_after_seconds=33.0)

    assert retry.waiting_seconds(limited, 0.0) == 33.0


def test_who_waited_long_rests_a_moment_when_an_endpoint_fails_once() -> None:
    in_vain, waits, fails = retry.InVain(), NotYet("x"), RpcUnavailable("x", endpoint="e")

    rests = [in_vain.rest_seconds(cause) for cause in (*[waits] * 8, fails, fails, waits)]
    in_vain.over()

    assert rests[-4:] == [12.0, 1.0, 2.0, 1.0]
    assert in_vain.rest_seconds(waits) == 1.0


def test_an_endpoint_that_asks_for_longer_gets_longer() -> None:
    limited = RpcRateLimited("x", endpoint="e", retry_after_seconds=33.0)

    assert retry.rest_seconds(limited, 1) == 33.0


def test_an_endpoint_that_asks_for_a_day_is_asked_again_before_that() -> None:
    limited = RpcRateLimited("x", endpoint="e", retry_after_seconds=86_400.0)

    assert retry.rest_seconds(limited, 1) == 600.0
