"""A relayer that starts while its endpoints do not serve waits for them, says so once, and can be stopped meanwhile."""

import asyncio
import signal
from typing import Any

import pytest

from tests.faults.daemon import Daemon
from tests.faults.endpoints import Row, endpoints
from tests.faults.oracle import assert_each_paid_message_ended_once
from tests.faults.proxy import Fault
from tests.faults.scene import Parcel, Scene
from tests.faults.stable import Stable
from tests.waiting import until_true

_WAITS = "the start waits for an endpoint, and goes on by itself when it answers"
_EACH_TIME = (Fault.REFUSED, Fault.WRONG_ID)
#: The others by `make soak`.
_TRIED = (*_EACH_TIME, Fault.SERVER_ERROR, Fault.HTML, Fault.NULL_RESULT, Fault.PRUNED_STATE, Fault.RATE_LIMIT)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, id=fault.name.lower(), marks=() if fault in _EACH_TIME else pytest.mark.soak)
        for fault in _TRIED
    ],
)
async def test_a_relayer_that_starts_behind_endpoints_that_do_not_serve_waits_for_them(
    scene: Scene, stable: Stable, fault: Fault
) -> None:
    async with endpoints(scene, each=1) as behind:
        behind.fault(Row(fault=fault))
        relayer = stable.start(behind.configuration(scene, "relayer"))
        sent = await scene.send(Parcel())
        await until_true(lambda: bool(waits(relayer)), "a start that waits")
        behind.heal()

        await assert_each_paid_message_ended_once(scene, sent)
        code = await asyncio.to_thread(relayer.stop)

    (line,) = waits(relayer)
    assert line["remedy"]
    assert "http://127.0.0.1:" in line["cause"]
    assert code == 0


async def test_a_relayer_that_is_stopped_while_it_starts_ends_in_good_order(scene: Scene, stable: Stable) -> None:
    async with endpoints(scene, each=1) as behind:
        behind.fault(Row(fault=Fault.HANG))
        relayer = stable.start(behind.configuration(scene, "relayer"))
        await until_true(lambda: any(proxy.asked for proxy in behind.faulty), "a start that asks its endpoints")
        relayer.signal(signal.SIGTERM)

        code = await asyncio.to_thread(relayer.wait)

    assert code == 0
    assert relayer.lines(level=("error",)) == []


def waits(relayer: Daemon) -> list[dict[str, Any]]:
    """Lines that say that the start waits."""
    return relayer.lines(_WAITS, level=("warning",))
