"""
Kills: one relayer is killed at a point of its work and another started on its store; the chains say how it ended.

Promise: the message that brings the relayer to the point is sent here, and a point that was not reached is an error.
"""

import signal
from pathlib import Path

from tests.faults.oracle import assert_each_paid_message_ended_once, until_fate
from tests.faults.points import POINTS
from tests.faults.recipients import VALVE
from tests.faults.scene import Parcel, Scene
from tests.faults.stable import Stable
from xl2.ports import Fate, Sent

_DEEDS = ("signed", "journalled", "broadcast", "included")
#: What the relayer must meet to come to these points, where plain messages do not bring it there.
AFTER_A_FAILURE = ["a failure is noted", *(f"a transaction is {deed}: retry" for deed in _DEEDS)]
AFTER_AN_EXPIRY = [
    "an expiry has passed",
    "an expiry is noted",
    *(f"a transaction is {deed}: expire" for deed in _DEEDS),
]
#: Plain messages go on by themselves; one that failed rests. It takes one rest of ten seconds, by whatever clock.
_A_REST = "a message is postponed"
#: Tried by tests of their own: the relayer must have died before, or be asked to stop.
_ON_OTHER_WAYS = ("evidence went with the process", "a nonce is given up", "leases are let go", "a message waits")
PLAIN = [point for point in POINTS if point not in _ON_OTHER_WAYS]


async def assert_a_kill_does_no_harm(
    scene: Scene, stable: Stable, configuration: Path, point: str, when: str, *, rate: float
) -> None:
    """
    Send what brings a relayer to a point, have it killed there, start it again, and ask the chains.

    `rate`: how fast its clock runs, so that what rests for ten seconds need not.
    """
    clock = scene.clock(rate)
    sent = await _send(scene, point)

    doomed = stable.start(configuration, dies_at=point, when=when, clock=clock)
    if point in AFTER_A_FAILURE[1:]:
        await until_fate(scene, sent, Fate.FAILED)
        await scene.turn_valve(is_open=True)
    killed = doomed.wait()
    await scene.turn_valve(is_open=True)
    again = stable.start(configuration, clock=clock)
    await assert_each_paid_message_ended_once(scene, sent)
    again.kill()

    assert killed == -signal.SIGKILL, f"{point} was not reached"


async def _send(scene: Scene, point: str) -> list[Sent]:
    """Two messages that bring a relayer to the point."""
    if point in AFTER_AN_EXPIRY:
        sent = await scene.send(Parcel(habit="reverts", expires_in=60), Parcel())
        scene.pass_time(100)
        return sent
    if point in (*AFTER_A_FAILURE, _A_REST):
        await scene.turn_valve(is_open=False)
        return await scene.send(Parcel(habit=VALVE), Parcel(habit=VALVE))
    return await scene.send(Parcel(), Parcel())
