"""
Backlog watch: one look at the store tells all lanes in which states messages of theirs stand.

Promise: k lanes cost one look, not one a room; a room for which nothing stands sleeps until something does. What is
told is a hint: a room looks for itself, and now and then unasked. A store that does not answer stops nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping

from attrs import define

from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.ports import Clock, Store
from xl2.relayer.looking import look_on

LOOK_SECONDS = 2.0


@define(kw_only=True)
class BacklogWatch:
    """Looks at a store for all lanes."""

    store: Store
    clock: Clock
    #: Told of every lane of which messages stand, and in which states.
    told: Callable[[Mapping[Lane, frozenset[State]]], None]

    async def run(self) -> None:
        """Look until cancelled."""
        await look_on(self.look, self.clock.sleep, least=LOOK_SECONDS, failing="what stands is unknown", fields={})

    async def look(self) -> float:
        """Look once; how long to rest."""
        found: defaultdict[Lane, set[State]] = defaultdict(set)
        for lane, state, _, _ in await self.store.backlog():
            found[lane].add(state)
        self.told({lane: frozenset(states) for lane, states in found.items()})
        return LOOK_SECONDS
