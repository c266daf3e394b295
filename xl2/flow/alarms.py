"""
Alarms: a person is told once, again only after it was well in between, and once an hour while it lasts.

Comes in: an alarm by its cause, or the news that the cause is over. Goes out: `Observer.alarmed`, which is the one way
of every alarm; the line in the log is written by one of the observers, `xl2.ports.AlarmLines`, and by nobody else. So
each alarm is one line, one count of the metric and one event. For whoever asks, what was told stands until it is over,
or until nobody has met it for an hour: where there is nothing more to do, nobody finds out that it is over. A key that
is lost stays so till it signs. Who alarms once by himself tells the observer directly.
"""

from collections.abc import Callable, Hashable
from time import monotonic
from typing import TypeAlias

from attrs import define, evolve, frozen

from xl2.core.types import Address, ChainId
from xl2.lasting import REPEAT_SECONDS, Lasting, again_in_words
from xl2.ports import Alarm, AlarmKind, Observer

#: Of what an alarm is told once: its kind, and where.
Cause: TypeAlias = tuple[AlarmKind, ChainId, Address]


def cause_of(kind: AlarmKind, chain: ChainId, account: Address) -> Cause:
    """Cause of an alarm about what an account pays on a chain: the same for whoever meets it."""
    return kind, chain, account


@frozen(kw_only=True)
class Standing:
    """An alarm that is not over."""

    #: As it was met last.
    alarm: Alarm
    #: For how long.
    seconds: float


@define
class _Met:
    """An alarm as it was met last, when that was, and when it was met first."""

    alarm: Alarm
    last: float
    since: float

    def lasts(self, now: float) -> bool:
        """Whether it stands, as far as anybody can know."""
        return self.alarm.kind is AlarmKind.KEY_LOST or now - self.last <= REPEAT_SECONDS


class Alarms:
    """What is alarmed now, by cause. Those who may meet the same cause share one."""

    def __init__(self, observer: Observer, clock: Callable[[], float] = monotonic) -> None:
        """`observer`: who is told. `clock`: seconds, by which what lasts is told again."""
        self._observer = observer
        self._clock = clock
        self._lasting = Lasting(clock)
        #: What nobody said is over, by cause.
        self._met: dict[Hashable, _Met] = {}

    @property
    def standing(self) -> list[Standing]:
        """What was told and is not over, longest first."""
        now = self._clock()
        return [Standing(alarm=one.alarm, seconds=now - one.since) for one in self._met.values() if one.lasts(now)]

    def tell(self, cause: Hashable, alarm: Alarm, by: Hashable = None) -> None:
        """Tell, unless it was told of late. `by`: who met it, where several may."""
        now, known = self._clock(), self._met.get(cause)
        since = known.since if known is not None and known.lasts(now) else now
        self._met[cause] = _Met(alarm, last=now, since=since)
        again = self._lasting.tells(cause, by)
        if again is not None:
            self._observer.alarmed(evolve(alarm, what=alarm.what + again_in_words(again)))

    def well(self, cause: Hashable, by: Hashable = None) -> bool:
        """The cause is over for one who met it; whether it was told and is over now."""
        is_over = self._lasting.well(cause, by)
        if is_over:
            del self._met[cause]
        return is_over
