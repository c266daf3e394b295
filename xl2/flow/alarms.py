"""
Alarms: a person is told once, again only after it was well in between, and once an hour while it lasts.

Comes in: an alarm by its cause, or the news that the cause is over. Goes out: `Observer.alarmed`, which is the one way
of every alarm; the line in the log is written by one of the observers, `AlarmLines`, and by nobody else. So each alarm
is one line, one count of the metric and one event. Who alarms once by himself tells the observer without this.
"""

import logging
from collections.abc import Callable, Hashable, Mapping
from time import monotonic
from typing import Final, TypeAlias

from attrs import evolve

from xl2.core.types import Address, ChainId, hex_text
from xl2.flow.lasting import Lasting, again_in_words
from xl2.ports import Alarm, AlarmKind, Observer, Unobserved

#: Of what an alarm is told once: its kind, and where.
Cause: TypeAlias = tuple[AlarmKind, ChainId, Address]

log = logging.getLogger(__name__)

#: A promise of a chain or of a bridge broke; of all else nothing is lost while it waits.
_BROKEN: Final = (AlarmKind.DEEP_REORG, AlarmKind.HEAD_CONTRADICTION, AlarmKind.BACKING_BREAK)


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


class AlarmLines(Unobserved):
    """Writes the one line of each alarm. Implements `Observer`."""

    def alarmed(self, alarm: Alarm) -> None:
        """Its sentence, and what a program may ask for."""
        level = logging.ERROR if alarm.kind in _BROKEN else logging.WARNING
        log.log(level, "%s", alarm.what, extra={"fields": _fields(alarm)})


def _fields(alarm: Alarm) -> Mapping[str, object]:
    found = {
        "chain": alarm.chain,
        "lane": alarm.lane.name if alarm.lane else None,
        "endpoint": alarm.endpoint,
        "ids": [hex_text(one) for one in alarm.ids],
        "value_wei": alarm.value,
    }
    told = {name: value for name, value in found.items() if value not in (None, "", [])}
    return {"alarm": alarm.kind.value, **told, "runbook": alarm.runbook}
