"""
Settle: receipts that are final on the destination are proven back to the origin: fees are credited, or refunded.

Promise: entries are settled in the order of their log, each opened as far as its message is known; what leads to
another head than the evidence shows is an error here. An entry counts as settled when a final block of the origin says
so. Whose the credits are is the outbox's rule; `claim` pays out what is ours.
"""

from collections.abc import Sequence
from typing import Self

from attrs import evolve, frozen

from xl2.core.evidence import Finality
from xl2.core.lane import PAGE_SIZE, Lane, page_of, page_start
from xl2.core.lifecycle import Event, State
from xl2.core.message import HEADER_SIZE, Message
from xl2.core.receipt import Delivered, parse_receipt
from xl2.core.settlement import Entry as Opened
from xl2.core.settlement import Settlement, Unopened, opened
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, BlockNumber, MessageId, Nonce, Wei, hex_text
from xl2.errors import NotYet, ProofInvalid
from xl2.flow.walked import Walked
from xl2.ports import (
    Call,
    Chain,
    Ending,
    Entry,
    Happening,
    Log,
    Needed,
    Place,
    Prover,
    Record,
    Store,
    Submitter,
    TxReceipt,
)

#: Receipts that one settlement opens at most.
MAX_SETTLED = 64
#: And so many bytes of them: nodes take transactions of up to 128 KiB, and entries behind these and evidence want their
#: place as well. Opening an expiry takes up to 8 KiB, as ids follow its message up to the end of its page.
MAX_SETTLED_BYTES = 90_000
_DELIVERED_BYTES, _HASH_BYTES = 70, 32
#: States that a settlement can follow on at once, and those that it says nothing new of.
_ANSWERED = (State.DELIVERED, State.CONFIRMED, State.EXPIRED, State.REFUNDABLE)
_OVER = (State.SETTLED, State.REFUNDED, State.UNSENT)


@frozen(kw_only=True)
class Owed:
    """Entries of a lane's receipt log that the origin has not settled, and the messages they speak of."""

    lane: Lane
    entries: tuple[Entry, ...]
    #: By entry: its messages; none for an expiry of what was never sent.
    spoken_of: tuple[Sequence[Record], ...]
    #: By entry: whether a message of it is not settled at the tip of the origin, and no entry before speaks of it.
    is_open: tuple[bool, ...]

    @property
    def records(self) -> Sequence[Record]:
        """All messages that they speak of."""
        return [record for records in self.spoken_of for record in records]

    def part(self, first: int, end: int) -> Self:
        """Those from place `first` to before `end`; the rest is left to others, or to another time."""
        return evolve(
            self,
            entries=self.entries[first:end],
            spoken_of=self.spoken_of[first:end],
            is_open=self.is_open[first:end],
        )


@frozen(kw_only=True)
class Settled:
    """What a settlement did."""

    receipt: TxReceipt
    happenings: tuple[Happening, ...]


async def owed(
    lane: Lane, store: Store, origin: Chain, limit: int, now: float, *, after: int = 0, walked: Walked | None = None
) -> Owed | None:
    """
    Entries to be settled next, `limit` at most and as many as fit one transaction; None where there are none.

    Marks what a final block of the origin has settled, by whomever, and steps past what is settled at the tip, and past
    all before `after`. What `walked` knows is not asked again; who looks often keeps it. Raises `NotYet` while messages
    that an entry speaks of are not observed, or nothing but settlements that wait for a final block is left.
    """
    walked, upto = walked or Walked(), await store.settled_upto(lane)
    await walked.begin(lane, store, upto)
    first, waits = walked.next(max(upto, after)), False
    while entries := await store.entries(lane, first, limit):
        # First of all: what is observed while this looks is behind it, so it is seen as newer.
        cursor = await store.cursor(Log(lane=lane, kind=LogKind.LANE))
        spoken_of = [await _records(entry, store) for entry in entries]
        unknown = [entry for entry, records in zip(entries, spoken_of, strict=True) if not records]
        if unknown:
            await _check_never_sent(unknown, origin, BlockNumber(cursor.block + 1 if cursor else 0))
        final, tip = await origin.head(Finality.FINALIZED), await origin.head(Finality.LATEST)
        is_open = await _open(spoken_of, origin, tip.number)
        # Where blocks are final as they are made, one question tells both.
        is_open_still = is_open if final == tip else await _open(spoken_of, origin, final.number)
        over = _leading_settled(is_open_still)
        under_way = max(over, _leading_settled(is_open))
        pairs = [(entry, one) for entry, records, still in zip(entries, spoken_of, is_open_still, strict=True)
                 if not still for one in records]  # fmt: skip
        if endings := _endings(pairs):
            await store.happen(endings, now)
        walked.note(entries, is_open_still)
        # The mark moves without gaps: behind an entry that is not final, nothing is marked.
        if (mark := walked.next(upto)) > upto:
            await store.settle_upto(lane, mark)
            upto = mark
        waits = waits or under_way > over
        if under_way < len(entries):
            end = under_way + _fitting(entries[under_way:], spoken_of[under_way:])
            once = _open_once(is_open, spoken_of)
            looked_at = Owed(lane=lane, entries=tuple(entries), spoken_of=tuple(spoken_of), is_open=once)
            return looked_at.part(under_way, end)
        first = walked.next(entries[-1].index + 1)
    if waits:
        raise NotYet(f"settlements on chain {lane.origin} are not in a final block yet")
    return None


