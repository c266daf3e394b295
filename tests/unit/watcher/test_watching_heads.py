"""Heads: a head that the log never had suspends whoever vouched for it, and nobody else."""

import pytest
from attrs import evolve

from tests.factories import some_address
from tests.unit.watcher.watched_world import ATTESTED, FALSE, HOME, REMOTE, SUSPENDED, Liar, Scene
from xl2.core.lane import head_after
from xl2.core.receipt import Delivered
from xl2.core.storage_proof import LogKind
from xl2.core.types import Assurance, Hash32, Nonce, Wei
from xl2.errors import RpcUnavailable
from xl2.ports import Log
from xl2.watcher import Eye
from xl2.watcher.record import read
from xl2.watcher.witness import Says, says


async def true_head(scene: Scene, count: int) -> Hash32:
    ids = [message.id for message in scene.home.state.sent][:count]
    return head_after(scene.log().id, ids)


async def test_true_heads_are_no_contradiction_whenever_they_are_shown(scene: Scene) -> None:
    watcher = scene.watcher()
    for count in (1, 2, 3):
        await scene.send()
        scene.finalize()
        scene.remote.mine()
        scene.show(await true_head(scene, count), count)
        assert await watcher.look() == ()
    scene.pass_margin()

    assert await watcher.look() == ()
    assert (scene.alarms, scene.paused) == ([], [])


async def test_another_head_than_the_log_has_suspends_its_verifier_at_once(scene: Scene) -> None:
    await scene.send(3)
    scene.finalize()
    watcher = scene.watcher()
    scene.show(FALSE, 2)

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
    scene.show(FALSE, 2)

    await watcher.look()

    assert scene.paused == SUSPENDED


async def test_a_head_ahead_of_the_log_counts_when_the_homes_clock_has_passed_it(scene: Scene) -> None:
    await scene.send()
    scene.finalize()
    watcher = scene.watcher()
    scene.show(FALSE, 2)
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
    scene.show(head, 2)
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
    watcher = await scene.deceived()

    for _ in range(3):
        await watcher.look()
    again = await scene.watcher().look()

    assert scene.paused == SUSPENDED
    assert [one.outcome.value for case in again for one in case.pulled] == ["was paused already"]


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
    scene.show(FALSE, 2)
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
    watcher = await scene.deceived()
    scene.guardians[REMOTE].errors.append(RpcUnavailable("gone", endpoint="memory"))

    (case,) = await watcher.look()
    assert [one.outcome.value for one in case.pulled] == ["failed"]
    await watcher.look()

    assert scene.paused == SUSPENDED


async def test_a_dry_run_tells_and_pauses_nothing(scene: Scene) -> None:
    watcher = await scene.deceived(why_not="this is a dry run")

    (case,) = await watcher.look()

    assert [one.outcome.value for one in case.pulled] == ["not ours to pause"]
    assert (scene.alarms, scene.paused) == (["head-contradiction"], [])


async def test_the_evidence_can_be_gone_through_by_somebody_else(scene: Scene) -> None:
    watcher = await scene.deceived()
    (case,) = await watcher.look()
    (file,) = scene.folder.iterdir()

    contradiction, margin = read(file)

    assert contradiction == case.contradiction
    assert contradiction.why(margin) == case.contradiction.why(margin)
    fresh = {eyes.id: eyes for eyes in _eyes(scene)}
    assert [await says(fact, fresh[fact.at.chain]) for fact in contradiction.facts] == [Says.YES, Says.YES]


def _eyes(scene: Scene) -> list[Eye]:
    return [Eye(name="another", chain=chain) for chain in (scene.home, scene.remote)]


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
