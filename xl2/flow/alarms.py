"""
Alarms: a person is told once, again only after it was well in between, and once an hour while it lasts.

Comes in: an alarm by its cause, or the news that the cause is over. Goes out: `Observer.alarmed`, which is the one way
of every alarm; the line in the log is written by one of the observers, `xl2.ports.AlarmLines`, and by nobody else. So
each alarm is one line, one count of the metric and one event. Who alarms once by himself tells the observer directly.
"""

from collections.abc import Callable, Hashable
from time import monotonic
from typing import TypeAlias

from attrs import evolve

from xl2.core.types import Address, ChainId
from xl2.lasting import Lasting, again_in_words
from xl2.ports import Alarm, AlarmKind, Observer

#: Of what an alarm is told once: its kind, and where.
Cause: TypeAlias = tuple[AlarmKind, ChainId, Address]


def cause_of(kind: AlarmKind, chain: ChainId, account: Address) -> Cause:
    """Cause of an alarm about what an account pays on a chain: the same for whoever meets it."""
    return kind, chain, account


class Alarms:
    """What is alarmed now, by cause. Those who may meet the same cause share one."""

    def __init__(self, observer: Observer, clock: Callable[[], float] = monotonic) -> None:
        """`observer`: who is told. `clock`: seconds, by which what lasts is told again."""
        self._observer = observer
        self._lasting = Lasting(clock)

    def tell(self, cause: Hashable, alarm: Alarm, by: Hashable = None) -> None:
        """Tell, unless it was told of late. `by`: who met it, where several may."""
        again = self._lasting.tells(cause, by)
        if again is not None:
            self._observer.alarmed(evolve(alarm, what=alarm.what + again_in_words(again)))

    def well(self, cause: Hashable, by: Hashable = None) -> bool:
        """The cause is over for one who met it; whether it was told and is over now."""
        return self._lasting.well(cause, by)
