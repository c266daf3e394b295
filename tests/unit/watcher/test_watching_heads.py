"""Heads: a head that the log never had suspends whoever vouched for it, and nobody else."""

import asyncio

import pytest
from attrs import evolve

from tests.factories import some_address, some_hash
from tests.unit.watcher.watched_world import HOME, REMOTE, Liar, Scene
from xl2.core.lane import head_after
from xl2.core.receipt import Delivered
from xl2.core.storage_proof import LogKind
from xl2.core.types import Assurance, Hash32, Nonce, Wei
from xl2.errors import RpcUnavailable
from xl2.ports import Log
from xl2.watcher import Eye, witness
from xl2.watcher.record import read
from xl2.watcher.witness import Says, says

FALSE = some_hash("a head that nobody has")
ATTESTED = 0
SUSPENDED = [(REMOTE, "pause verifier 0")]


async def true_head(scene: Scene, count: int) -> Hash32:
    ids = [message.id for message in scene.home.state.sent][:count]
    return head_after(scene.log().id, ids)


async def test_true_heads_are_no_contradiction_whenever_they_are_shown(scene: Scene) -> None:
    watcher = scene.watcher()
    for count in (1, 2, 3):
        await scene.send()
        scene.finalize()
        scene.remote.mine()
        scene.remote.watched().show(scene.log(), await true_head(scene, count), count, ATTESTED, scene.remote.here())
        assert await watcher.look() == ()
    scene.pass_margin()

    assert await watcher.look() == ()
    assert (scene.alarms, scene.paused) == ([], [])


async def test_another_head_than_the_log_has_suspends_its_verifier_at_once(scene: Scene) -> None:
    await scene.send(3)
    scene.finalize()
    watcher = scene.watcher()
    scene.remote.watched().show(scene.log(), FALSE, 2, ATTESTED, scene.remote.here())

    (case,) = await watcher.look()

    assert case.is_over
    assert (scene.alarms, scene.paused) == (["head-contradiction"], SUSPENDED)
    assert FALSE.hex() in scene.observer.alarms[0].what
    assert (await true_head(scene, 2)).hex() in scene.observer.alarms[0].what


