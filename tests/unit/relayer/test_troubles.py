"""What rooms fail over is told once by its cause, with what to do; what passes, or is told elsewhere, is not told."""

import logging

import pytest
from attrs import define, field

from tests.factories import lane
from xl2.errors import (
    KeyLost,
    NotYet,
    ProofInvalid,
    Reverted,
    RpcDisagreement,
    RpcRateLimited,
    RpcRejected,
    RpcUnavailable,
    StoreUnavailable,
    Unaffordable,
    Xl2Error,
)
from xl2.flow.alarms import Alarms
from xl2.ports import Alarm, AlarmKind, Unobserved
from xl2.relayer.troubles import Troubles

NODE = "http://node:8545"
DOWN = RpcUnavailable("it refuses connections", endpoint=NODE)
UNTRUE = ProofInvalid("the proof leads elsewhere")


@define
class Heard(Unobserved):
    """Alarms that were told."""

    alarms: list[Alarm] = field(factory=list)

    def alarmed(self, alarm: Alarm) -> None:
        self.alarms.append(alarm)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def troubles(heard: Heard) -> Troubles:
    return Troubles(lane(), Alarms(heard))


def warnings(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    "cause",
    [DOWN, RpcRateLimited("slow down", endpoint=NODE), RpcRejected("missing trie node", endpoint=NODE)],
    ids=lambda cause: type(cause).__name__,
)
def test_an_endpoint_that_fails_again_and_again_is_one_alarm_for_all_rooms(
    heard: Heard, troubles: Troubles, cause: Xl2Error
) -> None:
    for _ in range(3):
        troubles.failed("observe", cause)
    after_three = len(heard.alarms)
    for room in ("observe", "settle") * 4:
        troubles.failed(room, cause)

    (alarm,) = heard.alarms
    assert after_three == 0
    assert (alarm.kind, alarm.endpoint) == (AlarmKind.PROVIDER_DOWN, NODE)
    assert cause.what in alarm.what
    assert ("another endpoint" if isinstance(cause, RpcRejected) else cause.remedy) in alarm.what


def test_a_look_in_vain_between_good_ones_is_nobodys_concern(heard: Heard, troubles: Troubles) -> None:
    for _ in range(5):
        troubles.failed("observe", DOWN)
        troubles.well("observe")

    assert heard.alarms == []


def test_an_endpoint_is_well_when_it_is_for_every_room_and_is_told_again_after_that(
    heard: Heard, troubles: Troubles, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for room in ("observe", "settle") * 4:
        troubles.failed(room, DOWN)
    troubles.well("settle")
    before = [record.getMessage() for record in caplog.records]
    troubles.well("observe")
    for _ in range(4):
        troubles.failed("observe", DOWN)

    assert before == []
    assert [record.getMessage() for record in caplog.records] == ["an endpoint serves again"]
    assert len(heard.alarms) == 2


def test_what_else_is_refused_is_one_line_with_what_to_do(
    heard: Heard, troubles: Troubles, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(9):
        troubles.failed("settle", UNTRUE)

    (line,) = warnings(caplog)
    told = vars(line)["fields"]
    assert (told["room"], told["lane"], told["cause"], told["remedy"]) == (
        "settle",
        lane().name,
        UNTRUE.what,
        UNTRUE.remedy,
    )
    assert heard.alarms == []


def test_a_contracts_word_is_no_failure_of_the_endpoint_that_passed_it_on(
    heard: Heard, troubles: Troubles, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        troubles.failed("settle", Reverted("it would revert", endpoint=NODE))

    assert heard.alarms == []
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize(
    "cause",
    [
        NotYet("not final yet"),
        StoreUnavailable("the disk is full"),
        KeyLost("the signer is gone", key="relayer"),
        Unaffordable("it has 5 wei", needed=6, available=5),
        RpcDisagreement("two say this, one that", endpoint=NODE, said={}),
    ],
    ids=lambda cause: type(cause).__name__,
)
def test_waiting_and_what_is_told_where_it_is_met_is_not_told_here(
    heard: Heard, troubles: Troubles, caplog: pytest.LogCaptureFixture, cause: Xl2Error
) -> None:
    for _ in range(9):
        troubles.failed("deliver", cause)

    assert heard.alarms == []
    assert warnings(caplog) == []


def test_what_a_lane_failed_over_that_is_carried_elsewhere_is_told_again_when_it_is_back(
    heard: Heard, troubles: Troubles, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(4):
        troubles.failed("observe", DOWN)
    with caplog.at_level(logging.INFO):
        troubles.forget()
    for _ in range(4):
        troubles.failed("observe", DOWN)

    assert len(heard.alarms) == 2
    assert "an endpoint serves again" not in caplog.messages, "nobody here knows"
