"""
Stakes: what deliveries of a lane lost or earned, told to its exposure.

Comes in: deliveries that go out, and what became of them. Promise: each is told of once, and only of what this relayer
paid for: what somebody else delivered cost it nothing. Where cost is not asked for, nothing is staked.
"""

from collections.abc import Sequence

from attrs import define

from xl2.core.lifecycle import Event
from xl2.core.message import Message
from xl2.errors import Reverted, Xl2Error
from xl2.flow.deliver import Outcome
from xl2.relayer.judging import Judging

#: Of recording an expiry, and of its part in the settlement that refunds it.
_EXPIRY_GAS = 150_000
#: Until something is given back, or the hour goes on.
_REST_SECONDS = 60.0


@define(kw_only=True)
class Stakes:
    """The stakes of one lane."""

    judging: Judging

    def begin(self, messages: Sequence[Message]) -> None:
        """They go out."""
        bet = self.judging.bet(messages)
        if bet is not None:
            self.judging.exposure.begin(bet)

    def noted(self, messages: Sequence[Message], outcome: Outcome) -> None:
        """A block holds this. What it says nothing of was carried, and the inbox did not try it."""
        told = {one.id for one in outcome.happenings}
        ours = [one for one in outcome.happenings if one.place is not None]
        receipt = outcome.receipt
        self.judging.exposure.end(
            messages,
            {one.id: one.event is Event.DELIVERY for one in ours if one.event in (Event.DELIVERY, Event.FAILURE)},
            skipped=[one.id for one in messages if one.id not in told] if receipt is not None else (),
            spent=self.judging.spent(receipt) if receipt is not None else None,
        )

    def wasted(self, messages: Sequence[Message], cause: Xl2Error) -> None:
        """Nothing came of it; a transaction may have been paid for."""
        if isinstance(cause, Reverted) and cause.spent_gas:
            self.judging.exposure.end(messages, {}, wasted=cause.spent_gas)

    def end(self, messages: Sequence[Message]) -> None:
        """It is over, whatever became of it: what is staked still comes back."""
        self.judging.exposure.end(messages, {})

    def expiry(self) -> tuple[float, str] | None:
        """For how long an expiry waits, and why; None: it is paid for now."""
        if not self.judging.wants_cost or self.judging.exposure.spend(_EXPIRY_GAS):
            return None
        why = (
            "its time is over, and what this relayer spends within an hour on what earns nothing is spent "
            "(relayer.policy.loss_gas_per_hour); anybody can have it expired and refunded with `xl2 relay`"
        )
        return _REST_SECONDS, why
