"""What a reorg of final blocks has cost is told once for each message, and what stands no more is forgotten."""

from collections.abc import AsyncIterator

import pytest

from tests.heard import Heard
from tests.unit.flow.walk import RELAYER, Walk
from xl2.core.evidence import Finality
from xl2.core.lifecycle import State
from xl2.core.storage_proof import LogKind
from xl2.core.types import Wei
from xl2.errors import Incident
from xl2.ports import AlarmKind, Log
from xl2.relayer import LaneParts, incident
from xl2.store import SqliteStore
from xl2.testing import ManualClock, MemoryProver, World

FEE = Wei(10**9)
COUNT = 6


@pytest.fixture
async def walk() -> AsyncIterator[Walk]:
    async with SqliteStore(":memory:") as store:
        yield Walk(World(), store, ManualClock())


def parts_of(walk: Walk, heard: Heard) -> LaneParts:
    chains = {chain.chain: chain for chain in (walk.origin, walk.destination)}
    return LaneParts(
        lane=walk.lane,
        origin=walk.origin,
        destination=walk.destination,
        provers=[MemoryProver(home=walk.origin)],
        receipt_provers=[MemoryProver(home=walk.destination)],
        submitters={chain: walk.submitter(one) for chain, one in chains.items()},
        store=walk.store,
        clock=walk.clock,
        observer=heard,
    )


async def test_messages_that_were_paid_for_are_named_once_each_however_many_receipts_went_from_the_store(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xl2.relayer.incident._AT_ONCE", 4)
    records = await walk.observed(COUNT, fee=FEE)
    before = (await walk.destination.head(Finality.LATEST)).number
    for record in records:
        await walk.delivered([record])
    await walk.confirmed(records)
    await walk.settled()
    await walk.store._run(lambda db: db.execute("DELETE FROM entries WHERE place < 2"))
    heard = Heard()

    walk.destination.reorg((await walk.destination.head(Finality.LATEST)).number - before)
    await incident.meet(parts_of(walk, heard), Incident("a block that was final is gone"))

    (alarm,) = heard.alarms
    assert (alarm.kind, alarm.value) == (AlarmKind.DEEP_REORG, 4 * FEE)
    assert sorted(alarm.ids) == sorted(one.sent.message.id for one in records[2:])
    assert await walk.states(records) == [State.SETTLED] * COUNT
    assert await walk.store.count(Log(lane=walk.lane, kind=LogKind.RECEIPTS)) == 0
    assert await walk.origin.credit(RELAYER.address) == COUNT * FEE
