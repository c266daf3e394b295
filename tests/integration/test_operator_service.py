"""The operator's view under HTTP: defects show no traceback, and whoever does not listen keeps nobody waiting."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp
import pytest

from tests.unit.operator.desk_scene import check, scene
from xl2.errors import InvalidInput, StoreUnavailable
from xl2.listening import Listening
from xl2.operator.events import Events
from xl2.operator.gate import gate_for
from xl2.operator.service import View, serve
from xl2.operator.values import Check
from xl2.ports import Alarm, AlarmKind

TOKEN = "a token of the operator"


async def metrics() -> bytes:
    return b"xl2_ready 1\n"


@asynccontextmanager
async def serving(events: Events, checks: object = None) -> AsyncIterator[Listening]:
    """A view on a free port."""
    async with scene(checks=checks) as at:
        view = View(
            desk=at.desk,
            gate=gate_for("127.0.0.1", TOKEN),
            events=events,
            metrics=metrics,
            version="1",
            patience_seconds=0.2,
        )
        async with serve(view, host="127.0.0.1", port=0) as listening:
            yield listening


async def asked(checks: object) -> tuple[int, str]:
    """Status and text of /readyz."""
    async with (
        serving(Events(lambda: 1.0), checks) as listening,
        aiohttp.ClientSession() as session,
        session.get(f"{listening.url}/readyz") as answer,
    ):
        return answer.status, await answer.text()


def alarm() -> Alarm:
    return Alarm(kind=AlarmKind.FEE_CAP, what="x" * 100_000)


async def test_whoever_does_not_read_is_dropped_and_others_hear_on() -> None:
    events = Events(lambda: 1.0)
    async with serving(events) as listening:
        reader, writer = await asyncio.open_connection(listening.host, listening.port, limit=1)
        writer.write(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readexactly(12)
        async with asyncio.timeout(60):
            while not events._listeners:  # noqa: ASYNC110 - the server's own task makes it true
                await asyncio.sleep(0.01)
            while events._listeners:
                events.alarmed(alarm())
                await asyncio.sleep(0)
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"{listening.url}/events", headers={"Last-Event-ID": "1"}) as quick,
            ):
                line = await quick.content.readline()
        writer.transport.abort()

    assert line.startswith(b"id: ")


async def test_listeners_keep_no_relayer_from_stopping() -> None:
    events = Events(lambda: 1.0)
    async with aiohttp.ClientSession() as session:
        async with serving(events) as listening, asyncio.timeout(60):
            stream = await session.get(f"{listening.url}/events")
        rest = await stream.content.read()

    assert rest in (b"", b": here\n\n")


async def test_a_defect_is_told_without_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> Sequence[Check]:
        raise ZeroDivisionError("secret inner words")

    status, told = await asked(broken)

    assert status == 500
    assert json.loads(told)["error"]["code"] == "Defect"
    assert "secret inner words" not in told
    assert "Traceback" not in told
    assert "secret inner words" in caplog.text


async def test_what_will_pass_is_told_to_be_tried_again() -> None:
    async def later() -> Sequence[Check]:
        raise StoreUnavailable("the disk is full")

    status, told = await asked(later)

    assert (status, json.loads(told)["error"]["code"]) == (503, "StoreUnavailable")


async def test_who_is_not_ready_says_so_by_the_status_and_of_what() -> None:
    async def checks() -> Sequence[Check]:
        return [check(ok=True), check(ok=False)]

    status, told = await asked(checks)

    assert (status, json.loads(told)["ready"]) == (503, False)
    assert json.loads(told)["checks"][1]["remedy"] == "Make room."


async def test_an_address_that_is_taken_is_told_by_its_name() -> None:
    events = Events(lambda: 1.0)
    async with serving(events) as listening, scene() as at:
        view = View(desk=at.desk, gate=gate_for("127.0.0.1", TOKEN), events=events, metrics=metrics, version="1")

        with pytest.raises(InvalidInput, match="nobody can listen on"):
            async with serve(view, host=listening.host, port=listening.port):
                pass
