"""
Confirm: what the inbox said becomes final on the destination, or goes back to an earlier room.

Promise: a message is confirmed only by what a final block of the destination says; one whose delivery or expiry a reorg
took is told so (`DESTINATION_REORG`) as soon as a final block without it is as high as the block it was seen in. Before
that the destination is not asked, for it cannot know. The receipts, which settle it, are observed by `observe`.
"""

from collections.abc import Sequence

from xl2.core.lane import Lane
from xl2.core.lifecycle import Event, State
from xl2.core.receipt import Expired
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, MessageId
from xl2.errors import NotYet
from xl2.ports import Chain, Fate, Happening, Log, Record, Store


async def confirm(records: Sequence[Record], store: Store, destination: Chain) -> Sequence[Happening]:
    """
    What final blocks say of delivered and expired messages of one lane; nothing of those that are not final yet.

    Raises `NotYet` while the lane's receipts were not observed.
    """
    lane = Lane.of(records[0].sent.message)
    cursor = await store.cursor(Log(lane=lane, kind=LogKind.RECEIPTS))
    if cursor is None:
        raise NotYet(f"receipts of chain {lane.destination} are not observed yet")
    # Where its own block is not known it is the tip of then: that is final soon, with what it held or without.
    seen_in = await store.last_blocks([record.sent.message.id for record in records])
    ripe = [one for one in records if (seen_in[one.sent.message.id] or 0) <= cursor.block]
    final = await _final(ripe, cursor.block, store, destination)
    return [
        Happening(id=one, event=event, chain=lane.destination, seen_in=record.state)
        for record in ripe
        if (event := _event(one := record.sent.message.id, final, seen_in[one])) is not None
    ]


async def _final(records: Sequence[Record], at: BlockNumber, store: Store, destination: Chain) -> set[MessageId]:
    """Those that are delivered, or whose expiry is recorded, at a final block."""
    delivered = [record.sent.message for record in records if record.state is State.DELIVERED]
    fates = await destination.fates(delivered, at, failed=False)
    found = {message.id for message, fate in zip(delivered, fates, strict=True) if fate is Fate.DELIVERED}
    for message in (record.sent.message for record in records if record.state is State.EXPIRED):
        if await store.entry(Lane.of(message), Expired(id=message.id).encode()) is not None:
            found.add(message.id)
    return found


def _event(message: MessageId, final: set[MessageId], seen_in: BlockNumber | None) -> Event | None:
    if message in final:
        return Event.DESTINATION_FINAL
    return None if seen_in is None else Event.DESTINATION_REORG
