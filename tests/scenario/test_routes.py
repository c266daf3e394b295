"""Messages from one real rollup to another and their receipts back, by each kind of evidence."""

import asyncio
from collections.abc import Awaitable, Mapping

import pytest

from tests.scenario.beside import Failure, told, walked
from tests.scenario.conftest import RouteOf, Valve
from tests.scenario.walks import delivered_and_settled, expired_and_refunded, to_nobody
from tests.scenario.ways import config_in, opened_attesters, opened_ways
from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, Timestamp, Wei
from xl2.errors import InvalidInput, NotYet, Reverted
from xl2.flow import deliver, send
from xl2.flow.prove import Proven
from xl2.ports import Call, Log, Needed
from xl2_adapters.proven import ProvenProver
from xl2_devnet import Description

A, B = "op-a", "op-b"
#: By kind of evidence, who sends and pays.
CARRIED = {"attested": "alice", "proven": "bob", "routed": "carol"}
OVERDUE = {"attested": "erin", "proven": "grace"}


@pytest.fixture(scope="module")
def ended(devnet: Description, tmp_path_factory: pytest.TempPathFactory) -> Mapping[tuple[str, str], Failure]:
    """Walks by each kind of evidence, at once; by what and which kind, what it failed with."""

    async def all_at_once() -> Mapping[tuple[str, str], Failure]:
        config = config_in(tmp_path_factory.mktemp("ways"), devnet)
        async with opened_attesters(config) as attesters, opened_ways(config, attesters) as way_of:
            walks: dict[tuple[str, str], Awaitable[None]] = {
                ("carried", kind): delivered_and_settled(way_of(kind, A, B, role), role)
                for kind, role in CARRIED.items()
            }
            for kind, role in OVERDUE.items():
                walks["refunded", kind] = expired_and_refunded(way_of(kind, A, B, role), role)
            return await walked(walks)

    return asyncio.run(all_at_once())


@pytest.mark.parametrize("kind", CARRIED)
def test_a_message_is_delivered_and_its_fee_earned(ended: Mapping[tuple[str, str], Failure], kind: str) -> None:
    told(ended["carried", kind])


async def test_a_root_that_is_kept_makes_later_evidence_small(route_of: RouteOf) -> None:
    route = route_of("proven")
    records = await route.observed([await route.send(to_nobody(route.destination.chain, "proven"))])
    prover = route.prover("op-a", "op-b")
    assert isinstance(prover, ProvenProver)
    log = Log(lane=Lane.of(records[0].sent.message), kind=LogKind.LANE)

    async def keep() -> Call:
        # No root may ever be about a block between the message and the last look.
        await route.observe(records[0].sent, LogKind.LANE)
        cursor = await route.store.cursor(log)
        assert cursor is not None
        found = await prover.keep(log, records[0].sent.message.nonce + 1, cursor.block)
        if isinstance(found, Needed):
            for call in found.calls:
                await route.submitter(route.destination).submit(call)
            raise NotYet(found.why)
        return found

    async def kept() -> Proven:
        await route.submitter(route.destination).submit(await route.until(keep))
        proven = await route.proven(records)
        if proven.shown.evidence[:2] != bytes((128, 0)):
            raise NotYet("a newer root stands before the one that is kept")
        return proven

    proven = await route.until(kept)
    await route.delivered(records)

    assert len(proven.shown.evidence) < 3_000
    assert await route.states(records) == {State.DELIVERED}


@pytest.mark.parametrize("kind", OVERDUE)
def test_a_message_that_nobody_delivered_in_time_is_refunded_by_proof(
    ended: Mapping[tuple[str, str], Failure], kind: str
) -> None:
    told(ended["refunded", kind])


async def test_a_hundred_messages_are_delivered_in_one_transaction(route_of: RouteOf) -> None:
    route = route_of("attested")
    submitter = route.submitter(route.origin, "grace")
    prepared = await send.prepare(
        to_nobody(route.destination.chain, "attested"), submitter.address, route.origin, route.destination
    )
    receipts = await asyncio.gather(*(submitter.submit(prepared.call) for _ in range(100)))
    sent = [await send.sent_by(receipt, prepared.lane, route.origin) for receipt in receipts]

    records = await route.observed(sorted(sent, key=lambda one: one.message.nonce))
    outcome = await route.delivered(records)

    assert outcome.receipt is not None
    assert {happening.place.tx_hash for happening in outcome.happenings if happening.place} == {outcome.receipt.tx_hash}
    assert await route.states(records) == {State.DELIVERED}


async def test_a_recipient_that_reverts_is_called_again_when_it_is_ready(route_of: RouteOf, valve: Valve) -> None:
    route = route_of("attested")
    outgoing = to_nobody(route.destination.chain, "attested", recipient=valve.address, allow_no_code=False)
    records = await route.observed([await route.send(outgoing, role="frank")])
    submitter = route.submitter(route.destination)

    await route.delivered(records)
    failed = await route.states(records)
    with pytest.raises(Reverted, match="NoProgress"):
        await deliver.retry(records[0].sent.message, 200_000, route.destination, submitter)
    await valve.open()
    outcome = await deliver.retry(records[0].sent.message, 200_000, route.destination, submitter)
    await route.store.happen(outcome.happenings, 0.0)

    assert failed == {State.FAILED}
    assert await route.states(records) == {State.DELIVERED}


async def test_what_cannot_be_delivered_is_refused_before_it_is_sent(route_of: RouteOf) -> None:
    route = route_of("attested")
    here, there, alice = route.origin, route.destination, route.account("alice").address

    async def refused(**fields: object) -> str:
        with pytest.raises(InvalidInput) as raised:
            await send.prepare(to_nobody(there.chain, "attested", **fields), alice, here, there)
        return raised.value.field or ""

    assert await refused(destination=here.chain) == "destination"
    assert await refused(allow_no_code=False) == "recipient"
    assert await refused(recipient=Address(bytes(20))) == "recipient"
    assert await refused(expiry=Timestamp(1)) == "expiry"
    assert await refused(payload=bytes(65_536)) == "payload"
    assert await refused(gas_limit=10_000_001) == "gas_limit"
    assert await refused(fee=Wei(1)) == "fee"
