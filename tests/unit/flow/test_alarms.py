"""Alarms: one line each, told once, again after it was well, and once an hour while it lasts."""

import logging
import re
from pathlib import Path

import pytest
from attrs import define, evolve, field

from tests.factories import lane
from xl2.core.types import ChainId, Hash32, MessageId, Wei
from xl2.flow.alarms import Alarms
from xl2.lasting import REPEAT_SECONDS
from xl2.operator.metrics import Metrics
from xl2.ports import Alarm, AlarmKind, AlarmLines, Several, Unobserved

ROOT = Path(__file__).parents[3]
CAUSE = (AlarmKind.LOW_BALANCE, 901)
LOW = Alarm(kind=AlarmKind.LOW_BALANCE, what="the purse is low: fill it", chain=ChainId(901))


@define
class Heard(Unobserved):
    """Alarms that were told, and a clock."""

    alarms: list[str] = field(factory=list)
    now: float = 0.0

    def alarmed(self, alarm: Alarm) -> None:
        self.alarms.append(alarm.what)

    def clock(self) -> float:
        return self.now


@pytest.mark.parametrize("kind", list(AlarmKind))
def test_an_alarm_is_one_line_one_count_and_leads_to_its_page(
    kind: AlarmKind, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = Metrics("1")
    alarms = Alarms(Several((AlarmLines(), metrics)))
    ids, endpoint = (MessageId(Hash32(b"\x07" * 32)),), "http://127.0.0.1:8545"
    alarm = Alarm(kind=kind, what="look", lane=lane(), chain=ChainId(901), ids=ids, value=Wei(5), endpoint=endpoint)

    for _ in range(3):
        alarms.tell(kind, alarm)

    (line,) = caplog.records
    told = vars(line)["fields"]
    assert (line.getMessage(), line.levelno >= logging.WARNING) == ("look", True)
    assert told["alarm"] == kind.value
    assert (told["lane"], told["chain"], told["endpoint"]) == (lane().name, 901, endpoint)
    assert (told["ids"], told["value_wei"]) == (["0x" + "07" * 32], 5)
    assert (ROOT / told["runbook"]).is_file()
    assert f'xl2_alarms_total{{kind="{kind.value}"}} 1.0' in metrics.text().decode()


def test_what_an_alarm_does_not_know_is_not_in_its_line(caplog: pytest.LogCaptureFixture) -> None:
    AlarmLines().alarmed(LOW)

    assert vars(caplog.records[0])["fields"].keys() == {"alarm", "chain", "runbook"}


def test_it_is_told_again_after_it_was_well_and_hourly_while_it_lasts_with_how_often() -> None:
    heard = Heard()
    alarms = Alarms(heard, heard.clock)
    for _ in range(50):
        alarms.tell(CAUSE, LOW)
    once = list(heard.alarms)
    heard.now = REPEAT_SECONDS
    alarms.tell(CAUSE, LOW)
    alarms.tell(CAUSE, LOW)
    is_over = alarms.well(CAUSE)
    alarms.tell(CAUSE, LOW)

    assert once == [LOW.what]
    assert is_over
    assert heard.alarms == [LOW.what, f"{LOW.what} (again, 50 times since this was told last)", LOW.what]


def test_what_two_meet_is_told_once_and_over_when_it_is_over_for_both() -> None:
    heard = Heard()
    alarms = Alarms(heard)
    alarms.tell(CAUSE, LOW, "balance")
    alarms.tell(CAUSE, LOW, "transactions")

    ends = [alarms.well(CAUSE, by) for by in ("transactions", "transactions", "balance", "balance")]

    assert heard.alarms == [LOW.what]
    assert ends == [False, False, True, False]


def test_what_was_told_stands_in_its_newest_words_until_it_is_over_for_all() -> None:
    heard = Heard()
    alarms = Alarms(heard, heard.clock)
    alarms.tell(CAUSE, LOW, "balance")
    heard.now = 60.0
    alarms.tell(CAUSE, evolve(LOW, what="the purse is empty: fill it"), "transactions")
    alarms.well(CAUSE, "balance")
    (lasting,) = alarms.standing
    alarms.well(CAUSE, "transactions")

    assert (lasting.alarm.what, lasting.seconds) == ("the purse is empty: fill it", 60.0)
    assert heard.alarms == [LOW.what]
    assert alarms.standing == []


def test_what_nobody_meets_any_more_stands_for_an_hour_and_begins_anew_after_it() -> None:
    heard = Heard()
    alarms = Alarms(heard, heard.clock)
    alarms.tell(CAUSE, LOW)
    heard.now = REPEAT_SECONDS
    stands = [one.seconds for one in alarms.standing]
    heard.now += 1
    forgotten = alarms.standing
    alarms.tell(CAUSE, LOW)

    assert stands == [REPEAT_SECONDS]
    assert forgotten == []
    assert [one.seconds for one in alarms.standing] == [0.0]


def test_a_key_that_is_lost_stays_so_till_it_signs() -> None:
    heard = Heard()
    alarms = Alarms(heard, heard.clock)
    alarms.tell(AlarmKind.KEY_LOST, Alarm(kind=AlarmKind.KEY_LOST, what="nothing can be signed"))
    heard.now = 9 * REPEAT_SECONDS
    stands = [one.seconds for one in alarms.standing]
    alarms.well(AlarmKind.KEY_LOST)

    assert stands == [9 * REPEAT_SECONDS]
    assert alarms.standing == []


def test_nobody_else_writes_lines_of_alarms() -> None:
    written = re.compile(r"""["']alarm["']:""")
    found = {
        str(file.relative_to(ROOT))
        for folder in ("xl2", "adapters")
        for file in (ROOT / folder).rglob("*.py")
        if written.search(file.read_text("utf-8"))
    }

    # The second tells events, not lines.
    assert found == {"xl2/ports/alarm_lines.py", "xl2/operator/events.py"}
