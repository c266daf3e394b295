"""kill -9 just before and just after each side effect of the pipeline: nothing is lost and nothing done twice."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.ground import Grounds
from tests.faults.oracle import assert_each_paid_message_ended_once, until_fate
from tests.faults.points import AFTER, BEFORE, POINTS
from tests.faults.recipients import VALVE
from tests.faults.scene import Parcel, Scene, scene_on
from tests.faults.stable import Stable
from xl2.ports import Fate, Sent

_DEEDS = ("signed", "journalled", "broadcast", "included")
#: What the relayer must meet to come to these points, where plain messages do not bring it there.
_AFTER_A_FAILURE = [f"a transaction is {deed}: retry" for deed in _DEEDS]
_AFTER_AN_EXPIRY = [
    "an expiry has passed",
    "an expiry is noted",
    *(f"a transaction is {deed}: expire" for deed in _DEEDS),
]
#: Tried by tests of their own, as the relayer must have died before.
_AT_THE_SECOND_START = ("evidence went with the process", "a nonce is given up")
PLAIN = [point for point in POINTS if point not in _AT_THE_SECOND_START]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store for all points: each is met by a relayer that was killed at all those before."""
    return tmp_path_factory.mktemp("kills")


@pytest.fixture
async def scene(grounds: Grounds, folder: Path) -> AsyncIterator[Scene]:
    async with scene_on(grounds, folder) as found:
        yield found


@pytest.mark.parametrize("when", [BEFORE, AFTER])
@pytest.mark.parametrize("point", PLAIN)
async def test_a_relayer_killed_at_a_point_loses_nothing_and_doubles_nothing(
    scene: Scene, stable: Stable, folder: Path, point: str, when: str
) -> None:
    configuration = scene.configuration("relayer")
    clock = folder / "clock"
    # Twenty times as fast, so that what rests for ten seconds rests for half a second.
    clock.write_text("0 20", encoding="ascii")
    sent = await _send(scene, point)

    doomed = stable.start(configuration, dies_at=point, when=when, clock=clock)
    if point in _AFTER_A_FAILURE:
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
    if point in _AFTER_AN_EXPIRY:
        sent = await scene.send(Parcel(habit="reverts", expires_in=60), Parcel())
        scene.pass_time(100)
        return sent
    if point == "a failure is noted" or point in _AFTER_A_FAILURE:
        await scene.turn_valve(is_open=False)
        return await scene.send(Parcel(habit=VALVE), Parcel(habit=VALVE))
    return await scene.send(Parcel(), Parcel())
