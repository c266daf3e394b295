"""Judging: nothing is carried at a loss; what is declined says why, and is looked at again."""

from collections.abc import AsyncIterator, Sequence

import pytest
from attrs import evolve

from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.message import DEFAULT_GAS_LIMIT, Message
from xl2.core.types import Nonce, Timestamp, Wei
from xl2.flow.submit import JournalledSubmitter
from xl2.plan import DELIVERY_GAS, SETTLEMENT_GAS, data_fee_of, quote, whole_gwei
from xl2.ports import Rates, Record, Store
from xl2.relayer import LaneParts
from xl2.relayer.choosing.policy import Carry, Policy, Terms
from xl2.relayer.lane_rooms import LaneRooms
from xl2.store import SqliteStore
from xl2.testing import ManualClock, MemoryChain, MemoryProver, MemorySigner, World

PAID = Policy(terms=Terms(carry=Carry.PAID, margin_percent=0))


class Scene:
    """One lane whose relayer wants its cost covered."""

    def __init__(self, store: SqliteStore) -> None:
        self.world, self.clock, self.store = World(), ManualClock(), store
        signer = MemorySigner.named("relayer")
        self.parts = LaneParts(
            lane=self.lane,
            origin=self.origin,
            destination=self.destination,
            provers=[MemoryProver(home=self.origin)],
            receipt_provers=[MemoryProver(home=self.destination)],
            submitters={
                one.chain: JournalledSubmitter(one, signer, store, self.clock)
                for one in (self.origin, self.destination)
            },
            store=store,
            clock=self.clock,
            policy=PAID,
        )
        self.rooms = LaneRooms(parts=self.parts)

    @property
    def lane(self) -> Lane:
        return self.world.lane(901, 902)

    @property
    def origin(self) -> MemoryChain:
        return self.world.chain(901)

    @property
    def destination(self) -> MemoryChain:
        return self.world.chain(902)

    def enough(self) -> Wei:
        """What covers a message that travels alone, at the gas prices of now."""
        kind, price = self.lane.assurance, self.destination.base_fee + 10**9
        gas = DELIVERY_GAS[kind] + SETTLEMENT_GAS[kind] + DEFAULT_GAS_LIMIT + 10_000
        return whole_gwei(gas * price)

    async def observed(self, *fees: int, gas_limit: int = DEFAULT_GAS_LIMIT) -> list[Record]:
        sent = [await self.origin.put(self.lane, b"hello", fee=Wei(fee), gas_limit=gas_limit) for fee in fees]
        self.origin.mine(2)
        await self.rooms.observe()
        return [await record(self.store, one.message.id) for one in sent]


async def record(store: Store, message_id: object) -> Record:
    found = await store.record(message_id)  # type: ignore[arg-type]
    assert found is not None
    return found


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with SqliteStore(":memory:") as store:
        yield Scene(store)


async def test_a_message_that_does_not_pay_its_delivery_says_so_and_holds_up_no_other(scene: Scene) -> None:
    poor, rich = await scene.observed(10**9, 10 * scene.enough())

    proven = await scene.rooms.prove()

    assert proven is not None
    assert [one.id for one in proven.segment.messages] == [rich.sent.message.id]
    assert "margin" in (await record(scene.store, poor.sent.message.id)).cause


async def test_a_base_fee_a_hundredfold_sends_nothing_and_it_goes_on_when_gas_falls(scene: Scene) -> None:
    fee = 2 * scene.enough()
    scene.destination.base_fee *= 100
    (waiting,) = await scene.observed(fee)

    declined = await scene.rooms.prove()
    scene.destination.base_fee //= 100
    too_soon = await scene.rooms.prove()
    scene.clock.advance(61)
    proven = await scene.rooms.prove()

    assert declined is None
    assert too_soon is None
    assert proven is not None
    assert proven.segment.messages == (waiting.sent.message,)
    assert scene.destination.broadcasts == []


async def test_a_top_up_makes_a_message_pay(scene: Scene) -> None:
    (poor,) = await scene.observed(10**9)
    assert await scene.rooms.prove() is None

    scene.origin.topped[poor.sent.message.id] = scene.enough()
    scene.clock.advance(61)

    assert await scene.rooms.prove() is not None


