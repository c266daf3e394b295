"""
Judging: a relayer's policy, asked with what the chains say now.

Comes in: messages that could be delivered. Goes out: those of the next delivery, and why the others are not in it.
Promise: where cost is to be covered, a delivery goes out only if the fees of all that it carries cover all that it
takes, with the margin, and no other choice of neighbours would leave more; the chains are asked once a look, prices and
top-ups side by side. What becomes of the declined is left to `intake`.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Self

from attrs import define, field, frozen

from xl2.core.lane import Lane
from xl2.core.message import Message
from xl2.core.types import MessageId, Wei, checksum
from xl2.flow.prove import BatchLimits
from xl2.ports import Chain, Clock, TxReceipt
from xl2.relayer.choosing.batching import reaches
from xl2.relayer.choosing.exposure import Bet, Exposure
from xl2.relayer.choosing.policy import Declined, Policy, Terms, too_poor, worth
from xl2.relayer.choosing.prices import Prices
from xl2.relayer.choosing.runs import choose

#: Each round leaves out whose failure would cost more than the lane may lose; the last one all that are not sure.
_ROUNDS = 4


@frozen(kw_only=True)
class Judged:
    """What is to be done with messages."""

    #: Of the next delivery.
    carried: Sequence[Message]
    #: Why others are carried neither now nor by the next look.
    declined: Mapping[MessageId, Declined]
    #: Those of them that pay for themselves, and want for company alone.
    lonely: frozenset[MessageId] = frozenset()


@define(kw_only=True)
class Judging:
    """Judges the messages of one lane."""

    lane: Lane
    origin: Chain
    destination: Chain
    policy: Policy
    exposure: Exposure
    #: As they were at the last look.
    _prices: Prices | None = field(default=None, init=False)
    #: Top-ups as far as they are asked for.
    _added: dict[MessageId, Wei] = field(factory=dict, init=False)

    @classmethod
    def of(cls, lane: Lane, origin: Chain, destination: Chain, policy: Policy, clock: Clock) -> Self:
        """Of a lane that nothing is known of yet."""
        gas = policy.terms_between(lane.origin, lane.destination).loss_gas_per_hour
        exposure = Exposure(gas_per_hour=gas, steady=clock.steady)
        return cls(lane=lane, origin=origin, destination=destination, policy=policy, exposure=exposure)

    @property
    def takes_all(self) -> bool:
        """Whether there is nothing to judge."""
        return self.policy.takes_all(self.lane.origin, self.lane.destination)

    @property
    def wants_cost(self) -> bool:
        """Whether deliveries must pay."""
        return self.policy.wants_cost(self.lane.origin, self.lane.destination)

    @property
    def terms(self) -> Terms:
        """What is asked of the lane's messages."""
        return self.policy.terms_between(self.lane.origin, self.lane.destination)

    async def judge(self, messages: Sequence[Message], due: Collection[MessageId], limits: BatchLimits) -> Judged:
        """
        The next delivery of these, in the order of their nonces. `due`: whose top-ups may be asked for; what was added
        to the others is taken as it was.
        """
        self._added = {one.id: self._added[one.id] for one in messages if one.id in self._added}
        if not self.wants_cost:
            poor = [one for one in messages if self._may_change(one)]
            await self._ask_top_ups(poor)
            return self._unpriced(messages)
        # What would be declined at the prices known: theirs is asked for beside the prices of now.
        poor = [one for one in messages if one.id in due]
        if self._prices is not None:
            likely = self._choose(messages, self._prices, limits).declined
            poor = [one for one in poor if one.id in likely and likely[one.id].may_change]
        prices, _ = await asyncio.gather(self._ask_prices(), self._ask_top_ups(poor))
        return self._choose(messages, prices, limits)

    async def anew(self, messages: Sequence[Message], suffix: int = 0) -> Declined | None:
        """Why a delivery of just these is not worth it at the prices of now; None where it is."""
        if self.wants_cost:
            await self._ask_prices()
        return self.as_known(messages, suffix)

    def as_known(self, messages: Sequence[Message], suffix: int = 0) -> Declined | None:
        """The same at the prices known. `suffix`: ids that the segment must have behind them."""
        if not self.wants_cost or self._prices is None:
            return None
        return self._loss(messages, self._prices.suffix(suffix))

    async def alone(self, message: Message, gas: int) -> Declined | None:
        """Why carrying one by itself with so much gas is not worth it now, top-ups asked for; None where it is."""
        if not self.wants_cost:
            return None
        if rest := self.exposure.rests(message):
            return _failing(message, rest)
        prices, _ = await asyncio.gather(self._ask_prices(), self._ask_top_ups([message]))
        more = prices.there.cost(max(0, gas - message.gas_limit), 0)
        if (poor := self._loss([message], more)) is not None:
            return poor
        bet = self.bet([message])
        return _unsure(message) if bet is not None and self.exposure.too_much(bet) else None

    def bet(self, messages: Sequence[Message]) -> Bet | None:
        """What a delivery of these costs and earns at the prices known; None where nobody asks."""
        if not self.wants_cost or self._prices is None:
            return None
        prices = self._prices
        return Bet(
            messages=messages,
            costs=[prices.gas(prices.own(one)) for one in messages],
            fees=[prices.gas(self._fee(one)) for one in messages],
            shared=prices.gas(prices.shared),
        )

    def spent(self, receipt: TxReceipt) -> int:
        """What a transaction took, in gas of the destination at the prices known, data on L1 included."""
        return max(receipt.gas_used, self._prices.gas(receipt.cost) if self._prices is not None else 0)

    def _loss(self, messages: Sequence[Message], more: Wei) -> Declined | None:
        """Why these do not pay for a delivery that costs so much more than others."""
        if self._prices is None:
            return None
        prices, terms = self._prices, self.terms
        shared = Wei(prices.shared + more)
        if sum(self._worth(one, prices) for one in messages) + worth(0, shared, terms) >= 0:
            return None
        first = messages[0]
        return too_poor(first, self._added.get(first.id, Wei(0)), prices.own(first), shared, terms)

    def _choose(self, messages: Sequence[Message], prices: Prices, limits: BatchLimits) -> Judged:
        self._prices = prices
        declined = self._denied(messages)
        allowed = [one for one in messages if one.id not in declined]
        # Said once for all: a look walks over as many as a delivery carries.
        terms, together = self.terms, prices.shared
        own = {one.id: prices.own(one) for one in allowed}
        worths = {one.id: worth(self._fee(one), own[one.id], terms) for one in allowed}
        shared = -worth(0, together, terms)
        runs: Sequence[Sequence[Message]] = ()
        for turn in range(_ROUNDS):
            ends = reaches(allowed, limits)
            found = choose([worths[one.id] for one in allowed], shared, ends)
            runs = [allowed[run.first : run.end] for run in found]
            bet = self.bet(runs[0]) if runs else None
            risky = self.exposure.too_much(bet) if bet is not None else ()
            if not risky:
                break
            if turn == _ROUNDS - 2:
                everyone = self.bet(allowed)
                sure = self.exposure.sure(everyone) if everyone is not None else {}
                risky = [one for one in allowed if one.id not in sure]
            declined |= {one.id: _unsure(one) for one in risky}
            allowed = [one for one in allowed if one.id not in declined]
        carried = {one.id for run in runs for one in run}
        left = [one for one in allowed if one.id not in carried]
        for one in left:
            declined[one.id] = too_poor(one, self._added.get(one.id, Wei(0)), own[one.id], together, terms)
        lonely = frozenset(one.id for one in left if worths[one.id] >= 0)
        return Judged(carried=runs[0] if runs else (), declined=declined, lonely=lonely)

    def _denied(self, messages: Sequence[Message]) -> dict[MessageId, Declined]:
        """What is not carried whatever it costs, and what fails too often."""
        found: dict[MessageId, Declined] = {}
        for one in messages:
            verdict = self.policy.judge(one, self._added.get(one.id, Wei(0)))
            if isinstance(verdict, Declined):
                found[one.id] = verdict
            elif rest := self.exposure.rests(one):
                found[one.id] = _failing(one, rest)
        return found

    def _unpriced(self, messages: Sequence[Message]) -> Judged:
        verdicts = {one.id: self.policy.judge(one, self._added.get(one.id, Wei(0))) for one in messages}
        declined = {one: verdict for one, verdict in verdicts.items() if isinstance(verdict, Declined)}
        return Judged(carried=[one for one in messages if one.id not in declined], declined=declined)

    def _may_change(self, message: Message) -> bool:
        verdict = self.policy.judge(message)
        return isinstance(verdict, Declined) and verdict.may_change

    async def _ask_prices(self) -> Prices:
        here, there = await asyncio.gather(self.origin.rates(), self.destination.rates())
        self._prices = Prices(lane=self.lane, here=here, there=there)
        return self._prices

    async def _ask_top_ups(self, messages: Sequence[Message]) -> None:
        if messages:
            ids = [one.id for one in messages]
            self._added.update(zip(ids, await self.origin.top_ups(messages), strict=True))

    def _fee(self, message: Message) -> int:
        return message.fee + self._added.get(message.id, Wei(0))

    def _worth(self, message: Message, prices: Prices) -> int:
        return worth(self._fee(message), prices.own(message), self.terms)


def _failing(message: Message, rest: float) -> Declined:
    why = (
        f"messages from its sender to its recipient {checksum(message.recipient)} fail again and again, which takes "
        f"gas and pays nothing: they are left alone for {rest:.0f} seconds more"
    )
    return Declined(why=why, may_change=True)


def _unsure(message: Message) -> Declined:
    why = (
        f"its recipient {checksum(message.recipient)} has not accepted as much from its sender here yet, and what may "
        "be lost within an hour on those that fail is staked or lost already (relayer.policy.loss_gas_per_hour)"
    )
    return Declined(why=why, may_change=True)
