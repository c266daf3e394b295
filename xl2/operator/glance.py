"""
Glance: what a person sees of a running relayer at one look: how fast it carries, and what alarmed it.

Promise: it holds the last minutes and the last alarms only, whatever happens. Implements `xl2.ports.Observer`.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from attrs import define, field

from xl2.core.lane import Lane
from xl2.core.lifecycle import Event
from xl2.core.types import ChainId
from xl2.errors import Xl2Error
from xl2.ports import Alarm, Call, Happening, TxReceipt

#: Rates are those of so many seconds.
WINDOW_SECONDS: Final = 60.0
_ALARMS: Final = 20
#: Counts are kept by the second, so a window holds few of them however much moves.
_COUNTED: Final = (Event.ORIGIN_FINAL, Event.DELIVERY, Event.SETTLEMENT, Event.FAILURE)


@define
class Glance:
    """The last minutes."""

    now: Callable[[], float]
    #: Newest last, each with its time.
    alarms: deque[tuple[float, Alarm]] = field(factory=lambda: deque(maxlen=_ALARMS), init=False)
    #: The last cause that a room of a lane rests for, by lane and room; gone when it looked again.
    resting: dict[tuple[str, str], str] = field(factory=dict, init=False)
    _counts: dict[tuple[str, Event], deque[tuple[int, int]]] = field(factory=dict, init=False)

    def rate(self, lane: str, event: Event) -> float:
        """Messages a second of a lane, over the window."""
        counted = self._counts.get((lane, event), deque())
        oldest = self.now() - WINDOW_SECONDS
        return sum(count for second, count in counted if second >= oldest) / WINDOW_SECONDS

    def looked(self, lane: Lane, room: str, *, busy: bool, seconds: float) -> None:
        """A room works again."""
        del busy, seconds
        if self.resting:
            self.resting.pop((lane.name, room), None)

    def rested(self, lane: Lane, room: str, cause: Xl2Error, seconds: float) -> None:
        """A room rests."""
        del seconds
        self.resting[lane.name, room] = cause.what

    def moved(self, lane: Lane, happenings: Sequence[Happening]) -> None:
        """Messages moved."""
        second = int(self.now())
        for event in _COUNTED:
            count = sum(1 for one in happenings if one.event is event)
            if count:
                counted = self._counts.setdefault((lane.name, event), deque(maxlen=int(WINDOW_SECONDS) + 1))
                if counted and counted[-1][0] == second:
                    counted[-1] = (second, counted[-1][1] + count)
                else:
                    counted.append((second, count))

    def submitted(self, call: Call, receipt: TxReceipt) -> None:
        """Nothing."""

    def replaced(self, chain: ChainId, what: str) -> None:
        """Nothing."""

    def alarmed(self, alarm: Alarm) -> None:
        """A person should look."""
        self.alarms.append((self.now(), alarm))
