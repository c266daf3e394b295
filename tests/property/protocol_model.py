"""
Model: the rules of protocol.md sections 4 to 7 in plain Python, over the values of xl2.core.

Comes in: calls, as anyone may make them, with the very bytes that the contracts read. Goes out: state, or `Refusal`.
What the chains would hash and store, the model keeps as values; gas and storage layout are left to the contracts.

Each member of `Rules` stands for one sentence of the protocol that is there because of an attack. Taking one away makes
another protocol, whose break `test_protocol.py` must find.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from attrs import Factory, define, field, frozen

from xl2.core.evidence import Head, VerifierMask, VerifierNumber, accepts, class_of, mask_from_class
from xl2.core.lane import Lane, extend, page_of, page_start
from xl2.core.message import Message
from xl2.core.receipt import Delivered, Expired, Receipt
from xl2.core.segment import Segment
from xl2.core.settlement import ExpiredMessage, Settlement, Unopened
from xl2.core.types import Address, Assurance, Hash32, MessageId, Nonce, Timestamp, Wei
from xl2.errors import ProofInvalid


class Refusal(Exception):
    """The contract would revert; the sentence says why."""


@frozen(kw_only=True)
class Rules:
    """What the protocol asks for, one sentence a member."""

    #: A nonce that was delivered is not delivered again.
    a_nonce_is_delivered_once: bool = True
    #: While a recipient runs, the inbox is closed.
    inbox_is_closed_while_a_recipient_runs: bool = True
    #: Deliver and retry at `now <= expiry` only, expire at `now > expiry` only.
    the_clock_decides: bool = True
    #: What was delivered does not expire.
    delivered_does_not_expire: bool = True
    #: Expiring writes no status, since anyone can make a header up.
    expiring_leaves_no_mark: bool = True
    #: A retry that succeeded is a delivery like any other.
    a_retry_leaves_a_receipt: bool = True
    #: Only success earns: a recipient that failed marks no nonce.
    only_success_counts: bool = True
    #: A nonce settles once.
    a_nonce_settles_once: bool = True
    #: An expired message is shown on the origin's own log.
    expired_stands_on_the_own_log: bool = True
    #: A lane pays no more than it took in.
    a_lane_is_never_overdrawn: bool = True
    #: No top-up after the settlement.
    settled_takes_no_top_up: bool = True
    #: A verifier speaks for lanes of its class or lower, only.
    a_verifier_has_one_class: bool = True
    #: Honest verifiers show heads of final blocks only.
    heads_are_of_final_blocks: bool = True
    #: A pause leaves settled evidence on receipts standing.
    a_pause_spares_refunds: bool = True


class Kind(Enum):
    """Which of a lane's logs a head is of."""

    LANE = "lane log"
    RECEIPTS = "receipt log"


class Mood(Enum):
    """What a recipient does when it is called."""

    TAKES = 1
    FAILS = 0
    #: Calls the inbox back before it takes the message.
    REENTERS = 2


@frozen(kw_only=True)
class Evidence:
    """What a verifier is shown: here, that it has signed this head."""

    number: VerifierNumber
    head: Head


#: A contract's storage: names to dicts of immutable values, so that a shallow copy is a snapshot.
State = dict[str, dict[Any, Any]]


@define
class Contract:
    """Storage that can be copied and put back, as a chain does in a reorg."""

    rules: Rules

    def snapshot(self) -> State:
        """Copy of all storage."""
        return {name: dict(value) for name, value in vars_of(self).items()}

    def restore(self, state: State) -> None:
        """Put a copy back."""
        for name, value in state.items():
            stored = getattr(self, name)
            stored.clear()
            stored.update(value)


def vars_of(contract: Contract) -> Mapping[str, dict[Any, Any]]:
    """Storage of a contract, by name."""
    values = {a.name: getattr(contract, a.name) for a in contract.__attrs_attrs__}
    return {name: value for name, value in values.items() if isinstance(value, dict)}


