"""
Follow: a message and a goal in, the status in which the goal is reached out.

Promise: the chains are asked until the message is where it is wanted, with a carrier it is taken there; what an
endpoint fails with on the way ends nothing, and what a node rejects, or a proof that does not hold, ends it only if
that goes on. What each step does is the carrier's, and what a status says is left to `status`.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from attrs import define, field

from xl2.core.lifecycle import State
from xl2.core.types import MessageId, hex_text
from xl2.errors import InvalidInput, NotYet, ProofInvalid, Refused, Retryable, Reverted, RpcRejected
from xl2.sdk.explain import explain
from xl2.sdk.parts import Parts
from xl2.sdk.relay import Carrier, Goal
from xl2.sdk.status import Statuses
from xl2.sdk.values import Status

#: A `Goal` or its word: observed, tried, delivered, confirmed, settled, refunded.
Until = Goal | str

#: States that end a wait, by what is waited for.
_REACHED: Final = {
    Goal.OBSERVED: tuple(state for state in State if state not in (State.UNSENT, State.SENT)),
    Goal.TRIED: (State.FAILED, State.DELIVERED, State.CONFIRMED, State.SETTLED),
    Goal.DELIVERED: (State.DELIVERED, State.CONFIRMED, State.SETTLED),
    Goal.CONFIRMED: (State.CONFIRMED, State.SETTLED),
    Goal.SETTLED: (State.SETTLED,),
    Goal.REFUNDED: (State.REFUNDED,),
}
#: States from which what is waited for can no longer come.
_TOO_LATE: Final = (State.OVERDUE, State.EXPIRED, State.REFUNDABLE, State.REFUNDED)
_MISSED: Final = {
    Goal.OBSERVED: (),
    Goal.TRIED: _TOO_LATE,
    Goal.DELIVERED: _TOO_LATE,
    Goal.CONFIRMED: _TOO_LATE,
    Goal.SETTLED: _TOO_LATE,
    Goal.REFUNDED: (State.DELIVERED, State.CONFIRMED, State.SETTLED),
}
#: Refused, and yet a look at a newer block may go better: the node kept no state that old, or it was making a block
#: just then and proved that one's state (anvil does, for a moment at each block).
_Doubtful = RpcRejected | ProofInvalid
#: So many in a row are an answer.
MAX_DOUBTFUL: Final = 10


def goal_of(until: Until) -> Goal:
    """What is waited for. Raises `InvalidInput` for another word."""
    try:
        return Goal(until)
    except ValueError as bad:
        raise InvalidInput(
            f"until is {until!r}", field="until", value=until, remedy=f"Name one of: {', '.join(Goal)}."
        ) from bad


@define(kw_only=True)
class Following:
    """One message on its way to one goal."""

    parts: Parts
    statuses: Statuses
    wanted: MessageId
    goal: Goal
    timeout_seconds: float
    #: Who takes it there; None: others do, and it is only looked at.
    carrier: Carrier | None
    #: Hears of each state that the message is seen in.
    tell: Callable[[Status], Awaitable[None]]
    _seen: State | None = field(default=None, init=False)
    #: How often in a row a look ended so.
    _doubtful: int = field(default=0, init=False)

    async def reach(self) -> Status:
        """
        Ask the chains until the message is where it is wanted.

        Raises `NotYet` when the time is over, `Refused` where the goal can no longer come, and what is wrong with an
        endpoint from the first look on, or once the time is over.
        """
        end = self.parts.clock.steady() + self.timeout_seconds
        while True:
            waiting: Retryable | _Doubtful | None = None
            try:
                status = await self._look()
                if self._seen in _REACHED[self.goal]:
                    return status
                if await self._is_moved(status):
                    continue
            except (Retryable, RpcRejected, ProofInvalid) as cause:
                waiting = self._passing(cause)
            if self.parts.clock.steady() >= end:
                raise await self._over(waiting)
            await self.parts.clock.sleep(self.parts.config.relayer.poll_seconds)

    async def _look(self) -> Status:
        status = await self.statuses.of(self.wanted)
        if status.state is not self._seen:
            self._seen = status.state
            await self.tell(status)
        if self._seen in _MISSED[self.goal]:
            raise Refused(
                f"message {hex_text(self.wanted)} is {self._seen}, so it will not be {self.goal}",
                remedy="`xl2 status` shows every room it has passed; what is overdue can be refunded.",
            )
        return status

    async def _is_moved(self, status: Status) -> bool:
        if self.carrier is not None:
            await self.carrier.step(status, self.goal)
        self._doubtful = 0
        return self.carrier is not None

    def _passing(self, cause: Retryable | _Doubtful) -> Retryable | _Doubtful:
        """The same, where another look may go better: not only the chains are waited for. Raises it where none may."""
        self._doubtful = self._doubtful + 1 if isinstance(cause, _Doubtful) else 0
        if self._seen is None or isinstance(cause, Reverted) or self._doubtful >= MAX_DOUBTFUL:
            raise cause
        return cause

    async def _over(self, waiting: Retryable | _Doubtful | None) -> Retryable | _Doubtful:
        """The time is over: what is told."""
        if waiting is not None and not isinstance(waiting, NotYet):
            return waiting
        if waiting is None:
            why = await explain(self.parts, await self.statuses.of(self.wanted))
            cause, remedy = why.cause, why.unblocks
        else:
            cause, remedy = waiting.what, waiting.remedy
        what = f"message {hex_text(self.wanted)} is {self._seen} after {self.timeout_seconds:g} s, not {self.goal}"
        over = NotYet(f"{what}: {cause}", remedy=remedy)
        over.__cause__ = waiting
        return over
