"""
Callers: a state machine that makes every call anyone may make, honest or not, in any order.

What happens is chosen by Hypothesis; what it means, by `protocol_world`; what must hold after each call, by `promises`.
Promise: whoever mirrors the world elsewhere sees each call, each reorg and each time that a chain becomes final.
"""

from collections.abc import Sequence
from typing import TypeVar

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.factories import gwei, message, some_address
from tests.property.protocol_model import Evidence, Kind, Mood, Rules
from tests.property.protocol_world import (
    ATTESTER,
    BEFORE,
    LANES,
    NOTARY,
    AddFee,
    Call,
    Claim,
    Deliver,
    Expire,
    Lanes,
    PauseLane,
    PauseVerifier,
    ReinstateVerifier,
    ResumeLane,
    Retry,
    Send,
    SetMood,
    SetPolicy,
    Settle,
    Show,
    Side,
    World,
    log_heard,
)
from xl2.core.evidence import Head, VerifierMask, VerifierNumber
from xl2.core.lane import Lane
from xl2.core.receipt import Delivered, Expired, Receipt
from xl2.core.segment import Segment
from xl2.core.settlement import Entry, Settlement, Unopened, opened
from xl2.core.types import Address, Assurance, Nonce, Timestamp

SENDERS = (some_address("sender"), some_address("another sender"))
RECIPIENTS = tuple(some_address(name) for name in ("recipient", "another recipient", "a third recipient"))
RELAYERS = (some_address("relayer"), some_address("another relayer"))
FORGER = some_address("forger")
ACCOUNTS = (*SENDERS, *RELAYERS, FORGER)

ANY = VerifierMask(0)
POLICIES = (ANY, ANY, VerifierMask(1 << ATTESTER), VerifierMask(1 << NOTARY))

T = TypeVar("T")
DATA = st.data()
#: Seconds until a message expires; 0: never. A call takes one.
LIFETIMES = st.sampled_from((0, 5, 20, 60))
SIDES = st.sampled_from(Side)
ASSURANCES = st.sampled_from(list(LANES))


