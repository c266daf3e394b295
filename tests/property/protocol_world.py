"""
World: the model's contracts on two chains with clocks, finality and reorgs, and the calls that anyone may make there.

Comes in: a `Call`, or something that happens to a chain. Goes out: whether it was accepted; the state is open.
Promise: a refused call changes nothing but the clock, as a reverted transaction does. Who calls what is left to
`callers.py`; the same calls go to real contracts in tests/integration/test_model_replay.py.
"""

from collections.abc import Mapping
from enum import Enum
from functools import cache
from itertools import accumulate
from typing import assert_never

from attrs import define, field, frozen

from tests.factories import lane, some_address
from tests.property.protocol_model import Contract, Evidence, Heads, Inbox, Kind, Mood, Outbox, Refusal, Rules, State
from xl2.core.evidence import Head, VerifierMask, VerifierNumber
from xl2.core.lane import Lane, closing_page, extend, page_start
from xl2.core.message import Message
from xl2.core.receipt import Delivered, Receipt
from xl2.core.settlement import Entry, Unopened, opened
from xl2.core.types import Address, Assurance, Hash32, Nonce, Timestamp, Wei

#: A quorum whose keys may forge; it is registered for attested lanes only.
ATTESTER = VerifierNumber(0)
#: Shows nothing but the truth, as a proof would.
NOTARY = VerifierNumber(128)

Lanes = Mapping[Assurance, Lane]
LANES: Lanes = {assurance: lane(assurance=assurance) for assurance in (Assurance.ATTESTED, Assurance.SETTLED)}
#: Messages that stand in front of each lane, so that a page ends while the machine runs: no fee, no expiry.
BEFORE = 254
START = Timestamp(1_900_000_000)


class Side(Enum):
    """Which chain."""

    ORIGIN = "origin"
    DESTINATION = "destination"


@frozen(kw_only=True)
class Send:
    message: Message


@frozen(kw_only=True)
class AddFee:
    lane: Lane
    nonce: Nonce
    amount: Wei


@frozen(kw_only=True)
class Settle:
    wire: bytes
    evidence: Evidence | None


@frozen(kw_only=True)
class Claim:
    account: Address


@frozen(kw_only=True)
class Deliver:
    wire: bytes
    evidence: Evidence | None
    payee: Address


@frozen(kw_only=True)
class Retry:
    message: Message
    payee: Address


@frozen(kw_only=True)
class Expire:
    message: Message


@frozen(kw_only=True)
class SetPolicy:
    recipient: Address
    mask: VerifierMask


@frozen(kw_only=True)
class SetMood:
    recipient: Address
    mood: Mood


@frozen(kw_only=True)
class Show:
    side: Side
    evidence: Evidence


@frozen(kw_only=True)
class PauseLane:
    side: Side
    lane: Lane


@frozen(kw_only=True)
class ResumeLane:
    side: Side
    lane: Lane


@frozen(kw_only=True)
class PauseVerifier:
    side: Side
    number: VerifierNumber


@frozen(kw_only=True)
class ReinstateVerifier:
    side: Side
    number: VerifierNumber


AtOrigin = Send | AddFee | Settle | Claim
AtDestination = Deliver | Retry | Expire | SetPolicy | SetMood
AtEither = Show | PauseLane | ResumeLane | PauseVerifier | ReinstateVerifier
Call = AtOrigin | AtDestination | AtEither


@define
class Chain:
    """Contracts that share a clock and are taken back together."""

    contracts: tuple[Contract, ...]
    now: Timestamp = START
    final: list[State] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.finalize()

    def finalize(self) -> None:
        """Make everything so far final."""
        self.final = [contract.snapshot() for contract in self.contracts]

    def reorg(self) -> None:
        """Take back what is not final. Time goes on."""
        for contract, state in zip(self.contracts, self.final, strict=True):
            contract.restore(state)


