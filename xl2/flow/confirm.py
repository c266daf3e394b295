"""
Confirm: what the inbox said becomes final on the destination, or goes back to an earlier room.

Promise: a message is confirmed only by what a final block of the destination says; one whose delivery or expiry a reorg
took is told so (`DESTINATION_REORG`) as soon as a final block without it is as high as the block it was seen in. The
receipts, which settle it, are observed by `observe`.
"""

from collections.abc import Sequence

from xl2.core.lane import Lane
from xl2.core.lifecycle import Event, State
from xl2.core.receipt import Expired
from xl2.core.storage_proof import LogKind
from xl2.errors import NotYet
from xl2.ports import Chain, Cursor, Fate, Happening, Log, Record, Store


async def confirm(records: Sequence[Record], store: Store, destination: Chain) -> Sequence[Happening]:
    """
    What final blocks say of delivered and expired messages of one lane; nothing of those that are not final yet.

    Raises `NotYet` while the lane's receipts were not observed.
    """
    lane = Lane.of(records[0].sent.message)
    cursor = await store.cursor(Log(lane=lane, kind=LogKind.RECEIPTS))
    if cursor is None:
        raise NotYet(f"receipts of chain {lane.destination} are not observed yet")
    fates = await destination.fates([record.sent.message for record in records], cursor.block)
    found = []
    for record, fate in zip(records, fates, strict=True):
        event = await _event(record, fate, cursor, store)
        if event is not None:
            found.append(
                Happening(id=record.sent.message.id, event=event, chain=lane.destination, seen_in=record.state)
            )
    return found


async def _event(record: Record, fate: Fate, cursor: Cursor, store: Store) -> Event | None:
    message = record.sent.message
    if record.state is State.DELIVERED:
        is_final = fate is Fate.DELIVERED
    else:
        is_final = await store.entry(cursor.log.lane, Expired(id=message.id).encode()) is not None
    if is_final:
        return Event.DESTINATION_FINAL
    seen_in = (await store.steps(message.id))[-1].block
    # Where its own block is not known it is the tip of then: that is final soon, with what it held or without.
    return Event.DESTINATION_REORG if seen_in is not None and seen_in <= cursor.block else None
