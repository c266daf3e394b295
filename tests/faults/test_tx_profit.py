"""Gas a hundred times as dear, and fees that are added to: on real chains nothing is sent at a loss."""

from collections.abc import AsyncIterator

import pytest
from attrs import frozen

from tests.faults.ground import A, B
from tests.faults.scene import FEE, SENDERS, Parcel, Scene
from tests.integration.node import Node
from xl2.app.clients import signer_of
from xl2.app.parts import parts_of
from xl2.app.relaying import able
from xl2.app.terms import policy_of
from xl2.config import load
from xl2.core.storage_proof import LogKind
from xl2.core.types import Wei, checksum, hex_text
from xl2.ports import Log, Sent
from xl2.relayer import LaneParts
from xl2.relayer.lane import LaneRooms
from xl2.sdk import Parts
from xl2.store import SqliteStore
from xl2.wallet import Unattended

GWEI = 10**9


@frozen
class Carrier:
    """The rooms of a relayer that wants its cost covered."""

    parts: Parts
    rooms: LaneRooms
    store: SqliteStore

    async def cause(self, sent: Sent) -> str:
        record = await self.store.record(sent.message.id)
        assert record is not None
        return record.cause

    async def observe(self) -> None:
        while await self.rooms.observe():
            pass

    async def hurry(self, *sent: Sent) -> None:
        await self.store.hurry([one.message.id for one in sent], self.parts.clock.now())


@pytest.fixture
async def carrier(scene: Scene) -> AsyncIterator[Carrier]:
    config = load(scene.configuration("paid", relayer={"policy": {"carry": "paid"}}))
    store = SqliteStore(scene.folder / "paid.sqlite")
    parts = parts_of(config, store=store, signer=signer_of(config, key="relayer"), hooks=Unattended())
    lane = LaneParts(
        lane=scene.lane,
        origin=parts.chains[scene.lane.origin],
        destination=parts.chains[scene.lane.destination],
        provers=able(parts, Log(lane=scene.lane, kind=LogKind.LANE)),
        receipt_provers=(),
        submitters={chain: parts.journalled(chain) for chain in parts.chains},
        store=store,
        clock=parts.clock,
        policy=policy_of(config),
    )
    yield Carrier(parts, LaneRooms(parts=lane), store)
    await parts.close()


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
    assert f"its fee of {FEE} wei is below the" in why
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
