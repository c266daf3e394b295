"""
Fresh: whoever needs evidence finds the log that it is of observed just now.

Comes in: who needs it, and looks at the two logs of one lane that ended. Promise: evidence is asked for at the block
that was observed last, and nodes keep the states of some hundred blocks, so a log that was not looked at for seconds is
looked at first. Its own room looks, and nobody else: one that rests over a failure is not waited for, and a slow one
once, for seconds; then whoever needs evidence goes on with what is known.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from attrs import define, field

from xl2.core.storage_proof import LogKind
from xl2.flow.resting import rest
from xl2.ports import Clock

#: A log that was looked at so lately is fresh, and for so long a look is waited for.
FRESH_SECONDS: Final = 5.0


@define(kw_only=True)
class Fresh:
    """The logs of one lane."""

    clock: Clock
    #: Has the room that observes a log look now.
    ask: Callable[[LogKind], None]
    #: When each was looked at last, by the clock that never jumps.
    _looked_at: dict[LogKind, float] = field(factory=dict, init=False)
    _awaited: dict[LogKind, asyncio.Event] = field(factory=dict, init=False)
    #: Logs whose looks fail, or take too long.
    _unable: set[LogKind] = field(factory=set, init=False)

    def looked(self, kind: LogKind, *, well: bool) -> None:
        """A look at a log has ended."""
        self._looked_at[kind] = self.clock.steady()
        if well:
            self._unable.discard(kind)
        else:
            self._unable.add(kind)
        if awaited := self._awaited.pop(kind, None):
            awaited.set()

    async def wanted(self, kind: LogKind) -> None:
        """Return when a log was looked at just now, or cannot be."""
        looked_at = self._looked_at.get(kind)
        is_fresh = looked_at is not None and self.clock.steady() - looked_at < FRESH_SECONDS
        if is_fresh or kind in self._unable:
            return
        awaited = self._awaited.setdefault(kind, asyncio.Event())
        self.ask(kind)
        if not await rest(self.clock, awaited, FRESH_SECONDS):
            self._unable.add(kind)
