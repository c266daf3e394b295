"""The conformance suite fails for adapters that break a promise: a check that cannot fail is none."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest
from attrs import evolve

from tests.unit.testing.memory_subject import MemorySubject
from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.types import BlockNumber, ChainId, Hash32, MessageId
from xl2.errors import RpcUnavailable
from xl2.ports import Block, Log, LogState, Needed, Sent, Shown, TxReceipt
from xl2.testing.conformance import Broken, Conformance

Fault = Callable[[MemorySubject, pytest.MonkeyPatch], None]
CHECKS = Conformance()


@pytest.fixture
async def subject() -> AsyncIterator[MemorySubject]:
    made = MemorySubject()
    yield made
    await made.store.close()


def hides_the_last_message(subject: MemorySubject, patch: pytest.MonkeyPatch) -> None:
    honest = subject.home.sent

    async def sent(lane: Lane, first: BlockNumber, last: BlockNumber) -> Sequence[Sent]:
        return list(await honest(lane, first, last))[:-1] if first == 0 else await honest(lane, first, last)

    patch.setattr(subject.home, "sent", sent)


def tells_no_message_of_a_single_block(subject: MemorySubject, patch: pytest.MonkeyPatch) -> None:
    honest, sending = subject.home.sent, list[bytes]()

    async def sent(lane: Lane, first: BlockNumber, last: BlockNumber) -> Sequence[Sent]:
        return [] if first == last and not sending else await honest(lane, first, last)

    async def send(lane: Lane, payload: bytes) -> Sent:
        sending.append(payload)
        made = await subject.home.put(lane, payload, sender=subject.payer)
        sending.clear()
        return made

    patch.setattr(subject.home, "sent", sent)
    patch.setattr(subject, "send", send)


def finds_anything(subject: MemorySubject, patch: pytest.MonkeyPatch) -> None:
    async def find_sent(message_id: MessageId) -> Sent | None:
        del message_id
        return await subject.send(subject.world.lane(901, 902), b"")

    patch.setattr(subject.home, "find_sent", find_sent)


def calls_the_tip_final(subject: MemorySubject, patch: pytest.MonkeyPatch) -> None:
    honest = subject.home.head

    async def head(finality: Finality) -> Block:
        opposite = {Finality.LATEST: Finality.FINALIZED, Finality.FINALIZED: Finality.LATEST}
        return await honest(opposite.get(finality, finality))

    patch.setattr(subject.home, "head", head)


def answers_the_tip_for_blocks_above_it(subject: MemorySubject, patch: pytest.MonkeyPatch) -> None:
    honest = subject.home.block

    async def block(number: BlockNumber) -> Block:
        tip = await subject.home.head(Finality.LATEST)
        return tip if number > tip.number else await honest(number)

    patch.setattr(subject.home, "block", block)


def believes_nobody(subject: MemorySubject, patch: pytest.MonkeyPatch) -> None:
    honest = subject.prover.show

    async def show(log: Log, count: int, upto: BlockNumber, known: Hash32 | None = None) -> Shown | Needed:
        shown = await honest(log, count, upto, known)
        return evolve(shown, trusted=()) if isinstance(shown, Shown) else shown

    patch.setattr(type(subject.prover), "show", lambda _, *given: show(*given))


def shows_what_is_newer_than_the_asker_knows(subject: MemorySubject, patch: pytest.MonkeyPatch) -> None:
    honest = subject.prover.show

    async def show(log: Log, count: int, upto: BlockNumber, known: Hash32 | None = None) -> Shown | Needed:
        del upto
        return await honest(log, count, BlockNumber(10**6), known)

    patch.setattr(type(subject.prover), "show", lambda _, *given: show(*given))


def believes_what_was_touched(subject: MemorySubject, patch: pytest.MonkeyPatch) -> None:
    honest = subject.reader._judge
    cut = slice(0, 17)

    def judge(log: Hash32, head: Hash32, count: int, evidence: bytes) -> bool:
        return honest(log, head, count, evidence) or len(evidence[cut]) == len(evidence)

    patch.setattr(subject.reader, "_judge", judge)


def believes_any_message(subject: MemorySubject, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(subject.reader, "_judge", lambda *given: len(given[-1]) == 18 and given[-1][1] == given[-1][9] == 0)


def leaves_a_kind_out(subject: MemorySubject, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(subject, "why_not", lambda _: None)


def keeps_no_receipts(subject: MemorySubject, patch: pytest.MonkeyPatch) -> None:
    async def receipts(*_: object) -> Sequence[object]:
        return []

    patch.setattr(subject.reader, "receipts", receipts)


def remembers_what_was_taken_back(subject: MemorySubject, patch: pytest.MonkeyPatch) -> None:
    honest, seen = subject.home.sent, list[Sent]()

    async def sent(lane: Lane, first: BlockNumber, last: BlockNumber) -> Sequence[Sent]:
        found = list(await honest(lane, first, last))
        return found or seen

    async def put(lane: Lane, payload: bytes) -> Sent:
        made = await subject.home.put(lane, payload, sender=subject.payer)
        seen.append(made)
        return made

    patch.setattr(subject.home, "sent", sent)
    patch.setattr(subject, "send", put)


def says_nothing_is_there_while_it_is_down(subject: MemorySubject, patch: pytest.MonkeyPatch) -> None:
    honest = subject.home.sent

    async def sent(lane: Lane, first: BlockNumber, last: BlockNumber) -> Sequence[Sent]:
        try:
            return await honest(lane, first, last)
        except RpcUnavailable:
            return []

    patch.setattr(subject.home, "sent", sent)


def forgets_after_an_outage(subject: MemorySubject, patch: pytest.MonkeyPatch) -> None:
    honest, was_down = subject.home.log_state, list[bool]()

    async def log_state(log: Log, at: BlockNumber) -> LogState:
        if subject.home.is_down:
            was_down.append(True)
        state = await honest(log, at)
        return evolve(state, count=0) if was_down else state

    patch.setattr(subject.home, "log_state", log_state)


def answers_for_another_chain(subject: MemorySubject, patch: pytest.MonkeyPatch) -> None:
    async def answers_for() -> ChainId:
        return ChainId(1)

    patch.setattr(subject.home, "answers_for", answers_for)


def has_a_receipt_for_everything(subject: MemorySubject, patch: pytest.MonkeyPatch) -> None:
    async def tx_receipt(tx_hash: Hash32) -> TxReceipt:
        del tx_hash
        sent = await subject.send(subject.world.lane(901, 902), b"")
        found = await type(subject.home).tx_receipt(subject.home, sent.place.tx_hash)
        assert found is not None
        return found

    patch.setattr(subject.home, "tx_receipt", tx_receipt)


def gives_its_errors_no_name(subject: MemorySubject, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(subject.reader, "error_name", lambda _: None)


EVIDENCE = "test_the_readers_contract_takes_what_a_prover_shows_and_nothing_else"
STORAGE = "test_storage_holds_the_head_that_the_events_lead_to"
SEEN = "test_a_message_is_seen_once_with_the_fields_that_its_id_commits_to"
RANGES = "test_ranges_that_are_cut_tell_the_same_as_one"
OUTAGE = "test_an_outage_is_never_an_empty_answer"

#: What breaks, the check that tells, and words of what it says.
FAULTS: list[tuple[Fault, str, str]] = [
    (
        hides_the_last_message,
        STORAGE,
        "storage counts 1 messages at block 1, events 0",
    ),
    (tells_no_message_of_a_single_block, SEEN, "shows .. for the message"),
    (tells_no_message_of_a_single_block, RANGES, "one by one 0"),
    (finds_anything, "test_an_id_that_was_never_sent_is_none_and_no_error", "made-up id was found"),
    (calls_the_tip_final, "test_finality_levels_are_in_their_order", "FINALIZED is block 1, SAFE is block 0"),
    (answers_the_tip_for_blocks_above_it, "test_a_block_above_the_tip_is_not_there_yet", "block 1000000 is told to be"),
    (
        believes_nobody,
        EVIDENCE,
        "does not say who is believed",
    ),
    (
        shows_what_is_newer_than_the_asker_knows,
        EVIDENCE,
        "up to block 0",
    ),
    (
        believes_what_was_touched,
        EVIDENCE,
        "evidence that was touched",
    ),
    (
        believes_any_message,
        EVIDENCE,
        "a message that was not sent",
    ),
    (leaves_a_kind_out, "test_each_kind_of_evidence_has_a_prover_or_a_reason", "the reason is None"),
    (keeps_no_receipts, "test_a_message_is_delivered_and_its_receipt_can_be_seen", "has no receipt of the lane"),
    (remembers_what_was_taken_back, "test_what_was_taken_back_is_told_of_no_more", "which is another now"),
    (
        says_nothing_is_there_while_it_is_down,
        OUTAGE,
        "during an outage messages is answered",
    ),
    (forgets_after_an_outage, OUTAGE, "before the outage and is"),
    (answers_for_another_chain, "test_a_chain_answers_for_the_id_that_it_is_configured_with", "answers for 1"),
    (has_a_receipt_for_everything, "test_an_unknown_transaction_has_no_receipt", "made-up hash has receipt"),
    (gives_its_errors_no_name, "test_a_call_that_fails_says_why_before_it_is_paid_for", "the error None"),
]


@pytest.mark.parametrize(("fault", "check", "told"), FAULTS, ids=[f"{one[0].__name__}-{one[1]}" for one in FAULTS])
async def test_an_adapter_that_breaks_a_promise_is_told_which(
    subject: MemorySubject, monkeypatch: pytest.MonkeyPatch, fault: Fault, check: str, told: str
) -> None:
    fault(subject, monkeypatch)
    run: Callable[[MemorySubject], Awaitable[None]] = getattr(CHECKS, check)

    with pytest.raises(Broken, match=told):
        await run(subject)