class World:
    """Two chains, and lanes of two classes from one to the other."""

    def __init__(self, rules: Rules, lanes: Lanes = LANES) -> None:
        self.rules = rules
        self.lanes = lanes
        signed: set[tuple[VerifierNumber, Hash32, Hash32, int]] = set()
        self.origin_heads = Heads(rules=rules, signed=signed)
        self.destination_heads = Heads(rules=rules, signed=signed)
        self.outbox = Outbox(rules=rules, heads=self.origin_heads)
        self.inbox = Inbox(rules=rules, heads=self.destination_heads, clock=lambda: self.destination.now)
        self.refusals: list[str] = []
        for each in lanes.values():
            self.outbox.open(each)
            self.inbox.open(each)
            self.outbox.sent[each], self.outbox.log[each] = _beginning(each)
            for number in (ATTESTER, NOTARY):
                self._register(number, each)
        self.origin = Chain((self.outbox, self.origin_heads))
        self.destination = Chain((self.inbox, self.destination_heads))

    def do(self, call: Call) -> bool:
        """Make a call in a block of its own; whether it was accepted."""
        chain = self.chain(side_of(call))
        chain.now = Timestamp(chain.now + 1)
        before = [contract.snapshot() for contract in chain.contracts]
        try:
            self._run(call)
        except Refusal as refusal:
            for contract, state in zip(chain.contracts, before, strict=True):
                contract.restore(state)
            self.refusals.append(str(refusal))
            return False
        return True

    def chain(self, side: Side) -> Chain:
        return self.origin if side is Side.ORIGIN else self.destination

    def heads(self, side: Side) -> Heads:
        return self.origin_heads if side is Side.ORIGIN else self.destination_heads

    def final_log(self, kind: Kind, of: Lane) -> tuple[Hash32, ...]:
        """Heads of a log after 0, 1, 2, ... entries, as its chain's last final block has it."""
        if not self.rules.heads_are_of_final_blocks:
            return self.outbox.log[of] if kind is Kind.LANE else self.inbox.log[of]
        home = self.origin if kind is Kind.LANE else self.destination
        heads: tuple[Hash32, ...] = home.final[0]["log"][of]
        return heads

    def vouch(self, number: VerifierNumber, kind: Kind, of: Lane, count: int) -> Evidence:
        """Have a verifier sign what is true and final."""
        log = of.log if kind is Kind.LANE else of.receipt_log
        return self.sign(number, Head(log=log, head=self.final_log(kind, of)[count], count=count))

    def sign(self, number: VerifierNumber, head: Head) -> Evidence:
        """Have a verifier sign, true or not."""
        self.origin_heads.signed.add((number, head.log, head.head, head.count))
        return Evidence(number=number, head=head)

    def opened(self, of: Lane, receipt: Receipt) -> Entry:
        """Receipt as an honest settler shows it: what was never sent stays a hash."""
        if isinstance(receipt, Delivered):
            return receipt
        for sent in self.outbox.sent[of][BEFORE:]:
            if sent.id == receipt.id:
                return self.shown_on_lane(of, sent)
        return Unopened(hash=receipt.hash)

    def shown_on_lane(self, of: Lane, sent: Message) -> Entry:
        """Expired message with its way to its page's head, or to the lane's."""
        following = self.outbox.sent[of][sent.nonce + 1 : page_start(closing_page(sent.nonce))]
        return opened(sent, start=self.outbox.log[of][sent.nonce], following=tuple(m.id for m in following))

    def owed(self, of: Lane) -> int:
        """Fees and top-ups of what a lane has not settled."""
        settled = self.outbox.settled
        fees = sum(m.fee for m in self.outbox.sent[of][BEFORE:] if (of, m.nonce) not in settled)
        return fees + sum(v for place, v in self.outbox.top_ups.items() if place[0] == of and place not in settled)

    def _run(self, call: Call) -> None:  # noqa: C901, PLR0912 - one case a call
        match call:
            case Send():
                self.outbox.send(call.message)
            case AddFee():
                self.outbox.add_fee(call.lane, call.nonce, call.amount)
            case Settle():
                self.outbox.settle(call.wire, call.evidence, self.lanes)
            case Claim():
                self.outbox.claim(call.account)
            case Deliver():
                self.inbox.deliver(call.wire, call.evidence, call.payee, at=self.lanes[Assurance.SETTLED])
            case Retry():
                self.inbox.retry(call.message, call.payee)
            case Expire():
                self.inbox.expire(call.message)
            case SetPolicy():
                self.inbox.policy[call.recipient] = call.mask
            case SetMood():
                self.inbox.moods[call.recipient] = call.mood
            case Show():
                self.heads(call.side).show(call.evidence)
            case PauseLane():
                self.heads(call.side).halted[log_heard(call.side, call.lane)] = _halted_by(call.side)
            case ResumeLane():
                self.heads(call.side).halted.pop(log_heard(call.side, call.lane), None)
            case PauseVerifier():
                self.heads(call.side).suspended[call.number] = True
            case ReinstateVerifier():
                self.heads(call.side).suspended.pop(call.number, None)
            case _:
                assert_never(call)

    def _register(self, number: VerifierNumber, of: Lane) -> None:
        for heads, kind in ((self.destination_heads, Kind.LANE), (self.origin_heads, Kind.RECEIPTS)):
            try:
                heads.register(number, of, kind)
            except Refusal:
                continue


def side_of(call: Call) -> Side:
    """Chain that a call is made on."""
    if isinstance(call, AtEither):
        return call.side
    return Side.ORIGIN if isinstance(call, AtOrigin) else Side.DESTINATION


def log_heard(side: Side, of: Lane) -> Hash32:
    """Log of a lane that a chain hears of from the other."""
    return of.receipt_log if side is Side.ORIGIN else of.log


def _halted_by(side: Side) -> VerifierMask:
    """What a pause of a lane stops: all delivery, and settling on evidence below settled."""
    below_settled = (1 << 128) - 1
    return VerifierMask(below_settled if side is Side.ORIGIN else 2**256 - 1)


@cache
def _beginning(of: Lane) -> tuple[tuple[Message, ...], tuple[Hash32, ...]]:
    """Messages that stand in front of a lane, and the heads after them; without fees there is nothing else to book."""
    sent = tuple(first_message(of, nonce) for nonce in range(BEFORE))
    return sent, tuple(accumulate((m.id for m in sent), extend, initial=of.log))


def first_message(of: Lane, nonce: int) -> Message:
    """One of the messages in front of a lane."""
    return Message(
        assurance=of.assurance,
        origin=of.origin,
        destination=of.destination,
        nonce=Nonce(nonce),
        outbox=of.outbox,
        inbox=of.inbox,
        sender=some_address("sender"),
        recipient=some_address("recipient"),
    )
