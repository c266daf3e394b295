"""What `xl2 watcher run --once` says at its end: nothing found is said only where all was seen."""

from tests.unit.watcher.watched_world import Scene
from xl2.cli.watcher import verdict


async def test_a_look_that_saw_all_and_found_nothing_says_so(scene: Scene) -> None:
    await scene.send(2)
    scene.finalize()
    watcher = scene.watcher()

    await watcher.look()

    assert verdict(watcher) == [("found", "nothing that contradicts")]


async def test_a_look_that_did_not_see_all_says_what_it_did_not_see(scene: Scene) -> None:
    watcher = scene.watcher()
    scene.home.is_down = True

    await watcher.look()

    assert ("not seen", "heads shown to chain 901") in verdict(watcher)
    assert "found" not in dict(verdict(watcher))


async def test_a_contradiction_was_told_already(scene: Scene) -> None:
    watcher = await scene.deceived()

    await watcher.look()

    assert verdict(watcher) == []
