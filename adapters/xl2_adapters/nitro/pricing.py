"""
Pricing: what a retryable ticket may cost, by what L1 and the chain ask now, with margins.

Comes in: a call that is to be made on the chain. Goes out: a submission fee, gas and a price of gas. Promise: margins
are said here and nowhere else, and cost nothing but time: what a ticket does not take is refunded on the chain. A call
that would fail now is refused, not priced.
"""

from attrs import frozen

from xl2.core.types import Address, Wei, checksum
from xl2.ports import Call
from xl2_adapters.evm import Evm
from xl2_adapters.nitro.inbox import Inbox
from xl2_adapters.nitro.order import TicketPrice
from xl2_adapters.nitro.precompiles import ESTIMATE_TICKET, NODE_INTERFACE

#: Fees may triple before a ticket arrives: base fees of L1 do so in ten full blocks.
_FEE_MARGIN = 3
#: Gas that a call may take more by then, in percent, than it would now.
_GAS_MARGIN_PERCENT = 30
#: A price of one wei asks the inbox to tell the ticket and make none; zero asks for no try at all.
_LEAST_FEE = 2
#: Wei beyond any fee: an estimate is of gas, whatever there is to pay for it.
PLENTY = Wei(10**18)


@frozen(kw_only=True)
class Pricing:
    """Prices of tickets to one chain."""

    rollup: Evm
    inbox: Inbox

    async def price(
        self, *, sender: Address, to: Address, value: Wei, refund: Address, data: bytes, gas_limit: int | None = None
    ) -> TicketPrice:
        """
        What a ticket of `sender`, an account of L1, may cost at most.

        `gas_limit`: of the call; None: what it would take now, and a margin. Raises `Reverted` where the call would
        fail now: such a ticket would wait to be redeemed.
        """
        if gas_limit is None:
            asked = ESTIMATE_TICKET.encode(sender, PLENTY + value, to, value, refund, refund, data)
            what = f"the call of a retryable ticket to {checksum(to)}"
            call = Call(chain=self.rollup.chain, to=NODE_INTERFACE, data=asked, what=what)
            gas_limit = with_margin(await self.rollup.simulate(call, sender))
        return await self.price_for(len(data), gas_limit)

    async def price_for(self, size: int, gas_limit: int) -> TicketPrice:
        """What a ticket with so many bytes of calldata and so much gas may cost at most."""
        l1_fees, fees = await self.inbox.l1.fees(), await self.rollup.fees()
        return TicketPrice(
            max_submission_fee=await self.inbox.submission_fee(size, Wei(_FEE_MARGIN * l1_fees.base_fee)),
            gas_limit=gas_limit,
            max_fee=Wei(max(_LEAST_FEE, _FEE_MARGIN * fees.base_fee)),
        )


def with_margin(gas: int) -> int:
    """Gas to give a call that took so much when it was estimated."""
    return gas * (100 + _GAS_MARGIN_PERCENT) // 100
