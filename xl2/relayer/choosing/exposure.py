"""
Exposure: how much gas a lane may put into what earns nothing.

A call that fails takes the gas that its sender gave it and pays no fee, and the sender has that back when the message
expires; who owns a recipient can have it fail whenever he likes, anybody can send what a good recipient refuses, and
new accounts cost little. So a fee counts as sure only where messages of the same sender to the same recipient have been
delivered, and paid, for as much gas before, or a part of that to the same recipient by whomever, until some of those
failed; all else is staked from an allowance of the lane, which refills by the hour. Promise: what is lost is never more
than that allowance and what was paid before for the same recipients; what one sender loses is no other's. What is
staked comes back when it was delivered. A pair that fails again and again is left alone for a time that doubles.
Nothing of this is kept: a restart trusts nobody anew.
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
#: Pairs and recipients that are remembered, and gas for which one is trusted at most.
_REMEMBERED = 10_000
_MOST_TRUST = 1_000_000_000
_HOUR = 3_600.0

#: Of what was paid, one part of so many is trust in the recipient, whoever sends; the others in sender and recipient.
_STRANGERS_PART = 4

#: Sender and recipient; or a recipient, for senders of whom nothing is known.
_Pair = tuple[Address, Address]
_Key = _Pair | Address


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
    """What is known of a pair, or of a recipient."""

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
    """A delivery under way: what it stakes, and whose fees count as sure by whose trust."""

    bet: Bet
    stake: int
    sure: Mapping[MessageId, _Key]


@define(kw_only=True)
class Exposure:
    """What a lane stakes."""

    gas_per_hour: int
    #: Seconds that never jump.
    steady: Callable[[], float]
    _level: float = field(init=False)
    _filled_at: float = field(init=False)
    _accounts: OrderedDict[_Key, _Account] = field(factory=OrderedDict, init=False)
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

    def sure(self, bet: Bet) -> Mapping[MessageId, _Key]:
        """Messages for as much gas as was paid before, each with whose trust is taken for it."""
        taken: dict[_Key, int] = {}
        found: dict[MessageId, _Key] = {}
        for place, one in enumerate(bet.messages):
            for key in (_pair(one), one.recipient):
                account = self._accounts.get(key)
                if account is None:
                    continue
                wanted = taken.get(key, account.at_risk) + bet.weight(place)
                if wanted <= self._trust(key, account):
                    taken[key], found[one.id] = wanted, key
                    break
        return found

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
                by = known.sure.get(one.id)
                unsure += bet.costs[place] if by is None else 0
                # Evidence that a recipient does not take is no failure of its: there may be other.
                self._lost(one, by, bet.weight(place), failures=int(one.id in outcome))
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

    def _trust(self, key: _Key, account: _Account) -> int:
        """Gas that is trusted. Strangers have no more of it than an hour's allowance, and none once some failed."""
        if isinstance(key, tuple):
            return account.trust
        return 0 if account.failing(self.steady()) >= FORGIVEN else min(account.trust, self.gas_per_hour)

    def _paid(self, message: Message, gas: int) -> None:
        now, strangers = self.steady(), gas // _STRANGERS_PART
        # What strangers lost is forgotten by the hour alone: others that succeed say nothing of them.
        recipient = self._account(message.recipient)
        recipient.trust = min(_MOST_TRUST, recipient.trust + strangers)
        account = self._account(_pair(message))
        account.trust = min(_MOST_TRUST, account.trust + gas - strangers)
        account.failures, account.failed_at = max(0, account.failing(now) - 1), now

    def _lost(self, message: Message, by: _Key | None, gas: int, failures: int) -> None:
        """`by`: whose trust was taken for it."""
        now, pair = self.steady(), _pair(message)
        if by is not None:
            account = self._account(by)
            account.trust = max(0, account.trust - gas)
        for key in {pair, by or pair} if failures else ():
            account = self._account(key)
            account.failures, account.failed_at = account.failing(now) + failures, now

    def _account(self, key: _Key) -> _Account:
        """The account of a pair or a recipient; those longest without any news are forgotten."""
        found = self._accounts.setdefault(key, _Account())
        self._accounts.move_to_end(key)
        while len(self._accounts) > _REMEMBERED:
            self._accounts.popitem(last=False)
        return found

    def _at_risk(self, bet: Bet, sure: Mapping[MessageId, _Key], sign: int) -> None:
        for place, one in enumerate(bet.messages):
            if one.id in sure and (account := self._accounts.get(sure[one.id])) is not None:
                account.at_risk = max(0, account.at_risk + sign * bet.weight(place))


def _pair(message: Message) -> _Pair:
    return message.sender, message.recipient
