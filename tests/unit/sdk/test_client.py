"""The client on in-memory chains: what it says is what the chains say, and it never goes back."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.unit.sdk.scene import RECIPIENT, A, B, Scene
from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.types import Address, BlockNumber, Wei, hex_text
from xl2.errors import Incapable, InvalidInput, NotFound, NotYet, Refused, Reverted, RpcUnavailable
from xl2.ports import Block, Call, Sent
from xl2.sdk import Goal
from xl2.sdk.relay import MAX_ASKED
from xl2.wallet import StatusEvent, WalletHooks


class Listening(WalletHooks):
    def __init__(self) -> None:
        self.stages: list[str] = []

    async def on_status(self, event: StatusEvent) -> None:
        self.stages.append(event.stage)


async def test_a_message_goes_through_every_room_and_its_fee_is_earned(scene: Scene) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)

    relayed = await scene.client.relay(sent.id, "settled")

    assert [step.state for step in relayed.status.steps] == ["sent", "observed", "delivered", "confirmed", "settled"]
    assert [act.what for act in relayed.acts] == ["deliver", "settle"]
    assert relayed.status.is_over
    assert await scene.a.credit(scene.client.address("b")) == sent.fee_wei


async def test_who_has_a_message_settled_pays_for_none_of_those_that_wait_before_it(scene: Scene) -> None:
    others, sent = [await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True) for _ in range(2)]
    await scene.client.relay(others.id)

    relayed = await scene.client.relay(sent.id, "settled")

    scene.mine(10)
    assert relayed.status.state is State.SETTLED
    assert (await scene.client.status(others.id)).state is State.CONFIRMED


async def test_every_state_is_told_once_and_in_order() -> None:
    hooks = Listening()
    scene = Scene(hooks)
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)

    await scene.client.relay(sent.id, Goal.SETTLED)

    assert hooks.stages == ["included", "sent", "observed", "delivered", "confirmed", "settled"]
    await scene.client.close()


async def test_an_overdue_message_is_refunded_and_its_fee_paid_out(scene: Scene) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True, expires_in=5, fee_wei=None)

    relayed = await scene.client.relay(sent.id, "refunded")

    assert relayed.status.state is State.REFUNDED
    assert relayed.acts[-1].what == "claim credit"
    assert await scene.a.credit(scene.client.address("a")) == 0


async def test_what_can_no_longer_come_is_refused_and_not_waited_for(scene: Scene) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True, expires_in=2)
    scene.mine(10)

    with pytest.raises(Refused, match="is overdue, so it will not be delivered"):
        await scene.client.wait(sent.id)


async def test_a_payout_that_somebody_else_makes_first_is_made(scene: Scene) -> None:
    sent = [await scene.client.send("a", "b", RECIPIENT, b"hi", expires_in=5, allow_no_code=True) for _ in range(2)]

    relayed = await asyncio.gather(*(scene.client.relay(one.id, "refunded") for one in sent))

    assert [one.status.state for one in relayed] == [State.REFUNDED, State.REFUNDED]
    claims = [act for one in relayed for act in one.acts if act.what == "claim credit"]
    # One of both, where they are settled at the same time.
    assert 1 <= len(claims) <= len(sent)


async def test_a_delivered_message_will_not_be_refunded(scene: Scene) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)
    await scene.client.relay(sent.id)

    with pytest.raises(Refused, match="so it will not be refunded"):
        await scene.client.wait(sent.id, "refunded")


async def test_a_wait_that_is_over_tells_the_provers_reason(scene: Scene) -> None:
    scene.provers[A].waits_for = "the game of block 7 is not resolved"
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)

    with pytest.raises(NotYet, match="the game of block 7 is not resolved"):
        await scene.client.relay(sent.id, timeout_seconds=30)


async def test_a_message_that_is_sent_is_told_though_the_endpoint_fails_just_then(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = scene.a.sent
    failures = [RpcUnavailable("down", endpoint="a"), NotYet("its block was taken back")]

    async def failing_first(lane: Lane, first: BlockNumber, last: BlockNumber) -> Sequence[Sent]:
        if failures:
            raise failures.pop()
        return await read(lane, first, last)

    monkeypatch.setattr(scene.a, "sent", failing_first)
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)

    assert sent.message.payload == b"hi"
    assert len(scene.a.broadcasts) == 1


async def test_an_endpoint_that_fails_is_an_error_and_the_status_survives_it(scene: Scene) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)
    await scene.client.relay(sent.id)
    scene.b.fail(RpcUnavailable("b is down", endpoint="b"))

    with pytest.raises(RpcUnavailable):
        await scene.client.status(sent.id)

    assert (await scene.client.status(sent.id)).is_delivered


async def test_an_endpoint_that_is_behind_takes_nothing_back(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)
    await scene.client.relay(sent.id)
    seen = await scene.client.status(sent.id)
    early = await scene.b.block(BlockNumber(0))
    newest = scene.b.block

    async def behind(_finality: object) -> Block:
        return early

    async def shorter(number: BlockNumber) -> Block:
        if number > early.number:
            raise NotYet(f"no block {number} yet")
        return await newest(number)

    monkeypatch.setattr(scene.b, "head", behind)
    monkeypatch.setattr(scene.b, "block", shorter)

    assert await scene.client.status(sent.id) == seen


async def test_a_reorg_takes_back_what_stood_in_its_blocks(scene: Scene) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)
    relayed = await scene.client.relay(sent.id)
    assert relayed.status.state is State.DELIVERED

    delivered = relayed.status.steps[-1].block or 0
    tip = (await scene.b.head(0)).number  # type: ignore[arg-type]  # LATEST
    scene.b.reorg(tip - delivered + 1)
    scene.b.forget()

    assert (await scene.client.status(sent.id)).state in (State.SENT, State.OBSERVED)


async def test_an_id_that_nobody_sent_is_not_found(scene: Scene) -> None:
    with pytest.raises(NotFound, match="901, 902"):
        await scene.client.status(bytes(32))


@pytest.mark.parametrize("message", ["0x12", b"\x01", "no id"])
async def test_what_is_no_id_is_refused(scene: Scene, message: str | bytes) -> None:
    with pytest.raises(InvalidInput, match="message id"):
        await scene.client.status(message)


async def test_a_goal_that_is_none_is_refused_with_those_there_are(scene: Scene) -> None:
    with pytest.raises(InvalidInput) as refused:
        await scene.client.wait(bytes(32), "done")

    assert "delivered" in refused.value.remedy


async def test_evidence_that_is_not_configured_is_refused_with_what_is(scene: Scene) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)
    scene.mine()

    with pytest.raises(InvalidInput) as refused:
        await scene.client.relay(sent.id, via="pigeon")

    assert "memory" in refused.value.remedy


async def test_evidence_that_a_family_cannot_give_is_refused_in_the_familys_words(scene: Scene) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)
    scene.mine()

    with pytest.raises(Incapable, match="logs of chain a have no unheard of evidence: the chain has no state"):
        await scene.client.relay(sent.id, via="unheard of")

    assert scene.client.why_not("a", "unheard of") == "the chain has no state"
    assert scene.client.why_not("a", "memory") is None


async def test_weaker_evidence_than_the_lanes_is_never_used(scene: Scene) -> None:
    scene.provers[A].number = 0
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True, assurance="settled")
    scene.mine()

    with pytest.raises(NotFound, match="no verifier of class settled"):
        await scene.client.relay(sent.id)


async def test_a_call_that_the_chains_overtook_is_asked_for_anew(scene: Scene) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)
    overtaken = scene.a.claim_call(Address(bytes(20)))  # reverts: nobody has a credit
    scene.provers[A].needs = [(overtaken,), (overtaken,)]

    relayed = await scene.client.relay(sent.id)

    assert relayed.status.is_delivered


async def test_a_call_that_reverts_every_time_is_told_with_its_reason(scene: Scene) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)
    scene.provers[A].needs = [(scene.a.claim_call(Address(bytes(20))),)] * 1_000

    with pytest.raises(Reverted):
        await scene.client.relay(sent.id)


async def test_a_prover_that_asks_for_calls_without_end_is_not_paid_for_without_end(scene: Scene) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)
    scene.provers[A].needs = [()] * 1_000

    with pytest.raises(NotYet, match=f"asked for {MAX_ASKED} rounds of calls"):
        await scene.client.relay(sent.id, timeout_seconds=60)


async def test_what_failed_on_evidence_that_fell_is_delivered_anew(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.b.recipients[RECIPIENT] = lambda *_: False
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi")
    await scene.client.relay(sent.id, "tried")
    scene.b.recipients[RECIPIENT] = lambda *_: True
    simulate = scene.b.simulate

    async def fallen(call: Call, sender: Address) -> int:
        if call.what.startswith("retry"):
            raise Reverted("VerifiersFell", endpoint="b", revert=b"VerifiersFell")
        return await simulate(call, sender)

    monkeypatch.setattr(scene.b, "simulate", fallen)
    relayed = await scene.client.relay(sent.id)

    assert relayed.status.state is State.DELIVERED
    assert [(act.what, act.evidence) for act in relayed.acts] == [("deliver", "memory")]


@pytest.mark.parametrize("blocks", [0, 3])
async def test_explain_says_why_and_what_moves_it(scene: Scene, blocks: int) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)
    scene.mine(blocks)

    explained = await scene.client.explain(sent.id)

    assert explained.cause.startswith("it is")
    assert explained.unblocks
    assert explained.since is not None


async def test_explain_names_a_command_that_can_be_copied_whole(scene: Scene) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)
    scene.mine(3)
    await scene.client.relay(sent.id)
    scene.mine(3)

    explained = await scene.client.explain(sent.id)

    assert f"`xl2 relay {hex_text(sent.id)} --until settled`" in explained.unblocks


async def test_explain_tells_the_endpoints_error_as_the_cause(scene: Scene) -> None:
    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True)
    scene.mine()
    scene.provers[A].waits_for = "attesters sleep"

    explained = await scene.client.explain(sent.id)

    assert "attesters sleep" in explained.cause
    assert dict(explained.facts) == {"memory": "attesters sleep"}


async def test_a_quote_says_the_fee_that_send_takes(scene: Scene) -> None:
    quoted = await scene.client.quote("a", "b", payload=b"hi", expires_in=60)

    sent = await scene.client.send("a", "b", RECIPIENT, b"hi", allow_no_code=True, expires_in=60)

    assert (quoted.origin, quoted.destination) == (A, B)
    assert quoted.least_wei <= sent.fee_wei == Wei(quoted.fee_wei)
