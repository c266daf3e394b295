"""
Order: a retryable ticket to be made, and what it may cost at most.

Promise: the sum of its parts is what the inbox asks for, no more; what is left over is refunded on the chain, to an
account that the order names. How much is enough is left to `pricing`.
"""

from attrs import field, frozen

from xl2.core.types import Address, Wei


@frozen(kw_only=True)
class TicketPrice:
    """What a ticket may cost at most; what is left over is refunded on the chain."""

    max_submission_fee: Wei
    #: Gas of the call on the chain.
    gas_limit: int
    #: Most wei for one gas there.
    max_fee: Wei

    def value_with(self, call_value: Wei) -> Wei:
        """Wei that the inbox asks for."""
        return Wei(self.max_submission_fee + self.gas_limit * self.max_fee + call_value)


@frozen(kw_only=True)
class TicketOrder:
    """A ticket to be made."""

    to: Address
    call_value: Wei
    data: bytes = field(repr=False)
    #: Gets what the ticket did not take, and the call's value where it never succeeds.
    refund: Address
    price: TicketPrice
