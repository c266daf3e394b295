"""
Contracts: outbox and inbox of an in-memory chain, as rules over their state.

Comes in: a state and a call. Goes out: the state after it and what happened, or a `Refusal` that changes nothing.
Promise: the rules that the rooms rest on are the protocol's: nonces without gap, a message delivered once, expiry by
the block's clock, one receipt a page, a nonce settled once. Gas and fees of transactions are left out.
"""

from collections.abc import Callable, Mapping

from attrs import evolve, field, frozen

from xl2.core.lane import Lane, head_after, page_of
from xl2.core.message import Message, id_of
from xl2.core.receipt import Delivered, Expired, Receipt
from xl2.core.segment import Segment
from xl2.core.settlement import ExpiredMessage, Settlement
from xl2.core.types import Address, Assurance, ChainId, Hash32, MessageId, Nonce, Timestamp, Wei
from xl2.errors import InvalidInput, ProofInvalid
from xl2.testing.calls import Claim, Deliver, Expire, Known, Retry, Send, Settle

#: A recipient: takes a message and its gas, says whether it succeeds.
Recipient = Callable[[Message, int], bool]
#: Whether evidence shows a head: (log, head, count, evidence).
Judge = Callable[[Hash32, Hash32, int, bytes], bool]


class Refusal(Exception):
    """The call reverts; the text is the name of the contract's error."""


@frozen(kw_only=True)
class State:
    """What outbox and inbox hold. Never changed, only replaced, so that each block keeps its own."""

    chain: ChainId
    outbox: Address
    inbox: Address
    #: Inbox by destination.
    links: Mapping[ChainId, Address]
    sent: tuple[Message, ...] = ()
    settled: frozenset[tuple[Lane, Nonce]] = frozenset()
    refunded: frozenset[MessageId] = frozenset()
    credits: Mapping[Address, int] = field(factory=dict)
    delivered: frozenset[MessageId] = frozenset()
    failed: frozenset[MessageId] = frozenset()
    #: Each failed execution, in order.
    failures: tuple[MessageId, ...] = ()
    receipts: tuple[tuple[Lane, Receipt], ...] = ()

    def lane(self, destination: ChainId, assurance: Assurance) -> Lane:
        """Lane to a destination; KeyError where none is open."""
        return Lane(
            origin=self.chain,
            outbox=self.outbox,
            destination=destination,
            inbox=self.links[destination],
            assurance=assurance,
        )

    def of_lane(self, lane: Lane) -> list[Message]:
        """Messages of a lane, by nonce."""
        key = (lane.origin, lane.outbox, lane.destination, lane.inbox, lane.assurance)
        return [one for one in self.sent if (one.origin, one.outbox, one.destination, one.inbox, one.assurance) == key]

    def receipts_of(self, lane: Lane) -> list[Receipt]:
        """Receipt log of a lane."""
        return [receipt for of, receipt in self.receipts if of == lane]


@frozen(kw_only=True)
class Context:
    """What a call meets besides the contracts' own state."""

    sender: Address
    value: Wei
    now: Timestamp
    recipients: Mapping[Address, Recipient]
    #: By recipient, the verifiers that it accepts.
    policies: Mapping[Address, int]
    judge: Judge


def execute(state: State, call: Known, context: Context) -> State:
    """State after a call. Raises `Refusal`."""
    match call:
        case Send():
            return _send(state, call, context)
        case Deliver():
            return _deliver(state, call, context)
        case Retry():
            return _retry(state, call, context)
        case Expire():
            return _expire(state, call, context)
        case Settle():
            return _settle(state, call, context)
        case Claim():
            if not state.credits.get(call.account):
                raise Refusal("NoCredit")
            return evolve(state, credits={**state.credits, call.account: 0})


def _send(state: State, call: Send, context: Context) -> State:
    if call.destination not in state.links:
        raise Refusal("UnknownDestination")
    lane = state.lane(call.destination, call.assurance)
    message = Message(
        allow_no_code=call.allow_no_code,
        assurance=lane.assurance,
        origin=lane.origin,
        destination=lane.destination,
        nonce=Nonce(len(state.of_lane(lane))),
        outbox=lane.outbox,
        inbox=lane.inbox,
        sender=context.sender,
        recipient=call.recipient,
        gas_limit=call.gas_limit,
        expiry=call.expiry,
        fee=context.value,
        payload=call.payload,
    )
    return evolve(state, sent=(*state.sent, message))


