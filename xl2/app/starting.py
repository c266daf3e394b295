"""
Starting: what a start asks of the chains and of its store, asked again until they answer.

Promise: an endpoint that is down, slow or spoiled when a daemon starts, or a database that is, costs time and not the
daemon; it is alarmed until the start goes on, and whoever looks meanwhile hears what is waited for. What no waiting
mends (another chain's id, contracts that are not there, a store that cannot be trusted, a configuration that is wrong)
ends the start at once. How long it rests in between is `retry`'s.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

from attrs import define, field, frozen

from xl2.errors import NotYet, Reverted, RpcRejected, RpcUnavailable, StoreUnavailable, Xl2Error
from xl2.flow.alarms import Alarms
from xl2.operator.values import Check
from xl2.ports import Alarm, AlarmKind, Clock
from xl2.relayer.retry import STARTING, delay

log = logging.getLogger(__name__)

T = TypeVar("T")

_CAUSE: Final = (AlarmKind.PROVIDER_DOWN, "start")
_WAITS: Final = "the start waits for an endpoint, and goes on by itself when it answers"
_UNDER_WAY: Final = "under way: the chains are asked, or leases end that a relayer before it left"


@frozen(kw_only=True)
class _Wait:
    """What is waited for, and since when."""

    cause: Xl2Error
    since: float


@define(kw_only=True)
class Starting:
    """One start."""

    clock: Clock
    alarms: Alarms
    #: Set when it waits for the first time.
    has_waited: asyncio.Event = field(factory=asyncio.Event, init=False)
    _waits: _Wait | None = field(default=None, init=False)

    async def until_answered(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What is asked for, however often it takes. Raises what no endpoint's answer can mend."""
        fruitless = 0
        while True:
            try:
                found = await ask()
            except StoreUnavailable as cause:
                # The store has told it, and tells when it is well again.
                self._wait(cause)
            except (RpcUnavailable, RpcRejected, NotYet) as cause:
                if isinstance(cause, Reverted):
                    raise
                self._wait(cause)
                self.alarms.tell(_CAUSE, _alarm(cause))
            else:
                self._waits = None
                if self.alarms.well(_CAUSE):
                    log.info("the endpoints answer, so it starts")
                return found
            fruitless += 1
            await self.clock.sleep(delay(STARTING, fruitless))

    def check(self) -> Check:
        """What a start that is not over waits for, and since when."""
        if self._waits is None:
            return Check(what="start", ok=False, said=_UNDER_WAY, remedy="Wait a moment.")
        cause, since = self._waits.cause, datetime.fromtimestamp(self._waits.since, UTC)
        whom = "the store" if isinstance(cause, StoreUnavailable) else "an endpoint"
        said = f"it waits for {whom} since {since:%Y-%m-%d %H:%M:%S} UTC, and goes on by itself: {cause.what}"
        return Check(what="start", ok=False, said=said, remedy=cause.remedy)

    def _wait(self, cause: Xl2Error) -> None:
        since = self.clock.now() if self._waits is None else self._waits.since
        self._waits = _Wait(cause=cause, since=since)
        self.has_waited.set()


def _alarm(cause: RpcUnavailable | RpcRejected | NotYet) -> Alarm:
    """The same alarm whichever endpoint it waits for: as it was met last, it stands for whoever asks."""
    endpoint = "" if isinstance(cause, NotYet) else cause.endpoint
    what = f"{_WAITS}: {cause.what}. {cause.remedy}"
    return Alarm(kind=AlarmKind.PROVIDER_DOWN, what=what, endpoint=endpoint)
