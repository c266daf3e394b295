"""
Expiry: until when a message may rest, and whether its expiry is recorded already.

Promise: no message rests past the moment at which its destination can record its expiry, so nobody's patience delays a
refund; what a block holds is not recorded again, also where that block is not final yet: that is paid and does nothing.
The destination's own clock alone says what is over; what is reckoned here makes a look come early at worst.
"""

from collections.abc import Mapping, Sequence

from attrs import define, field

from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.message import Message
from xl2.core.receipt import Expired
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, MessageId
from xl2.errors import Refused, Retryable
from xl2.ports import Chain, Clock, Entry, Log, Store

#: Whoever rests no longer than this is not asked when its time is over.
LEAST_SECONDS = 12.0
#: Until a block is later than an expiry that has just passed.
_BLOCK_SECONDS = 2.0
#: A chain's time is read again after so long.
_KNOWN_SECONDS = 10.0
#: The longest rest where a chain does not say what time it has, or stands while ours says that the time is over: when
#: it goes on, its next block may be later than the expiry by any time.
_UNSURE_SECONDS = 60.0


@define(kw_only=True)
class Deadline:
    """How long messages to one chain may rest."""

    destination: Chain
    clock: Clock
    #: Time of the chain that was read last, and when, in steady seconds.
    _read: tuple[float, float] | None = field(default=None, init=False)

    async def rest(self, message: Message, seconds: float) -> float:
        """So many seconds, or fewer where the message's expiry can be recorded before."""
        if not message.expiry or seconds <= LEAST_SECONDS:
            return seconds
        now = await self._now()
        if now is None:
            return min(seconds, _UNSURE_SECONDS)
        # By the chain's time and by ours: a chain that stood goes on with about ours, and ours may be wrong by years.
        left = min(message.expiry - now, max(message.expiry - self.clock.now(), _UNSURE_SECONDS))
        return min(seconds, max(left + _BLOCK_SECONDS, LEAST_SECONDS))

    async def _now(self) -> float | None:
        """Seconds of the chain's clock; None where it was never told."""
        steady = self.clock.steady()
        if self._read is None or steady - self._read[1] > _KNOWN_SECONDS:
            try:
                tip = await self.destination.head(Finality.LATEST)
            except (Retryable, Refused):
                # Its time goes on with ours.
                pass
            else:
                self._read = float(tip.timestamp), steady
        return None if self._read is None else self._read[0] + steady - self._read[1]


async def recorded_expiries(messages: Sequence[Message], store: Store, destination: Chain) -> Mapping[MessageId, Entry]:
    """The receipts that say so of messages of one lane, by message; what has none is not in it."""
    if not messages:
        return {}
    lane = Lane.of(messages[0])
    receipts = {Expired(id=one.id).encode(): one.id for one in messages}
    found = {}
    for receipt, message_id in receipts.items():
        if entry := await store.entry(lane, receipt):
            found[message_id] = entry
    cursor = await store.cursor(Log(lane=lane, kind=LogKind.RECEIPTS))
    tip = await destination.head(Finality.LATEST)
    first = BlockNumber(cursor.block + 1 if cursor else 0)
    for entry in await destination.receipts(lane, first, tip.number) if first <= tip.number else ():
        if entry.data in receipts:
            found.setdefault(receipts[entry.data], entry)
    return found
