"""
Alarms: a person is told once, and again only after it was well in between.

Comes in: an alarm, or the news that its cause is over. Goes out: one line in the log and one call of the observer.
"""

import logging
from collections.abc import Hashable

from xl2.core.types import hex_text
from xl2.ports import Alarm, Observer

log = logging.getLogger(__name__)


class Alarms:
    """What is alarmed now, by cause."""

    def __init__(self, observer: Observer) -> None:
        """`observer`: who is told."""
        self._observer = observer
        self._raised: set[Hashable] = set()

    def tell(self, cause: Hashable, alarm: Alarm) -> None:
        """Tell, unless this cause was told and has not been well since."""
        if cause in self._raised:
            return
        self._raised.add(cause)
        fields = {
            "alarm": alarm.kind.value,
            "chain": alarm.chain,
            "ids": [hex_text(one) for one in alarm.ids],
            "value_wei": alarm.value,
        }
        log.warning("%s", alarm.what, extra={"fields": {name: one for name, one in fields.items() if one}})
        self._observer.alarmed(alarm)

    def well(self, cause: Hashable) -> None:
        """The cause is over."""
        self._raised.discard(cause)
