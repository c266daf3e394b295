"""
Evidence: what a prover shows, the reader's own contract takes; what was touched or made up, it refuses.

Promise checked: `xl2.ports.Prover`, `Family.why_not`, `Destination`. The contract's verdict is that of a simulated
delivery: nothing here judges evidence by itself.
"""

from attrs import evolve, frozen

from xl2.core.evidence import Finality
from xl2.core.lane import Lane, head_after
from xl2.core.segment import Segment
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, Nonce
from xl2.errors import NotYet, Reverted
from xl2.ports import Call, Fate, Log, Needed, Prover, Sent, Shown
from xl2.testing.conformance.subject import Broken, Subject, expect

#: An entry that no log of a test has.
_FAR = 1_000_000


@frozen
class Proven:
    """A message, and what shows it."""

    sent: Sent
    shown: Shown
    #: The message alone, and all that links it to the head.
    segment: Segment


class Evidence:
    """Checks of every prover of the home chain's logs."""

    async def test_each_kind_of_evidence_has_a_prover_or_a_reason(self, subject: Subject) -> None:
        """A family that cannot show its logs in a way says why, in words; it never leaves it silently out."""
        names = {prover.name for prover in subject.provers}
        for kind in subject.kinds:
            reason = subject.why_not(kind)
            expect(
                (kind in names) == (reason is None), f"{kind}: provers are {sorted(names)}, the reason is {reason!r}"
            )
            expect(reason is None or " " in reason, f"{kind}: {reason!r} is no sentence")
        expect(bool(names), "there is no prover at all")

    async def test_the_readers_contract_takes_what_a_prover_shows_and_nothing_else(self, subject: Subject) -> None:
        """For each prover, as proving can take long: what is taken, what is refused, what is not shown at all."""
        for prover in subject.provers:
            proven = await prove(subject, prover)
            await _takes(subject, prover, proven)
            await _refuses_what_was_touched(subject, prover, proven)
            await _refuses_what_was_not_sent(subject, prover, proven)
            await _shows_nothing_that_is_not_there(subject, prover, proven)

    async def test_a_message_is_delivered_and_its_receipt_can_be_seen(self, subject: Subject) -> None:
        """By the first prover: the delivery is made, not simulated."""
        proven = await prove(subject, subject.provers[0])
        message, lane, reader = proven.sent.message, proven.segment.lane, subject.reader
        receipt = await subject.make(delivery(subject, proven))

        expect(receipt.succeeded, f"the delivery reverted: {receipt}")
        (fate,) = await reader.fates([message], receipt.block)
        expect(fate is Fate.DELIVERED, f"the inbox says {fate} of a delivered message")
        entries = await reader.receipts(lane, receipt.block, receipt.block)
        expect(bool(entries), f"block {receipt.block} has no receipt of the lane")
        state = await reader.log_state(Log(lane=lane, kind=LogKind.RECEIPTS), receipt.block)
        expect(
            state.count == entries[-1].index + 1,
            f"storage counts {state.count} receipts, the newest has place {entries[-1].index}",
        )
        await _once_only(subject, proven, state.count)


async def _takes(subject: Subject, prover: Prover, proven: Proven) -> None:
    """A head over the message, of the class that the prover says, and somebody who is believed or nobody."""
    shown, nonce = proven.shown, proven.sent.message.nonce
    covers = f"{prover.name} shows {shown.head.count} entries, asked was for {nonce + 1}"
    expect(shown.head.count > nonce, covers)
    expect(shown.assurance == prover.assurance, f"{prover.name} shows class {shown.assurance.name}")
    expect(bool(shown.trusted), f"{prover.name} does not say who is believed")
    await subject.reader.simulate(delivery(subject, proven), subject.payer)


