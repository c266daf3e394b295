"""kill -9 just before and just after each side effect of the pipeline: nothing is lost and nothing done twice."""

import signal
from pathlib import Path

import pytest

from tests.faults.ground import B
from tests.faults.kills import PLAIN, assert_a_kill_does_no_harm
from tests.faults.oracle import ask, assert_each_paid_message_ended_once
from tests.faults.points import AFTER, BEFORE
from tests.faults.scene import Parcel, Scene
from tests.faults.stable import Stable
from xl2.ports import Fate


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store for all points: each is met by a relayer that was killed at all those before."""
    return tmp_path_factory.mktemp("kills")


@pytest.mark.parametrize("when", [BEFORE, AFTER])
@pytest.mark.parametrize("point", PLAIN)
async def test_a_relayer_killed_at_a_point_loses_nothing_and_doubles_nothing(
    scene: Scene, stable: Stable, point: str, when: str
) -> None:
    await assert_a_kill_does_no_harm(scene, stable, scene.configuration("relayer"), point, when, rate=20)


@pytest.mark.parametrize("when", [BEFORE, AFTER])
async def test_a_relayer_killed_again_while_it_takes_up_what_the_first_kill_left(
    scene: Scene, stable: Stable, when: str
) -> None:
    configuration = scene.configuration("relayer")
    sent = await scene.send(Parcel(), Parcel())

    killed = [
        stable.start(configuration, dies_at="a head was shown").wait(),
        # What was proven went with the process; then in the middle of taking that up.
        stable.start(configuration, dies_at="evidence went with the process", when=when).wait(),
        stable.start(configuration, dies_at="a transaction is journalled: deliver", when=when).wait(),
    ]
    stable.start(configuration)
    await assert_each_paid_message_ended_once(scene, sent)

    assert killed == [-signal.SIGKILL] * len(killed)


async def test_a_relayer_killed_twenty_times_over_in_one_delivery_converges(scene: Scene, stable: Stable) -> None:
    configuration = scene.configuration("relayer")
    sent = await scene.send(*[Parcel() for _ in range(5)])

    for place in range(20):
        point = (
            "messages are observed",
            "a head was shown",
            "its key is leased",
            "a transaction is broadcast: deliver",
        )
        relayer = stable.start(configuration, dies_at=point[place % len(point)])
        # Some of these points are passed for good after the first kills.
        await scene.until_blocks(4)
        relayer.kill_if_it_runs()
    stable.start(configuration)

    await assert_each_paid_message_ended_once(scene, sent)


@pytest.mark.parametrize("when", [BEFORE, AFTER])
async def test_a_relayer_killed_while_it_gives_a_nonce_up_to_another_transaction(
    scene: Scene, stable: Stable, when: str
) -> None:
    configuration = scene.configuration("relayer")
    sent = await scene.send(Parcel(), Parcel())

    killed = [stable.start(configuration, dies_at="a transaction is journalled: deliver").wait()]
    # Somebody uses the nonce of what was journalled and never sent.
    await scene.use_key("relayer")
    killed.append(stable.start(configuration, dies_at="a nonce is given up", when=when).wait())
    stable.start(configuration)
    await assert_each_paid_message_ended_once(scene, sent)

    assert killed == [-signal.SIGKILL] * 2


@pytest.mark.parametrize("when", [BEFORE, AFTER])
async def test_a_relayer_killed_while_it_stops(scene: Scene, stable: Stable, when: str) -> None:
    configuration = scene.configuration("relayer")
    sent = await scene.send(Parcel())

    doomed = stable.start(configuration, dies_at="leases are let go", when=when)
    await assert_each_paid_message_ended_once(scene, sent)
    killed = doomed.stop()
    more = await scene.send(Parcel())
    stable.start(configuration)
    await assert_each_paid_message_ended_once(scene, more)

    assert killed == -signal.SIGKILL


@pytest.mark.parametrize("when", [BEFORE, AFTER])
async def test_a_relayer_killed_while_a_message_waits_for_a_final_block(
    scene: Scene, stable: Stable, when: str
) -> None:
    configuration = scene.configuration("relayer")
    doomed = stable.start(configuration, dies_at="a message waits", when=when)
    sent = await scene.send(Parcel())

    with scene.grounds[B].held() as node:
        # Not one block more than its delivery takes, so that nothing of it becomes final.
        while (await ask(scene, sent))[0].fate is not Fate.DELIVERED:
            node.ask("evm_mine")
        killed = doomed.wait()
    stable.start(configuration)
    await assert_each_paid_message_ended_once(scene, sent)

    assert killed == -signal.SIGKILL
