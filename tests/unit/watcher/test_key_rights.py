"""Rights: a watcher's key may pause, and nothing else."""

import pytest

from tests.factories import some_address
from tests.unit.watcher.watched_world import HOME, REMOTE, Scene
from xl2.errors import ConfigInvalid
from xl2.watcher import KeyRights, key_rights

KEY = some_address("the watcher")


async def rights(scene: Scene, *shared: str) -> KeyRights:
    return await key_rights(KEY, {HOME: scene.home, REMOTE: scene.remote}, {}, shared)


async def test_a_guardian_that_is_nothing_else_is_accepted_and_told_what_it_may(scene: Scene) -> None:
    for chain in (scene.home, scene.remote):
        chain.watched().guardians.add(KEY)
    scene.home.watched().holds[KEY] = ("5 of GOLD's smallest unit",)

    found = await rights(scene)
    found.require_no_more_than_pausing()
    found.require_pausing()

    assert found.sentences == (
        "chain 901: it may pause lanes, verifiers and tokens; it holds 5 of GOLD's smallest unit",
        "chain 902: it may pause lanes, verifiers and tokens",
    )


async def test_a_key_that_may_do_more_is_refused_with_what_it_may(scene: Scene) -> None:
    scene.home.watched().beyond[KEY] = ("it owns the Heads of chain 901",)

    with pytest.raises(ConfigInvalid, match="may do more than pause: it owns the Heads of chain 901"):
        (await rights(scene)).require_no_more_than_pausing()


async def test_a_key_that_signs_for_another_process_is_refused(scene: Scene) -> None:
    with pytest.raises(ConfigInvalid, match="it is the key 'relayer' of this configuration too"):
        (await rights(scene, "relayer")).require_no_more_than_pausing()


async def test_a_key_that_cannot_pay_is_refused(scene: Scene) -> None:
    for chain in (scene.home, scene.remote):
        chain.watched().guardians.add(KEY)
    scene.home.funds[KEY] = 0

    with pytest.raises(ConfigInvalid, match="has nothing to pay gas with on chain 901"):
        (await rights(scene)).require_pausing()


async def test_a_key_that_cannot_pause_everywhere_is_refused_unless_it_only_watches(scene: Scene) -> None:
    scene.home.watched().guardians.add(KEY)

    found = await rights(scene)

    found.require_no_more_than_pausing()
    with pytest.raises(ConfigInvalid, match="is no guardian on chain 902"):
        found.require_pausing()
