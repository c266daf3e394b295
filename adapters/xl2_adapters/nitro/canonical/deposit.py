"""
Canonical deposit: a message of L1's inbox, how far it is on the chain, and the calls that move it.

Promise: what it will be called on the chain follows from L1 alone, so nobody is asked where it went. A ticket whose
call failed is not lost while it lives: anybody may redeem it, and its value is said to be where it is.
"""

from attrs import frozen

from xl2.core.amounts import wei_and_ether, wei_and_gwei
from xl2.core.types import Address, BlockNumber, Wei, checksum
from xl2.ports import Call, Cargo, Crossing, CrossingState, CrossingStep, Direction, Move, Place, TxReceipt
from xl2_adapters.contracts.alias import behind
from xl2_adapters.evm import Evm
from xl2_adapters.nitro.inbox import InboxMessage
from xl2_adapters.nitro.retryables import Retryables, TicketState, TicketStatus
from xl2_adapters.nitro.ticket import EtherDeposit, Ticket
from xl2_adapters.nitro.tokens import Moved, Tokens

_STATES = {
    TicketState.NOT_YET_CREATED: CrossingState.ON_ITS_WAY,
    TicketState.BEING_TRIED: CrossingState.ON_ITS_WAY,
    TicketState.WAITING: CrossingState.FAILED,
    TicketState.REDEEMED: CrossingState.ARRIVED,
    TicketState.CREATION_FAILED: CrossingState.IMPOSSIBLE,
    TicketState.EXPIRED: CrossingState.IMPOSSIBLE,
    TicketState.CANCELLED: CrossingState.IMPOSSIBLE,
}
_MOVES = (Move.REDEEM, Move.KEEP_ALIVE, Move.CANCEL)


@frozen(kw_only=True)
class Deposits:
    """Deposits from one anchor to one chain."""

    anchor: Evm
    rollup: Evm
    retryables: Retryables
    #: None: the chain has no token bridge that we know.
    tokens: Tokens | None

    async def crossing(self, message: InboxMessage, index: int) -> Crossing:
        """How far a message is."""
        content = message.content
        begun = await self.anchor.block(message.place.block)
        sent = CrossingStep(state=CrossingState.SENT, chain=self.anchor.chain, at=begun.timestamp, place=message.place)
        if isinstance(content, EtherDeposit):
            status = await self._credited(content)
            moved = None
        else:
            status = await self.retryables.status(content.id)
            moved = await self.tokens.brought_by(content) if self.tokens is not None else None
        state = _STATES[status.state]
        waits = state is CrossingState.FAILED
        return Crossing(
            direction=Direction.DEPOSIT,
            rollup=self.rollup.chain,
            anchor=self.anchor.chain,
            index=index,
            sent=message.place,
            key=content.id,
            sender=_sender(content, moved),
            cargo=_cargo(content) if moved is None else moved.cargo,
            state=state,
            steps=(sent, await self._step(content, status, state)),
            waits_for=self._awaited(message, status),
            wait_seconds=0 if waits else None,
            arrival_seconds=0 if waits else None,
            moves=_MOVES if waits else (),
            until=status.timeout if waits else None,
        )

    async def call(self, ticket: Ticket, move: Move, actor: Address) -> Call:
        """The call that makes one of a waiting ticket's moves. Raises as the moves of `Retryables`."""
        if move is Move.REDEEM:
            return await self.retryables.redeem_call(ticket, actor)
        if move is Move.KEEP_ALIVE:
            return self.retryables.keep_alive_call(ticket)
        return self.retryables.cancel_call(ticket, actor)

    async def _credited(self, deposit: EtherDeposit) -> TicketStatus:
        """A deposit of ether, in a ticket's words: it calls nobody, so it can only be there or not yet."""
        receipt = await self.rollup.tx_receipt(deposit.id)
        if receipt is None:
            return TicketStatus(state=TicketState.NOT_YET_CREATED)
        state = TicketState.REDEEMED if receipt.succeeded else TicketState.CREATION_FAILED
        return TicketStatus(state=state, created=receipt, ended=receipt)

    async def _step(self, content: Ticket | EtherDeposit, status: TicketStatus, state: CrossingState) -> CrossingStep:
        shown_by = status.ended or status.created
        return CrossingStep(
            state=state,
            chain=self.rollup.chain,
            at=None if shown_by is None else (await self.rollup.block(BlockNumber(shown_by.block))).timestamp,
            place=None if shown_by is None else _place(shown_by),
            detail=_detail(content, status),
        )

    def _awaited(self, message: InboxMessage, status: TicketStatus) -> str:
        if status.state is TicketState.NOT_YET_CREATED:
            return f"chain {self.rollup.chain} to read l1 block {message.place.block}; when is its sequencer's choice"
        if status.state is TicketState.BEING_TRIED:
            return "the outcome of a try that is scheduled"
        return ""


def _cargo(content: Ticket | EtherDeposit) -> Cargo:
    if isinstance(content, EtherDeposit):
        return Cargo(recipient=content.to, amount=content.value, is_direct=True)
    return Cargo(
        recipient=content.to,
        amount=content.call_value,
        data=content.data,
        gas_limit=content.gas_limit,
        is_direct=False,
    )


def _sender(content: Ticket | EtherDeposit, moved: Moved | None) -> Address:
    if moved is not None:
        return moved.sender
    # A deposit of ether calls nobody, so nobody sees an alias.
    return behind(content.sender) if isinstance(content, EtherDeposit) else content.sender


def _detail(content: Ticket | EtherDeposit, status: TicketStatus) -> str:
    if isinstance(content, EtherDeposit):
        return ""
    value, refund = content.call_value, checksum(content.call_value_refund)
    held = f"; its {wei_and_ether(value)} are with {refund} on the rollup" if value else ""
    spoken = {
        TicketState.WAITING: _why_waiting(content, value),
        TicketState.CREATION_FAILED: (
            f"the ticket could not pay for itself: its {wei_and_ether(content.deposit)} are with "
            f"{checksum(content.sender)} on the rollup"
        ),
        TicketState.EXPIRED: f"nobody redeemed the ticket in its time{held}",
        TicketState.CANCELLED: f"the ticket was cancelled{held}",
    }
    return spoken.get(status.state, "")


def _why_waiting(ticket: Ticket, value: Wei) -> str:
    held = f"; the ticket holds its {wei_and_ether(value)} meanwhile" if value else ""
    if not ticket.tries_by_itself:
        return f"the ticket pays for no try of its own{held}"
    return f"the call failed, or {ticket.gas_limit} gas at {wei_and_gwei(ticket.max_fee)} were too little for it{held}"


def _place(receipt: TxReceipt) -> Place:
    return Place(block=receipt.block, block_hash=receipt.block_hash, tx_hash=receipt.tx_hash, log_index=0)
