"""Prove: only what leads to the head that was shown leaves the room."""

import pytest
from attrs import evolve

from tests.unit.flow.walk import Walk
from xl2.core.evidence import Head
from xl2.core.types import BlockNumber, Hash32
from xl2.errors import NotYet, ProofInvalid
from xl2.flow.prove import BatchLimits, batch, prove
from xl2.ports import Log, Needed, Shown
from xl2.testing import MemoryProver


async def test_a_segment_leads_to_the_head_that_was_shown(walk: Walk) -> None:
    records = await walk.observed(3)

    proven = await walk.proven(records[:2])

    assert proven.segment.head == proven.shown.head.head
    assert [message.nonce for message in proven.segment.messages] == [0, 1]
    assert proven.segment.suffix == (records[2].sent.message.id,)


async def test_a_head_that_is_not_the_lanes_is_refused(walk: Walk) -> None:
    records = await walk.observed()
    honest = MemoryProver(home=walk.origin)

    class Lying(MemoryProver):
        async def show(self, log: Log, count: int, upto: BlockNumber, known: Hash32 | None = None) -> Shown | Needed:
            shown = await honest.show(log, count, upto, known)
            assert isinstance(shown, Shown)
            return evolve(shown, head=Head(log=shown.head.log, head=b"\x66" * 32, count=shown.head.count))

    with pytest.raises(ProofInvalid, match="lead to head"):
        await prove(records, walk.store, Lying(home=walk.origin))


async def test_a_head_over_other_messages_than_are_known_is_refused(walk: Walk) -> None:
    records = await walk.observed()
    honest = MemoryProver(home=walk.origin)

    class Ahead(MemoryProver):
        async def show(self, log: Log, count: int, upto: BlockNumber, known: Hash32 | None = None) -> Shown | Needed:
            shown = await honest.show(log, count, upto, known)
            assert isinstance(shown, Shown)
            return evolve(shown, head=evolve(shown.head, count=shown.head.count + 1))

    with pytest.raises(ProofInvalid):
        await prove(records, walk.store, Ahead(home=walk.origin))


async def test_what_the_prover_waits_for_is_waited_for(walk: Walk) -> None:
    records = await walk.observed()

    with pytest.raises(NotYet, match="a game"):
        await prove(records, walk.store, MemoryProver(home=walk.origin, waits_for="a game"))


async def test_a_batch_is_a_run_without_gap(walk: Walk) -> None:
    records = await walk.observed(5)

    chosen = batch([records[0], records[1], records[3], records[4]], BatchLimits())

    assert [one.sent.message.nonce for one in chosen] == [0, 1]


async def test_a_batch_stops_at_its_limits(walk: Walk) -> None:
    records = await walk.observed(6, gas_limit=1_000_000)

    by_count = batch(records, BatchLimits(messages=2))
    by_gas = batch(records, BatchLimits(gas=1_150_000))
    by_size = batch(records, BatchLimits(size=90))

    assert [len(chosen) for chosen in (by_count, by_gas, by_size)] == [2, 3, 2]


async def test_a_message_over_every_limit_still_goes_alone(walk: Walk) -> None:
    records = await walk.observed(2, gas_limit=9_000_000)

    chosen = batch(records, BatchLimits(gas=1))

    assert len(chosen) == 1
