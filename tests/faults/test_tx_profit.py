"""Dear gas, fees that are added to, recipients that take all and pay nothing: nobody drains a relayer that is paid."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from attrs import frozen

from tests.faults.ground import A, B
from tests.faults.rooms import rooms_on
from tests.faults.scene import FEE, SENDERS, Parcel, Scene
from tests.integration.node import Node
from tests.waiting import until
from xl2.core.amounts import wei_and_ether
from xl2.core.evidence import Finality
from xl2.core.lifecycle import State
from xl2.core.receipt import Delivered, parse_receipt
from xl2.core.types import Wei, checksum, hex_text
from xl2.plan import whole_gwei
from xl2.ports import Ending, Sent
from xl2.relayer.choosing.prices import Prices
from xl2.relayer.lane_rooms import LaneRooms
from xl2.sdk import Parts
from xl2.store import SqliteStore
from xl2_adapters.op_stack.chain import OpChain

GWEI = 10**9


@frozen
class Carrier:
    """The rooms of a relayer that wants its cost covered."""

    parts: Parts
    rooms: LaneRooms
    store: SqliteStore
    chain: OpChain

    async def cause(self, sent: Sent) -> str:
        record = await self.store.record(sent.message.id)
        assert record is not None
        return record.cause

    async def observe(self) -> None:
        while await self.rooms.observe():
            pass

    async def hurry(self, *sent: Sent) -> None:
        await self.store.hurry([one.message.id for one in sent], self.parts.clock.now())

    async def carry(self) -> None:
        """Deliver, and retry, until nothing more is due."""
        while (proven := await self.rooms.prove()) is not None:
            await self.rooms.deliver(proven)
        while await self.rooms.mend(await self.rooms.broken()):
            pass

    async def final(self, scene: Scene) -> None:
        """See what has become of everything, in final blocks."""
        scene.finalize()
        while await self.rooms.observe_receipts() or await self.rooms.confirm():
            pass

    async def wei(self) -> int:
        """What the account that pays has on the destination."""
        payer = self.rooms.parts.submitters[self.rooms.parts.lane.destination].address
        return int(str(await self.chain.ask("eth_getBalance", checksum(payer), "latest")), 16)


@contextlib.asynccontextmanager
async def carrying(scene: Scene, **policy: object) -> AsyncIterator[Carrier]:
    async with rooms_on(scene, carry="paid", **policy) as (rooms, parts, store):
        found = Carrier(parts, rooms, store, scene.destination)
        # What other tests sent is theirs; and where nothing is sent for long, gas costs what it costs next time too.
        scene.finalize(blocks=200)
        await found.observe()
        others = await store.messages(lane=scene.lane, states=(), after=None, limit=10_000)
        await store.skip([one.sent.message.id for one in others], "of another test")
        yield found


@pytest.fixture
async def carrier(scene: Scene) -> AsyncIterator[Carrier]:
    async with carrying(scene) as found:
        yield found


def dear(node: Node, wei: int) -> None:
    node.ask("anvil_setNextBlockBaseFeePerGas", hex(wei))
    node.ask("evm_mine")


async def test_gas_a_hundredfold_sends_nothing_and_it_goes_on_when_it_falls(scene: Scene, carrier: Carrier) -> None:
    (sent,) = await scene.send(Parcel(fee=FEE))
    scene.finalize()
    await carrier.observe()
    with scene.grounds[B].held() as node:
        dear(node, 100 * GWEI)
        declined = await carrier.rooms.prove()
        why = await carrier.cause(sent)
        dear(node, GWEI)

    await carrier.hurry(sent)
    proven = await carrier.rooms.prove()
    assert proven is not None
    await carrier.rooms.deliver(proven)

    assert declined is None
    assert f"its fee of {wei_and_ether(FEE)} is below the" in why
    assert "wait until gas falls" in why
    assert len(await scene.receipts_of([sent])) == 1


async def test_what_is_added_to_a_fee_on_the_chain_counts(scene: Scene, carrier: Carrier) -> None:
    (sent,) = await scene.send(Parcel(fee=Wei(GWEI)))
    scene.finalize()
    await carrier.observe()
    assert await carrier.rooms.prove() is None

    call = scene.origin.add_fee_call(sent.message, FEE)
    node = Node(scene.grounds[A].url)
    sender = node.ask("eth_accounts")[SENDERS[0]]
    given = {"from": sender, "to": checksum(call.to), "data": hex_text(call.data), "value": hex(call.value)}
    node.ask("eth_sendTransaction", given)
    node.ask("evm_mine")
    node.close()
    await carrier.hurry(sent)
    proven = await carrier.rooms.prove()

    assert await scene.origin.top_ups([sent.message]) == [FEE]
    assert proven is not None
    assert [one.id for one in proven.segment.messages] == [sent.message.id]


#: Gas that one who burns all of it asks for, and a fee that would pay for it many times.
BURNT = 500_000
LURE = Wei(10**17)
#: What may be lost within an hour here: six of them.
ALLOWANCE = 6 * (BURNT + 150_000)


async def most_price(scene: Scene) -> int:
    """More than a gas costs while a test runs."""
    fees = await scene.destination.fees()
    return 2 * (fees.base_fee + fees.priority_fee)


@pytest.mark.parametrize("habit", ["burns all gas", "reverts with a megabyte"])
async def test_who_owns_a_recipient_that_fails_cannot_make_a_paid_relayer_spend_more_than_its_allowance(
    scene: Scene, habit: str
) -> None:
    """He gets his fees back when they expire; without a bound, what is spent on him grows with what he sends."""
    async with carrying(scene, loss_gas_per_hour=ALLOWANCE) as carrier:
        before, sent = await carrier.wei(), list[Sent]()
        for _ in range(4):
            sent = await scene.send(*(Parcel(habit=habit, fee=LURE, gas_limit=BURNT) for _ in range(15)))
            scene.finalize()
            await carrier.observe()
            await carrier.hurry(*sent)
            await carrier.carry()
        spent = before - await carrier.wei()
        cause = await carrier.cause(sent[-1])

    assert 0 < spent <= ALLOWANCE * await most_price(scene)
    assert "loss_gas_per_hour" in cause


async def test_an_attacker_with_ever_new_recipients_is_held_to_the_same_allowance(scene: Scene) -> None:
    async with carrying(scene, loss_gas_per_hour=ALLOWANCE) as carrier:
        before = await carrier.wei()
        for _ in range(3):
            habits = ("burns all gas", "reverts", "reverts with a megabyte", "returns a megabyte")
            sent = await scene.send(*(Parcel(habit=one, fee=LURE, gas_limit=BURNT) for one in habits * 4))
            scene.finalize()
            await carrier.observe()
            await carrier.hurry(*sent)
            await carrier.carry()
        spent = before - await carrier.wei()

    assert 0 < spent <= ALLOWANCE * await most_price(scene)


async def test_honest_messages_among_those_that_fail_are_carried_at_a_gain(scene: Scene) -> None:
    async with carrying(scene, loss_gas_per_hour=ALLOWANCE) as carrier:
        honest: list[Sent] = []
        before, payer = await carrier.wei(), carrier.rooms.parts.submitters[scene.lane.destination].address
        for _ in range(4):
            sent = await scene.send(
                *(Parcel(habit=one, fee=LURE, gas_limit=BURNT) for one in ("counts", "burns all gas") * 6)
            )
            honest += [one for one in sent if one.message.recipient == scene.grounds[B].recipients["counts"]]
            scene.finalize()
            await carrier.observe()
            await carrier.carry()
            await carrier.hurry(*honest)
            await carrier.carry()
        spent = before - await carrier.wei()
        receipts = [parse_receipt(entry.data) for entry in await scene.receipts_of(honest)]

    earned = sum(one.fees for one in receipts if isinstance(one, Delivered) and one.payee == payer)
    assert earned >= len(honest) * LURE
    assert earned > spent


async def test_messages_that_expire_before_they_can_be_carried_are_held_to_the_allowance(scene: Scene) -> None:
    """To record an expiry costs gas and earns nothing, and the sender gets all of his fee back."""
    async with carrying(scene, loss_gas_per_hour=1_500_000) as carrier:
        sent = await scene.send(*(Parcel(fee=LURE, expires_in=30) for _ in range(20)))
        scene.pass_time(60)
        scene.finalize()
        await carrier.observe()
        before = await carrier.wei()
        await carrier.carry()
        spent = before - await carrier.wei()
        records = [await carrier.store.record(one.message.id) for one in sent]

    states = Counter(one.state for one in records if one is not None)
    assert states[State.EXPIRED] == 1_500_000 // 150_000
    assert states.keys() <= {State.EXPIRED, State.OVERDUE, State.OBSERVED}
    assert 0 < spent <= 1_500_000 * await most_price(scene)
    assert all("loss_gas_per_hour" in one.cause for one in records if one and one.state is not State.EXPIRED)


async def test_messages_that_do_not_pay_alone_are_delivered_together_when_the_last_of_them_comes(
    scene: Scene, carrier: Carrier
) -> None:
    """Each pays for itself and for a third of a delivery."""
    (probe,) = await scene.send(Parcel(fee=Wei(0)))
    scene.finalize(blocks=200)
    here, there = await scene.origin.rates(), await scene.destination.rates()
    prices = Prices(lane=scene.lane, here=here, there=there)
    part = whole_gwei((prices.own(probe.message) + prices.shared // 3) * 13 // 10)
    early = [*await scene.send(Parcel(fee=part)), *await scene.send(Parcel(fee=part))]
    scene.finalize()
    await carrier.observe()
    alone = await carrier.rooms.prove()
    cause = await carrier.cause(early[0])

    late = await scene.send(Parcel(fee=part), Parcel(fee=part))
    scene.finalize()
    await carrier.observe()
    proven = await carrier.rooms.prove()
    assert proven is not None
    before = await carrier.wei()
    await carrier.rooms.deliver(proven)
    spent = before - await carrier.wei()

    assert alone is None
    assert "waits for others" in cause
    assert [one.id for one in proven.segment.messages] == [one.message.id for one in (*early, *late)]
    assert 4 * part > spent


async def test_dear_gas_at_the_origin_keeps_fees_waiting_and_no_refund(scene: Scene, carrier: Carrier) -> None:
    await carrier.final(scene)
    while await carrier.rooms.settle():
        # What other tests earned is theirs.
        scene.finalize(A)
    (paid,) = await scene.send(Parcel(fee=FEE))
    scene.finalize()
    await carrier.observe()
    await carrier.carry()
    (late,) = await scene.send(Parcel(fee=FEE, expires_in=30))
    scene.pass_time(60)
    scene.finalize()
    await carrier.observe()
    await carrier.carry()
    await carrier.final(scene)

    with scene.grounds[A].held() as node:
        dear(node, 1_000 * GWEI)
        await _settled_by(carrier, node)
        why = await carrier.cause(paid)
        at_dear_gas = await _endings(scene, paid, late)
        dear(node, GWEI)
    scene.finalize(A)
    await carrier.rooms.settle()

    assert at_dear_gas == [Ending.OPEN, Ending.REFUNDED]
    assert f"brings this relayer {wei_and_ether(FEE)}" in why
    assert await _endings(scene, paid, late) == [Ending.SETTLED, Ending.REFUNDED]


async def _settled_by(carrier: Carrier, node: Node) -> None:
    """Two looks: what goes out, and what is said of the rest. Blocks come as there is something for them."""
    for expected in (True, False):
        look = asyncio.ensure_future(carrier.rooms.settle())

        async def over(look: "asyncio.Future[bool]" = look) -> bool | None:
            if int(node.ask("txpool_status")["pending"], 16):
                node.ask("evm_mine")
            return look.done() or None

        await until(over, "a look at settlements")
        assert await look is expected


async def _endings(scene: Scene, *sent: Sent) -> list[Ending]:
    tip = (await scene.origin.head(Finality.LATEST)).number
    return list(await scene.origin.endings([one.message for one in sent], tip))
