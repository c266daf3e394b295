"""Starting: a start that waits says for what and since when, alarms it once, and is over when it is answered."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.heard import Heard
from xl2.app.starting import Starting
from xl2.errors import ConfigInvalid, RpcUnavailable, StoreUnavailable, Xl2Error
from xl2.flow.alarms import Alarms
from xl2.ports import AlarmKind
from xl2.testing import ManualClock


class Asked:
    """Fails with each of these, and answers then; hears what was said of the start before each."""

    def __init__(self, starting: Starting, fails: Sequence[Xl2Error]) -> None:
        self._starting, self._fails = starting, list(fails)
        self.said: list[str] = []

    async def __call__(self) -> str:
        self.said.append(self._starting.check().said)
        if self._fails:
            raise self._fails.pop(0)
        return "here"


def down(name: str) -> RpcUnavailable:
    return RpcUnavailable(f"{name} cannot be reached", endpoint=name)


async def test_what_a_start_waits_for_is_said_as_it_was_met_last_and_alarmed_once() -> None:
    heard, clock = Heard(), ManualClock(now=1_700_000_000.0)
    alarms = Alarms(heard)
    starting = Starting(clock=clock, alarms=alarms)
    asked = Asked(starting, [down("one"), down("two"), down("two")])

    answered = await starting.until_answered(asked)

    assert answered == "here"
    assert asked.said[0].startswith("under way")
    since = "it waits for an endpoint since 2023-11-14 22:13:20 UTC, and goes on by itself"
    assert {said.rpartition(": ")[0] for said in asked.said[1:]} == {since}
    assert [said.rpartition(": ")[2] for said in asked.said[1:]] == [
        f"{name} cannot be reached" for name in ("one", "two", "two")
    ]
    assert [(one.kind, one.endpoint) for one in heard.alarms] == [(AlarmKind.PROVIDER_DOWN, "one")]
    assert alarms.standing == []
    assert starting.check().said.startswith("under way")


async def test_a_store_that_is_waited_for_is_said_and_left_to_tell_of_itself() -> None:
    heard = Heard()
    starting = Starting(clock=ManualClock(), alarms=Alarms(heard))
    asked = Asked(starting, [StoreUnavailable("the database is away", remedy="Start it.")])

    await starting.until_answered(asked)

    assert "it waits for the store" in asked.said[1]
    assert starting.has_waited.is_set()
    assert heard.alarms == []


async def test_what_no_waiting_mends_is_raised_at_once() -> None:
    starting = Starting(clock=ManualClock(), alarms=Alarms(Heard()))

    with pytest.raises(ConfigInvalid):
        await starting.until_answered(Asked(starting, [ConfigInvalid("another chain's id")]))

    assert not starting.has_waited.is_set()


async def test_an_alarm_of_a_start_stands_until_it_goes_on() -> None:
    alarms = Alarms(Heard())
    starting = Starting(clock=ManualClock(), alarms=alarms)
    answers = asyncio.Event()

    async def ask() -> None:
        if not answers.is_set():
            raise down("one")

    asking = asyncio.ensure_future(starting.until_answered(ask))
    await starting.has_waited.wait()
    stood = [one.alarm.endpoint for one in alarms.standing]
    answers.set()
    await asking

    assert stood == ["one"]
    assert alarms.standing == []