async def test_what_waited_for_its_turn_while_gas_rose_is_not_sent_at_a_loss(scene: Scene) -> None:
    (waiting,) = await scene.observed(2 * scene.enough())
    proven = await scene.rooms.prove()
    assert proven is not None

    scene.destination.base_fee *= 100
    scene.clock.advance(60)
    await scene.rooms.deliver(proven)

    assert scene.destination.broadcasts == []
    assert "wait until gas falls" in (await record(scene.store, waiting.sent.message.id)).cause


async def test_data_on_l1_is_part_of_the_cost(scene: Scene) -> None:
    fee = 2 * scene.enough()
    scene.destination.data_fee = Wei(10**18)
    await scene.observed(fee)

    assert await scene.rooms.prove() is None


@pytest.mark.parametrize("data_fee", [0, 10**15])
async def test_what_a_sender_is_quoted_is_enough_for_a_relayer_that_wants_its_cost_covered(
    scene: Scene, data_fee: int
) -> None:
    scene.destination.data_fee = Wei(data_fee)
    here, there, kind = await scene.origin.rates(), await scene.destination.rates(), scene.lane.assurance
    priced = quote(
        origin=scene.origin.chain,
        destination=scene.destination.chain,
        assurance=kind,
        payload_size=5,
        recipient_gas=DEFAULT_GAS_LIMIT,
        here=here.fees,
        there=there.fees,
        margin_percent=50,
        expiry=Timestamp(0),
        data_fee=data_fee_of(kind, 5, here, there),
    )

    await scene.observed(priced.fee_wei)

    assert await scene.rooms.prove() is not None


def cost(scene: Scene, messages: int) -> int:
    """Of a delivery of so many small messages, and of its receipt proven back: at least this."""
    kind, price = scene.lane.assurance, scene.destination.base_fee + 10**9
    return (DELIVERY_GAS[kind] - 15_000 + SETTLEMENT_GAS[kind] + messages * (DEFAULT_GAS_LIMIT + 15_000)) * price


