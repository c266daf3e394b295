"""Settlements: what earns less than it costs to prove back waits and says so; a refund waits for nothing."""

from collections.abc import Sequence

import pytest

from tests.unit.flow.walk import Walk
from tests.unit.relayer.choosing.settling import SENDER, SOMEBODY, Scene, scene_of
from xl2.core.amounts import wei_and_ether
from xl2.core.evidence import Finality
from xl2.core.lane import PAGE_SIZE, Lane
from xl2.core.lifecycle import State
from xl2.core.message import Message
from xl2.core.settlement import ExpiredMessage, Settlement, Unopened
from xl2.core.storage_proof import LogKind
from xl2.core.types import Assurance, BlockNumber
from xl2.flow import settle
from xl2.flow.settle import MAX_SETTLED
from xl2.ports import Call, Ending, Log, Record
from xl2.relayer.choosing import settlements
from xl2.relayer.choosing.policy import Carry
from xl2.relayer.choosing.settlements import ROUND_SECONDS
from xl2.store import SqliteStore
from xl2.testing import ManualClock, MemoryProver, World
from xl2.testing.calls import Settle, read
from xl2.testing.keys import transaction_of


class AttestedWalk(Walk):
    """On a lane whose heads are signed."""

    @property
    def lane(self) -> Lane:
        return self.world.lane(901, 902, Assurance.ATTESTED)


async def again(scene: Scene, record: Record, times: int) -> None:
    """Record the expiry of a message so many times more."""
    for _ in range(times):
        call = scene.walk.destination.expire_call(record.sent.message)
        await scene.walk.submitter(scene.walk.destination).submit(call)
    await scene.walk.confirmed([])


async def states(scene: Scene, records: Sequence[Record]) -> list[State]:
    return await scene.walk.states(records)


async def test_a_fee_that_covers_its_settlement_is_settled_at_once_and_one_gwei_less_waits_and_says_why(
    scene: Scene,
) -> None:
    enough = await scene.cost()
    (poor,) = await scene.delivered(enough - 10**9)
    waited = await scene.settle()
    why = await scene.cause(poor)
    waiting = await states(scene, [poor])

    (rich,) = await scene.delivered(await scene.cost(2) - enough + 10**9)
    await scene.settle()

    assert (waited, waiting) == ([False], [State.CONFIRMED])
    assert f"that costs {wei_and_ether(enough)} now" in why
    assert f"brings this relayer {wei_and_ether(enough - 10**9)}" in why
    assert await states(scene, [poor, rich]) == [State.SETTLED] * 2
    assert scene.settlements == 1


async def test_what_waits_for_dear_gas_is_settled_when_gas_falls_and_not_before(scene: Scene) -> None:
    (record,) = await scene.delivered(await scene.cost() * 2)
    usual, scene.walk.origin.base_fee = scene.walk.origin.base_fee, 100 * 10**9
    dear = await scene.settle()
    before = await states(scene, [record])

    scene.walk.origin.base_fee = usual
    await scene.settle()

    assert (dear, before) == ([False], [State.CONFIRMED])
    assert await states(scene, [record]) == [State.SETTLED]


async def test_a_refund_goes_out_at_any_price_and_takes_nothing_along_that_does_not_pay(scene: Scene) -> None:
    (before,) = await scene.delivered(await scene.cost())
    refund = await scene.expired(fee=5 * 10**9)
    (after,) = await scene.delivered(await scene.cost())
    scene.walk.origin.base_fee = 1_000 * 10**9

    looks = await scene.settle()

    assert looks == [True, False]
    assert await states(scene, [before, refund, after]) == [State.CONFIRMED, State.REFUNDED, State.CONFIRMED]
    assert await scene.walk.origin.credit(SENDER) == 5 * 10**9


@pytest.mark.parametrize("carry", [Carry.PAID, Carry.NEVER])
async def test_what_somebody_else_earns_is_not_proven_back_at_our_cost_and_holds_up_nothing_of_ours(
    walk: Walk, carry: Carry
) -> None:
    scene = scene_of(walk, carry)
    theirs = await scene.delivered(*[10**18] * (MAX_SETTLED + 3), payee=SOMEBODY)
    alone = await scene.settle()
    (ours,) = await scene.delivered(await scene.cost(behind=MAX_SETTLED))

    looks = await scene.settle()

    assert alone == [False]
    assert looks == [True, False]
    assert await states(scene, [ours]) == [State.SETTLED]
    assert set(await states(scene, theirs)) == {State.CONFIRMED}
    assert await walk.origin.credit(SOMEBODY) == 0


