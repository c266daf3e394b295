"""Endpoints that lie, deny, fail or hang: no one alone pauses anything, or keeps anything from being paused."""

import asyncio

import pytest

from tests.unit.watcher.watched_world import HOME, REMOTE, SUSPENDED, Guardian, Liar, Scene
from tests.waiting import PATIENCE_SECONDS
from xl2.ports import Call, TxReceipt
from xl2.watcher import Eye, witness


async def test_a_lie_of_one_endpoint_of_three_pauses_nothing_and_is_named(scene: Scene) -> None:
    liar = Liar(scene.remote)
    watcher = await scene.deceived(remote=[scene.remote, liar, scene.remote])
    liar.shown.append(scene.remote.watched().shown.pop())

    (case,) = await watcher.look()

    assert not case.is_confirmed
    assert (scene.alarms, scene.paused) == (["rpc-disagreement"], [])
    assert "confirmed by 901 by 0, 902 by 1, denied by 902 by 0, 902 by 2" in scene.observer.alarms[0].what


async def test_an_endpoint_that_denies_cannot_stop_a_pause_that_the_others_confirm(scene: Scene) -> None:
    blind = Liar(scene.remote)
    watcher = await scene.deceived(remote=[scene.remote, scene.remote, blind])
    blind.is_blind = True

    await watcher.look()

    assert scene.paused == SUSPENDED
    assert scene.alarms == ["rpc-disagreement", "head-contradiction"]


async def test_an_endpoint_that_is_down_is_no_contradiction_and_no_confirmation(scene: Scene) -> None:
    dead = Liar(scene.remote)
    watcher = await scene.deceived(remote=[scene.remote, dead])
    dead.is_down = True

    (case,) = await watcher.look()
    assert (case.is_confirmed, scene.paused) == (False, [])
    dead.is_down = False
    await watcher.look()

    assert scene.paused == SUSPENDED


async def test_an_endpoint_that_stays_down_is_told_of(scene: Scene) -> None:
    watcher = scene.watcher()
    scene.home.is_down = True

    for _ in range(10):
        await watcher.look()

    assert set(scene.alarms) == {"provider-down"}
    assert scene.paused == []


async def test_an_endpoint_that_hangs_holds_up_no_pause_that_the_others_confirm(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xl2.watcher.witness._DENIAL_SECONDS", 0.01)
    hanging = Liar(scene.remote)
    watcher = await scene.deceived(remote=[scene.remote, scene.remote, hanging])
    hanging.hangs = True

    watching = asyncio.create_task(watcher.look())
    while not scene.paused:  # noqa: ASYNC110 - until another task has done it
        await asyncio.sleep(0)
    watching.cancel()

    assert scene.paused == SUSPENDED


async def test_an_endpoint_that_says_all_is_paused_already_keeps_no_other_from_pausing(scene: Scene) -> None:
    liar = Liar(scene.remote)
    liar.says_paused = True
    watcher = await scene.deceived(remote=[liar, scene.remote, scene.remote])

    (case,) = await watcher.look()

    assert [one.outcome.value for one in case.pulled] == ["paused"]
    assert scene.paused == SUSPENDED


async def test_a_pause_that_only_its_own_endpoint_sees_is_made_by_the_next(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit, told, liar = Guardian.submit, list[bool](), Liar(scene.remote)

    async def submit_and_be_seen(guardian: Guardian, call: Call) -> TxReceipt:
        # What is on no chain is waited for in vain, however long; what is, until it is seen.
        told.append(bool(guardian.lost))
        liar.says_paused = True
        monkeypatch.setattr("xl2.watcher.brake._BEHIND_SECONDS", 0.01 if guardian.lost else PATIENCE_SECONDS)
        return await submit(guardian, call)

    monkeypatch.setattr(Guardian, "submit", submit_and_be_seen)
    watcher = await scene.deceived(remote=[liar, scene.remote, scene.remote])
    scene.guardians[REMOTE].lost = 1

    (case,) = await watcher.look()

    assert case.is_over
    assert told == [True, False]
    assert scene.paused == SUSPENDED


async def test_who_makes_a_contradiction_up_and_keeps_silent_holds_up_no_other(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xl2.watcher.witness._DENIAL_SECONDS", 0.01)
    liar = Liar(scene.remote)
    watcher = await scene.deceived(remote=[scene.remote, liar, scene.remote])
    liar.shown.append(scene.remote.watched().shown.pop())
    (case,) = await watcher.look()
    liar.hangs = True
    seen = enumerate((scene.remote, liar, scene.remote))
    remotes = [Eye(name=f"remote {place}", chain=one) for place, one in seen]  # type: ignore[arg-type]
    eyes = {HOME: [Eye(name="home", chain=scene.home)], REMOTE: remotes}

    async with asyncio.timeout(PATIENCE_SECONDS):
        said = await witness.testimony(case.contradiction, eyes, agree=0)

    assert not said.is_confirmed
    assert said.no[REMOTE] == ("remote 0", "remote 2")
    assert said.nothing[REMOTE] == ("remote 1",)
