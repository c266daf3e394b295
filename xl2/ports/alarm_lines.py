"""
Alarm lines: the one line of each alarm in the log, written by an observer, so that whoever alarms writes none.

Whoever is told of alarms and shows them otherwise stands beside it (`Several`). It is what tells where nobody observes.
"""

import logging
from collections.abc import Mapping
from typing import Final

from xl2.core.types import hex_text
from xl2.ports.observer import Alarm, AlarmKind, Unobserved

log = logging.getLogger(__name__)

#: A promise of a chain or of a bridge broke; of all else nothing is lost while it waits.
_BROKEN: Final = (AlarmKind.DEEP_REORG, AlarmKind.HEAD_CONTRADICTION, AlarmKind.BACKING_BREAK)


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
