"""
Retryables: what became of a ticket on its chain, and the calls that help it along.

Comes in: a ticket, as L1's inbox was told of it. Goes out: its state, by the chain's receipts, events and the ticket
store itself. Promise: the ticket's id was computed from L1, so a node of the chain cannot pass another ticket for it;
a redeem is offered only where the ticket's call would succeed now, with gas for it. Source: documentation of ArbOS,
`ArbRetryableTx`.
"""

from enum import StrEnum

from attrs import evolve, frozen

from xl2.core.evidence import Finality
from xl2.core.types import Address, BlockNumber, Hash32, Timestamp, checksum, hex_text
from xl2.errors import NotYet, Refused, Reverted
from xl2.ports import Call, TxReceipt
from xl2_adapters import rpc_wire
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm
from xl2_adapters.nitro.precompiles import (
    CANCEL,
    CANCELED,
    KEEP_ALIVE,
    NO_TICKET,
    REDEEM,
    REDEEM_SCHEDULED,
    RETRYABLES,
    TICKET_CREATED,
    TIMEOUT,
)
from xl2_adapters.nitro.pricing import PLENTY, with_margin
from xl2_adapters.nitro.ticket import Ticket
from xl2_adapters.rpc_wire import Json

#: How long a ticket lives at least (ArbOS, `RetryableLifetimeSeconds`).
LIFETIME_SECONDS = 7 * 86_400


class TicketState(StrEnum):
    """How far a ticket is."""

    #: The chain has not read L1 so far.
    NOT_YET_CREATED = "not yet created"
    #: It could not pay for its submission: the deposit is the sender's, aliased, on the chain.
    CREATION_FAILED = "creation failed"
    #: A try was scheduled whose outcome is not known yet.
    BEING_TRIED = "being tried"
    #: Its value is held on the chain; the call has not succeeded yet. Anybody may redeem it.
    WAITING = "waiting to be redeemed"
    REDEEMED = "redeemed"
    #: Its time was over: the call's value is the refund account's.
    EXPIRED = "expired"
    #: The refund account gave it up, and has the call's value.
    CANCELLED = "cancelled"


@frozen(kw_only=True)
class TicketStatus:
    """State of a ticket, and what shows it."""

    state: TicketState
    #: The transaction that made it, or failed to.
    created: TxReceipt | None = None
    #: The try that succeeded, or the transaction that cancelled it.
    ended: TxReceipt | None = None
    #: When it ends by itself, while it waits.
    timeout: Timestamp | None = None


