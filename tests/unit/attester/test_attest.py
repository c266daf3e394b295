"""The attester: signs heads of final blocks that it recomputed, and nothing else."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from attrs import evolve

from tests.attesters import CAROL, CONTRACT, attester_of, log_of
from xl2.attester.attest import HeadAttester
from xl2.core.attestation import Attestation
from xl2.core.evidence import Finality, Head
from xl2.core.lane import Lane, head_after
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, ChainId
from xl2.errors import Incident, NotFound, NotYet, ProofInvalid, RpcUnavailable
from xl2.ports import Block, Log, Sent, SignedHead
from xl2.testing import World
from xl2.testing.keys import signature


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def attester(world: World) -> HeadAttester:
    return attester_of(world, CAROL)


async def sent(world: World, count: int) -> None:
    for number in range(count):
        await world.chain(901).put(log_of(world).lane, f"message {number}".encode())
    world.chain(901).mine(2)


async def test_the_head_of_a_final_block_is_signed_for_its_reader(world: World, attester: HeadAttester) -> None:
    await sent(world, 3)
    log = log_of(world)
    ids = [message.id for message in world.chain(901).state.sent]

    signed = await attester.attest(log, BlockNumber(3))

    head = Head(log=log.id, head=head_after(log.id, ids), count=3)
    expected = Attestation(head=head, block=BlockNumber(3), chain=log.reader, contract=CONTRACT)
    assert signed == SignedHead(attestation=expected, signature=signature(expected.digest, CAROL.address))


async def test_an_older_block_has_its_own_head(world: World, attester: HeadAttester) -> None:
    await sent(world, 3)

    newer = await attester.attest(log_of(world), BlockNumber(3))
    older = await attester.attest(log_of(world), BlockNumber(1))

    assert (older.attestation.head.count, newer.attestation.head.count) == (1, 3)


async def test_a_question_that_is_cut_off_goes_on_where_it_was(
    world: World, attester: HeadAttester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xl2.flow.recompute.BLOCKS_AT_ONCE", 2)
    await sent(world, 5)
    chain, firsts = world.chain(901), []
    read = chain.sent

    async def cut_off_once(lane: Lane, first: BlockNumber, last: BlockNumber) -> Sequence[Sent]:
        firsts.append(first)
        if len(firsts) == 3:
            raise asyncio.CancelledError
        return await read(lane, first, last)

    monkeypatch.setattr(chain, "sent", cut_off_once)
    with pytest.raises(asyncio.CancelledError):
        await attester.attest(log_of(world), BlockNumber(5))
    signed = await attester.attest(log_of(world), BlockNumber(5))

    assert signed.attestation.head.count == 5
    assert firsts == [0, 2, 4, 4]


async def test_the_same_question_has_the_same_answer(world: World, attester: HeadAttester) -> None:
    await sent(world, 2)

    assert await attester.attest(log_of(world), BlockNumber(2)) == await attester.attest(log_of(world), BlockNumber(2))


async def test_a_block_that_is_not_final_is_never_signed(world: World, attester: HeadAttester) -> None:
    await sent(world, 1)

    with pytest.raises(NotYet, match="is not final"):
        await attester.attest(log_of(world), BlockNumber(2))


async def test_an_event_that_the_endpoint_leaves_out_stops_the_signature_for_now(
    world: World, attester: HeadAttester
) -> None:
    await sent(world, 3)
    first = world.chain(901).state.sent[0]

    world.chain(901).hide(first.id)
    with pytest.raises(ProofInvalid, match="missing"):
        await attester.attest(log_of(world), BlockNumber(3))
    world.chain(901).show_all()

    assert (await attester.attest(log_of(world), BlockNumber(3))).attestation.head.count == 3


async def test_a_last_event_that_is_left_out_contradicts_storage(world: World, attester: HeadAttester) -> None:
    await sent(world, 3)

    world.chain(901).hide(world.chain(901).state.sent[-1].id)

    with pytest.raises(ProofInvalid, match="storage holds"):
        await attester.attest(log_of(world), BlockNumber(3))


async def test_below_a_block_that_was_seen_to_be_final_nobody_is_asked_what_is_final(
    world: World, attester: HeadAttester, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sent(world, 3)
    await attester.attest(log_of(world), BlockNumber(3))
    asked: list[Finality] = []

    async def head(finality: Finality) -> Block:
        asked.append(finality)
        return await world.chain(901).block(BlockNumber(5))

    monkeypatch.setattr(world.chain(901), "head", head)

    assert (await attester.attest(log_of(world), BlockNumber(1))).attestation.head.count == 1
    assert asked == []
    await attester.attest(log_of(world), BlockNumber(4))
    assert asked == [Finality.FINALIZED]


async def test_what_is_read_for_one_lane_is_read_for_all_that_begin_there(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World((901, 902, 903))
    chains = {one: world.chain(one) for one in (ChainId(901), ChainId(902), ChainId(903))}
    attester = HeadAttester(signer=CAROL, chains=chains, verifiers=dict.fromkeys(chains, CONTRACT))
    one, other = (Log(lane=world.lane(901, to), kind=LogKind.LANE) for to in (902, 903))
    for log in (one, other):
        await attester.attest(log, BlockNumber(0))
    for log in (one, other):
        await world.chain(901).put(log.lane, b"message")
    world.chain(901).mine(2)

    await attester.attest(one, BlockNumber(2))
    monkeypatch.setattr(world.chain(901), "sent", None)

    assert (await attester.attest(other, BlockNumber(2))).attestation.head.count == 1


async def test_a_lane_whose_events_are_wrong_delays_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World((901, 902, 903))
    chain = world.chain(901)
    chains = {one: world.chain(one) for one in (ChainId(901), ChainId(902), ChainId(903))}
    attester = HeadAttester(signer=CAROL, chains=chains, verifiers=dict.fromkeys(chains, CONTRACT))
    one, other = (Log(lane=world.lane(901, to), kind=LogKind.LANE) for to in (902, 903))
    await attester.attest(other, BlockNumber(0))
    for log in (one, other, other):
        await chain.put(log.lane, b"message")
    chain.mine(2)
    all_of = chain.sent

    async def without_the_first(lane: Lane, first: BlockNumber, last: BlockNumber) -> Sequence[Sent]:
        found = await all_of(lane, first, last)
        return found[1:] if lane == other.lane else found

    monkeypatch.setattr(chain, "sent", without_the_first)

    assert (await attester.attest(one, BlockNumber(3))).attestation.head.count == 1
    with pytest.raises(ProofInvalid):
        await attester.attest(other, BlockNumber(3))
    monkeypatch.undo()
    assert (await attester.attest(other, BlockNumber(3))).attestation.head.count == 2


async def test_a_final_block_that_changed_is_an_incident(world: World, attester: HeadAttester) -> None:
    await sent(world, 3)
    await attester.attest(log_of(world), BlockNumber(3))

    world.chain(901).reorg(4)
    world.chain(901).mine(3)

    with pytest.raises(Incident, match="was final"):
        await attester.attest(log_of(world), BlockNumber(3))


async def test_logs_of_chains_that_it_does_not_know_are_refused(attester: HeadAttester) -> None:
    elsewhere = World((901, 902, 903)).lane(903, 901)

    with pytest.raises(NotFound, match="does not attest"):
        await attester.attest(Log(lane=elsewhere, kind=LogKind.LANE), BlockNumber(0))


@pytest.mark.parametrize("end", ["outbox", "inbox"])
async def test_lanes_between_other_contracts_are_not_even_read(world: World, attester: HeadAttester, end: str) -> None:
    other: dict[str, Any] = {end: b"\x66" * 20}
    odd = Log(lane=evolve(world.lane(901, 902), **other), kind=LogKind.LANE)
    world.chain(901).fail(AssertionError("it was read"))  # type: ignore[arg-type]

    with pytest.raises(NotFound, match="are not the ones"):
        await attester.attest(odd, BlockNumber(0))


async def test_an_error_of_its_endpoint_is_no_answer(world: World, attester: HeadAttester) -> None:
    await sent(world, 1)

    world.chain(901).fail(RpcUnavailable("down", endpoint="memory"))
    with pytest.raises(RpcUnavailable):
        await attester.attest(log_of(world), BlockNumber(1))

    assert (await attester.attest(log_of(world), BlockNumber(1))).attestation.head.count == 1


async def test_receipts_are_attested_to_the_origin(world: World, attester: HeadAttester) -> None:
    world.chain(902).mine(3)
    log = Log(lane=world.lane(901, 902), kind=LogKind.RECEIPTS)

    signed = await attester.attest(log, BlockNumber(1))

    assert signed.attestation.chain == 901
    assert (signed.attestation.head.head, signed.attestation.head.count) == (log.lane.receipt_log, 0)
