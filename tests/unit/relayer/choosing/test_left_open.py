"""
What never pays keeps itself and its neighbours of a page, and nothing else: the store and each look stay as small.

A stranger can deliver a message of his own, earn by it and never settle it. All that was settled behind it goes from
the store as if it were not there, and is asked about no more, also by the next process and in a store made anew.
"""

from collections.abc import Sequence
from typing import Any

import pytest
from attrs import define, field

from tests.unit.flow.walk import Walk
from tests.unit.relayer.choosing.settling import SOMEBODY, Scene, scene_of
from xl2.core.lane import PAGE_SIZE
from xl2.core.lifecycle import State
from xl2.core.message import Message
from xl2.core.types import BlockNumber, Nonce
from xl2.errors import ProofInvalid
from xl2.flow import deliver, settle
from xl2.flow.settle import Owed
from xl2.ports import Call, Ending, Needed
from xl2.relayer.choosing import settlements
from xl2.relayer.choosing.policy import Carry
from xl2.relayer.choosing.settlements import ANEW_AT_ONCE, PASSED_SECONDS, ROUND_SECONDS
from xl2.store import SqliteStore
from xl2.store.session import Work

#: Messages that one delivery takes.
TOGETHER = 16


@define
class Cost:
    """What looks at receipts asked: messages of which the origin was, and pieces of work of the store."""

    asked: int = field(default=0, init=False)
    read: int = field(default=0, init=False)


def counted(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Cost:
    cost, ask, run = Cost(), scene.walk.origin.endings, scene.walk.store._run

    async def endings(messages: Sequence[Message], at: BlockNumber) -> Sequence[Ending]:
        cost.asked += len(messages)
        return await ask(messages, at)

    async def counting(work: Work[object]) -> object:
        cost.read += 1
        return await run(work)

    monkeypatch.setattr(scene.walk.origin, "endings", endings)
    monkeypatch.setattr(scene.walk.store, "_run", counting)
    return cost


async def kept(walk: Walk) -> list[int]:
    """Messages that the store holds after all was pruned that may be."""
    walk.clock.advance(1)
    await walk.store.prune(walk.lane, walk.clock.now())
    return [one.sent.message.nonce for one in await walk.store.range(walk.lane, Nonce(0), Nonce(10**6))]


async def carried(scene: Scene) -> None:
    """A page of messages, delivered some at a time for pay, and settled for good."""
    walk, fee = scene.walk, await scene.cost(behind=PAGE_SIZE)
    records = await walk.observed(PAGE_SIZE, fee=fee)
    for first in range(0, PAGE_SIZE, TOGETHER):
        await walk.delivered(records[first : first + TOGETHER])
    await walk.confirmed(records)
    await scene.settle()
    walk.origin.mine(3)
    await scene.settle()


async def test_what_is_settled_behind_a_receipt_that_waits_costs_nothing_more_and_the_claim_stays(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk, fee = scene.walk, await scene.cost(behind=PAGE_SIZE)
    usual, walk.origin.base_fee = walk.origin.base_fee, 100 * 10**9
    (waits,) = await scene.delivered(fee)
    left, asked, read = list[list[int]](), list[int](), list[int]()
    for _ in range(3):
        await carried(scene)
        left.append(await kept(walk))
        with monkeypatch.context() as patch:
            # Another process, which remembers nothing.
            again = scene_of(walk, Carry.PAID)
            cost = counted(again, patch)
            await again.settle()
            asked.append(cost.asked)
            read.append(cost.read)
    walk.origin.base_fee = usual
    await walk.clock.sleep(ROUND_SECONDS)
    await scene.settle()

    # It and the newest.
    assert left == [[0, PAGE_SIZE], [0, 2 * PAGE_SIZE], [0, 3 * PAGE_SIZE]]
    # Of it alone, at the tip and at the final block.
    assert (asked, set(read)) == ([2] * 3, {read[0]})
    assert await walk.states([waits]) == [State.SETTLED]
    assert await kept(walk) == [3 * PAGE_SIZE]


async def test_a_store_made_anew_asks_once_about_all_and_then_keeps_and_asks_as_little(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    (poor,) = await scene.delivered(0, payee=SOMEBODY)
    await carried(scene)
    async with SqliteStore(":memory:") as store:
        walk = Walk(scene.walk.world, store, scene.walk.clock)
        await walk.observe()
        seen = await deliver.look([poor.sent.message], walk.destination)
        await store.happen(seen.happenings, walk.clock.now())
        await walk.confirmed([poor])
        await scene_of(walk, Carry.PAID).settle()

        again = scene_of(walk, Carry.PAID)
        cost = counted(again, monkeypatch)
        await again.settle()

        assert cost.asked == 2
        assert await kept(walk) == [0, PAGE_SIZE]


@pytest.mark.parametrize("waiting", [24, 48])
async def test_however_many_wait_a_look_weighs_few_of_them_anew_and_what_is_new_at_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, waiting: int
) -> None:
    monkeypatch.setattr(settlements, "MAX_SETTLED", 1)
    await scene.delivered(*[0] * waiting, payee=SOMEBODY)
    await scene.settle()
    await scene.walk.clock.sleep(ROUND_SECONDS)
    (ours,) = await scene.delivered(await scene.cost(behind=PAGE_SIZE))

    cost = counted(scene, monkeypatch)
    looks = await scene.settle()
    at_once, cost.asked = cost.asked, 0
    await scene.walk.clock.sleep(ANEW_AT_ONCE * PASSED_SECONDS)
    looks += await scene.settle()

    assert looks == [True, False, False]
    assert await scene.walk.states([ours]) == [State.SETTLED]
    # Of each, at the tip and at the final block.
    assert at_once <= 2 * (ANEW_AT_ONCE + 4)
    assert 2 * ANEW_AT_ONCE <= cost.asked <= 2 * (ANEW_AT_ONCE + 1)


@pytest.mark.parametrize("carry", [Carry.PAID, Carry.ALWAYS])
async def test_a_settlement_that_is_refused_look_after_look_holds_up_no_refund_behind_it(
    walk: Walk, monkeypatch: pytest.MonkeyPatch, carry: Carry
) -> None:
    monkeypatch.setattr(settlements, "MAX_SETTLED", 1)
    scene, prepare = scene_of(walk, carry), settle.prepare
    (refused,) = await scene.delivered(await scene.cost(behind=PAGE_SIZE))
    refunds = [await scene.expired() for _ in range(2)]

    async def refusing(due: Owed, *others: Any) -> Call | Needed:
        if refused.sent.message.id in [one.sent.message.id for one in due.records]:
            raise ProofInvalid("its receipts are not what the head shows")
        return await prepare(due, *others)

    monkeypatch.setattr(settle, "prepare", refusing)
    for _ in refunds:
        with pytest.raises(ProofInvalid, match="not what the head shows"):
            await scene.rooms.settle()
        walk.origin.mine(2)

    assert await walk.states([refused, *refunds]) == [State.CONFIRMED, State.REFUNDED, State.REFUNDED]
