"""
Prices: what a delivery of a lane costs now, what each of its messages adds to that, and what to settle it costs.

Pure. Comes in: what the two chains of the lane ask for gas and bytes. Goes out: wei, or gas of the destination.
Promise: a message costs at most what is said here; nothing that was learned of other recipients makes it less. What it
pays is `policy`'s.
"""

from attrs import frozen

from xl2.core.lane import Lane
from xl2.core.message import Message
from xl2.core.types import Assurance, Wei
from xl2.flow.prove import BYTE_GAS
from xl2.plan import DELIVERY_GAS, EVIDENCE_BYTES, SETTLEMENT_GAS
from xl2.ports import Rates

#: What a message takes beside its recipient and its bytes: hashed, called, noted.
MESSAGE_GAS = 15_000
#: Bytes of a packed message beside its payload, an upper bound.
_PACKED_HEADER = 67
#: Of an id behind the messages of a segment, or of a receipt that is left unopened, in bytes.
_ID_SIZE = 32
#: What a further receipt takes in a settlement: a word of nonces or a credit that was 0 before; and its bytes.
_RECEIPT_GAS, _RECEIPT_SIZE = 25_000, 70


@frozen(kw_only=True)
class Prices:
    """What deliveries of a lane cost now."""

    lane: Lane
    here: Rates
    there: Rates

    def own(self, message: Message) -> Wei:
        """Of a message, beside what is shared."""
        return self.there.cost(own_gas(message), own_size(message))

    @property
    def shared(self) -> Wei:
        """Of a delivery beside its messages, the receipt proven back included."""
        kind = self.lane.assurance
        size = EVIDENCE_BYTES[kind]
        there = self.there.cost(DELIVERY_GAS[kind] - MESSAGE_GAS, size)
        return Wei(there + settlement(kind, self.here, 0))

    def suffix(self, ids: int) -> Wei:
        """Of so many ids behind the last message, up to the head that is known."""
        return self.there.cost(ids * _ID_SIZE * BYTE_GAS, ids * _ID_SIZE)

    def gas(self, wei: int) -> int:
        """Gas of the destination that costs so much."""
        return -(-wei // max(1, self.there.fees.base_fee + self.there.fees.priority_fee))


def own_gas(message: Message) -> int:
    """
    Gas that a message takes at most of a delivery, beside what that takes for all.

    Its recipient is taken to use all gas that the sender gave it: nobody else can know, and what other recipients took
    says nothing of this one.
    """
    return message.gas_limit + own_size(message) * BYTE_GAS + MESSAGE_GAS


def own_size(message: Message) -> int:
    """Bytes that a message takes at most."""
    return _PACKED_HEADER + len(message.payload)


def settlement(kind: Assurance, here: Rates, hashes: int) -> Wei:
    """What it costs to prove one receipt back, and so many behind it that are left unopened."""
    return here.cost(SETTLEMENT_GAS[kind] + hashes * _ID_SIZE * BYTE_GAS, EVIDENCE_BYTES[kind] + hashes * _ID_SIZE)


def further_receipt(here: Rates) -> Wei:
    """What one receipt more costs in a settlement, at most."""
    return here.cost(_RECEIPT_GAS, _RECEIPT_SIZE)
