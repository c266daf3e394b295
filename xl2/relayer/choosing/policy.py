"""
Policy: which messages this relayer carries, and what it wants for that.

Pure. Comes in: a message, what was added to its fee, and what it costs. Goes out: `Accepted`, or `Declined` with a
sentence for `explain` and whether another look can come out otherwise; and what carrying it leaves, for `runs` to
choose by. Promise: what is denied is denied whatever it pays or whoever stands beside it. A declined message is not
expired by this relayer either: that costs gas, and anybody could send what only costs. Who wants the refund may (`xl2
relay`).
"""

from collections.abc import Mapping
from enum import StrEnum

from attrs import field, frozen, validators

from xl2.core.amounts import wei_and_ether
from xl2.core.message import Message
from xl2.core.types import Address, ChainId, Wei, checksum


class Carry(StrEnum):
    """When a lane's messages are carried."""

    #: Where the fee covers the cost with the margin.
    PAID = "paid"
    #: Whatever they pay.
    ALWAYS = "always"
    #: Not at all.
    NEVER = "never"


@frozen(kw_only=True)
class Terms:
    """What is asked of the messages of a lane."""

    carry: Carry = Carry.ALWAYS
    #: Added to the cost, in percent: `paid` wants fee >= cost * (100 + margin) / 100.
    margin_percent: int = field(default=10, validator=validators.ge(0))
    #: Wei; what pays less is left to others, whatever it costs and whatever `carry` says.
    min_fee: Wei = Wei(0)
    #: Seconds that one which pays for itself, and not for a delivery, is kept for company before it is declined.
    wait_seconds: float = field(default=60.0, validator=validators.ge(0))
    #: Gas that may go within an hour into what earns nothing: calls that fail, expiries. Asked for by `paid` alone.
    loss_gas_per_hour: int = field(default=50_000_000, validator=validators.ge(0))


@frozen(kw_only=True)
class Accepted:
    """It is carried."""


@frozen(kw_only=True)
class Declined:
    """It is not carried, for now."""

    #: The whole reason, with the numbers.
    why: str
    #: Gas that falls, or a fee that is added to, may change it; else only another configuration does.
    may_change: bool


Judgement = Accepted | Declined


@frozen(kw_only=True)
class Policy:
    """What a relayer carries."""

    terms: Terms = field(factory=Terms)
    #: By origin and destination; where there is none, `terms` hold.
    lanes: Mapping[tuple[ChainId, ChainId], Terms] = field(factory=dict)
    #: Where a list is not empty, only what stands in it is carried; what is denied never is.
    allow_senders: frozenset[Address] = frozenset()
    deny_senders: frozenset[Address] = frozenset()
    allow_recipients: frozenset[Address] = frozenset()
    deny_recipients: frozenset[Address] = frozenset()
    #: Bytes.
    max_payload: int | None = None

    def terms_between(self, origin: ChainId, destination: ChainId) -> Terms:
        """Terms of a lane."""
        return self.lanes.get((origin, destination), self.terms)

    def wants_cost(self, origin: ChainId, destination: ChainId) -> bool:
        """Whether a lane's messages cannot be judged without knowing what they cost."""
        return self.terms_between(origin, destination).carry is Carry.PAID

    def takes_all(self, origin: ChainId, destination: ChainId) -> bool:
        """Whether there is nothing to ask of a lane's messages."""
        terms = self.terms_between(origin, destination)
        lists = (self.allow_senders, self.deny_senders, self.allow_recipients, self.deny_recipients)
        return terms.carry is Carry.ALWAYS and not terms.min_fee and self.max_payload is None and not any(lists)

    def judge(self, message: Message, added: Wei = Wei(0)) -> Judgement:
        """Whether a message is one to carry, what it costs aside. `added`: to its fee, after it was sent."""
        refused = self._refused(message)
        if refused:
            return Declined(why=refused, may_change=False)
        terms, fee = self.terms_between(message.origin, message.destination), message.fee + added
        if terms.carry is Carry.NEVER:
            why = f"this relayer carries nothing from chain {message.origin} to chain {message.destination}"
            return Declined(why=why, may_change=False)
        if fee < terms.min_fee:
            why = f"{_paid(message, added)} is below the {wei_and_ether(terms.min_fee)} that this relayer asks for"
            return Declined(why=why, may_change=True)
        return Accepted()

    def _refused(self, message: Message) -> str:
        """By whom and to whom it is, and how large; empty where nothing is against it."""
        if message.sender in self.deny_senders or (self.allow_senders and message.sender not in self.allow_senders):
            return f"this relayer carries nothing from sender {checksum(message.sender)}"
        recipient = message.recipient
        if recipient in self.deny_recipients or (self.allow_recipients and recipient not in self.allow_recipients):
            return f"this relayer carries nothing to recipient {checksum(recipient)}"
        if self.max_payload is not None and len(message.payload) > self.max_payload:
            return (
                f"its payload of {len(message.payload)} bytes is above the {self.max_payload} that this relayer takes"
            )
        return ""


def worth(fee: int, cost: int, terms: Terms) -> int:
    """
    What a fee leaves of a cost with the margin, in hundredths of a wei; below 0: it does not cover it.

    Whole numbers, so that sums over a delivery say the same as each of its parts.
    """
    return 100 * fee - cost * (100 + terms.margin_percent)


def least_fee(cost: int, terms: Terms) -> int:
    """The fee that just covers a cost with the margin, in wei."""
    return -(-cost * (100 + terms.margin_percent) // 100)


def too_poor(message: Message, added: Wei, own: Wei, shared: Wei, terms: Terms) -> Declined:
    """Why a message is not carried. `own`: what it costs itself; `shared`: what all of a delivery pay together."""
    least = wei_and_ether(least_fee(own + shared, terms))
    why = (
        f"{_paid(message, added)} is below the {least} that this relayer asks for now: delivery costs "
        f"{wei_and_ether(own + shared)}, of which those that go together share {wei_and_ether(shared)}, and a margin "
        f"of {terms.margin_percent} percent; add to the fee, or wait until gas falls or others come that share"
    )
    return Declined(why=why, may_change=True)


def _paid(message: Message, added: Wei) -> str:
    return f"its fee of {wei_and_ether(message.fee + added)}" + (
        f", {wei_and_ether(added)} of it added" if added else ""
    )