@define
class Heads(Contract):
    """Who may say what about the other chain's logs (section 7)."""

    #: What keys have signed, wherever it is shown; no chain can take that back.
    signed: set[tuple[VerifierNumber, Hash32, Hash32, int]]
    kind: dict[Hash32, Kind] = Factory(dict)
    registered: dict[Hash32, VerifierMask] = Factory(dict)
    halted: dict[Hash32, VerifierMask] = Factory(dict)
    suspended: dict[VerifierNumber, bool] = Factory(dict)
    shown: dict[tuple[Hash32, Hash32], VerifierMask] = Factory(dict)

    def register(self, number: VerifierNumber, lane: Lane, kind: Kind) -> None:
        if self.rules.a_verifier_has_one_class and class_of(number) < lane.assurance:
            raise Refusal("ClassTooLow")
        log = lane.log if kind is Kind.LANE else lane.receipt_log
        self.kind[log] = kind
        self.registered[log] = VerifierMask(self.registered.get(log, 0) | 1 << number)

    def standing(self, log: Hash32) -> VerifierMask:
        barred = self.halted.get(log, 0)
        for number in self.suspended:
            barred |= 1 << number
        if self.kind.get(log) is Kind.RECEIPTS and self.rules.a_pause_spares_refunds:
            barred &= ~mask_from_class(Assurance.SETTLED)
        return VerifierMask(self.registered.get(log, 0) & ~barred)

    def check(self, log: Hash32, head: Hash32, count: int, evidence: Evidence | None) -> VerifierMask:
        standing = self.standing(log)
        if evidence is None:
            known = VerifierMask(self.shown.get((log, head), 0) & standing)
            if not known:
                raise Refusal("UnknownHead")
            return known
        if not standing >> evidence.number & 1:
            raise Refusal("NotStanding")
        if (evidence.number, log, head, count) not in self.signed:
            raise Refusal("WrongSigner")
        return VerifierMask(1 << evidence.number)

    def show(self, evidence: Evidence) -> None:
        log, head = evidence.head.log, evidence.head.head
        verifiers = self.check(log, head, evidence.head.count, evidence)
        self.shown[log, head] = VerifierMask(self.shown.get((log, head), 0) | verifiers)

    def reaches(self, verifiers: VerifierMask, least: Assurance) -> bool:
        return not self.rules.a_verifier_has_one_class or accepts(verifiers, least)