async def _refuses_what_was_touched(subject: Subject, prover: Prover, proven: Proven) -> None:
    """Cut, grown, a bit turned."""
    evidence = proven.shown.evidence
    turned = [1, len(evidence) // 2] if len(evidence) > 2 else [0] if evidence else []
    for forged in (evidence[:-1], evidence + b"\x01", *(_turned(evidence, at) for at in turned)):
        call = delivery(subject, proven, evidence=forged)
        await _refused(subject, call, f"{prover.name} evidence that was touched: {forged.hex()[:80]}")


async def _refuses_what_was_not_sent(subject: Subject, prover: Prover, proven: Proven) -> None:
    """Another payload is another id, which leads to another head."""
    forged = evolve(proven.sent.message, payload=b"never said")
    segment = evolve(proven.segment, messages=(forged,))
    call = delivery(subject, evolve(proven, segment=segment))
    await _refused(subject, call, f"a message that was not sent, under {prover.name} evidence")


async def _shows_nothing_that_is_not_there(subject: Subject, prover: Prover, proven: Proven) -> None:
    """Neither an entry that the log does not have, nor one above the block that the asker knows."""
    message = proven.sent.message
    log, count = Log(lane=Lane.of(message), kind=LogKind.LANE), message.nonce + 1
    final = (await subject.home.head(Finality.FINALIZED)).number
    for asked, upto in ((count + _FAR, final), (count, BlockNumber(proven.sent.place.block - 1))):
        try:
            found = await prover.show(log, asked, upto)
        except NotYet:
            continue
        raise Broken(f"{prover.name} answers {found} for {asked} entries up to block {upto}")


async def prove(subject: Subject, prover: Prover) -> Proven:
    """Send a message of the prover's class and wait until it can be shown; calls that it needs are made."""
    lane = await subject.lane(prover.assurance)
    sent = await subject.send(lane, f"shown by {prover.name}".encode())
    log = Log(lane=lane, kind=LogKind.LANE)

    async def look() -> tuple[Shown, BlockNumber]:
        final = (await subject.home.head(Finality.FINALIZED)).number
        found = await prover.show(log, sent.message.nonce + 1, final)
        if isinstance(found, Needed):
            for call in found.calls:
                made = await subject.make(call)
                expect(made.succeeded, f"what {prover.name} needs reverted: {call.what}")
            raise NotYet(found.why)
        return found, final

    shown, upto = await subject.until(look, f"{prover.name} evidence for entry {sent.message.nonce} of the lane")
    expect(shown.at <= upto, f"{prover.name} shows a head of block {shown.at}, known is block {upto}")
    messages = [one.message for one in await subject.home.sent(lane, BlockNumber(0), upto)]
    before, after = messages[: sent.message.nonce], messages[sent.message.nonce + 1 : shown.head.count]
    segment = Segment(
        lane=lane,
        first=Nonce(sent.message.nonce),
        start=head_after(lane.log, (one.id for one in before)),
        messages=(sent.message,),
        suffix=tuple(one.id for one in after),
    )
    expect(segment.head == shown.head.head, f"{prover.name} shows a head that the lane's messages do not lead to")
    return Proven(sent, shown, segment)


def delivery(subject: Subject, proven: Proven, evidence: bytes | None = None) -> Call:
    """The call that delivers it, with its own evidence or another."""
    shown = proven.shown.evidence if evidence is None else evidence
    return subject.reader.deliver_call(proven.segment.encode(), shown, subject.payer)


async def _refused(subject: Subject, call: Call, what: str) -> None:
    """Expect the contract to refuse a call."""
    try:
        await subject.reader.simulate(call, subject.payer)
    except Reverted:
        return
    raise Broken(f"the reader's contract takes {what}")


async def _once_only(subject: Subject, proven: Proven, receipts: int) -> None:
    """Expect a second delivery to be refused, or to leave no receipt."""
    call = delivery(subject, proven)
    try:
        await subject.reader.simulate(call, subject.payer)
    except Reverted:
        return
    at = (await subject.make(call)).block
    again = await subject.reader.log_state(Log(lane=proven.segment.lane, kind=LogKind.RECEIPTS), at)
    expect(again.count == receipts, f"a second delivery left receipt {again.count}")


def _turned(evidence: bytes, at: int) -> bytes:
    return evidence[:at] + bytes((evidence[at] ^ 0x80,)) + evidence[at + 1 :]
