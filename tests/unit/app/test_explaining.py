"""Explaining: what the chains say and what the relayer knows, the nearest cause first."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.sdk.scene import RECIPIENT, A, B, Scene
from xl2.app.explaining import why
from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.storage_proof import LogKind
from xl2.core.types import MessageId, hex_text
from xl2.errors import RpcUnavailable
from xl2.flow.observe import observe
from xl2.operator.values import Explained
from xl2.ports import Log


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    made = Scene()
    yield made
    await made.client.close()


async def observed(scene: Scene) -> tuple[MessageId, Lane]:
    """A message that the relayer has observed, and its lane."""
    sent = await scene.client.send("a", "b", RECIPIENT, b"hello", allow_no_code=True)
    scene.mine()
    lane = Lane.of(sent.message)
    log = Log(lane=lane, kind=LogKind.LANE)
    await observe(scene.a, log, scene.store, Finality.FINALIZED, scene.clock.now())
    return sent.id, lane


async def explained(scene: Scene, message: MessageId) -> Explained:
    record = await scene.store.record(message)
    assert record is not None
    return await why(scene.parts, record)


async def test_what_nothing_holds_up_is_explained_by_the_chains(scene: Scene) -> None:
    message, _ = await observed(scene)

    told = await explained(scene, message)

    assert told.state == "observed"
    assert "can be proven (memory)" in told.cause
    assert told.next_attempt is not None


async def test_the_relayers_own_cause_stands_before_what_the_chains_say(scene: Scene) -> None:
    message, _ = await observed(scene)
    await scene.store.postpone([message], 5_000.0, "its fee is below what is asked")

    told = await explained(scene, message)

    assert told.cause == "it is observed: its fee is below what is asked"
    assert (told.next_attempt, told.attempts) == (5_000.0, 1)
    assert "the chains say" in {fact.name for fact in told.facts}


async def test_a_pause_is_the_cause_and_nothing_is_tried_meanwhile(scene: Scene) -> None:
    message, lane = await observed(scene)
    await scene.store.pause(lane, "audit", "eve", 1.0)

    told = await explained(scene, message)

    assert "is paused by eve: audit" in told.cause
    assert f"xl2 relayer resume {A}-{B}-settled" in told.unblocks
    assert told.next_attempt is None


async def test_what_is_left_out_by_hand_says_so_first_of_all(scene: Scene) -> None:
    message, lane = await observed(scene)
    await scene.store.pause(lane, "audit", "eve", 1.0)
    await scene.store.skip([message], "poison")

    told = await explained(scene, message)

    assert told.cause == "it is left out by hand: poison"
    assert f"`xl2 relayer retry {hex_text(message)}`" in told.unblocks
    assert told.next_attempt is None


async def test_endpoints_that_are_down_hide_nothing_of_what_the_store_knows(scene: Scene) -> None:
    message, _ = await observed(scene)
    await scene.store.postpone([message], 5_000.0, "no endpoint answers")
    for chain in (scene.a, scene.b):
        for _ in range(9):
            chain.fail(RpcUnavailable("it is down", endpoint="node"))

    told = await explained(scene, message)

    assert told.cause == "it is observed: no endpoint answers"
    (said,) = [fact.said for fact in told.facts if fact.name == "the chains say"]
    assert said.startswith("the chains could not be asked: it is down")
