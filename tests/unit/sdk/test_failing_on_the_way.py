"""What fails on the way: an endpoint is asked again, a prover hides no other, and in the end the reason is told."""

import pytest
from attrs import define, evolve

from tests.unit.sdk.scene import RECIPIENT, A, Scene
from xl2.core.evidence import Finality
from xl2.core.lifecycle import State
from xl2.core.types import BlockNumber, Hash32, MessageId
from xl2.errors import NotYet, ProofInvalid, RpcRejected, RpcUnavailable
from xl2.ports import Block, Log, Needed, Shown
from xl2.sdk import AsyncClient
from xl2.sdk.follow import MAX_DOUBTFUL
from xl2.sdk.status import Statuses
from xl2.sdk.values import Status
from xl2.testing import MemoryProver

DOUBTFUL = [RpcRejected("it keeps no state that old", endpoint="http://anchor"), ProofInvalid("of another block")]
BROKEN = [ProofInvalid("the signature is not theirs"), RpcUnavailable("the attester is down", endpoint="attester")]


@define(kw_only=True)
class Flaky(MemoryProver):
    failures: list[Exception]

    async def show(self, log: Log, count: int, upto: BlockNumber, known: Hash32 | None = None) -> Shown | Needed:
        if self.failures:
            raise self.failures.pop()
        return await MemoryProver.show(self, log, count, upto, known)


@define(kw_only=True)
class Failing(MemoryProver):
    """Shows nothing, and says why."""

    cause: Exception

    async def show(self, log: Log, count: int, upto: BlockNumber, known: Hash32 | None = None) -> Shown | Needed:
        del log, count, upto, known
        raise self.cause


async def test_an_endpoint_that_fails_on_the_way_is_asked_again(scene: Scene) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)
    flaky = Flaky(home=scene.a, failures=[RpcUnavailable("the anchor is down", endpoint="http://anchor")] * 2)
    parts = evolve(scene.parts, provers=lambda _: [flaky])

    relayed = await AsyncClient(parts).relay(sent.id)

    assert relayed.status.is_delivered


@pytest.mark.parametrize("doubtful", DOUBTFUL)
async def test_what_a_node_rejects_or_proves_wrongly_is_asked_again_about_newer_blocks(
    scene: Scene, doubtful: Exception
) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)
    flaky = Flaky(home=scene.a, failures=[doubtful] * (MAX_DOUBTFUL - 1))
    parts = evolve(scene.parts, provers=lambda _: [flaky])

    relayed = await AsyncClient(parts).relay(sent.id)

    assert relayed.status.is_delivered


@pytest.mark.parametrize("doubtful", DOUBTFUL)
async def test_a_node_that_goes_on_so_is_told_long_before_the_time_is_over(scene: Scene, doubtful: Exception) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)
    flaky = Flaky(home=scene.a, failures=[doubtful] * 1_000)
    parts = evolve(scene.parts, provers=lambda _: [flaky])

    with pytest.raises(type(doubtful), match=str(doubtful)):
        await AsyncClient(parts).relay(sent.id)

    assert len(flaky.failures) == 1_000 - MAX_DOUBTFUL


async def test_an_endpoint_that_fails_while_a_message_is_waited_for_ends_no_wait(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)
    head, asked = scene.a.head, list[Finality]()

    async def failing_between(finality: Finality) -> Block:
        asked.append(finality)
        if len(asked) == 2:
            raise RpcUnavailable("a is down", endpoint="a")
        return await head(finality)

    monkeypatch.setattr(scene.a, "head", failing_between)
    with pytest.raises(NotYet, match="is observed after 30 s"):
        await scene.client.wait(sent.id, timeout_seconds=30)

    assert len(asked) > 2


async def test_doubtful_answers_count_in_a_row_alone(scene: Scene) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)
    doubtful, down = [DOUBTFUL[0]] * (MAX_DOUBTFUL - 1), RpcUnavailable("the anchor is down", endpoint="http://anchor")
    flaky = Flaky(home=scene.a, failures=[*doubtful, down, *doubtful])
    parts = evolve(scene.parts, provers=lambda _: [flaky])

    relayed = await AsyncClient(parts).relay(sent.id)

    assert relayed.status.is_delivered


async def test_a_node_that_rejects_every_other_look_ends_no_wait(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)
    look, looks = Statuses.of, list[MessageId]()

    async def rejecting(statuses: Statuses, wanted: MessageId) -> Status:
        looks.append(wanted)
        if len(looks) % 2 == 0:
            raise DOUBTFUL[0]
        return await look(statuses, wanted)

    monkeypatch.setattr(Statuses, "of", rejecting)
    seconds = 4 * MAX_DOUBTFUL * scene.parts.config.relayer.poll_seconds
    with pytest.raises((NotYet, RpcRejected)):
        await scene.client.wait(sent.id, timeout_seconds=seconds)

    assert len(looks) > 2 * MAX_DOUBTFUL


async def test_an_endpoint_that_is_down_at_the_first_look_is_told_at_once(scene: Scene) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)
    since = scene.parts.clock.steady()
    scene.a.is_down = True

    with pytest.raises(RpcUnavailable):
        await scene.client.wait(sent.id)

    assert scene.parts.clock.steady() == since


@pytest.mark.parametrize("cause", BROKEN)
async def test_a_prover_that_fails_does_not_hide_the_next(scene: Scene, cause: Exception) -> None:
    carrier = evolve(scene.parts, provers=lambda log: [Failing(home=scene.a, cause=cause), scene.provers[log.home]])
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)

    relayed = await AsyncClient(carrier).relay(sent.id)

    assert relayed.status.state is State.DELIVERED


@pytest.mark.parametrize("cause", BROKEN)
async def test_where_every_prover_fails_the_first_one_says_why(scene: Scene, cause: Exception) -> None:
    other = ProofInvalid("another head")
    failing = [Failing(home=scene.a, cause=cause), Failing(home=scene.a, cause=other)]
    carrier = evolve(scene.parts, provers=lambda _: failing)
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)
    scene.mine()

    with pytest.raises(type(cause), match=str(cause)):
        await AsyncClient(carrier).relay(sent.id)


async def test_a_wait_for_one_prover_tells_what_is_wrong_with_the_other(scene: Scene) -> None:
    scene.provers[A].waits_for = "the game is not resolved"
    failing = Failing(home=scene.a, cause=ProofInvalid("another head"))
    carrier = evolve(scene.parts, provers=lambda log: [failing, scene.provers[log.home]])
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)

    with pytest.raises(NotYet, match="the game is not resolved; other evidence failed: another head"):
        await AsyncClient(carrier).relay(sent.id, timeout_seconds=30)