@define
class Outbox(Contract):
    """What was sent and what it is owed (sections 2, 6 and 8)."""

    heads: Heads
    sent: dict[Lane, tuple[Message, ...]] = Factory(dict)
    #: Head of each lane log after 0, 1, 2, ... messages.
    log: dict[Lane, tuple[Hash32, ...]] = Factory(dict)
    escrow: dict[Lane, int] = Factory(dict)
    top_ups: dict[tuple[Lane, Nonce], int] = Factory(dict)
    settled: dict[tuple[Lane, Nonce], bool] = Factory(dict)
    expired: dict[MessageId, bool] = Factory(dict)
    credit: dict[Address, int] = Factory(dict)
    #: Wei held, by the one key "wei".
    balance: dict[str, int] = Factory(lambda: {"wei": 0})

    def open(self, lane: Lane) -> None:
        self.sent[lane], self.log[lane], self.escrow[lane] = (), (lane.log,), 0

    def send(self, message: Message) -> None:
        lane = Lane.of(message)
        self.log[lane] += (extend(self.log[lane][-1], message.id),)
        self.sent[lane] += (message,)
        self._take_in(lane, message.fee)

    def add_fee(self, lane: Lane, nonce: Nonce, amount: Wei) -> None:
        if nonce >= len(self.sent[lane]):
            raise Refusal("NotSent")
        if self.rules.settled_takes_no_top_up and (lane, nonce) in self.settled:
            raise Refusal("AlreadySettled")
        if amount == 0:
            raise Refusal("BadFee")
        self.top_ups[lane, nonce] = self.top_ups.get((lane, nonce), 0) + amount
        self._take_in(lane, amount)

    def settle(self, wire: bytes, evidence: Evidence | None, lanes: Mapping[Assurance, Lane]) -> None:
        try:
            settlement = Settlement.parse(wire)
        except ProofInvalid as bad:
            raise Refusal("BadSegment") from bad
        lane = lanes[settlement.assurance]
        verifiers = self.heads.check(lane.receipt_log, settlement.head, settlement.end, evidence)
        if not self.heads.reaches(verifiers, lane.assurance):
            raise Refusal("EvidenceTooWeak")
        for entry in settlement.entries:
            match entry:
                case Delivered():
                    self._settle_delivered(lane, entry)
                case ExpiredMessage():
                    self._settle_expired(lane, entry)
                case Unopened():
                    continue
        if self.rules.a_lane_is_never_overdrawn and self.escrow[lane] < 0:
            raise Refusal("Overdrawn")

    def claim(self, account: Address) -> None:
        amount = self.credit.pop(account, 0)
        if amount == 0:
            raise Refusal("NoCredit")
        self.balance["wei"] -= amount

    def _settle_delivered(self, lane: Lane, receipt: Delivered) -> None:
        if max(receipt.nonces) >= len(self.sent[lane]):
            raise Refusal("NotSent")
        if self._settles([(lane, nonce) for nonce in receipt.nonces]):
            tops = sum(self.top_ups.pop((lane, nonce), 0) for nonce in receipt.nonces)
            self._pay(lane, receipt.payee, receipt.fees + tops)

    def _settle_expired(self, lane: Lane, entry: ExpiredMessage) -> None:
        nonce = Nonce(int.from_bytes(entry.header[19:27]))
        end = page_start(page_of(nonce) + 1)
        known = self.log[lane][end] if end < len(self.log[lane]) else self.log[lane][-1]
        if self.rules.expired_stands_on_the_own_log and entry.lane_head != known:
            raise Refusal("NotOnLog")
        if self._settles([(lane, nonce)]):
            fee, sender = int.from_bytes(entry.header[119:131]), Address(entry.header[67:87])
            self.expired[entry.id] = True
            self._pay(lane, sender, fee + self.top_ups.pop((lane, nonce), 0))

    def _settles(self, places: list[tuple[Lane, Nonce]]) -> bool:
        """Settle these places, if none of them is."""
        if self.rules.a_nonce_settles_once and any(place in self.settled for place in places):
            return False
        self.settled.update(dict.fromkeys(places, True))
        return True

    def _take_in(self, lane: Lane, amount: int) -> None:
        self.escrow[lane] += amount
        self.balance["wei"] += amount

    def _pay(self, lane: Lane, account: Address, amount: int) -> None:
        self.escrow[lane] -= amount
        if amount:
            self.credit[account] = self.credit.get(account, 0) + amount