def _deliver(state: State, call: Deliver, context: Context) -> State:
    try:
        segment = Segment.parse(call.segment, destination=state.chain, inbox=state.inbox)
    except ProofInvalid as bad:
        raise Refusal("BadSegment") from bad
    if not context.judge(segment.lane.log, segment.head, segment.end, call.evidence):
        raise Refusal("UnknownHead")
    delivered: list[Message] = []
    failed: list[Message] = []
    for message in segment.messages:
        policy = context.policies.get(message.recipient, -1)
        if message.id in state.delivered or message.is_expired(context.now) or not policy >> call.evidence[0] & 1:
            continue
        (delivered if _call(message, message.gas_limit, context) else failed).append(message)
    if not delivered and all(message.id in state.failed for message in failed):
        raise Refusal("NoProgress")
    state = _with_receipts(state, segment.lane, delivered, call.payee)
    ids = [message.id for message in failed]
    return evolve(state, failed=state.failed.union(ids), failures=(*state.failures, *ids))


def _retry(state: State, call: Retry, context: Context) -> State:
    message = _message(call.header, call.payload)
    if message.id not in state.failed:
        raise Refusal("NotFailed")
    if message.is_expired(context.now):
        raise Refusal("TimeOver")
    if not _call(message, call.gas_limit, context):
        raise Refusal("NoProgress")
    return _with_receipts(state, Lane.of(message), [message], call.payee)


def _expire(state: State, call: Expire, context: Context) -> State:
    # The payload is not asked for: the header alone has the id.
    lane, message_id, expiry = _header(call.header)
    if not expiry or context.now <= expiry:
        raise Refusal("NotExpired")
    if message_id in state.delivered:
        raise Refusal("AlreadyDelivered")
    return evolve(state, receipts=(*state.receipts, (lane, Expired(id=message_id))))


def _settle(state: State, call: Settle, context: Context) -> State:
    try:
        settlement = Settlement.parse(call.segment)
    except ProofInvalid as bad:
        raise Refusal("BadSegment") from bad
    lane = state.lane(settlement.destination, settlement.assurance)
    if not context.judge(lane.receipt_log, settlement.head, settlement.end, call.evidence):
        raise Refusal("UnknownHead")
    sent = state.of_lane(lane)
    credits_, settled, refunded = dict(state.credits), set(state.settled), set(state.refunded)
    for entry in settlement.entries:
        if isinstance(entry, Delivered):
            places = {(lane, nonce) for nonce in entry.nonces}
            if places & settled:
                continue
            settled |= places
            credits_[entry.payee] = credits_.get(entry.payee, 0) + entry.fees
        elif isinstance(entry, ExpiredMessage):
            message = next((one for one in sent if one.id == entry.id), None)
            if message is None or entry.lane_head != _page_head(lane, sent, message):
                raise Refusal("NotOnLog")
            if (lane, message.nonce) in settled:
                continue
            settled.add((lane, message.nonce))
            refunded.add(message.id)
            credits_[message.sender] = credits_.get(message.sender, 0) + message.fee
    return evolve(state, credits=credits_, settled=frozenset(settled), refunded=frozenset(refunded))


def _page_head(lane: Lane, sent: list[Message], message: Message) -> Hash32:
    """Head of the message's page, or of the log while that page is open."""
    end = min((page_of(message.nonce) + 1) * 256, len(sent))
    return head_after(lane.log, (one.id for one in sent[:end]))


def _call(message: Message, gas_limit: int, context: Context) -> bool:
    recipient = context.recipients.get(message.recipient)
    return message.allow_no_code if recipient is None else recipient(message, gas_limit)


def _with_receipts(state: State, lane: Lane, delivered: list[Message], payee: Address) -> State:
    pages = sorted({page_of(message.nonce) for message in delivered})
    for page in pages:
        on_page = [message for message in delivered if page_of(message.nonce) == page]
        fees = Wei(sum(message.fee for message in on_page))
        receipt = Delivered.of((message.nonce for message in on_page), payee=payee, fees=fees)
        state = evolve(state, receipts=(*state.receipts, (lane, receipt)))
    ids = {message.id for message in delivered}
    return evolve(state, delivered=state.delivered | ids, failed=state.failed - ids)


def _message(header: bytes, payload: bytes) -> Message:
    try:
        return Message.parse(header, payload)
    except (ProofInvalid, InvalidInput) as bad:
        raise Refusal("BadHeader") from bad


def _header(header: bytes) -> tuple[Lane, MessageId, Timestamp]:
    """Lane, id and expiry of a header whose payload is elsewhere."""
    lane = Lane(
        origin=ChainId(int.from_bytes(header[3:11])),
        outbox=Address(header[27:47]),
        destination=ChainId(int.from_bytes(header[11:19])),
        inbox=Address(header[47:67]),
        assurance=Assurance(header[2]),
    )
    return lane, id_of(header), Timestamp(int.from_bytes(header[111:119]))
