"""
Gap watch: a log whose events do not lead to what storage holds, look after look.

Comes in: looks that failed for it, and looks that did not. Goes out: an alarm when refetching did not mend it. Promise:
the first such look is nobody's concern (an endpoint that had not got a log yet); the second one is told, once, until
the log is whole again.
"""

from collections import Counter

from attrs import define, field

from xl2.core.lane import Lane
from xl2.core.storage_proof import LogKind
from xl2.core.types import ChainId
from xl2.errors import ProofInvalid
from xl2.flow.alarms import Alarms
from xl2.ports import Alarm, AlarmKind

#: So many looks in a row must fail: the range was read anew, and it still does not fit.
_LOOKS = 2


@define
class GapWatch:
    """Over the two logs of one lane."""

    lane: Lane
    _alarms: Alarms = field(repr=False)
    _failed: Counter[LogKind] = field(factory=Counter, init=False)

    def failed(self, kind: LogKind, chain: ChainId, cause: ProofInvalid) -> None:
        """A look in which events and storage did not agree."""
        self._failed[kind] += 1
        if self._failed[kind] < _LOOKS:
            return
        what = (
            f"chain {chain} is read again and again, and its logs still do not lead to its storage: {cause.what}. Its "
            f"endpoint leaves events out or makes them up: replace it, or add others"
        )
        self._alarms.tell(
            (self.lane, kind), Alarm(kind=AlarmKind.RPC_DISAGREEMENT, what=what, lane=self.lane, chain=chain)
        )

    def whole(self, kind: LogKind) -> None:
        """A look in which they did."""
        self._failed[kind] = 0
        self._alarms.well((self.lane, kind))
