"""
Incident: a block that was final is gone, so a lane may have acted on what its chain no longer says.

Comes in: a lane and the broken promise. Goes out: what was observed in blocks that are gone is un-observed; where that
cannot be made good by carrying on (a message delivered that its origin no longer has, a fee paid for a delivery that
its destination no longer has) the lane is parked, with the exact ids and value, until somebody resumes it. Promise: the
pause is in the store before anybody is told, it is told once, and no other lane stops. See
docs/operations/runbooks/deep-reorg.md.
"""

from collections.abc import Sequence

from xl2.core.amounts import wei_and_ether
from xl2.core.evidence import Finality
from xl2.core.lifecycle import Event, State
from xl2.core.receipt import Delivered, parse_receipt
from xl2.core.storage_proof import LogKind
from xl2.core.types import MessageId, Nonce, Wei
from xl2.errors import Incident
from xl2.flow import observe as observing
from xl2.ports import INCIDENT, Alarm, AlarmKind, Chain, Entry, Fate, Happening, Log, Place, Record
from xl2.relayer.lane_parts import LaneParts

RUNBOOK = "docs/operations/runbooks/deep-reorg.md"
_AT_ONCE = 256
#: Delivered, or perhaps under way.
_ACTED_ON = (State.PROVEN, State.DELIVERED, State.CONFIRMED, State.SETTLED)
_TAKES_BACK = (State.CONFIRMED, State.REFUNDABLE)


async def meet(parts: LaneParts, incident: Incident) -> None:
    """
    Un-observe what is gone, and park the lane where that is not enough.

    Raises `NotYet` while the chain is shorter than what was observed of it.
    """
    lane_log, receipts = (Log(lane=parts.lane, kind=kind) for kind in (LogKind.LANE, LogKind.RECEIPTS))
    homes = ((lane_log, parts.origin), (receipts, parts.destination))
    is_seen_here = not all([await _cursor_stands(parts, seen, chain) for seen, chain in homes])
    sent, paid = await _messages_lost(parts, lane_log), await _receipts_lost(parts, receipts)
    lost = [*sent, *(one for one in paid if one not in sent)]
    # What stands as it was observed is not to be made good here: somebody else's word is broken, an attester's.
    if lost or not is_seen_here:
        await _park(parts, incident, lost)
    for seen, chain in homes:
        await observing.back_to_fork(chain, parts.store, seen, parts.clock.now())


async def _cursor_stands(parts: LaneParts, seen: Log, chain: Chain) -> bool:
    cursor = await parts.store.cursor(seen)
    return cursor is None or (await chain.block(cursor.block)).hash == cursor.block_hash


async def _park(parts: LaneParts, incident: Incident, lost: Sequence[Record]) -> None:
    before = next((pause for pause in await parts.store.pauses() if pause.lane == parts.lane), None)
    if before is not None and before.by == INCIDENT:
        return
    ids = tuple(one.sent.message.id for one in lost)
    value = Wei(sum(one.sent.message.fee for one in lost))
    what = (
        f"{incident.what}; {len(ids)} messages of lane {parts.lane.name} were acted on that the chains no longer agree "
        f"on (fees: {wei_and_ether(value)}): the lane is parked, read {RUNBOOK}, then `xl2 relayer resume`"
    )
    if before is not None:
        what += f"; it was paused before, by {before.by}: {before.why}"
    await parts.store.park(parts.lane, what, parts.clock.now())
    parts.observer.alarmed(Alarm(kind=AlarmKind.DEEP_REORG, what=what, lane=parts.lane, ids=ids, value=value))


async def _messages_lost(parts: LaneParts, seen: Log) -> list[Record]:
    """Messages that were acted on, whose blocks are gone, and that the origin has not taken again."""
    gone: list[Record] = []
    end = await parts.store.count(seen)
    while end > 0:
        first = max(0, end - _AT_ONCE)
        page = await parts.store.range(parts.lane, Nonce(first), Nonce(end - 1))
        standing = await _standing(parts.origin, [one.sent.place for one in page])
        gone += [one for one in page if one.sent.place not in standing]
        end = 0 if len(standing) == len(page) else first
    acted_on = [one for one in gone if one.state in _ACTED_ON]
    return [one for one in acted_on if await parts.origin.find_sent(one.sent.message.id) is None]


async def _receipts_lost(parts: LaneParts, seen: Log) -> list[Record]:
    """
    Messages that were paid for, or refunded, by receipts whose blocks are gone.

    One that the destination took again, or can take no more, is as it was. What was not paid for yet goes back.
    """
    gone: list[Entry] = []
    end = await parts.store.count(seen)
    while end > 0:
        first = max(0, end - _AT_ONCE)
        kept = await parts.store.entries(parts.lane, first, end - first)
        # Where some went from the store, as many reach over those that were looked at.
        page = [one for one in kept if one.index < end]
        standing = await _standing(parts.destination, [one.place for one in page])
        gone += [one for one in page if one.place not in standing]
        end = 0 if len(standing) == len(page) else first
    records = [one for entry in gone for one in await _spoken_of(parts, entry)]
    back = [_reorg(one) for one in records if one.state in _TAKES_BACK]
    if back:
        await parts.store.happen(back, parts.clock.now())
    tip = await parts.destination.head(Finality.LATEST)
    paid = [one for one in records if one.state in (State.SETTLED, State.REFUNDED)]
    fates = await parts.destination.fates([one.sent.message for one in paid], tip.number) if paid else []
    as_it_was = {
        one.sent.message.id
        for one, fate in zip(paid, fates, strict=True)
        if (fate is Fate.DELIVERED) is (one.state is State.SETTLED)
        and (one.state is State.SETTLED or one.sent.message.is_expired(tip.timestamp))
    }
    return [one for one in paid if one.sent.message.id not in as_it_was]


async def _spoken_of(parts: LaneParts, entry: Entry) -> Sequence[Record]:
    receipt = parse_receipt(entry.data)
    if isinstance(receipt, Delivered):
        page = await parts.store.range(parts.lane, receipt.nonces[0], receipt.nonces[-1])
        return [one for one in page if one.sent.message.nonce in receipt.nonces]
    record = await parts.store.record(MessageId(receipt.id))
    return [] if record is None else [record]


async def _standing(chain: Chain, places: Sequence[Place]) -> set[Place]:
    """Those of the places whose blocks are of the chain that stands. Raises `NotYet` where it is shorter."""
    hashes = {number: (await chain.block(number)).hash for number in {place.block for place in places}}
    return {place for place in places if hashes[place.block] == place.block_hash}


def _reorg(record: Record) -> Happening:
    message = record.sent.message
    event = Event.DESTINATION_REORG
    return Happening(id=message.id, event=event, chain=message.destination, seen_in=record.state)
