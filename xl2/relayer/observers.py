"""
Observers: the two logs of one lane, and up to which blocks they were observed.

Comes in: what a lane is carried with. Goes out: what is new, in the store. Promise: a gap is told when refetching did
not mend it. When to look is `lane_tasks`'s, how it is done `flow.observe`'s.
"""

import logging

from attrs import define, field

from xl2.core.evidence import Finality
from xl2.core.lifecycle import Event
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber
from xl2.errors import ProofInvalid
from xl2.flow import observe as observing
from xl2.ports import Chain, Happening, Log, Sent
from xl2.relayer.gap_watch import GapWatch
from xl2.relayer.lane_parts import LaneParts

log = logging.getLogger(__name__)


@define(kw_only=True)
class Observers:
    """The observers of one lane."""

    parts: LaneParts
    _upto: dict[LogKind, BlockNumber] = field(factory=dict, init=False)
    _gaps: GapWatch = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Gaps are told as the lane's."""
        self._gaps = GapWatch(self.parts.lane, self.parts.alarms)

    def upto(self, kind: LogKind) -> int:
        """Block up to which a log was observed since the start; -1 before the first look."""
        return self._upto.get(kind, -1)

    async def look(self, kind: LogKind) -> bool:
        """Observe what is new; whether there is more."""
        parts = self.parts
        chain, finality = self._home(kind)
        seen = Log(lane=parts.lane, kind=kind)
        try:
            found = await observing.observe(chain, seen, parts.store, finality, parts.clock.now())
        except ProofInvalid as gap:
            self._gaps.failed(kind, chain.chain, gap)
            raise
        self._gaps.whole(kind)
        if found is None:
            # No block more than an earlier run has observed.
            cursor = None if kind in self._upto else await parts.store.cursor(seen)
            if cursor is not None:
                self._upto[kind] = cursor.block
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