@frozen(kw_only=True)
class Retryables:
    """Tickets of one chain."""

    rollup: Evm

    async def status(self, ticket_id: Hash32) -> TicketStatus:
        """
        What became of a ticket. One that ended without its first try is looked for in the logs of its lifetime.

        Raises `NotYet` where it is gone before its time could be over and no log says why.
        """
        created = await self.rollup.tx_receipt(ticket_id)
        if created is None:
            return TicketStatus(state=TicketState.NOT_YET_CREATED)
        if not created.succeeded:
            return TicketStatus(state=TicketState.CREATION_FAILED, created=created)
        known = await self._tries(ticket_id, created.block, created.block)
        if known is not None and known.state is TicketState.REDEEMED:
            return evolve(known, created=created)
        timeout = await self.timeout(ticket_id)
        # In this order: what has ended a ticket that is gone stands at this tip or below it.
        tip = await self.rollup.head(Finality.LATEST)
        if timeout is not None and tip.timestamp <= timeout:
            state = known.state if known is not None else TicketState.WAITING
            return TicketStatus(state=state, created=created, timeout=timeout)
        ended = await self._end(ticket_id, created.block, tip.number)
        born = (await self.rollup.block(created.block)).timestamp
        if ended.state is TicketState.EXPIRED and tip.timestamp < born + LIFETIME_SECONDS:
            raise NotYet(
                f"{self.rollup.endpoint} has ticket {hex_text(ticket_id)} no more, whose time is not over, and has no "
                "log of what became of it",
                remedy="Ask again, or another endpoint: a node that lags has not got that log yet.",
            )
        return evolve(ended, created=created)

    async def timeout(self, ticket_id: Hash32) -> Timestamp | None:
        """When a ticket ends by itself; None where there is none, any more or yet."""
        try:
            answer = await self.rollup.view(RETRYABLES, TIMEOUT.encode(ticket_id))
        except Reverted as reverted:
            if reverted.revert[:4] == NO_TICKET:
                return None
            raise
        return Timestamp(TIMEOUT.decode(answer, self.rollup.endpoint)[0])

    async def redeem_call(self, ticket: Ticket, actor: Address) -> Call:
        """Try the ticket's call again. Raises `Reverted` where it would fail now too."""
        call = self._call(REDEEM, ticket, "redeem")
        # What is left of the gas goes to the call, which an estimate of the redeem itself need not know of.
        gas = await self.rollup.simulate(call, actor) + await self._gas_of(ticket)
        return evolve(call, gas_limit=with_margin(gas))

    def keep_alive_call(self, ticket: Ticket) -> Call:
        """Buy the ticket one more lifetime."""
        return self._call(KEEP_ALIVE, ticket, "keep alive")

    def cancel_call(self, ticket: Ticket, actor: Address) -> Call:
        """Give the ticket up. Raises `Refused` for anyone but the account that its value is refunded to."""
        if actor != ticket.call_value_refund:
            raise Refused(
                f"ticket {hex_text(ticket.id)} can be cancelled by {checksum(ticket.call_value_refund)} alone, "
                f"not by {checksum(actor)}",
                remedy="Cancel it from that account, or redeem it: that anybody may.",
            )
        return self._call(CANCEL, ticket, "cancel")

    async def _end(self, ticket_id: Hash32, first: BlockNumber, last: BlockNumber) -> TicketStatus:
        """How a ticket ended that is no longer there."""
        redeemed = await self._tries(ticket_id, first, last)
        if redeemed is not None:
            return redeemed
        logs = await self.rollup.logs(RETRYABLES, [[CANCELED.topic], [ticket_id]], first, last)
        if not logs:
            made = await self.rollup.logs(RETRYABLES, [[TICKET_CREATED.topic], [ticket_id]], first, first)
            return TicketStatus(state=TicketState.EXPIRED if made else TicketState.CREATION_FAILED)
        by = await self.rollup.tx_receipt(logs[-1].place.tx_hash)
        return TicketStatus(state=TicketState.CANCELLED, ended=by)

    def _call(self, method: Method, ticket: Ticket, words: str) -> Call:
        what = f"{words} ticket {hex_text(ticket.id)}"
        return Call(chain=self.rollup.chain, to=RETRYABLES, data=method.encode(ticket.id), what=what)

    async def _gas_of(self, ticket: Ticket) -> int:
        """Gas that the ticket's call takes now, made by its sender with its value."""
        request: dict[str, Json] = {
            "from": checksum(ticket.sender),
            "to": checksum(ticket.to),
            "data": hex_text(ticket.data),
            "value": hex(ticket.call_value),
        }
        # The value waits with the ticket; the sender may own nothing.
        funded: dict[str, Json] = {checksum(ticket.sender): {"balance": hex(ticket.call_value + PLENTY)}}
        try:
            found = await self.rollup.ask("eth_estimateGas", request, "latest", funded)
        except Reverted as reverted:
            raise self.rollup.explained(reverted, f"the call of ticket {hex_text(ticket.id)}") from reverted
        return rpc_wire.quantity(found, self.rollup.endpoint)

    async def _tries(self, ticket_id: Hash32, first: BlockNumber, last: BlockNumber) -> TicketStatus | None:
        """The try that succeeded, or one whose outcome is unknown; None where all that there were failed."""
        logs = await self.rollup.logs(RETRYABLES, [[REDEEM_SCHEDULED.topic], [ticket_id]], first, last)
        unknown = False
        for log in reversed(logs):
            _, retry, *_ = REDEEM_SCHEDULED.decode(log.topics, log.data, self.rollup.endpoint)
            receipt = await self.rollup.tx_receipt(Hash32(retry))
            if receipt is None:
                unknown = True
            elif receipt.succeeded:
                return TicketStatus(state=TicketState.REDEEMED, ended=receipt)
        return TicketStatus(state=TicketState.BEING_TRIED) if unknown else None
