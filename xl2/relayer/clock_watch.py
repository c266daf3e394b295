"""
Clock watch: what rests in the store rests by the clock that this relayer goes by, or it rests no longer.

Comes in: the two times of this machine, look after look, and the lanes that are carried. Goes out: lanes whose messages
are roused, and one line a jump. Promise: until when a message rests is believed only where this process wrote it, by a
clock that has not jumped since. So a lane is roused when it is taken up, as whoever had it may have had another clock,
or this one before it was set back; and every lane is after a jump. A message that is looked at too early rests anew.

Nothing else here needs the right time of day: how long something takes is counted in steady time, leases end by the
store's clock, and messages expire by the chains'.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Final

from attrs import define, field, frozen, validators

from xl2.core.lane import Lane
from xl2.errors import Refused, Retryable
from xl2.ports import Clock, Store

log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 1.0


@frozen
class Moment:
    """What the two times of a machine were at once."""

    wall: float
    steady: float

    def jumped(self, before: "Moment") -> float:
        """How many seconds the wall clock went ahead since, beyond the time that passed; below 0: it went back."""
        return (self.wall - before.wall) - (self.steady - before.steady)


@define(kw_only=True)
class ClockWatch:
    """Over the clock of one relayer."""

    store: Store
    clock: Clock
    #: Lanes that are carried now.
    lanes: Callable[[], Sequence[Lane]]
    #: Told when there may be more to do than a moment ago.
    roused: Callable[[], None]
    #: So much between two looks is no jump: clocks are slewed, and a message may as well rest so much longer.
    tolerated_seconds: float = field(default=5.0, validator=validators.ge(0))
    #: Lanes on which whatever rests does so by this clock as it goes now.
    _known: set[Lane] = field(factory=set, init=False)
    _last: Moment = field(init=False)

    def __attrs_post_init__(self) -> None:
        """What jumped before is found in no lane that is known."""
        self._last = self._now()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await self.clock.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """See whether the clock jumped, and rouse what does not rest by it."""
        jumped = self._jumped()
        if jumped:
            self._known.clear()
        messages = await self._rouse()
        if jumped:
            way = "ahead" if jumped > 0 else "back"
            fields = {
                "cause": f"this machine's clock went {way} by {abs(jumped):.0f} s: it was set, or the machine slept",
                "messages": messages,
                "remedy": "Nothing is lost, and what rested is looked at again. Should it happen again, see to NTP.",
            }
            log.warning("the clock jumped", extra={"fields": fields})
        elif messages:
            log.info("what rested is looked at again", extra={"fields": {"messages": messages}})
        # After a jump ahead much is due that nobody had to rouse.
        if messages or jumped:
            self.roused()

    async def _rouse(self) -> int:
        """Rouse lanes that are not known; how many messages rested there. What fails is done by a later look."""
        lanes, messages = self.lanes(), 0
        self._known.intersection_update(lanes)
        for lane in lanes:
            if lane in self._known:
                continue
            try:
                messages += await self.store.rouse(lane, self.clock.now())
            except (Retryable, Refused) as cause:
                # The store does not answer, or the lane is another daemon's by now.
                log.debug("lane not roused", extra={"fields": {"lane": lane.name, "cause": cause.what}})
            else:
                self._known.add(lane)
        return messages

    def _jumped(self) -> float:
        """By how much since the last look; 0 where that is no jump."""
        before, self._last = self._last, self._now()
        jumped = self._last.jumped(before)
        return jumped if abs(jumped) > self.tolerated_seconds else 0.0

    def _now(self) -> Moment:
        return Moment(wall=self.clock.now(), steady=self.clock.steady())
