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
from xl2.errors import Xl2Error
from xl2.flow.deliver import Outcome
from xl2.ports import Happening, Record
from xl2.relayer.expiry import Deadline
from xl2.relayer.lane_parts import LaneParts
from xl2.relayer.rests import let_rest
from xl2.relayer.retry import RECIPIENT, delay, rest_seconds

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
        await self._rest((one, rest, f"the recipient failed: {reason}") for one, reason in outcome.reasons.items())
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
        """These rest for a cause, each by how often it did before; what is open yet, until its time is over at most."""
        self.postponed += len(records)
        await self.rest((one.sent.message, rest_seconds(cause, one.attempts + 1), cause.what) for one in records)

    async def wait(self, records: Sequence[Record], cause: Xl2Error) -> None:
        """These rest for a cause, and their time no longer matters: the destination has said its last word."""
        self.postponed += len(records)
        await self._rest((one.sent.message.id, rest_seconds(cause, one.attempts + 1), cause.what) for one in records)

    async def rest(self, causes: Iterable[tuple[Message, float, str]]) -> None:
        """Messages rest for so many seconds, each for a reason, or until their time is over."""
        await self._rest([(one.id, await self._deadline.rest(one, seconds), why) for one, seconds, why in causes])

    async def _rest(self, causes: Iterable[tuple[MessageId, float, str]]) -> None:
        """Messages rest for so many seconds, each for a reason."""
        now = self.parts.clock.now()
        await let_rest(
            self.parts.store.postpone, ((message_id, now + seconds, why) for message_id, seconds, why in causes)
        )
