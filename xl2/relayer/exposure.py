"""
Exposure: how much gas a lane may put into what earns nothing.

A call that fails takes the gas that its sender gave it and pays no fee, and the sender has that back when the message
expires; who owns a recipient can have it fail whenever he likes, and new ones cost him little. So a fee counts as sure
only where messages to the same recipient have been delivered, and paid, for as much gas before; all else is staked
from an allowance of the lane, which refills by the hour. Promise: what is lost is never more than that allowance and
what the recipients that lost it were paid to take before. What is staked comes back when it was delivered. A recipient
that fails again and again is left alone for a time that doubles. Nothing of this is kept: a restart trusts nobody anew.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from attrs import define, field, frozen

from xl2.core.message import Message
from xl2.core.types import Address, MessageId

#: Failures that a recipient has before it is left alone, for how long then, and when half of them is forgotten.
FORGIVEN = 3
_LEAST_REST, _LONGEST_REST = 60.0, 86_400.0
_HALF_LIFE = 3_600.0
#: Recipients that are remembered, and gas for which one is trusted at most.
_REMEMBERED = 10_000
_MOST_TRUST = 1_000_000_000
_HOUR = 3_600.0


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
    """What is known of a recipient."""

    #: Gas of messages to it that were delivered, less what it lost; and what of that is under way.
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
    _accounts: OrderedDict[Address, _Account] = field(factory=OrderedDict, init=False)
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

    def rests(self, recipient: Address) -> float:
        """For how many seconds more a recipient is left alone, as messages to it fail."""
        account, now = self._accounts.get(recipient), self.steady()
        if account is None or (failures := account.failing(now)) < FORGIVEN:
            return 0.0
        rest = min(_LEAST_REST * (1 << min(failures - FORGIVEN, 30)), _LONGEST_REST)
        return max(0.0, account.failed_at + rest - now)

    def sure(self, bet: Bet) -> frozenset[MessageId]:
        """Messages whose recipients have been paid for what they may take."""
        taken: dict[Address, int] = {}
        found = []
        for place, one in enumerate(bet.messages):
            account = self._accounts.get(one.recipient)
            if account is None:
                continue
            wanted = taken.get(one.recipient, account.at_risk) + bet.weight(place)
            if wanted <= account.trust:
                taken[one.recipient] = wanted
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

    def end(self, messages: Sequence[Message], outcome: Mapping[MessageId, bool], *, wasted: int = 0) -> None:
        """
        It is over. `outcome`: whether each message was delivered or failed; what is not in it, nothing was done with.
        `wasted`: gas of a transaction that reverted as a whole.
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
            elif one.id in outcome:
                unsure += bet.costs[place] if one.id not in known.sure else 0
                self._failed(one, bet.weight(place) if one.id in known.sure else 0)
        # What is shared is lost only where nobody paid; it is not worth a distinction.
        self._level -= bet.shared + unsure if unsure else 0

    def spend(self, gas: int) -> bool:
        """Take gas for what earns nothing, if that is left."""
        if gas > self.left:
            return False
        self._level -= gas
        return True

    def _paid(self, message: Message, gas: int) -> None:
        account, now = self._account(message), self.steady()
        account.trust = min(_MOST_TRUST, account.trust + gas)
        account.failures, account.failed_at = max(0, account.failing(now) - 1), now

    def _failed(self, message: Message, gas: int) -> None:
        account, now = self._account(message), self.steady()
        account.trust = max(0, account.trust - gas)
        account.failures, account.failed_at = account.failing(now) + 1, now

    def _account(self, message: Message) -> _Account:
        """The account of a message's recipient; those longest without any news are forgotten."""
        found = self._accounts.setdefault(message.recipient, _Account())
        self._accounts.move_to_end(message.recipient)
        while len(self._accounts) > _REMEMBERED:
            self._accounts.popitem(last=False)
        return found

    def _at_risk(self, bet: Bet, sure: frozenset[MessageId], sign: int) -> None:
        for place, one in enumerate(bet.messages):
            if one.id in sure and (account := self._accounts.get(one.recipient)) is not None:
                account.at_risk = max(0, account.at_risk + sign * bet.weight(place))