class Callers(RuleBasedStateMachine):
    """Two chains, honest contracts, hostile callers, and an attester whose keys may forge."""

    protocol = Rules()
    lanes: Lanes = LANES
    moods: tuple[Mood, ...] = (Mood.TAKES, Mood.FAILS, Mood.REENTERS)

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.protocol, self.lanes)
        #: Every message there ever was, forged and taken back ones included.
        self.known = {m.id: m for of in self.lanes.values() for m in self.world.outbox.sent[of]}
        self.made: list[AddFee | Deliver | Retry | Expire | Settle] = []
        self.has_forged = False

    @initialize(assurance=ASSURANCES, lifetime=st.sampled_from((20, 60)))
    def begin(self, assurance: Assurance, lifetime: int) -> None:
        """Have something to work on: three messages, final."""
        for number, (who, to) in enumerate(zip((*SENDERS, SENDERS[0]), RECIPIENTS, strict=True)):
            self._send(assurance, who, to, lifetime, number + 1)
        self.do(SetMood(recipient=RECIPIENTS[-1], mood=Mood.FAILS))
        self.finalize(Side.ORIGIN)

    # What honest people do

    @rule(data=DATA, lifetime=LIFETIMES, fee=st.integers(0, 5), is_final=st.booleans())
    def send(self, data: st.DataObject, lifetime: int, fee: int, is_final: bool) -> None:
        who, to = self._pick(data, SENDERS), self._pick(data, RECIPIENTS)
        self._send(data.draw(ASSURANCES, label="class"), who, to, lifetime, fee)
        if is_final:
            self.finalize(Side.ORIGIN)

    @precondition(lambda self: self._busy())
    @rule(data=DATA, amount=st.integers(0, 3))
    def top_up(self, data: st.DataObject, amount: int) -> None:
        of = self._pick(data, self._busy())
        nonce = self._pick(data, range(BEFORE, len(self.world.outbox.sent[of]) + 1))
        self.do(AddFee(lane=of, nonce=Nonce(nonce), amount=gwei(amount)))

    @precondition(lambda self: self._busy())
    @rule(data=DATA, payee=st.sampled_from(RELAYERS), is_inline=st.booleans(), is_final=st.booleans())
    def deliver(self, data: st.DataObject, payee: Address, is_inline: bool, is_final: bool) -> None:
        of = self._pick(data, self._busy())
        heads = self.world.final_log(Kind.LANE, of)
        if len(heads) - 1 <= BEFORE:
            return
        end = len(heads) - 1
        open_ = [n for n in range(BEFORE, end) if (of, n) not in self.world.inbox.delivered]
        first, count = (open_[0], end - open_[0]) if open_ else (end - 1, 1)
        if data.draw(st.booleans(), label="just some of it"):
            end = max(BEFORE + 1, end - data.draw(st.integers(0, 2), label="behind the tip"))
            first = end - data.draw(st.integers(1, min(5, end - BEFORE + 1)), label="covered")
            count = data.draw(st.integers(1, end - first), label="carried")
        sent = self.world.outbox.sent[of]
        segment = Segment(
            lane=of,
            first=Nonce(first),
            start=heads[first],
            messages=sent[first : first + count],
            suffix=tuple(m.id for m in sent[first + count : end]),
        )
        evidence = self._evidence(data, Kind.LANE, of, end)
        if not is_inline:
            self.do(Show(side=Side.DESTINATION, evidence=evidence))
        self.do(Deliver(wire=segment.encode(), evidence=evidence if is_inline else None, payee=payee))
        if is_final:
            self.finalize(Side.DESTINATION)

    @precondition(lambda self: self.world.inbox.failed)
    @rule(data=DATA, payee=st.sampled_from(RELAYERS), mood=st.sampled_from((Mood.TAKES, Mood.TAKES, Mood.FAILS)))
    def retry(self, data: st.DataObject, payee: Address, mood: Mood) -> None:
        failed = self.known[self._pick(data, list(self.world.inbox.failed))]
        self.do(SetMood(recipient=failed.recipient, mood=mood))
        self.do(Retry(message=failed, payee=payee))

    @rule(data=DATA, is_final=st.booleans())
    def expire(self, data: st.DataObject, is_final: bool) -> None:
        mortal = [each for each in self.known.values() if each.expiry]
        self.do(Expire(message=self._pick(data, mortal)))
        if is_final:
            self.finalize(Side.DESTINATION)

    @precondition(lambda self: any(self.world.inbox.receipts.values()))
    @rule(data=DATA)
    def settle(self, data: st.DataObject) -> None:
        of = self._pick(data, [of for of, receipts in self.world.inbox.receipts.items() if receipts])
        receipts = self.world.inbox.receipts[of]
        heads = self.world.final_log(Kind.RECEIPTS, of)
        if len(heads) == 1:
            return
        first = data.draw(st.integers(0, len(heads) - 2), label="first")
        end = data.draw(st.integers(first + 1, len(heads) - 1), label="end")
        entries = tuple(self._opened(of, receipt, data) for receipt in receipts[first:end])
        settlement = Settlement(
            destination=of.destination, assurance=of.assurance, first=first, start=heads[first], entries=entries
        )
        self.do(Settle(wire=settlement.encode(), evidence=self._evidence(data, Kind.RECEIPTS, of, end)))

    @precondition(lambda self: self.world.outbox.credit)
    @rule(who=st.sampled_from(ACCOUNTS))
    def claim(self, who: Address) -> None:
        self.do(Claim(account=who))

    # What chains, recipients and guardians do

    @rule(side=SIDES, seconds=st.sampled_from((1, 10, 30)), is_final=st.booleans())
    def time_passes(self, side: Side, seconds: int, is_final: bool) -> None:
        chain = self.world.chain(side)
        chain.now = Timestamp(chain.now + seconds)
        if is_final:
            self.finalize(side)

    @rule(side=SIDES)
    def reorg(self, side: Side) -> None:
        self.take_back(side)

    @rule(data=DATA, who=st.sampled_from(RECIPIENTS), mask=st.sampled_from(POLICIES), is_mood=st.booleans())
    def recipient_changes(self, data: st.DataObject, who: Address, mask: VerifierMask, is_mood: bool) -> None:
        if is_mood:
            self.do(SetMood(recipient=who, mood=self._pick(data, self.moods)))
        else:
            self.do(SetPolicy(recipient=who, mask=mask))

    @rule(side=SIDES, assurance=ASSURANCES, number=st.sampled_from((ATTESTER, NOTARY)), is_lane=st.booleans())
    def guardian_pauses(self, side: Side, assurance: Assurance, number: VerifierNumber, is_lane: bool) -> None:
        lane, verifier = PauseLane(side=side, lane=self.lanes[assurance]), PauseVerifier(side=side, number=number)
        self.do(lane if is_lane else verifier)

    @rule(side=SIDES)
    def owner_resumes(self, side: Side) -> None:
        for number in list(self.world.heads(side).suspended):
            self.do(ReinstateVerifier(side=side, number=number))
        for of in self.lanes.values():
            if log_heard(side, of) in self.world.heads(side).halted:
                self.do(ResumeLane(side=side, lane=of))

    # What hostile people do

    @precondition(lambda self: self.made)
    @rule(data=DATA)
    def replay(self, data: st.DataObject) -> None:
        self.do(self._pick(data, self.made))

    @rule(data=DATA, fee=st.integers(0, 1000))
    def make_up_an_expired_message(self, data: st.DataObject, fee: int) -> None:
        """Expire a header that nobody sent, and ask the origin for its fee."""
        true = self._pick(data, self.world.outbox.sent[self._lane(data)][BEFORE - 1 :])
        of = Lane.of(true)
        made_up = evolve(true, sender=FORGER, fee=gwei(fee), expiry=Timestamp(1))
        self.known[made_up.id] = made_up
        self.do(Expire(message=made_up))
        self.finalize(Side.DESTINATION)
        heads = self.world.final_log(Kind.RECEIPTS, of)
        receipts = self.world.inbox.receipts[of][: len(heads) - 1]
        if Expired(id=made_up.id) in receipts:
            place = receipts.index(Expired(id=made_up.id))
            settlement = Settlement(
                destination=of.destination,
                assurance=of.assurance,
                first=place,
                start=heads[place],
                entries=(opened(made_up, start=self.world.outbox.log[of][-1]),),
            )
            evidence = self._evidence(data, Kind.RECEIPTS, of, place + 1)
            self.do(Settle(wire=settlement.encode(), evidence=evidence))

    @rule(data=DATA, to=st.sampled_from(RECIPIENTS))
    def forge_a_message(self, data: st.DataObject, to: Address) -> None:
        """Sign the head of a message that nobody sent, and deliver it."""
        of = self._lane(data)
        first = data.draw(st.integers(BEFORE, len(self.world.outbox.sent[of])), label="first")
        start = self.world.outbox.log[of][first]
        forged = message(on=of, nonce=first, sender=FORGER, recipient=to, fee=gwei(1000), payload=b"forged")
        self.known[forged.id] = forged
        segment = Segment(lane=of, first=Nonce(first), start=start, messages=(forged,))
        self._forge(of)
        evidence = self.world.sign(ATTESTER, Head(log=of.log, head=segment.head, count=segment.end))
        self.do(Deliver(wire=segment.encode(), evidence=evidence, payee=FORGER))

    @precondition(lambda self: self._busy())
    @rule(data=DATA, is_delivered=st.booleans(), fees=st.integers(0, 50))
    def forge_a_receipt(self, data: st.DataObject, is_delivered: bool, fees: int) -> None:
        """Sign a receipt that no inbox wrote, and settle it."""
        of = self._pick(data, self._busy())
        true = self._pick(data, self.world.outbox.sent[of][BEFORE:])
        entry: Entry = self.world.shown_on_lane(of, true)
        if is_delivered:
            entry = Delivered.of([true.nonce], payee=FORGER, fees=gwei(fees))
        settlement = Settlement(
            destination=of.destination, assurance=of.assurance, first=0, start=of.receipt_log, entries=(entry,)
        )
        self._forge(of)
        evidence = self.world.sign(ATTESTER, Head(log=of.receipt_log, head=settlement.head, count=1))
        self.do(Settle(wire=settlement.encode(), evidence=evidence))

    # What the rules above have in common; whoever mirrors the world elsewhere overrides the first three

    def finalize(self, side: Side) -> None:
        """Make all of a chain final."""
        self.world.chain(side).finalize()

    def take_back(self, side: Side) -> None:
        """Take back what is not final on a chain."""
        self.world.chain(side).reorg()

    def do(self, call: Call) -> bool:
        """Make a call; whether it was accepted."""
        accepted = self.world.do(call)
        if isinstance(call, AddFee | Deliver | Retry | Expire | Settle):
            self.made.append(call)
        return accepted

    def _send(self, assurance: Assurance, who: Address, to: Address, lifetime: int, fee: int) -> None:
        of = self.lanes[assurance]
        sent = message(
            on=of,
            nonce=len(self.world.outbox.sent[of]),
            sender=who,
            recipient=to,
            expiry=self._latest() + lifetime if lifetime else 0,
            fee=gwei(fee),
        )
        self.known[sent.id] = sent
        self.do(Send(message=sent))

    def _busy(self) -> list[Lane]:
        """Lanes on which something was sent."""
        return [of for of, sent in self.world.outbox.sent.items() if len(sent) > BEFORE]

    def _lane(self, data: st.DataObject) -> Lane:
        return self.lanes[data.draw(ASSURANCES, label="class")]

    def _pick(self, data: st.DataObject, options: Sequence[T]) -> T:
        return data.draw(st.sampled_from(options))

    def _latest(self) -> int:
        return max(self.world.origin.now, self.world.destination.now)

    def _evidence(self, data: st.DataObject, kind: Kind, of: Lane, count: int) -> Evidence:
        """Evidence for a true head."""
        speakers = (NOTARY,) if of.assurance is Assurance.SETTLED else (NOTARY, ATTESTER)
        return self.world.vouch(self._pick(data, speakers), kind, of, count)

    def _opened(self, of: Lane, receipt: Receipt, data: st.DataObject) -> Entry:
        is_open = data.draw(st.booleans(), label="open")
        return self.world.opened(of, receipt) if is_open else Unopened(hash=receipt.hash)

    def _forge(self, of: Lane) -> None:
        if of.assurance is Assurance.ATTESTED:
            self.has_forged = True
