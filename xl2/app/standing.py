"""
Standing: what is alarmed and not over, from all who know a part of it.

Comes in: alarms that were told here, endpoints as they stand, and the store. Goes out: one list for the operator.
Promise: what the store remembers, a parked lane, stands also after a restart and while no relayer runs; nobody is asked
anything.
"""

from collections.abc import Callable, Iterator

from attrs import frozen

from xl2.app.reading import Readings
from xl2.core.types import ChainId
from xl2.flow.alarms import Alarms
from xl2.operator.values import AlarmStanding
from xl2.ports import INCIDENT, Alarm, AlarmKind, Clock, Pause, Store


@frozen(kw_only=True)
class Standings:
    """What stands."""

    store: Store
    clock: Clock
    name: Callable[[ChainId], str]
    #: None: no relayer runs here.
    alarms: Alarms | None = None
    readings: Readings | None = None

    async def all(self) -> list[AlarmStanding]:
        """Each that is not over: what was told first, then endpoints, then lanes that are parked."""
        parked = [_parked(pause) for pause in await self.store.pauses() if pause.by == INCIDENT]
        return [*self._told(), *self._endpoints(), *parked]

    def _told(self) -> Iterator[AlarmStanding]:
        now = self.clock.now()
        for one in () if self.alarms is None else self.alarms.standing:
            yield _standing(one.alarm, now - one.seconds)

    def _endpoints(self) -> Iterator[AlarmStanding]:
        """Who keeps them tells once, and knows by himself what lasts."""
        if self.readings is None:
            return
        for chain, one in self.readings.endpoints:
            if one.alarm is not None:
                what = f"endpoint {one.name} of chain {self.name(chain)} is left aside: {one.aside}"
                yield _standing(Alarm(kind=one.alarm, what=what, chain=chain, endpoint=one.name), None)
        for chain, quarrel in self.readings.quarrels:
            what = f"the endpoints of chain {self.name(chain)} do not agree: {quarrel}"
            yield _standing(Alarm(kind=AlarmKind.RPC_DISAGREEMENT, what=what, chain=chain), None)


def _parked(pause: Pause) -> AlarmStanding:
    return _standing(Alarm(kind=AlarmKind.DEEP_REORG, what=pause.why, lane=pause.lane), pause.since)


def _standing(alarm: Alarm, since: float | None) -> AlarmStanding:
    return AlarmStanding(
        kind=alarm.kind.value,
        what=alarm.what,
        since=since,
        lane=None if alarm.lane is None else alarm.lane.name,
        chain=alarm.chain,
        endpoint=alarm.endpoint or None,
        ids=alarm.ids,
        value=alarm.value,
        runbook=alarm.runbook,
    )
