"""
Stakes: what deliveries of a lane lost or earned, told to its exposure.

Comes in: deliveries that go out, and what became of them. Promise: each is told of once, and only of what this relayer
paid for: what somebody else delivered cost it nothing. What this relayer carried in vain it expires when its time is
over, whatever is left of the allowance then: that was taken when it failed. Where cost is not asked for, nothing is
staked.
"""

from collections.abc import Sequence

from attrs import define, field

from xl2.core.lifecycle import Event
from xl2.core.message import Message
from xl2.core.types import MessageId
from xl2.errors import Reverted, Xl2Error
from xl2.flow.deliver import Outcome
from xl2.relayer.choosing.judging import Judging

#: Of recording an expiry, and of its part in the settlement that refunds it.
_EXPIRY_GAS = 150_000
#: Until something is given back, or the hour goes on.
_REST_SECONDS = 60.0


@define(kw_only=True)
class Stakes:
    """The stakes of one lane."""

    judging: Judging
    #: Messages for whose expiries gas is taken from the allowance, and not spent yet.
    _promised: set[MessageId] = field(factory=set, init=False)

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
        seen = {one.id: one.event for one in outcome.happenings}
        self.needless([one for one in messages if seen.get(one.id) is Event.DELIVERY])
        carried = {one.id for one in ours if one.event is Event.FAILURE}
        if receipt is not None:
            carried |= {one.id for one in messages if one.id not in told}
        self._promise([one for one in messages if one.id in carried and one.expiry])

    def wasted(self, messages: Sequence[Message], cause: Xl2Error) -> None:
        """Nothing came of it; a transaction may have been paid for."""
        if isinstance(cause, Reverted) and cause.spent_gas:
            self.judging.exposure.end(messages, {}, wasted=cause.spent_gas)

    def end(self, messages: Sequence[Message]) -> None:
        """It is over, whatever became of it: what is staked still comes back."""
        self.judging.exposure.end(messages, {})

    def expiry(self, message: Message) -> tuple[float, str] | None:
        """For how long an expiry waits, and why; None: it is paid for now."""
        if not self.judging.wants_cost:
            return None
        if message.id in self._promised or self.judging.exposure.spend(_EXPIRY_GAS):
            self._promised.add(message.id)
            return None
        why = (
            "its time is over, and what this relayer spends within an hour on what earns nothing is spent "
            "(relayer.policy.loss_gas_per_hour); anybody can have it expired and refunded with `xl2 relay`"
        )
        return _REST_SECONDS, why

    def expired(self, message: Message) -> None:
        """Gas went into that."""
        self._promised.discard(message.id)

    def needless(self, messages: Sequence[Message]) -> None:
        """No gas will: they were delivered after all, or somebody else had them expired."""
        for one in messages:
            if one.id in self._promised:
                self._promised.discard(one.id)
                self.judging.exposure.give_back(_EXPIRY_GAS)

    def _promise(self, messages: Sequence[Message]) -> None:
        """Take what their expiries will cost, left or not: nobody else's may come in their way."""
        if not self.judging.wants_cost:
            return
        for one in messages:
            if one.id not in self._promised:
                self._promised.add(one.id)
                self.judging.exposure.owe(_EXPIRY_GAS)
