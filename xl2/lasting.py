"""
Lasting: causes that are met again and again, and when a person is to hear of one.

Comes in: a cause, each time that it is met, and the news that it is over. Goes out: whether to tell it now, and how
often it was met since it was told last. Promise: told at once, then once an hour while it lasts; anew only after it was
well in between. Several may meet the same cause, and it lasts until it is over for each of them. Writes nothing.
"""

import time
from collections.abc import Callable, Hashable
from typing import Final

from attrs import define, field

REPEAT_SECONDS: Final = 3_600.0


@define
class _Met:
    """One cause."""

    told_at: float
    #: For whom it is not over.
    by: set[Hashable] = field(factory=set)
    again: int = 0


@define
class Lasting:
    """Causes that are not over."""

    _clock: Callable[[], float] = time.monotonic
    _met: dict[Hashable, _Met] = field(factory=dict, init=False)

    def tells(self, cause: Hashable, by: Hashable = None) -> int | None:
        """A cause was met; how often it was since it was told last, if it is to be told now, else None."""
        now, known = self._clock(), self._met.get(cause)
        if known is None:
            self._met[cause] = _Met(told_at=now, by={by})
            return 0
        known.by.add(by)
        known.again += 1
        if now - known.told_at < REPEAT_SECONDS:
            return None
        again, known.again, known.told_at = known.again, 0, now
        return again

    def well(self, cause: Hashable, by: Hashable = None) -> bool:
        """A cause is over for one who met it; whether it was told and is over for all now."""
        known = self._met.get(cause)
        if known is None:
            return False
        known.by.discard(by)
        if known.by:
            return False
        del self._met[cause]
        return True


def again_in_words(again: int) -> str:
    """What a line ends with that was told before."""
    return f" (again, {again} times since this was told last)" if again else ""
