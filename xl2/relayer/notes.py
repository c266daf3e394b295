"""
Notes: what became of a lane's messages, and for how long they rest, kept in the store and told to the observer.

Comes in: what chains were seen to say, and causes for which messages cannot go on. Promise: what happens alike to
thousands is one write; a message rests with its reason, and never past the moment at which its expiry can be recorded.
How long a cause rests is `retry`'s.
"""

import logging
from collections.abc import Iterable, Sequence

from attrs import define, field

from xl2.core.lifecycle import Event
from xl2.core.message import Message
from xl2.core.types import MessageId, hex_text
from xl2.errors import NotYet, Xl2Error
from xl2.flow.deliver import Outcome
from xl2.ports import Happening, Record
from xl2.relayer.expiry import Deadline
from xl2.relayer.lane_parts import LaneParts
from xl2.relayer.rests import Write, let_rest
from xl2.relayer.retry import RECIPIENT, delay, is_attempt, rest_seconds, waiting_seconds

log = logging.getLogger(__name__)


@define(kw_only=True)
class Notes:
    """The notes of one lane."""

    parts: LaneParts
    #: Messages whose delivery would have done nothing: they may have failed in a delivery of somebody else.
    doubtful: set[MessageId] = field(factory=set, init=False)
    #: How many messages were told to wait so far.
    postponed: int = field(default=0, init=False)
    _deadline: Deadline = field(init=False)

    def __attrs_post_init__(self) -> None:
        """What its destination says of the time is asked when it is needed."""
        self._deadline = Deadline(destination=self.parts.destination, clock=self.parts.clock)

    async def outcome(self, outcome: Outcome) -> None:
        """What a transaction did, or somebody before it."""
        await self.happen(outcome.happenings)
        self.doubtful.difference_update(happening.id for happening in outcome.happenings)
        rest = delay(RECIPIENT, 1)
        failed = [(one, rest, f"the recipient failed: {reason}") for one, reason in outcome.reasons.items()]
        await self._rest(failed, self.parts.store.postpone)
        if outcome.receipt is not None:
            fields = {
                "lane": self.parts.lane.name,
                "tx_hash": hex_text(outcome.receipt.tx_hash),
                "gas_used": outcome.receipt.gas_used,
                "messages": len(outcome.happenings),
                "failed": len(outcome.reasons),
            }
            log.info("delivered", extra={"fields": fields})

    async def happen(self, happenings: Sequence[Happening]) -> None:
        """What was seen."""
        if happenings:
            await self.parts.store.happen(happenings, self.parts.clock.now())
            self.parts.observer.moved(self.parts.lane, happenings)

    def happening(self, record: Record, event: Event) -> Happening:
        """Of a message that stands where its record says."""
        return Happening(
            id=record.sent.message.id, event=event, chain=self.parts.lane.destination, seen_in=record.state
        )

    async def postpone(self, records: Sequence[Record], cause: Xl2Error) -> None:
        """These rest for a cause, until their time is over at most: by how often they did, or have waited how long."""
        self.postponed += len(records)
        if is_attempt(cause):
            await self.rest([(one.sent.message, rest_seconds(cause, one.attempts + 1), cause.what) for one in records])
        else:
            waits = [(one.sent.message, self._waits(one, cause), cause.what) for one in records]
            await self._rest(await self._in_time(waits), self.parts.store.wait)

    async def wait(self, records: Sequence[Record], cause: NotYet) -> None:
        """These wait for a chain, and their time no longer matters: the destination has said its last word."""
        self.postponed += len(records)
        await self._rest(
            [(one.sent.message.id, self._waits(one, cause), cause.what) for one in records], self.parts.store.wait
        )

    async def rest(self, causes: Sequence[tuple[Message, float, str]]) -> None:
        """Messages rest for so many seconds, each for a reason, or until their time is over; that was an attempt."""
        await self._rest(await self._in_time(causes), self.parts.store.postpone)

    def _waits(self, record: Record, cause: Xl2Error) -> float:
        return waiting_seconds(cause, self.parts.clock.now() - record.since)

    async def _in_time(self, causes: Sequence[tuple[Message, float, str]]) -> Sequence[tuple[MessageId, float, str]]:
        return [(one.id, await self._deadline.rest(one, seconds), why) for one, seconds, why in causes]

    async def _rest(self, causes: Iterable[tuple[MessageId, float, str]], write: Write) -> None:
        now = self.parts.clock.now()
        await let_rest(write, ((message_id, now + seconds, why) for message_id, seconds, why in causes))