async def owed_of(message: Message, store: Store, origin: Chain, now: float) -> Owed | None:
    """
    The entry that one message waits for, and no other: however many wait before it, who wants it pays for it alone.

    None where none is open. Raises as `owed`.
    """
    lane, walked, after = Lane.of(message), Walked(), 0
    while due := await owed(lane, store, origin, MAX_SETTLED, now, after=after, walked=walked):
        for place, records in enumerate(due.spoken_of):
            if due.is_open[place] and any(one.sent.message.id == message.id for one in records):
                return due.part(place, place + 1)
        after = due.entries[-1].index + 1
    return None


async def prepare(due: Owed, store: Store, origin: Chain, prover: Prover) -> Call | Needed:
    """
    The call that settles entries, on evidence that holds.

    Raises `NotYet` while no head covers them, `ProofInvalid` where the head shown is not where they lead.
    """
    log = Log(lane=due.lane, kind=LogKind.RECEIPTS)
    cursor = await store.cursor(log)
    if cursor is None:
        raise NotYet(f"receipts of chain {due.lane.destination} are not observed yet")
    shown = await prover.show(log, due.entries[-1].index + 1, cursor.block)
    if isinstance(shown, Needed):
        return shown
    first = due.entries[0].index
    rest = await store.entries(due.lane, due.entries[-1].index + 1, shown.head.count - due.entries[-1].index - 1)
    unopened = [Unopened(hash=parse_receipt(entry.data).hash) for entry in rest]
    settlement = Settlement(
        destination=due.lane.destination,
        assurance=due.lane.assurance,
        first=first,
        start=await store.head(log, first),
        entries=(
            *[
                # To open again what is refunded, or is by an earlier entry, takes gas and refunds nothing.
                await _opened(entry, records if is_open else (), store, origin)
                for entry, records, is_open in zip(due.entries, due.spoken_of, due.is_open, strict=True)
            ],
            *unopened,
        ),
    )
    if settlement.end != shown.head.count or settlement.head != shown.head.head:
        raise ProofInvalid(
            f"receipts {first} to {settlement.end - 1} lead to head {hex_text(settlement.head)}; "
            f"the {prover.name} head of {shown.head.count} is {hex_text(shown.head.head)}",
            remedy="Observe the destination again; if this stays, an endpoint or the verifier contradicts its log.",
        )
    return origin.settle_call(due.lane, settlement.encode(), shown.evidence)


async def settle(due: Owed, call: Call, submitter: Submitter) -> Settled:
    """Make the call. Raises `Reverted` where the outbox refuses."""
    receipt = await submitter.submit(call)
    place = Place(block=receipt.block, block_hash=receipt.block_hash, tx_hash=receipt.tx_hash, log_index=0)
    return Settled(receipt=receipt, happenings=_settlements(due.records, place))


async def claim(origin: Chain, submitter: Submitter, account: Address, least: Wei) -> TxReceipt | None:
    """Pay out to an account what it has earned, where it is `least` wei or more. Anybody may."""
    credit = await origin.credit(account)
    return await submitter.submit(origin.claim_call(account)) if credit >= max(least, 1) else None


async def _records(entry: Entry, store: Store) -> Sequence[Record]:
    """Messages that an entry speaks of; none for an expiry of what was never sent."""
    receipt = parse_receipt(entry.data)
    if not isinstance(receipt, Delivered):
        record = await store.record(receipt.id)
        return [] if record is None else [record]
    nonces = receipt.nonces
    page, wanted = await store.range(entry.lane, nonces[0], nonces[-1]), set(nonces)
    named = [record for record in page if record.sent.message.nonce in wanted]
    if len(named) < len(wanted):
        raise NotYet(f"chain {entry.lane.origin} is observed up to {len(page)} of the messages that receipt "
                     f"{entry.index} speaks of")  # fmt: skip
    return named


async def _check_never_sent(unknown: Sequence[Entry], origin: Chain, first: BlockNumber) -> None:
    """Raise `NotYet` where an expiry is of a message that was sent in a block not observed yet, from `first` on."""
    tip = await origin.head(Finality.LATEST)
    sent = await origin.sent(unknown[0].lane, first, tip.number) if first <= tip.number else []
    newer = {one.message.id for one in sent}
    for entry in unknown:
        receipt = parse_receipt(entry.data)
        if not isinstance(receipt, Delivered) and receipt.id in newer:
            raise NotYet(f"message {hex_text(receipt.id)}, which receipt {entry.index} speaks of, is not observed yet")


