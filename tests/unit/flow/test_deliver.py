"""Deliver: once, in time, and never paid for what is over."""

import pytest

from tests.unit.flow.walk import RELAYER, Walk
from xl2.core.lifecycle import State
from xl2.core.types import Address, Timestamp, Wei
from xl2.errors import NotYet, Reverted
from xl2.flow import deliver

RECIPIENT = Address(b"\x77" * 20)


async def test_a_batch_is_delivered_in_one_transaction(walk: Walk) -> None:
    records = await walk.observed(100)

    await walk.delivered(records)

    assert await walk.states(records) == [State.DELIVERED] * 100
    assert len(walk.destination.broadcasts) == 1


async def test_what_somebody_else_delivered_costs_nothing(walk: Walk) -> None:
    records = await walk.observed(2)
    proven = await walk.proven(records)
    await walk.delivered(records)
    sent_before = len(walk.destination.broadcasts)

    submitter = walk.submitter(walk.destination)
    again = await deliver.deliver(proven.segment, proven.shown.evidence, walk.destination, submitter)

    assert again.receipt is None
    assert len(again.happenings) == 2
    assert len(walk.destination.broadcasts) == sent_before


async def test_the_ends_that_are_over_are_cut_off_and_the_head_stays(walk: Walk) -> None:
    records = await walk.observed(4)
    proven = await walk.proven(records)
    over = {records[0].sent.message.id, records[3].sent.message.id}

    narrowed = deliver.narrow(proven.segment, over)

    assert narrowed is not None
    assert [message.nonce for message in narrowed.messages] == [1, 2]
    assert (narrowed.head, narrowed.end) == (proven.segment.head, proven.segment.end)


async def test_a_failing_recipient_holds_up_no_other(walk: Walk) -> None:
    walk.destination.recipients[RECIPIENT] = lambda message, _: message.nonce != 1
    records = await walk.observed(3, recipient=RECIPIENT)

    outcome = await walk.delivered(records)

    assert await walk.states(records) == [State.DELIVERED, State.FAILED, State.DELIVERED]
    assert outcome.reasons == {records[1].sent.message.id: "Failed"}


async def test_a_failed_message_is_retried_with_more_gas(walk: Walk) -> None:
    walk.destination.recipients[RECIPIENT] = lambda _, gas: gas >= 300_000
    (record,) = await walk.observed(1, recipient=RECIPIENT)
    await walk.delivered([record])
    submitter = walk.submitter(walk.destination)

    with pytest.raises(Reverted, match="NoProgress"):
        await deliver.retry(record.sent.message, 200_000, walk.destination, submitter)
    outcome = await deliver.retry(record.sent.message, 300_000, walk.destination, submitter)
    await walk.store.happen(outcome.happenings, walk.clock.now())

    assert await walk.states([record]) == [State.DELIVERED]


async def test_a_failure_that_a_reorg_took_is_proven_and_delivered_anew(walk: Walk) -> None:
    walk.destination.recipients[RECIPIENT] = lambda *_: False
    (record,) = await walk.observed(1, recipient=RECIPIENT)
    walk.destination.mine(3)
    await walk.delivered([record])
    walk.destination.reorg(1)

    submitter = walk.submitter(walk.destination)
    outcome = await deliver.retry(record.sent.message, 200_000, walk.destination, submitter)
    await walk.store.happen(outcome.happenings, walk.clock.now())

    assert await walk.states([record]) == [State.OBSERVED]


async def test_a_delivery_of_somebody_else_that_a_reorg_took_is_proven_anew(walk: Walk) -> None:
    records = await walk.observed(1)
    walk.destination.mine(3)
    proven = await walk.proven(records)
    submitter = walk.submitter(walk.destination)
    await deliver.deliver(proven.segment, proven.shown.evidence, walk.destination, submitter)
    seen = await deliver.look([records[0].sent.message], walk.destination)
    await walk.store.happen(seen.happenings, walk.clock.now())
    walk.destination.reorg(1)

    believed = await walk.states(records)
    await walk.confirmed(records)

    assert believed == [State.DELIVERED]
    assert await walk.states(records) == [State.OBSERVED]


async def test_what_failed_is_delivered_anew_when_its_evidence_fell(walk: Walk) -> None:
    walk.destination.recipients[RECIPIENT] = lambda *_: False
    (record,) = await walk.observed(1, recipient=RECIPIENT)
    await walk.delivered([record])
    walk.destination.recipients[RECIPIENT] = lambda *_: True
    proven = await walk.proven([record])
    submitter = walk.submitter(walk.destination)

    left_alone = await deliver.deliver(proven.segment, proven.shown.evidence, walk.destination, submitter)
    anew = await deliver.deliver(proven.segment, proven.shown.evidence, walk.destination, submitter, anew=True)
    await walk.store.happen(anew.happenings, walk.clock.now())

    assert left_alone.receipt is None
    assert await walk.states([record]) == [State.DELIVERED]


async def test_after_its_expiry_a_message_is_expired_and_never_delivered(walk: Walk) -> None:
    expiry = Timestamp(1_700_000_010)
    (record,) = await walk.observed(1, expiry=expiry, fee=Wei(10**9))
    walk.destination.mine(1, seconds=60)

    await walk.delivered([record])
    late = await walk.states([record])
    await walk.expired(await walk.record(record.sent.message.id))

    assert late == [State.OVERDUE]
    assert await walk.states([record]) == [State.EXPIRED]


async def test_nothing_is_expired_before_its_time(walk: Walk) -> None:
    (record,) = await walk.observed(1, expiry=Timestamp(1_800_000_000))

    with pytest.raises(NotYet, match="expires after"):
        await walk.expired(record)

    assert walk.destination.broadcasts == []


async def test_evidence_that_fell_is_refused_before_gas_is_paid(walk: Walk) -> None:
    records = await walk.observed()
    proven = await walk.proven(records)
    walk.world.believes = False

    submitter = walk.submitter(walk.destination)
    with pytest.raises(Reverted, match="UnknownHead"):
        await deliver.deliver(proven.segment, proven.shown.evidence, walk.destination, submitter)

    assert walk.destination.broadcasts == []


async def test_the_payee_may_be_another_than_the_one_who_pays(walk: Walk) -> None:
    records = await walk.observed(1, fee=Wei(10**9))
    proven = await walk.proven(records)
    payee = Address(b"\x55" * 20)
    submitter = walk.submitter(walk.destination)

    outcome = await deliver.deliver(proven.segment, proven.shown.evidence, walk.destination, submitter, payee=payee)
    await walk.store.happen(outcome.happenings, walk.clock.now())
    await walk.confirmed(records)
    await walk.settled()

    assert await walk.origin.credit(payee) == 10**9
    assert await walk.origin.credit(RELAYER.address) == 0
