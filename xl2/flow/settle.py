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
from xl2.core.receipt import Delivered, Receipt, parse_receipt
from xl2.core.settlement import Entry as Opened
from xl2.core.settlement import Settlement, Unopened, opened
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, BlockNumber, MessageId, Nonce, Wei, hex_text
from xl2.errors import NotYet, ProofInvalid
from xl2.ports import (
    Call,
    Chain,
    Cursor,
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
class OwedEntry:
    """An entry of a receipt log, and the messages that it speaks of."""

    entry: Entry
    #: None for an expiry of what was never sent, nor where the entry is settled for good.
    spoken_of: Sequence[Record] = ()
    #: Whether one of them is not settled at the tip of the origin, and no entry before speaks of it.
    is_open: bool = False

    @property
    def index(self) -> int:
        """Its place in the log."""
        return self.entry.index

    @property
    def receipt(self) -> Receipt:
        """What it says."""
        return parse_receipt(self.entry.data)


@frozen(kw_only=True)
class Owed:
    """Neighbours in a lane's receipt log, of which the origin has not settled all."""

    lane: Lane
    entries: tuple[OwedEntry, ...]

    @property
    def records(self) -> Sequence[Record]:
        """All messages that they speak of."""
        return [record for entry in self.entries for record in entry.spoken_of]

    def part(self, first: int, end: int) -> Self:
        """Those from place `first` to before `end`; the rest is left to others, or to another time."""
        return evolve(self, entries=self.entries[first:end])


@frozen(kw_only=True)
class Settled:
    """What a settlement did."""

    receipt: TxReceipt
    happenings: tuple[Happening, ...]


async def owed(lane: Lane, store: Store, origin: Chain, limit: int, now: float, *, after: int = 0) -> Owed | None:
    """
    Entries to be settled next, `limit` at most and as many as fit one transaction; None where there are none.

    Marks what a final block of the origin has settled, by whomever, which is not asked about again; and steps past what
    is settled at the tip, and past all before `after`. Raises `NotYet` while messages that an entry speaks of are not
    observed, or nothing but settlements that wait for a final block is left.
    """
    first, waits = after, False
    while entries := await _unsettled(lane, store, first, limit):
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
        over = [(entry, records) for entry, records, still in zip(entries, spoken_of, is_open_still, strict=True)
                if not still]  # fmt: skip
        if endings := _endings([(entry, one) for entry, records in over for one in records]):
            await store.happen(endings, now)
        if over:
            await store.mark_settled(lane, [entry.index for entry, _ in over])
        waits = waits or any(still and not one for one, still in zip(is_open, is_open_still, strict=True))
        if True in is_open:
            once = _open_once(is_open, spoken_of)
            looked_at = [OwedEntry(entry=entry, spoken_of=records, is_open=one)
                         for entry, records, one in zip(entries, spoken_of, once, strict=True)]  # fmt: skip
            neighbours = await _neighbours(lane, store, looked_at[is_open.index(True) :])
            return Owed(lane=lane, entries=neighbours[: _fitting(neighbours)])
        first = entries[-1].index + 1
    if waits:
        raise NotYet(f"settlements on chain {lane.origin} are not in a final block yet")
    return None


async def owed_of(message: Message, store: Store, origin: Chain, now: float) -> Owed | None:
    """
    The entry that one message waits for, and no other: however many wait before it, who wants it pays for it alone.

    None where none is open. Raises as `owed`.
    """
    lane, after = Lane.of(message), 0
    while due := await owed(lane, store, origin, MAX_SETTLED, now, after=after):
        for place, entry in enumerate(due.entries):
            if entry.is_open and any(one.sent.message.id == message.id for one in entry.spoken_of):
                return due.part(place, place + 1)
        after = due.entries[-1].index + 1
    return None


async def prepare(due: Owed, store: Store, origin: Chain, destination: Chain, prover: Prover) -> Call | Needed:
    """
    The call that settles entries, on evidence that holds.

    Raises `NotYet` while no head covers them, `ProofInvalid` where the head shown is not where they lead.
    """
    log = Log(lane=due.lane, kind=LogKind.RECEIPTS)
    cursor = await store.cursor(log)
    if cursor is None:
        raise NotYet(f"receipts of chain {due.lane.destination} are not observed yet")
    first, end = due.entries[0].index, due.entries[-1].index + 1
    shown = await prover.show(log, end, cursor.block, await store.head(log, end))
    if isinstance(shown, Needed):
        return shown
    behind = await _hashes_behind(due.entries[-1].entry, shown.head.count, cursor, store, destination)
    settlement = Settlement(
        destination=due.lane.destination,
        assurance=due.lane.assurance,
        first=first,
        start=await store.head(log, first),
        entries=(*[await _opened(entry, store, origin) for entry in due.entries], *behind),
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


async def _unsettled(lane: Lane, store: Store, first: int, limit: int) -> Sequence[Entry]:
    """Entries not known to be settled, as many as one settlement reaches over."""
    found = await store.unsettled(lane, first, limit)
    return [one for one in found if one.index < found[0].index + limit]


async def _neighbours(lane: Lane, store: Store, owed: Sequence[OwedEntry]) -> tuple[OwedEntry, ...]:
    """Entries with those between them, which are settled; as far as all are kept."""
    first, end = owed[0].index, owed[-1].index + 1
    if end - first == len(owed):
        return tuple(owed)
    known = {one.index: one for one in owed}
    between = await store.entries(lane, first, end - first)
    kept = [one for place, one in enumerate(between, first) if one.index == place]
    last = max(place for place, one in enumerate(kept) if one.index in known)
    return tuple(known.get(one.index) or OwedEntry(entry=one) for one in kept[: last + 1])


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


def _fitting(entries: Sequence[OwedEntry]) -> int:
    """How many entries one settlement has place for: at least one."""
    size = 0
    for place, entry in enumerate(entries):
        size += _most_bytes(entry)
        if place and size > MAX_SETTLED_BYTES:
            return place
    return len(entries)


def _most_bytes(entry: OwedEntry) -> int:
    """Bytes that an entry takes at most when it is opened."""
    if isinstance(entry.receipt, Delivered) or not entry.spoken_of:
        return _DELIVERED_BYTES
    nonce = entry.spoken_of[0].sent.message.nonce
    following = page_start(page_of(nonce)) + PAGE_SIZE - 1 - nonce
    return HEADER_SIZE + _HASH_BYTES * (1 + following)


async def _hashes_behind(last: Entry, end: int, cursor: Cursor, store: Store, destination: Chain) -> Sequence[Unopened]:
    """Receipts behind one, to before an index. What was pruned of them the destination still has in its events."""
    wanted = range(last.index + 1, end)
    kept = await store.entries(last.lane, wanted.start, len(wanted)) if wanted else ()
    data = {entry.index: entry.data for entry in kept}
    if not data.keys() >= set(wanted):
        read = await destination.receipts(last.lane, last.place.block, cursor.block)
        data |= {entry.index: entry.data for entry in read}
    # Where one is missing still, the head is another one than the evidence shows.
    return [Unopened(hash=parse_receipt(data[index]).hash) for index in wanted if index in data]


async def _opened(entry: OwedEntry, store: Store, origin: Chain) -> Opened:
    receipt = entry.receipt
    if not entry.is_open:
        # To open again what is settled, or is by an earlier entry, takes gas and gives nobody anything.
        return Unopened(hash=receipt.hash)
    if isinstance(receipt, Delivered):
        return receipt
    (record,) = entry.spoken_of
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
