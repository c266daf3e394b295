"""
Standing: what is thought of one endpoint, from what it did of late.

Comes in: answers, strikes and verdicts, each with the time. Goes out: whether it is asked first, later, or only where
nobody else is left. Promise: pure but for the time that it is told; a strike is forgotten with time; who is left aside
proves himself before he is trusted again, and who is left aside again soon stays so for twice as long.
"""

from enum import StrEnum
from typing import Final

from attrs import define, field


class Blame(StrEnum):
    """What an endpoint did wrong."""

    LIES = "lies"
    WRONG_CHAIN = "serves another chain"
    STALE = "is behind"
    SLOW = "is slow"
    LIMITS = "limits our rate"
    DOWN = "is down"


#: Of so many strikes that are not forgotten yet an endpoint is left aside.
_ENOUGH: Final = 1.5
#: Half of a strike is forgotten in so many seconds.
_HALF_LIFE_SECONDS: Final = 60.0
#: How long it is left aside the first time.
_ASIDE_SECONDS: Final = {Blame.LIES: 60.0, Blame.WRONG_CHAIN: 60.0}
_ASIDE_ELSE_SECONDS: Final = 5.0
_LONGEST_ASIDE_SECONDS: Final = 1_800.0
#: Share of the newest answer in the time that answers take.
_NEWEST: Final = 0.2
#: What a strike, and a block that it is behind, cost in the order, in seconds.
_STRIKE_SECONDS: Final = 1.0


@define(kw_only=True)
class Standing:
    """One endpoint's."""

    #: Mean of the time that its answers take.
    seconds: float = 0.0
    #: Number of the newest block it was known to have.
    newest: int = -1
    #: Why it is left aside; None: it is not.
    blame: Blame | None = None
    reason: str = ""
    aside_until: float = 0.0
    _strikes: float = field(default=0.0, init=False)
    _struck_at: float = field(default=0.0, init=False)
    #: How often in a row it was left aside.
    _times: int = field(default=0, init=False)

    @property
    def aside(self) -> bool:
        """Whether it is asked only where nobody else is left."""
        return self.blame is not None

    def cost(self, now: float) -> float:
        """What asking it is thought to cost, in seconds: who costs least is asked first."""
        return self.seconds + _STRIKE_SECONDS * self._left(now)

    def answered(self, seconds: float) -> None:
        """It answered after so long."""
        self.seconds = seconds if not self.seconds else (1 - _NEWEST) * self.seconds + _NEWEST * seconds

    def strike(self, blame: Blame, reason: str, now: float) -> bool:
        """It failed once; whether it is left aside from now on for that."""
        self._strikes, self._struck_at = self._left(now) + 1, now
        return self._strikes >= _ENOUGH and self.leave_aside(blame, reason, now)

    def leave_aside(self, blame: Blame, reason: str, now: float, *, seconds: float | None = None) -> bool:
        """Leave it aside, for so long or as is usual; whether it was not before."""
        is_new = self.blame is None
        usual = min(_LONGEST_ASIDE_SECONDS, _ASIDE_SECONDS.get(blame, _ASIDE_ELSE_SECONDS) * 2**self._times)
        self.aside_until = max(self.aside_until, now + max(usual, seconds or 0.0))
        if is_new:
            self.blame, self.reason = blame, reason
            self._times += 1
        return is_new

    def may_prove_itself(self, now: float) -> bool:
        """Whether its time aside is over."""
        return self.aside and now >= self.aside_until

    def failed_to_prove(self, now: float) -> None:
        """It is no better yet."""
        self._times += 1
        usual = _ASIDE_SECONDS.get(self.blame or Blame.DOWN, _ASIDE_ELSE_SECONDS)
        self.aside_until = max(self.aside_until, now + min(_LONGEST_ASIDE_SECONDS, usual * 2 ** (self._times - 1)))

    def take_back(self, now: float) -> None:
        """It proved itself: what it did before is forgotten but for how often."""
        self.blame, self.reason = None, ""
        self._strikes, self._struck_at = 0.0, now

    def forgive(self) -> None:
        """It was well for long: how often it was left aside is forgotten too."""
        self._times = 0

    def _left(self, now: float) -> float:
        """Strikes that are not forgotten."""
        return float(self._strikes * 0.5 ** (max(0.0, now - self._struck_at) / _HALF_LIFE_SECONDS))