async def test_who_pays_for_a_neighbour_takes_it_along_where_a_second_settlement_would_cost_more(scene: Scene) -> None:
    fee = await scene.cost(3)
    (first,) = await scene.delivered(fee)
    (theirs,) = await scene.delivered(10**9, payee=SOMEBODY)
    (last,) = await scene.delivered(fee)

    looks = await scene.settle()

    assert looks == [True, False]
    assert await states(scene, [first, theirs, last]) == [State.SETTLED] * 3
    assert await scene.walk.origin.credit(SOMEBODY) == 10**9


async def test_what_was_added_to_a_fee_counts(scene: Scene) -> None:
    (record,) = await scene.delivered(10**9)
    scene.walk.origin.topped[record.sent.message.id] = await scene.cost()

    looks = await scene.settle()

    assert looks == [True, False]
    assert await states(scene, [record]) == [State.SETTLED]


async def test_what_is_settled_and_not_final_earns_nothing_a_second_time(scene: Scene) -> None:
    records = await scene.delivered(await scene.cost(behind=1), 10**9)

    looks = [await scene.rooms.settle() for _ in range(3)]

    assert looks == [True, False, False]
    assert await states(scene, records) == [State.SETTLED, State.CONFIRMED]
    assert scene.settlements == 1


async def test_settlements_that_wait_are_weighed_from_the_first_on_when_a_round_is_over(scene: Scene) -> None:
    whole = await scene.cost(MAX_SETTLED, behind=1)
    records = await scene.delivered(*[whole // MAX_SETTLED + 10**9] * MAX_SETTLED, 10**9)
    usual, scene.walk.origin.base_fee = scene.walk.origin.base_fee, 100 * 10**9
    dear = await scene.settle()
    scene.walk.origin.base_fee = usual
    early = await scene.settle()

    await scene.walk.clock.sleep(ROUND_SECONDS)
    looks = await scene.settle()

    assert (dear, early) == ([False], [False])
    assert looks[0] is True
    assert await states(scene, records) == [State.SETTLED] * MAX_SETTLED + [State.CONFIRMED]


async def test_a_lane_that_carries_at_any_price_settles_at_any_price(walk: Walk) -> None:
    scene = scene_of(walk, Carry.ALWAYS)
    records = await scene.delivered(0, 10**9, payee=SOMEBODY)
    walk.origin.base_fee = 1_000 * 10**9

    looks = await scene.settle()

    assert looks == [True, False]
    assert await states(scene, records) == [State.SETTLED] * 2


async def test_what_waits_makes_no_look_ask_again_of_all_that_was_settled_behind_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settlements, "MAX_SETTLED", 2)
    await scene.delivered(10**18, payee=SOMEBODY)
    asked: list[int] = []
    ask = scene.walk.origin.endings

    async def counted(messages: Sequence[Message], at: BlockNumber) -> Sequence[Ending]:
        asked[-1] += 1
        return await ask(messages, at)

    monkeypatch.setattr(scene.walk.origin, "endings", counted)
    for _ in range(12):
        await scene.delivered(await scene.cost(behind=3))
        asked.append(0)
        await scene.settle()
        await scene.walk.clock.sleep(ROUND_SECONDS)

    assert asked[-1] == asked[1] > 0


async def test_what_others_settle_behind_what_waits_is_seen_to_be_over(scene: Scene) -> None:
    (waits,) = await scene.delivered(10**9)
    refund = await scene.expired(fee=5 * 10**9)
    due = await scene.walk.owed()
    assert due is not None
    due = due.part(1, 2)
    origin, destination = scene.walk.origin, scene.walk.destination
    call = await settle.prepare(due, scene.walk.store, origin, destination, MemoryProver(home=destination))
    assert isinstance(call, Call)
    await settle.settle(due, call, scene.walk.submitter(origin))
    origin.mine(2)

    await scene.rooms.settle()

    assert await states(scene, [waits, refund]) == [State.CONFIRMED, State.REFUNDED]


async def test_behind_what_others_settled_as_many_are_weighed_together_as_one_settlement_holds(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settlements, "MAX_SETTLED", 2)
    half = await scene.cost(2) // 2 + 10**9
    records = await scene.delivered(10**9, half, half)
    due = await scene.walk.owed()
    assert due is not None
    await scene.walk.settled(due.part(0, 1))

    looks = await scene.settle()

    assert looks == [True, False]
    assert await states(scene, records) == [State.SETTLED] * 3


async def test_behind_a_log_that_a_reorg_of_the_destination_has_cut_what_is_new_is_weighed_at_once(
    scene: Scene,
) -> None:
    await scene.delivered(*[0] * (MAX_SETTLED + 2), payee=SOMEBODY)
    await scene.settle()
    destination = scene.walk.destination
    log = Log(lane=scene.walk.lane, kind=LogKind.RECEIPTS)
    await scene.walk.store.take_back(log, BlockNumber(-1), scene.walk.clock.now())
    destination.reorg((await destination.head(Finality.LATEST)).number)
    destination.mine(3)

    await scene.delivered(0, payee=SOMEBODY)
    cut = await scene.settle()

    (ours,) = await scene.delivered(await scene.cost())
    looks = await scene.settle()

    assert (cut, looks) == ([False], [True, False])
    assert await states(scene, [ours]) == [State.SETTLED]


async def test_what_waited_costs_no_more_than_the_page_that_it_stands_on(scene: Scene) -> None:
    enough = await scene.cost(behind=PAGE_SIZE - 1)
    usual, scene.walk.origin.base_fee = scene.walk.origin.base_fee, 100 * 10**9
    (ours,) = await scene.delivered(enough)
    await scene.delivered(*[0] * (PAGE_SIZE + 20), payee=SOMEBODY)
    dear = await scene.settle()
    scene.walk.origin.base_fee = usual
    await scene.walk.clock.sleep(ROUND_SECONDS)

    looks = await scene.settle()

    assert dear == [False]
    assert looks[0] is True
    assert await states(scene, [ours]) == [State.SETTLED]


async def test_an_expiry_that_was_recorded_again_costs_nothing_beside_its_hash(scene: Scene) -> None:
    refunds = [await scene.expired(fee=5 * 10**9)]
    await again(scene, refunds[0], 5)
    refunds.append(await scene.expired(fee=5 * 10**9))
    await again(scene, refunds[1], 5)

    due = await scene.rooms._settlements.next()
    looks = await scene.settle()

    assert due is not None
    assert [entry.index for entry in due.entries] == list(range(7))
    (signed,) = [read(transaction_of(one).transaction.data) for one in scene.walk.origin.broadcasts]
    assert isinstance(signed, Settle)
    kinds = [type(one) for one in Settlement.parse(signed.segment).entries]
    assert kinds == [ExpiredMessage, *[Unopened] * 5, ExpiredMessage, *[Unopened] * 5]
    assert looks == [True, False]
    assert await states(scene, refunds) == [State.REFUNDED] * 2


async def test_the_more_wait_the_seldomer_they_are_weighed_anew(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settlements, "MAX_SETTLED", 1)
    monkeypatch.setattr(settlements, "PASSED_SECONDS", ROUND_SECONDS)
    whole = await scene.cost(behind=3)
    records = await scene.delivered(whole, *[10**9] * 2, whole)
    usual, scene.walk.origin.base_fee = scene.walk.origin.base_fee, 100 * 10**9
    await scene.settle()
    scene.walk.origin.base_fee = usual

    await scene.walk.clock.sleep(2 * ROUND_SECONDS)
    early = await scene.settle()
    between = await states(scene, records)
    await scene.walk.clock.sleep(ROUND_SECONDS)
    await scene.settle()

    assert early == [True, False]
    assert between == [State.CONFIRMED] * 3 + [State.SETTLED]
    assert await states(scene, records) == [State.SETTLED] + [State.CONFIRMED] * 2 + [State.SETTLED]


async def test_on_an_attested_lane_what_waited_costs_no_more_than_itself() -> None:
    async with SqliteStore(":memory:") as store:
        scene = scene_of(AttestedWalk(World(), store, ManualClock()), Carry.PAID)
        enough = await scene.cost(behind=MAX_SETTLED - 1)
        usual, scene.walk.origin.base_fee = scene.walk.origin.base_fee, 100 * 10**9
        (ours,) = await scene.delivered(enough)
        await scene.delivered(*[0] * 2 * MAX_SETTLED, payee=SOMEBODY)
        dear = await scene.rooms._settlements.next()
        scene.walk.origin.base_fee = usual
        await scene.walk.clock.sleep(ROUND_SECONDS)

        due = await scene.rooms._settlements.next()

        assert dear is None
        assert due is not None
        assert [entry.index for entry in due.entries] == [0]
        assert await states(scene, [ours]) == [State.CONFIRMED]
