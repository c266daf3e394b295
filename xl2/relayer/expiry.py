"""
Expiry: whether a message's is recorded already.

Promise: what a block holds is not recorded again, also where that block is not final yet: that is paid and does
nothing.
"""

from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.message import Message
from xl2.core.receipt import Expired
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber
from xl2.ports import Chain, Entry, Log, Store


async def recorded_expiry(message: Message, store: Store, destination: Chain) -> Entry | None:
    """The receipt that says so; None where there is none."""
    lane, receipt = Lane.of(message), Expired(id=message.id).encode()
    entry = await store.entry(lane, receipt)
    if entry is not None:
        return entry
    cursor = await store.cursor(Log(lane=lane, kind=LogKind.RECEIPTS))
    tip = await destination.head(Finality.LATEST)
    first = BlockNumber(cursor.block + 1 if cursor else 0)
    newer = await destination.receipts(lane, first, tip.number) if first <= tip.number else []
    return next((one for one in newer if one.data == receipt), None)
