"""
Inbox: the contracts on L1 through which calls and ether get to a Nitro chain.

Comes in: a transaction of L1, or what is to be sent. Goes out: the tickets and deposits that the transaction made, or
calls. Promise: the bytes of a message are those that the bridge committed to (`messageDataHash`), told by the inbox
that the bridge names. Source: nitro-contracts 3.2.0, `Bridge.sol`, `Inbox.sol`.
"""

from collections.abc import Sequence

from attrs import frozen

from xl2.core.hashing import keccak
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, Wei, address
from xl2.errors import RpcUnavailable
from xl2.ports import Call, Place
from xl2_adapters.abi import Event, Method
from xl2_adapters.evm import Evm, Log
from xl2_adapters.nitro.order import TicketOrder
from xl2_adapters.nitro.ticket import ETHER_DEPOSIT, SUBMIT_RETRYABLE, EtherDeposit, Ticket
from xl2_adapters.tx_logs import Included

DELIVERED = Event("MessageDelivered(uint256 indexed,bytes32 indexed,address,uint8,address,bytes32,uint256,uint64)")
SPELLED_OUT = Event("InboxMessageDelivered(uint256 indexed,bytes)")

DEPOSIT_ETHER = Method("depositEth()", "(uint256)")
CREATE_TICKET = Method(
    "createRetryableTicket(address,uint256,uint256,address,address,uint256,uint256,bytes)", "(uint256)"
)
SUBMISSION_FEE = Method("calculateRetryableSubmissionFee(uint256,uint256)", "(uint256)")


@frozen(kw_only=True)
class InboxMessage:
    """A ticket or a deposit of ether, and where L1 was told of it."""

    content: Ticket | EtherDeposit
    place: Place


@frozen(kw_only=True)
class Inbox:
    """Bridge and inbox of one chain."""

    l1: Evm
    chain: ChainId
    inbox: Address
    bridge: Address

    def messages_of(self, included: Included) -> list[InboxMessage]:
        """Tickets and deposits that a transaction made, in order; messages of other kinds are left out."""
        delivered = [
            one.log for one in included.logs if one.contract == self.bridge and one.log.topics[:1] == (DELIVERED.topic,)
        ]
        spelled = [
            one.log
            for one in included.logs
            if one.contract == self.inbox and one.log.topics[:1] == (SPELLED_OUT.topic,)
        ]
        return self._read(delivered, spelled)

    async def messages(self, first: BlockNumber, last: BlockNumber) -> list[InboxMessage]:
        """Tickets and deposits that were made in a range of L1 blocks."""
        delivered = await self.l1.logs(self.bridge, [[DELIVERED.topic]], first, last)
        return self._read(delivered, await self.l1.logs(self.inbox, [[SPELLED_OUT.topic]], first, last))

    async def submission_fee(self, size: int, base_fee: Wei) -> Wei:
        """Wei that a ticket with so many bytes of calldata costs at a base fee of L1."""
        answer = await self.l1.view(self.inbox, SUBMISSION_FEE.encode(size, base_fee))
        return Wei(SUBMISSION_FEE.decode(answer, self.l1.endpoint)[0])

    def deposit_call(self, amount: Wei) -> Call:
        """Credit ether to whoever calls."""
        what = f"deposit ether to chain {self.chain}"
        return Call(chain=self.l1.chain, to=self.inbox, data=DEPOSIT_ETHER.encode(), value=amount, what=what)

    def create_call(self, order: TicketOrder) -> Call:
        """Make a ticket."""
        data = CREATE_TICKET.encode(
            order.to,
            order.call_value,
            order.price.max_submission_fee,
            order.refund,
            order.refund,
            order.price.gas_limit,
            order.price.max_fee,
            order.data,
        )
        what = f"make a retryable ticket for chain {self.chain}"
        value = order.price.value_with(order.call_value)
        return Call(chain=self.l1.chain, to=self.inbox, data=data, value=value, what=what)

    def _read(self, delivered: Sequence[Log], spelled: Sequence[Log]) -> list[InboxMessage]:
        """What the bridge took, with the bytes that the inbox spelled out."""
        told = [SPELLED_OUT.decode(log.topics, log.data, self.l1.endpoint) for log in spelled]
        bytes_of = {(log.place.tx_hash, number): data for log, (number, data) in zip(spelled, told, strict=True)}
        found = [self._message(log, bytes_of) for log in delivered]
        return [one for one in found if one is not None]

    def _message(self, log: Log, bytes_of: dict[tuple[Hash32, int], bytes]) -> InboxMessage | None:
        number, _, inbox, kind, sender, data_hash, base_fee, _ = DELIVERED.decode(
            log.topics, log.data, self.l1.endpoint
        )
        if kind not in (SUBMIT_RETRYABLE, ETHER_DEPOSIT) or address(inbox) != self.inbox:
            return None
        message = bytes_of.get((log.place.tx_hash, number))
        if message is None or keccak(message) != data_hash:
            raise RpcUnavailable(
                f"{self.l1.endpoint} sent other bytes for message {number} of chain {self.chain} than its bridge has",
                endpoint=self.l1.endpoint,
                remedy="Ask another endpoint.",
            )
        told = {"chain": self.chain, "number": number, "sender": address(sender)}
        content: Ticket | EtherDeposit = (
            Ticket.parse(message, **told, base_fee=Wei(base_fee))
            if kind == SUBMIT_RETRYABLE
            else EtherDeposit.parse(message, **told)
        )
        return InboxMessage(content=content, place=log.place)
