"""
Troubles: what keeps the rooms of a lane from working, told once by its cause.

Comes in: looks in vain with their causes, and looks that were not. Goes out: an alarm where an endpoint fails, one line
for what else is refused. Promise: one look in vain is nobody's concern, the second in a row is; all who fail over one
endpoint are one alarm; what lasts is told again once an hour. Waiting is normal and told to nobody, and what is told
where it is met (store, leases, key, balance, fees, logs with gaps, endpoints that contradict each other, attesters that
do not answer) is not told again here.
"""

import logging
from collections import Counter
from typing import Final

from attrs import define, field

from xl2.core.lane import Lane
from xl2.errors import (
    KeyLost,
    LeaseLost,
    NotYet,
    Reverted,
    RpcDisagreement,
    RpcRejected,
    RpcTooLarge,
    RpcUnavailable,
    StoreUnavailable,
    TooExpensive,
    Unaffordable,
    Xl2Error,
)
from xl2.flow.alarms import Alarms
from xl2.lasting import Lasting, again_in_words
from xl2.ports import Alarm, AlarmKind

log = logging.getLogger(__name__)

#: So many looks in a row must be in vain: over an endpoint more, as who reads chains tells sooner, and by the chain's
#: name, of one that does not answer at all.
_LOOKS: Final = 2
_LOOKS_AT_AN_ENDPOINT: Final = 4
#: What a node rejects is mostly what it does not keep.
_REJECTED: Final = "See what it says: a relayer needs the states of some hundred blocks; or configure another endpoint."
_TOLD_WHERE_MET: Final = (NotYet, StoreUnavailable, LeaseLost, KeyLost, Unaffordable, TooExpensive, RpcDisagreement)


def endpoint_of(cause: Xl2Error) -> str:
    """Name of the endpoint that failed; empty where none did. Who passes on what a contract says has not failed."""
    if isinstance(cause, RpcUnavailable | RpcRejected | RpcTooLarge) and not isinstance(cause, Reverted):
        return cause.endpoint
    return ""


@define
class Troubles:
    """Those of one lane."""

    _lane: Lane
    _alarms: Alarms = field(repr=False)
    _in_vain: Counter[str] = field(factory=Counter, init=False)
    _lines: Lasting = field(factory=Lasting, init=False)
    #: Endpoints that are alarmed, by the room that failed over them.
    _endpoints: dict[str, set[str]] = field(factory=dict, init=False)

    def failed(self, room: str, cause: Xl2Error) -> None:
        """A look of a room was in vain."""
        if isinstance(cause, _TOLD_WHERE_MET):
            return
        self._in_vain[room] += 1
        endpoint = endpoint_of(cause)
        if self._in_vain[room] < (_LOOKS_AT_AN_ENDPOINT if endpoint else _LOOKS):
            return
        if endpoint:
            remedy = _REJECTED if isinstance(cause, RpcRejected) else cause.remedy
            self._endpoints.setdefault(room, set()).add(endpoint)
            what = f"endpoint {endpoint} keeps {self._lane.name} waiting: {cause.what}. {remedy}"
            alarm = Alarm(kind=AlarmKind.PROVIDER_DOWN, what=what, endpoint=endpoint)
            self._alarms.tell((AlarmKind.PROVIDER_DOWN, endpoint), alarm, (self._lane, room))
            return
        again = self._lines.tells(room)
        if again is not None:
            fields = {"lane": self._lane.name, "room": room, "cause": cause.what, "remedy": cause.remedy}
            log.warning("a room rests%s", again_in_words(again), extra={"fields": fields})

    def forget(self) -> None:
        """The lane is another's: whoever carries it meets what is wrong for himself."""
        for room, endpoints in self._endpoints.items():
            for endpoint in endpoints:
                self._alarms.well((AlarmKind.PROVIDER_DOWN, endpoint), (self._lane, room))
        self._endpoints.clear()
        self._in_vain.clear()

    def well(self, room: str) -> None:
        """A look of a room was not in vain."""
        if not self._in_vain.pop(room, 0):
            return
        self._lines.well(room)
        for endpoint in self._endpoints.pop(room, ()):
            if self._alarms.well((AlarmKind.PROVIDER_DOWN, endpoint), (self._lane, room)):
                log.info("an endpoint serves again", extra={"fields": {"endpoint": endpoint}})
