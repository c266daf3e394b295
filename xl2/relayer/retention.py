"""
Retention: what ended long ago goes from the store, so that it grows with what waits and not with all history.

Promise: only lanes that this daemon carries are pruned, under their leases, a few pages at a time; no room waits long.
What must stay for what is yet to come is the store's to know.
"""

import logging
from collections.abc import Callable, Sequence

from attrs import field, frozen, validators

from xl2.core.lane import Lane
from xl2.errors import Refused, Retryable
from xl2.ports import Clock, Store

log = logging.getLogger(__name__)

_DAY = 86_400.0
#: Between two rounds.
_ROUND_SECONDS = 3_600.0


@frozen(kw_only=True)
class Retention:
    """Prunes, hour by hour."""

    store: Store
    clock: Clock
    #: Lanes that are carried now.
    lanes: Callable[[], Sequence[Lane]]
    #: After so many days it goes; 0: never.
    keep_days: float = field(default=30.0, validator=validators.ge(0))

    async def run(self) -> None:
        """Prune until cancelled."""
        while self.keep_days:
            await self.look()
            await self.clock.sleep(_ROUND_SECONDS)

    async def look(self) -> int:
        """Prune once; how many messages went."""
        before, gone = self.clock.now() - self.keep_days * _DAY, 0
        for lane in self.lanes():
            try:
                gone += await self.store.prune(lane, before)
            except (Retryable, Refused) as cause:
                # The store does not answer, or the lane is another daemon's by now: the next round will see.
                log.debug("lane not pruned", extra={"fields": {"cause": cause.what}})
        try:
            await self.store.prune_journal(before)
        except Retryable as cause:
            log.debug("journal not pruned", extra={"fields": {"cause": cause.what}})
        if gone:
            log.info("pruned", extra={"fields": {"messages": gone, "keep_days": self.keep_days}})
        return gone