async def test_who_pays_nothing_is_carried_between_those_who_pay_for_all_and_at_no_end(scene: Scene) -> None:
    """A segment holds neighbours without a gap: to leave these out would take a delivery for each of the others."""
    payer = whole_gwei(scene.enough() // 2)
    await scene.observed(*(payer if number % 2 else 0 for number in range(40)))

    proven = await scene.rooms.prove()

    assert proven is not None
    fees = [one.fee for one in proven.segment.messages]
    assert sum(fees) >= cost(scene, len(fees))
    assert fees[0] == fees[-1] == payer
    assert len(fees) == 39


async def test_who_pays_nothing_is_not_carried_where_the_others_do_not_pay_for_him(scene: Scene) -> None:
    """Else who sends many for nothing has each of the others delivered at the price of one among many."""
    await scene.observed(*(whole_gwei(scene.enough() // 3) if number % 2 else 0 for number in range(40)))

    assert await scene.rooms.prove() is None


async def test_where_every_message_is_denied_nothing_is_carried(scene: Scene) -> None:
    """Looked at twice: by the prices known, and by those of now."""
    rooms = LaneRooms(parts=evolve(scene.parts, policy=evolve(PAID, max_payload=1)))
    for _ in range(2):
        (denied,) = await scene.observed(10 * scene.enough())

        assert await rooms.prove() is None
        assert "payload" in (await record(scene.store, denied.sent.message.id)).cause


async def test_whoever_comes_later_is_carried_together_with_those_who_waited_for_company(scene: Scene) -> None:
    part = whole_gwei(scene.enough() // 2)
    early = [*await scene.observed(part), *await scene.observed(part)]
    alone = await scene.rooms.prove()
    why = (await record(scene.store, early[0].sent.message.id)).cause

    late = await scene.observed(part, part)
    together = await scene.rooms.prove()

    assert alone is None
    assert "waits for others to go with" in why
    assert together is not None
    assert [one.id for one in together.segment.messages] == [one.sent.message.id for one in (*early, *late)]


async def test_what_was_declined_for_minutes_is_carried_as_soon_as_its_company_comes(scene: Scene) -> None:
    part = whole_gwei(scene.enough() // 2)
    (early,) = await scene.observed(part)
    for _ in range(9):
        assert await scene.rooms.prove() is None
        scene.clock.advance(300)
    assert await scene.rooms.prove() is None

    late = await scene.observed(part, part, part)
    together = await scene.rooms.prove()

    assert together is not None
    assert [one.id for one in together.segment.messages] == [one.sent.message.id for one in (early, *late)]


async def test_company_is_found_after_a_restart_too(scene: Scene) -> None:
    part = whole_gwei(scene.enough() // 2)
    await scene.observed(part, part)
    assert await scene.rooms.prove() is None

    scene.rooms = LaneRooms(parts=scene.parts)
    await scene.observed(part, part)
    together = await scene.rooms.prove()

    assert together is not None
    assert len(together.segment.messages) == 4


async def test_company_that_a_person_skipped_meanwhile_is_not_carried(scene: Scene) -> None:
    part = whole_gwei(scene.enough() // 2)
    early = await scene.observed(part, part)
    assert await scene.rooms.prove() is None

    await scene.store.skip([early[0].sent.message.id], "poison")
    late = await scene.observed(part, part, part)
    together = await scene.rooms.prove()

    assert together is not None
    assert [one.id for one in together.segment.messages] == [one.sent.message.id for one in late]


async def test_what_waits_for_company_is_not_kept_beyond_its_expiry(scene: Scene) -> None:
    part = whole_gwei(scene.enough() // 2)
    soon = Timestamp(int(scene.clock.now()) + 2)
    sent = await scene.origin.put(scene.lane, b"hello", fee=part, expiry=soon)
    scene.origin.mine(2)
    await scene.rooms.observe()

    await scene.rooms.prove()

    assert (await record(scene.store, sent.message.id)).due <= soon


async def test_a_look_costs_one_round_trip_and_what_one_delivery_carries_however_many_rest(scene: Scene) -> None:
    """Who sends thousands that pay too little cannot have them judged again by each that he adds."""
    await scene.observed(*([10**9] * 1_500))
    while await scene.store.due(scene.lane, [State.OBSERVED], scene.clock.now(), 1):
        assert await scene.rooms.prove() is None
    asked = Asked(scene)

    await scene.observed(10**9)
    assert await scene.rooms.prove() is None

    assert asked.top_ups == [1]
    assert asked.rates == 2
    assert max(asked.ranges, default=0) <= 1_000


class Asked:
    """Counts what is asked from now on."""

    def __init__(self, scene: Scene) -> None:
        self.top_ups: list[int] = []
        self.ranges: list[int] = []
        self.rates = 0
        for chain in (scene.origin, scene.destination):
            self._count_rates(chain)
        self._count_top_ups(scene.origin)
        self._count_ranges(scene.store)

    def _count_rates(self, chain: MemoryChain) -> None:
        real = chain.rates

        async def rates() -> Rates:
            self.rates += 1
            return await real()

        chain.rates = rates  # type: ignore[method-assign]

    def _count_top_ups(self, chain: MemoryChain) -> None:
        real = chain.top_ups

        async def top_ups(messages: Sequence[Message]) -> Sequence[Wei]:
            self.top_ups.append(len(messages))
            return await real(messages)

        chain.top_ups = top_ups  # type: ignore[method-assign]

    def _count_ranges(self, store: SqliteStore) -> None:
        real = store.range

        async def read(lane: Lane, first: Nonce, last: Nonce) -> Sequence[Record]:
            found = await real(lane, first, last)
            self.ranges.append(len(found))
            return found

        store.range = read  # type: ignore[method-assign]


async def test_messages_that_go_together_share_what_their_delivery_takes(scene: Scene) -> None:
    await scene.observed(*(whole_gwei(scene.enough() // 2) for _ in range(40)))

    proven = await scene.rooms.prove()

    assert proven is not None
    assert len(proven.segment.messages) == 40


async def test_a_recipient_that_may_burn_much_is_paid_for_before_it_does(scene: Scene) -> None:
    await scene.observed(2 * scene.enough(), gas_limit=10_000_000)

    assert await scene.rooms.prove() is None


async def test_fees_that_unravel_one_by_one_end_in_few_rounds(scene: Scene) -> None:
    """Each would pay if the next one did; the last one does not."""
    kind, price = scene.lane.assurance, scene.destination.base_fee + 10**9
    shared, own = (DELIVERY_GAS[kind] + SETTLEMENT_GAS[kind]) * price, 220_000 * price
    fees = [own + shared // (number + 1) for number in range(60)]
    await scene.observed(*(whole_gwei(fee) for fee in reversed(fees)))

    proven = await scene.rooms.prove()

    assert proven is None or all(
        one.fee >= own + shared // len(proven.segment.messages) - 20_000 * price for one in proven.segment.messages
    )