async def test_a_false_head_is_seen_at_the_tip_however_far_behind_that_finality_is(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xl2.watcher.spans.BLOCKS_AT_ONCE", 1)
    await scene.send(3)
    scene.finalize()
    scene.remote.mine(9)
    watcher = scene.watcher()
    scene.remote.watched().show(scene.log(), FALSE, 2, ATTESTED, scene.remote.here())

    await watcher.look()

    assert scene.paused == SUSPENDED


async def test_a_head_ahead_of_the_log_counts_when_the_homes_clock_has_passed_it(scene: Scene) -> None:
    await scene.send()
    scene.finalize()
    watcher = scene.watcher()
    scene.remote.watched().show(scene.log(), FALSE, 2, ATTESTED, scene.remote.here())
    assert await watcher.look() == ()

    scene.home.mine(30)

    assert [case.is_over for case in await watcher.look()] == [True]
    assert scene.paused == SUSPENDED


async def test_a_head_that_the_home_shows_only_later_is_no_contradiction(scene: Scene) -> None:
    # As where the home's endpoint is behind the reader's.
    await scene.send(2)
    head = await true_head(scene, 2)
    behind = Liar(scene.home)
    watcher = scene.watcher(home=[behind])
    behind.is_down = True
    scene.remote.watched().show(scene.log(), head, 2, ATTESTED, scene.remote.here())
    await watcher.look()
    behind.is_down = False

    scene.finalize()

    assert await watcher.look() == ()
    assert scene.paused == []


async def test_a_false_receipt_head_suspends_the_verifier_at_the_origin(scene: Scene) -> None:
    scene.finalize()
    watcher = scene.watcher()
    scene.home.watched().show(scene.log(LogKind.RECEIPTS), FALSE, 1, ATTESTED, scene.home.here())
    scene.remote.mine(30)

    await watcher.look()

    assert scene.paused == [(HOME, "pause verifier 0")]


async def test_a_contradiction_is_paused_once_however_often_it_is_seen(scene: Scene) -> None:
    await scene.send(2)
    scene.finalize()
    watcher = scene.watcher()
    scene.remote.watched().show(scene.log(), FALSE, 1, ATTESTED, scene.remote.here())

    for _ in range(3):
        await watcher.look()
    again = await scene.watcher().look()

    assert scene.paused == SUSPENDED
    assert [one.outcome.value for case in again for one in case.pulled] == ["was paused already"]


async def test_a_lie_of_one_endpoint_of_three_pauses_nothing_and_is_named(scene: Scene) -> None:
    await scene.send(2)
    scene.finalize()
    liar = Liar(scene.remote)
    watcher = scene.watcher(remote=[scene.remote, liar, scene.remote])
    scene.remote.watched().show(scene.log(), FALSE, 1, ATTESTED, scene.remote.here())
    liar.shown.append(scene.remote.watched().shown.pop())

    (case,) = await watcher.look()

    assert not case.is_confirmed
    assert (scene.alarms, scene.paused) == (["rpc-disagreement"], [])
    assert "confirmed by 901 by 0, 902 by 1, denied by 902 by 0, 902 by 2" in scene.observer.alarms[0].what


async def test_an_endpoint_that_denies_cannot_stop_a_pause_that_the_others_confirm(scene: Scene) -> None:
    await scene.send(2)
    scene.finalize()
    blind = Liar(scene.remote)
    watcher = scene.watcher(remote=[scene.remote, scene.remote, blind])
    scene.remote.watched().show(scene.log(), FALSE, 1, ATTESTED, scene.remote.here())
    blind.is_blind = True

    await watcher.look()

    assert scene.paused == SUSPENDED
    assert scene.alarms == ["rpc-disagreement", "head-contradiction"]


async def test_an_endpoint_that_is_down_is_no_contradiction_and_no_confirmation(scene: Scene) -> None:
    await scene.send(2)
    scene.finalize()
    dead = Liar(scene.remote)
    watcher = scene.watcher(remote=[scene.remote, dead])
    scene.remote.watched().show(scene.log(), FALSE, 1, ATTESTED, scene.remote.here())
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


async def test_a_log_that_an_endpoint_spoils_keeps_no_other_from_being_judged(scene: Scene) -> None:
    await scene.send(2)
    settled = Log(lane=scene.world.lane(HOME, REMOTE, Assurance.SETTLED), kind=LogKind.LANE)
    await scene.home.put(settled.lane)
    scene.finalize()
    spoiled, other = scene.watcher(), scene.remote.watched()
    scene.home.hide(scene.home.state.sent[0].id)
    other.show(scene.log(), await true_head(scene, 2), 2, ATTESTED, scene.remote.here())
    other.show(settled, FALSE, 1, 128, scene.remote.here())

    await spoiled.look()

    assert (REMOTE, "pause verifier 128") in scene.paused


async def test_a_log_whose_events_and_storage_differ_is_paused_only_if_all_endpoints_say_so(scene: Scene) -> None:
    await scene.send(2)
    scene.finalize()
    scene.home.hide(scene.home.state.sent[0].id)
    watcher = scene.watcher()

    await watcher.look()

    lanes = {case.contradiction.lane for case in watcher.cases.values()}
    assert lanes == {scene.log().lane}
    assert scene.paused == [(REMOTE, "pause the lane 901 to 902")]


async def test_a_delivery_of_what_nobody_sent_pauses_the_lane_though_nobody_saw_the_evidence(scene: Scene) -> None:
    await scene.send(2)
    scene.finalize()
    watcher = scene.watcher()
    deliver(scene, 1)
    assert await watcher.look() == ()
    deliver(scene, 2)
    assert await watcher.look() == ()

    scene.home.mine(30)

    (case,) = await watcher.look()
    assert case.is_over
    assert scene.paused == [(REMOTE, "pause the lane 901 to 902")]
    assert "delivered nonce 2" in scene.observer.alarms[0].what
    (file,) = scene.folder.iterdir()
    assert read(file)[0] == case.contradiction


async def test_a_delivery_whose_evidence_was_seen_pauses_who_vouched_and_not_the_lane(scene: Scene) -> None:
    await scene.send()
    scene.finalize()
    watcher = scene.watcher()
    scene.remote.watched().show(scene.log(), FALSE, 2, ATTESTED, scene.remote.here())
    deliver(scene, 1)

    scene.home.mine(30)
    await watcher.look()

    assert scene.paused == SUSPENDED


def deliver(scene: Scene, nonce: int) -> None:
    """Let the remote's inbox write that it delivered a message."""
    receipt = Delivered.of([Nonce(nonce)], payee=some_address("payee"), fees=Wei(0))
    state = scene.remote.state
    scene.remote._append(evolve(state, receipts=(*state.receipts, (scene.log().lane, receipt))), ())


async def test_a_pause_that_fails_is_tried_again(scene: Scene) -> None:
    await scene.send(2)
    scene.finalize()
    watcher = scene.watcher()
    scene.remote.watched().show(scene.log(), FALSE, 1, ATTESTED, scene.remote.here())
    scene.guardians[REMOTE].errors.append(RpcUnavailable("gone", endpoint="memory"))

    (case,) = await watcher.look()
    assert [one.outcome.value for one in case.pulled] == ["failed"]
    await watcher.look()

    assert scene.paused == SUSPENDED


async def test_a_dry_run_tells_and_pauses_nothing(scene: Scene) -> None:
    await scene.send(2)
    scene.finalize()
    watcher = scene.watcher(why_not="this is a dry run")
    scene.remote.watched().show(scene.log(), FALSE, 1, ATTESTED, scene.remote.here())

    (case,) = await watcher.look()

    assert [one.outcome.value for one in case.pulled] == ["not ours to pause"]
    assert (scene.alarms, scene.paused) == (["head-contradiction"], [])


async def test_the_evidence_can_be_gone_through_by_somebody_else(scene: Scene) -> None:
    await scene.send(2)
    scene.finalize()
    watcher = scene.watcher()
    scene.remote.watched().show(scene.log(), FALSE, 1, ATTESTED, scene.remote.here())
    (case,) = await watcher.look()
    (file,) = scene.folder.iterdir()

    contradiction, margin = read(file)

    assert contradiction == case.contradiction
    assert contradiction.why(margin) == case.contradiction.why(margin)
    fresh = {eyes.id: eyes for eyes in _eyes(scene)}
    assert [await says(fact, fresh[fact.at.chain]) for fact in contradiction.facts] == [Says.YES, Says.YES]


def _eyes(scene: Scene) -> list[Eye]:
    return [Eye(name="another", chain=chain) for chain in (scene.home, scene.remote)]


async def test_an_endpoint_that_hangs_holds_up_no_pause_that_the_others_confirm(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xl2.watcher.witness._DENIAL_SECONDS", 0.01)
    await scene.send(2)
    scene.finalize()
    hanging = Liar(scene.remote)
    watcher = scene.watcher(remote=[scene.remote, scene.remote, hanging])
    scene.remote.watched().show(scene.log(), FALSE, 1, ATTESTED, scene.remote.here())
    hanging.hangs = True

    watching = asyncio.create_task(watcher.look())
    while not scene.paused:  # noqa: ASYNC110 - until another task has done it
        await asyncio.sleep(0)
    watching.cancel()

    assert scene.paused == SUSPENDED


async def test_a_deep_reorg_is_told_of_and_all_is_read_again(scene: Scene) -> None:
    await scene.send(3)
    scene.finalize()
    watcher = scene.watcher()
    await watcher.look()
    scene.home.reorg(4)
    await scene.send()
    scene.finalize()

    await watcher.look()
    scene.observer.alarms, told = [], set(scene.alarms)
    await watcher.look()
    await watcher.look()

    assert (told, scene.alarms) == ({"deep-reorg"}, [])
    assert (watcher.lagging, scene.paused) == ((), [])


async def test_after_a_reorg_of_blocks_that_are_not_final_all_goes_on(scene: Scene) -> None:
    await scene.send(2)
    scene.finalize()
    watcher = scene.watcher()
    await watcher.look()
    scene.home.mine(2)
    scene.home.reorg(1)
    scene.remote.reorg(1)
    await scene.send()
    scene.finalize()

    await watcher.look()

    assert (scene.alarms, scene.paused) == ([], [])


async def test_an_endpoint_that_says_all_is_paused_already_keeps_no_other_from_pausing(scene: Scene) -> None:
    await scene.send(2)
    scene.finalize()
    liar = Liar(scene.remote)
    liar.says_paused = True
    watcher = scene.watcher(remote=[liar, scene.remote, scene.remote])
    scene.remote.watched().show(scene.log(), FALSE, 1, ATTESTED, scene.remote.here())

    (case,) = await watcher.look()

    assert [one.outcome.value for one in case.pulled] == ["paused"]
    assert scene.paused == SUSPENDED


async def test_a_pause_that_only_its_own_endpoint_sees_is_made_by_the_next(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xl2.watcher.brake._BEHIND_SECONDS", 0.01)
    await scene.send(2)
    scene.finalize()
    liar = Liar(scene.remote)
    watcher = scene.watcher(remote=[liar, scene.remote, scene.remote])
    scene.guardians[REMOTE].lost = 1
    scene.remote.watched().show(scene.log(), FALSE, 1, ATTESTED, scene.remote.here())

    (case,) = await watcher.look()

    assert case.is_over
    assert scene.paused == SUSPENDED


async def test_who_makes_a_contradiction_up_and_keeps_silent_holds_up_no_other(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xl2.watcher.witness._DENIAL_SECONDS", 0.01)
    await scene.send(2)
    scene.finalize()
    liar = Liar(scene.remote)
    watcher = scene.watcher(remote=[scene.remote, liar, scene.remote])
    scene.remote.watched().show(scene.log(), FALSE, 1, ATTESTED, scene.remote.here())
    liar.shown.append(scene.remote.watched().shown.pop())
    (case,) = await watcher.look()
    liar.hangs = True
    seen = enumerate((scene.remote, liar, scene.remote))
    remotes = [Eye(name=f"remote {place}", chain=one) for place, one in seen]  # type: ignore[arg-type]
    eyes = {HOME: [Eye(name="home", chain=scene.home)], REMOTE: remotes}

    async with asyncio.timeout(10):
        said = await witness.testimony(case.contradiction, eyes, agree=0)

    assert not said.is_confirmed
    assert said.no[REMOTE] == ("remote 0", "remote 2")
    assert said.nothing[REMOTE] == ("remote 1",)
