"""
Observers: the two logs of one lane, and up to which blocks they were observed.

Promise: one look at a time at each log. Evidence is asked for at the block that was observed last, and nodes keep the
states of some hundred blocks: whoever needs it has a log observed anew that was not looked at just now. When to look
else is `lane_tasks`'s, how it is done `flow.observe`'s.
"""

import asyncio
import contextlib
import logging
from typing import Final

from attrs import define, field

from xl2.core.evidence import Finality
from xl2.core.lifecycle import Event
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber
from xl2.errors import ProofInvalid, Refused, Retryable
from xl2.flow import observe as observing
from xl2.ports import Chain, Happening, Log, Sent
from xl2.relayer.gap_watch import GapWatch
from xl2.relayer.lane_parts import LaneParts

log = logging.getLogger(__name__)

#: A log that was looked at within so long is not looked at anew for whoever asks for evidence.
_FRESH_SECONDS: Final = 5.0


@define(kw_only=True)
class Observers:
    """The observers of one lane."""

    parts: LaneParts
    #: False: new messages are for others to observe.
    takes_in: bool = field(default=True, init=False)
    _upto: dict[LogKind, BlockNumber] = field(factory=dict, init=False)
    #: When each log was looked at last, by the clock that never jumps.
    _looked_at: dict[LogKind, float] = field(factory=dict, init=False)
    _turns: dict[LogKind, asyncio.Lock] = field(factory=lambda: {kind: asyncio.Lock() for kind in LogKind}, init=False)
    _gaps: GapWatch = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Gaps are told as the lane's."""
        self._gaps = GapWatch(self.parts.lane, self.parts.alarms)

    def upto(self, kind: LogKind) -> int:
        """Block up to which a log is observed; -1 before the first look."""
        return self._upto.get(kind, -1)

    async def look(self, kind: LogKind) -> bool:
        """Observe what is new; whether there is more."""
        async with self._turns[kind]:
            return await self._look(kind)

    async def refresh(self, kind: LogKind) -> None:
        """Have a log observed anew unless it was looked at just now; who cannot goes on with what is known."""
        if kind is LogKind.LANE and not self.takes_in:
            return
        async with self._turns[kind]:
            if self.parts.clock.steady() - self._looked_at.get(kind, -_FRESH_SECONDS) >= _FRESH_SECONDS:
                with contextlib.suppress(Retryable, Refused):
                    await self._look(kind)

    async def _look(self, kind: LogKind) -> bool:
        parts = self.parts
        chain, finality = self._home(kind)
        self._looked_at[kind] = parts.clock.steady()
        try:
            found = await observing.observe(
                chain, Log(lane=parts.lane, kind=kind), parts.store, finality, parts.clock.now()
            )
        except ProofInvalid as gap:
            self._gaps.failed(kind, chain.chain, gap)
            raise
        self._gaps.whole(kind)
        if found is None:
            return False
        self._upto[kind] = found.cursor.block
        if found.entries:
            fields = {
                "lane": parts.lane.name,
                "log": kind.name.lower(),
                "entries": found.entries,
                "block": found.cursor.block,
            }
            log.info("observed", extra={"fields": fields})
            parts.observer.moved(parts.lane, [_observed(sent) for sent in found.sent])
        return found.more

    def _home(self, kind: LogKind) -> tuple[Chain, Finality]:
        """Where a log is written, and how final its blocks are to be: a refund stands beside no delivery."""
        if kind is LogKind.LANE:
            return self.parts.origin, self.parts.finality
        return self.parts.destination, Finality.FINALIZED


def _observed(sent: Sent) -> Happening:
    """What the origin is seen to say of a new message."""
    message = sent.message
    return Happening(id=message.id, event=Event.ORIGIN_FINAL, chain=message.origin, place=sent.place)