async def _open(spoken_of: Sequence[Sequence[Record]], origin: Chain, at: BlockNumber) -> list[bool]:
    """Of each entry, whether it is not settled at a block; what speaks of nothing that was sent always is."""
    messages = [record.sent.message for records in spoken_of for record in records]
    endings = await origin.endings(messages, at) if messages else []
    still_open = {message.id for message, ending in zip(messages, endings, strict=True) if ending is Ending.OPEN}
    return [any(record.sent.message.id in still_open for record in records) for records in spoken_of]


def _open_once(is_open: Sequence[bool], spoken_of: Sequence[Sequence[Record]]) -> tuple[bool, ...]:
    """Anyone may record an expiry again: of open entries that speak of one message, the first is; it settles all."""
    found, before = list[bool](), set[MessageId]()
    for still, records in zip(is_open, spoken_of, strict=True):
        ids = {record.sent.message.id for record in records}
        found.append(still and not ids <= before)
        before |= ids
    return tuple(found)


def _leading_settled(is_open: Sequence[bool]) -> int:
    """How many entries from the first on are settled."""
    return is_open.index(True) if True in is_open else len(is_open)


def _fitting(entries: Sequence[Entry], spoken_of: Sequence[Sequence[Record]]) -> int:
    """How many entries one settlement has place for: at least one."""
    size = 0
    for place, (entry, records) in enumerate(zip(entries, spoken_of, strict=True)):
        size += _most_bytes(entry, records)
        if place and size > MAX_SETTLED_BYTES:
            return place
    return len(entries)


def _most_bytes(entry: Entry, records: Sequence[Record]) -> int:
    """Bytes that an entry takes at most when it is opened."""
    if isinstance(parse_receipt(entry.data), Delivered) or not records:
        return _DELIVERED_BYTES
    nonce = records[0].sent.message.nonce
    following = page_start(page_of(nonce)) + PAGE_SIZE - 1 - nonce
    return HEADER_SIZE + _HASH_BYTES * (1 + following)


async def _opened(entry: Entry, records: Sequence[Record], store: Store, origin: Chain) -> Opened:
    receipt = parse_receipt(entry.data)
    if isinstance(receipt, Delivered):
        return receipt
    if not records:
        return Unopened(hash=receipt.hash)
    (record,) = records
    following = await _following(record.sent.message, store, origin)
    return opened(record.sent.message, start=record.start, following=following)


async def _following(message: Message, store: Store, origin: Chain) -> tuple[MessageId, ...]:
    """Ids after a message up to the end of its page, or of the lane's log at the tip while that page is open."""
    lane = Lane.of(message)
    log = Log(lane=lane, kind=LogKind.LANE)
    end = page_start(page_of(message.nonce)) + PAGE_SIZE
    known = await store.range(lane, Nonce(message.nonce + 1), Nonce(end - 1))
    ids = [record.sent.message.id for record in known]
    cursor = await store.cursor(log)
    if message.nonce + 1 + len(ids) < end and cursor is not None:
        tip = await origin.head(Finality.LATEST)
        newer = await origin.sent(lane, BlockNumber(cursor.block + 1), tip.number) if tip.number > cursor.block else []
        ids += [sent.message.id for sent in newer if sent.message.nonce < end]
    return tuple(ids)


def _endings(spoken_of: Sequence[tuple[Entry, Record]]) -> tuple[Happening, ...]:
    """
    What final blocks of both chains say of messages: that they are over.

    Also of those whose delivery, by others or just before a crash, is not noted yet: these entries are not looked at
    again.
    """
    found: dict[MessageId, tuple[Happening, ...]] = {}
    for entry, record in spoken_of:
        message, state = record.sent.message, record.state
        is_delivery = isinstance(parse_receipt(entry.data), Delivered)
        receipt = Event.DELIVERY if is_delivery else Event.EXPIRY_RECORDED
        events = [Event.SETTLEMENT] if state in _ANSWERED else [receipt, Event.SETTLEMENT]
        if state not in _OVER and message.id not in found:
            found[message.id] = tuple(
                Happening(id=message.id, event=event, chain=entry.lane.destination, place=entry.place)
                if event is receipt
                else Happening(id=message.id, event=event, chain=message.origin)
                for event in events
            )
    return tuple(happening for of_one in found.values() for happening in of_one)


def _settlements(records: Sequence[Record], place: Place) -> tuple[Happening, ...]:
    """One for each message, however many entries speak of it: anyone may record an expiry again."""
    answered = {record.sent.message.id: record for record in records if record.state in _ANSWERED}
    return tuple(
        Happening(id=message_id, event=Event.SETTLEMENT, chain=record.sent.message.origin, place=place)
        for message_id, record in answered.items()
    )