@define
class Inbox(Contract):
    """What came, and what became of it (section 4 and 5)."""

    heads: Heads
    clock: Callable[[], Timestamp]
    delivered: dict[tuple[Lane, Nonce], MessageId] = Factory(dict)
    failed: dict[MessageId, VerifierMask] = Factory(dict)
    receipts: dict[Lane, tuple[Receipt, ...]] = Factory(dict)
    #: Head of each receipt log after 0, 1, 2, ... entries.
    log: dict[Lane, tuple[Hash32, ...]] = Factory(dict)
    policy: dict[Address, VerifierMask] = Factory(dict)
    #: The recipients: what each will do, and how often each message moved it.
    moods: dict[Address, Mood] = Factory(dict)
    effects: dict[MessageId, int] = Factory(dict)
    _is_running: bool = field(default=False, init=False)

    def open(self, lane: Lane) -> None:
        self.receipts[lane], self.log[lane] = (), (lane.receipt_log,)

    def deliver(self, wire: bytes, evidence: Evidence | None, payee: Address, *, at: Lane) -> None:
        self._refuse_while_running()
        try:
            segment = Segment.parse(wire, destination=at.destination, inbox=at.inbox)
        except ProofInvalid as bad:
            raise Refusal("BadSegment") from bad
        lane = segment.lane
        verifiers = self.heads.check(lane.log, segment.head, segment.end, evidence)
        if not self.heads.reaches(verifiers, lane.assurance):
            raise Refusal("EvidenceTooWeak")
        before = set(self.delivered)
        fresh, newly_failed = [], False
        for message in segment.messages:
            done = self.rules.a_nonce_is_delivered_once and (lane, message.nonce) in before
            if done or self._is_over(message) or not self._policy_passes(message, verifiers):
                continue
            if self._call(message, lambda: self.deliver(wire, evidence, payee, at=at)):
                fresh.append(message)
            else:
                known = self.failed.get(message.id, 0)
                newly_failed |= known | verifiers != known
                self.failed[message.id] = VerifierMask(known | verifiers)
                if not self.rules.only_success_counts:
                    fresh.append(message)
        for page in sorted({page_of(message.nonce) for message in fresh}):
            self._close([m for m in fresh if page_of(m.nonce) == page], lane, payee)
        if not fresh and not newly_failed:
            raise Refusal("NoProgress")

    def retry(self, message: Message, payee: Address) -> None:
        self._refuse_while_running()
        lane = Lane.of(message)
        if self._is_over(message):
            raise Refusal("TimeOver")
        if self.rules.a_nonce_is_delivered_once and (lane, message.nonce) in self.delivered:
            raise Refusal("AlreadyDelivered")
        if message.id not in self.failed:
            raise Refusal("NotFailed")
        verifiers = VerifierMask(self.failed[message.id] & self.heads.standing(lane.log))
        if not verifiers or not self.heads.reaches(verifiers, lane.assurance):
            raise Refusal("VerifiersFell")
        if not self._policy_passes(message, verifiers):
            raise Refusal("PolicyRefuses")
        if not self._call(message, lambda: self.retry(message, payee)):
            raise Refusal("NoProgress")
        del self.failed[message.id]
        if self.rules.a_retry_leaves_a_receipt:
            self._close([message], lane, payee)
        else:
            self.delivered[lane, message.nonce] = message.id

    def expire(self, message: Message) -> None:
        self._refuse_while_running()
        lane = Lane.of(message)
        if message.expiry == 0 or (self.rules.the_clock_decides and not message.is_expired(self.clock())):
            raise Refusal("NotExpired")
        if self.rules.delivered_does_not_expire and (lane, message.nonce) in self.delivered:
            raise Refusal("AlreadyDelivered")
        if not self.rules.expiring_leaves_no_mark:
            self.delivered[lane, message.nonce] = message.id
        self._append(lane, Expired(id=message.id))

    def _close(self, fresh: list[Message], lane: Lane, payee: Address) -> None:
        """Write the statuses of one page, and its receipt."""
        for message in fresh:
            self.delivered[lane, message.nonce] = message.id
        fees = Wei(sum(message.fee for message in fresh))
        self._append(lane, Delivered.of((message.nonce for message in fresh), payee=payee, fees=fees))

    def _append(self, lane: Lane, receipt: Receipt) -> None:
        self.receipts[lane] += (receipt,)
        self.log[lane] += (extend(self.log[lane][-1], receipt.hash),)

    def _is_over(self, message: Message) -> bool:
        return self.rules.the_clock_decides and message.is_expired(self.clock())

    def _policy_passes(self, message: Message, verifiers: VerifierMask) -> bool:
        policy = self.policy.get(message.recipient, 0)
        return policy == 0 or bool(policy & verifiers)

    def _call(self, message: Message, again: Callable[[], None]) -> bool:
        """Call the recipient; `again` is what it calls back with if it is of that mood."""
        mood = self.moods.get(message.recipient, Mood.TAKES)
        if mood is Mood.REENTERS and not self._is_running:
            self._is_running = True
            try:
                again()
            except Refusal:
                pass
            finally:
                self._is_running = False
        if mood is not Mood.FAILS:
            self.effects[message.id] = self.effects.get(message.id, 0) + 1
        return mood is not Mood.FAILS

    def _refuse_while_running(self) -> None:
        if self._is_running and self.rules.inbox_is_closed_while_a_recipient_runs:
            raise Refusal("ReentrancyGuardReentrantCall")
