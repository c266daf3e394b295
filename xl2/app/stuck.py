"""
Stuck: which messages have stood still for longer than they should.

Promise: only messages that this relayer should move by now are named: not those that it declines or was told to leave,
nor those of a paused lane; a lane is told of once, and again only after it was well. How long a class may take stands
below.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Final

from attrs import define, field

from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.types import Assurance, hex_text
from xl2.errors import StoreUnavailable, Xl2Error
from xl2.flow.alarms import Alarms
from xl2.ports import Alarm, AlarmKind, Clock, Record, Store

log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 60.0
_HOUR: Final = 3_600.0
#: Longest stay of a message that waits for evidence of its class: signatures are a matter of blocks, a proof under a
#: rollup's withdrawal rule one of a week and what comes on top.
LONGEST_SECONDS: Final[Mapping[Assurance, float]] = {
    Assurance.ATTESTED: 1 * _HOUR,
    Assurance.OPTIMISTIC: 3 * 24 * _HOUR,
    Assurance.SETTLED: 10 * 24 * _HOUR,
}
#: States that the relayer itself is to move on. What failed waits for its recipient, what is final for its receipt.
_OURS: Final = (State.OBSERVED, State.PROVEN, State.OVERDUE)
#: Messages that one look reads, and that one alarm names.
_READ, _NAMED = 1_000, 10


@define(kw_only=True)
class Stuck:
    """Looks for messages that are stuck."""

    store: Store
    clock: Clock
    alarms: Alarms
    #: Lanes that were told of and are not well since.
    _told: set[Lane] = field(factory=set, init=False)

    async def keep(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self.look()
            except StoreUnavailable:
                # The store tells it, once.
                pass
            except Xl2Error as error:
                log.warning("nobody could look for stuck messages", extra={"fields": {"cause": error.what}})
            await self.clock.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Look once, and tell what is stuck."""
        paused = {pause.lane for pause in await self.store.pauses()}
        now = self.clock.now()
        late = {
            lane
            for lane, state, _, since in await self.store.backlog()
            if state in _OURS and lane not in paused and since < _latest(lane, now)
        }
        for lane in {*late, *self._told}:
            stuck = await self.store.late(lane, _OURS, _latest(lane, now), _READ) if lane in late else ()
            if stuck:
                self.alarms.tell(lane, _alarm(lane, stuck, now))
                self._told.add(lane)
            else:
                self.alarms.well(lane)
                self._told.discard(lane)


def _latest(lane: Lane, now: float) -> float:
    """A stay that began before is too long for a lane's class."""
    return now - LONGEST_SECONDS[lane.assurance]


def _alarm(lane: Lane, stuck: Sequence[Record], now: float) -> Alarm:
    first = stuck[0]
    what = (
        f"{len(stuck)} messages of lane {lane.name} are stuck, "
        f"the oldest for {now - first.since:.0f} s: {first.cause or 'no cause is known'}; "
        f"see `xl2 explain {hex_text(first.sent.message.id)}`"
    )
    ids = tuple(one.sent.message.id for one in stuck[:_NAMED])
    return Alarm(kind=AlarmKind.STUCK_MESSAGE, what=what, lane=lane, ids=ids)
