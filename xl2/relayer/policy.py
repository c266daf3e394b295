"""
Policy: which messages this relayer carries, and what it wants for that.

Pure. Comes in: a message, what was added to its fee, and what its share of a delivery costs. Goes out: `Accepted`, or
`Declined` with a sentence for `explain` and whether another look can come out otherwise. Promise: what is denied is
denied whatever it pays, and nothing is carried at a loss unless a rule says `always`. A declined message is not expired
by this relayer either: that costs gas, and anybody could send what only costs. Who wants the refund may (`xl2 relay`).
"""

from collections.abc import Mapping
from enum import StrEnum

from attrs import field, frozen, validators

from xl2.core.message import Message
from xl2.core.types import Address, ChainId, Wei, checksum
from xl2.ports import Rates

#: Bytes of a packed message beside its payload, an upper bound.
_PACKED_HEADER = 67
#: EIP-7623: of a byte of calldata once execution is cheap.
_BYTE_GAS = 40
#: What a message that travels with others takes beside its recipient and its bytes: hashed, called, noted.
_MESSAGE_GAS = 15_000


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

    def terms_of(self, message: Message) -> Terms:
        """Terms of the message's lane."""
        return self.lanes.get((message.origin, message.destination), self.terms)

    def wants_cost(self, origin: ChainId, destination: ChainId) -> bool:
        """Whether a lane's messages cannot be judged without knowing what they cost."""
        return self.lanes.get((origin, destination), self.terms).carry is Carry.PAID

    def judge(self, message: Message, cost: Wei, added: Wei = Wei(0)) -> Judgement:
        """
        Whether a message is carried. `cost`: of its share of a delivery; `added`: to its fee, after it was sent.

        The cost is looked at where the lane's terms say `paid` alone.
        """
        refused = self._refused(message)
        if refused:
            return Declined(why=refused, may_change=False)
        terms, fee = self.terms_of(message), message.fee + added
        if terms.carry is Carry.NEVER:
            why = f"this relayer carries nothing from chain {message.origin} to chain {message.destination}"
            return Declined(why=why, may_change=False)
        paid = f"its fee of {fee} wei" + (f" ({added} of them added)" if added else "")
        if fee < terms.min_fee:
            return Declined(why=f"{paid} is below the {terms.min_fee} wei that this relayer asks for", may_change=True)
        wanted = -(-cost * (100 + terms.margin_percent) // 100)
        if terms.carry is Carry.PAID and fee < wanted:
            why = (
                f"{paid} is below the {wanted} wei that this relayer asks for now: delivery costs {cost} wei, and a "
                f"margin of {terms.margin_percent} percent; add to the fee, or wait until gas falls"
            )
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


def share(message: Message, rates: Rates, overhead_gas: int, batch: int) -> Wei:
    """
    What one message of a delivery costs at most: its own gas and bytes, and its part of what the delivery takes for
    all.

    Its recipient is taken to use all gas that the sender gave it: nobody else can know, and what other recipients took
    says nothing of this one. `overhead_gas`: of a delivery of one message, without its recipient; `batch`: messages
    that share that.
    """
    size = _PACKED_HEADER + len(message.payload)
    own = message.gas_limit + size * _BYTE_GAS + _MESSAGE_GAS * (batch - 1) // batch
    return rates.cost(own + overhead_gas // batch, size)
