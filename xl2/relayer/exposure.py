"""
Exposure: how much gas a lane may put into what earns nothing.

A call that fails takes the gas that its sender gave it and pays no fee, and the sender has that back when the message
expires; who owns a recipient can have it fail whenever he likes, anybody can send what a good recipient refuses, and
new accounts cost little. So a fee counts as sure only where messages of the same sender to the same recipient have been
delivered, and paid, for as much gas before; all else is staked from an allowance of the lane, which refills by the
hour. Promise: what is lost is never more than that allowance and what the pairs that lost it paid before; what one
sender loses is no other's. What is staked comes back when it was delivered. A pair that fails again and again is left
alone for a time that doubles. Nothing of this is kept: a restart trusts nobody anew.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence

from attrs import define, field, frozen

from xl2.core.message import Message
from xl2.core.types import Address, MessageId

#: Failures that a pair has before it is left alone, for how long then, and when half of them is forgotten.
FORGIVEN = 3
_LEAST_REST, _LONGEST_REST = 60.0, 86_400.0
_HALF_LIFE = 3_600.0
#: Pairs that are remembered, and gas for which one is trusted at most.
_REMEMBERED = 10_000
_MOST_TRUST = 1_000_000_000
_HOUR = 3_600.0

#: Sender and recipient.
_Pair = tuple[Address, Address]


@frozen(kw_only=True)
class Bet:
    """What a delivery costs and earns, in gas of the destination at the prices of now."""

    messages: Sequence[Message]
    #: By message, in the order of the messages.
    costs: Sequence[int]
    fees: Sequence[int]
    #: Beside its messages.
    shared: int

    def weight(self, place: int) -> int:
        """What is lost at most where one fails: its own cost, and what it shares, as if it went alone."""
        return self.costs[place] + self.shared


@define
class _Account:
    """What is known of a pair."""

    #: Gas of its messages that were delivered, less what it lost; and what of that is under way.
    trust: int = 0
    at_risk: int = 0
    failures: int = 0
    failed_at: float = 0.0

    def failing(self, now: float) -> int:
        """Failures that are not forgotten."""
        return self.failures >> int(min(63.0, max(0.0, now - self.failed_at) // _HALF_LIFE))


@frozen
class _Open:
    """A delivery under way: what it stakes, and whose fees count as sure."""

    bet: Bet
    stake: int
    sure: frozenset[MessageId]


@define(kw_only=True)
class Exposure:
    """What a lane stakes."""

    gas_per_hour: int
    #: Seconds that never jump.
    steady: Callable[[], float]
    _level: float = field(init=False)
    _filled_at: float = field(init=False)
    _accounts: OrderedDict[_Pair, _Account] = field(factory=OrderedDict, init=False)
    #: By the first message of each.
    _open: dict[MessageId, _Open] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        """Begin with an hour's allowance."""
        self._level, self._filled_at = float(self.gas_per_hour), self.steady()

    @property
    def left(self) -> int:
        """Gas that may still be staked now."""
        now = self.steady()
        refilled = self._level + (now - self._filled_at) * self.gas_per_hour / _HOUR
        self._level, self._filled_at = min(float(self.gas_per_hour), refilled), now
        return int(self._level) - sum(one.stake for one in self._open.values())

    def rests(self, message: Message) -> float:
        """For how many seconds more messages of its sender to its recipient are left alone, as they fail."""
        account, now = self._accounts.get(_pair(message)), self.steady()
        if account is None or (failures := account.failing(now)) < FORGIVEN:
            return 0.0
        rest = min(_LEAST_REST * (1 << min(failures - FORGIVEN, 30)), _LONGEST_REST)
        return max(0.0, account.failed_at + rest - now)

    def sure(self, bet: Bet) -> frozenset[MessageId]:
        """Messages whose senders have paid before for what their recipients may take."""
        taken: dict[_Pair, int] = {}
        found = []
        for place, one in enumerate(bet.messages):
            pair = _pair(one)
            account = self._accounts.get(pair)
            if account is None:
                continue
            wanted = taken.get(pair, account.at_risk) + bet.weight(place)
            if wanted <= account.trust:
                taken[pair] = wanted
                found.append(one.id)
        return frozenset(found)

    def too_much(self, bet: Bet) -> Sequence[Message]:
        """Messages to be left out before a delivery is within the allowance; none where it is."""
        sure, found = self.sure(bet), []
        left = self.left - bet.shared
        for one, cost in zip(bet.messages, bet.costs, strict=True):
            if one.id not in sure:
                left -= cost
                if left < 0:
                    found.append(one)
        return found

    def begin(self, bet: Bet) -> None:
        """A delivery goes out: what it may lose is staked."""
        sure = self.sure(bet)
        unsure = [cost for one, cost in zip(bet.messages, bet.costs, strict=True) if one.id not in sure]
        self._open[bet.messages[0].id] = _Open(bet, bet.shared + sum(unsure) if unsure else 0, sure)
        self._at_risk(bet, sure, 1)

    def end(
        self,
        messages: Sequence[Message],
        outcome: Mapping[MessageId, bool],
        *,
        skipped: Collection[MessageId] = (),
        spent: int | None = None,
        wasted: int = 0,
    ) -> None:
        """
        It is over. `outcome`: whether each message was delivered or failed; what is not in it, nothing was done with.

        `skipped`: what was carried for nothing, as the inbox did not try it. `spent`: gas of the whole delivery, where
        that is known: no more is lost. `wasted`: gas of a transaction that reverted as a whole.
        """
        known = self._open.pop(messages[0].id, None)
        if known is None:
            return
        self._at_risk(known.bet, known.sure, -1)
        self._level -= wasted
        bet, unsure = known.bet, 0
        for place, one in enumerate(bet.messages):
            if outcome.get(one.id) is True:
                # Who was carried for the company's sake is trusted for what it paid.
                self._paid(one, min(bet.fees[place], bet.weight(place)))
            elif one.id in outcome or one.id in skipped:
                is_sure = one.id in known.sure
                unsure += 0 if is_sure else bet.costs[place]
                # Evidence that a recipient does not take is no failure of its: there may be other.
                self._lost(one, bet.weight(place) if is_sure else 0, failures=int(one.id in outcome))
        # What is shared is lost only where nobody paid; it is not worth a distinction.
        lost = bet.shared + unsure if unsure else 0
        self._level -= lost if spent is None else min(lost, spent)

    def spend(self, gas: int) -> bool:
        """Take gas for what earns nothing, if that is left."""
        if gas > self.left:
            return False
        self._level -= gas
        return True

    def owe(self, gas: int) -> None:
        """Gas that will go into what earns nothing, left or not: what is owed is filled up before anything is left."""
        self._level -= gas

    def give_back(self, gas: int) -> None:
        """Gas that was taken, and not needed."""
        self._level += gas

    def _paid(self, message: Message, gas: int) -> None:
        account, now = self._account(message), self.steady()
        account.trust = min(_MOST_TRUST, account.trust + gas)
        account.failures, account.failed_at = max(0, account.failing(now) - 1), now

    def _lost(self, message: Message, gas: int, failures: int) -> None:
        account, now = self._account(message), self.steady()
        account.trust = max(0, account.trust - gas)
        if failures:
            account.failures, account.failed_at = account.failing(now) + failures, now

    def _account(self, message: Message) -> _Account:
        """The account of a message's pair; those longest without any news are forgotten."""
        pair = _pair(message)
        found = self._accounts.setdefault(pair, _Account())
        self._accounts.move_to_end(pair)
        while len(self._accounts) > _REMEMBERED:
            self._accounts.popitem(last=False)
        return found

    def _at_risk(self, bet: Bet, sure: frozenset[MessageId], sign: int) -> None:
        for place, one in enumerate(bet.messages):
            if one.id in sure and (account := self._accounts.get(_pair(one))) is not None:
                account.at_risk = max(0, account.at_risk + sign * bet.weight(place))


def _pair(message: Message) -> _Pair:
    return message.sender, message.recipient
