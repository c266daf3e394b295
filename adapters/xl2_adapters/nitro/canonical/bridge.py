"""
Canonical: the bridge of a Nitro chain to its anchor: inbox and tickets down, sends and outbox up, gateways for tokens.

Promise: as `xl2.ports.canonical`: nothing is kept, all is read anew from both chains. Ether for oneself goes by the
inbox's plain deposit, which cannot fail; whatever calls somebody goes by a retryable ticket.
"""

from collections.abc import Sequence

from attrs import frozen

from xl2.core.amounts import wei_and_ether
from xl2.core.evidence import Finality
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, Wei, checksum, hex_text
from xl2.errors import InvalidInput, NotYet, Refused
from xl2.ports import Call, Cargo, ChainSettings, Crossing, Direction, Move
from xl2_adapters.contracts.alias import behind
from xl2_adapters.evm import Evm
from xl2_adapters.nitro.behind import Behind
from xl2_adapters.nitro.canonical.deposit import Deposits
from xl2_adapters.nitro.canonical.withdrawal import Withdrawals, key_of
from xl2_adapters.nitro.chain import inbox_of, rollup_contract
from xl2_adapters.nitro.inbox import Inbox
from xl2_adapters.nitro.order import TicketOrder
from xl2_adapters.nitro.outbox import Outbox
from xl2_adapters.nitro.precompiles import ARB_SYS, SEND_TO_L1
from xl2_adapters.nitro.pricing import Pricing
from xl2_adapters.nitro.retryables import Retryables
from xl2_adapters.nitro.sends import Sends, withdraw_data
from xl2_adapters.nitro.ticket import Ticket
from xl2_adapters.nitro.tokens import Tokens
from xl2_adapters.tx_logs import included


@frozen(kw_only=True)
class NitroBridge:
    """The bridge of one chain. Implements `xl2.ports.CanonicalBridge`."""

    rollup_evm: Evm
    anchor_evm: Evm
    inbox: Inbox
    behind: Behind
    pricing: Pricing
    deposits: Deposits
    withdrawals: Withdrawals
    tokens: Tokens | None

    @classmethod
    def of(cls, settings: ChainSettings, rollup: Evm, anchor: Evm) -> "NitroBridge":
        """By a chain's settings. Raises `ConfigInvalid` where they lack a contract."""
        inbox = inbox_of(settings, anchor)
        pricing = Pricing(rollup=rollup, inbox=inbox)
        router = settings.rollup.get("gateway_router")
        tokens = None if router is None else Tokens(rollup=rollup, anchor=anchor, router=router, pricing=pricing)
        outbox = Outbox(anchor, rollup_contract(settings, "outbox"))
        sends = Sends(rollup=rollup, outbox=outbox, core=rollup_contract(settings, "rollup"))
        retryables = Retryables(rollup=rollup)
        return cls(
            rollup_evm=rollup,
            anchor_evm=anchor,
            inbox=inbox,
            behind=Behind(rollup=rollup, inbox=inbox),
            pricing=pricing,
            deposits=Deposits(anchor=anchor, rollup=rollup, retryables=retryables, tokens=tokens),
            withdrawals=Withdrawals(anchor=anchor, rollup=rollup, sends=sends, tokens=tokens),
            tokens=tokens,
        )

    @property
    def rollup(self) -> ChainId:
        """Chain that settles on the other."""
        return self.rollup_evm.chain

    @property
    def anchor(self) -> ChainId:
        """Chain that the rollup settles on."""
        return self.anchor_evm.chain

    async def deposit_calls(self, cargo: Cargo, sender: Address) -> Sequence[Call]:
        """Calls on the anchor that send cargo to the rollup."""
        if cargo.token is not None:
            refund = await self._refund_to(sender, cargo.recipient)
            return await self._token_bridge(cargo).deposit_calls(cargo, cargo.token, sender, refund)
        amount = Wei(cargo.amount)
        own = cargo.recipient == sender and not cargo.data and not await self.anchor_evm.code(sender)
        if cargo.is_direct and not own:
            raise InvalidInput(
                f"{checksum(cargo.recipient)} is not an account without code that sends ether to itself: only that "
                "goes without a ticket",
                field="is_direct",
                value=cargo.is_direct,
                remedy="Leave `is_direct` out: a retryable ticket brings it.",
            )
        if own and cargo.is_direct is not False:
            return (self.inbox.deposit_call(amount),)
        refund = await self._refund_to(sender, cargo.recipient)
        price = await self.pricing.price(
            sender=sender, to=cargo.recipient, value=amount, refund=refund, data=cargo.data, gas_limit=cargo.gas_limit
        )
        order = TicketOrder(to=cargo.recipient, call_value=amount, data=cargo.data, refund=refund, price=price)
        return (self.inbox.create_call(order),)

    async def withdraw_calls(self, cargo: Cargo, sender: Address) -> Sequence[Call]:
        """Calls on the rollup that send cargo to the anchor."""
        if cargo.token is not None:
            return await self._token_bridge(cargo).withdraw_calls(cargo, cargo.token, sender)
        # L1's bridge pays nothing out to an account without code that is to be called: there it is a note.
        is_call = bool(cargo.data) and bool(await self.anchor_evm.code(cargo.recipient))
        data = SEND_TO_L1.encode(cargo.recipient, cargo.data) if is_call else withdraw_data(cargo.recipient, cargo.data)
        what = f"send {wei_and_ether(cargo.amount)} to {checksum(cargo.recipient)} on l1"
        return (Call(chain=self.rollup, to=ARB_SYS, data=data, value=Wei(cargo.amount), what=what),)

    async def duration(self, direction: Direction) -> int | None:
        """A withdrawal's window by the rollup's getter; when a deposit is read is the sequencer's choice."""
        if direction is Direction.DEPOSIT:
            return None
        tip = (await self.rollup_evm.head(Finality.LATEST)).number
        return await self.withdrawals.sends.seconds_to_confirm(tip)

    async def crossings(self, tx_hash: Hash32) -> Sequence[Crossing]:
        """Deposits and withdrawals that a transaction of either chain began, tried, ended or paid out."""
        down = await included(self.anchor_evm, tx_hash)
        if down is not None:
            begun = [
                await self.deposits.crossing(message, index)
                for index, message in enumerate(self.inbox.messages_of(down))
            ]
            sends = self.withdrawals.sends
            paid = [await sends.send_at(*where) for where in sends.outbox.executed_in(down)]
            return begun + [await self.withdrawals.crossing(one, 0) for one in paid if one is not None]
        up = await included(self.rollup_evm, tx_hash)
        if up is None:
            return ()
        brought = [await self.deposits.crossing(message, 0) for message in await self.behind.messages(up)]
        return brought + [
            await self.withdrawals.crossing(placed, index)
            for index, placed in enumerate(self.withdrawals.sends.sends_of(up))
        ]

    async def deposit_noted(self, note: bytes, sender: Address, since: BlockNumber) -> Hash32 | None:
        """Transaction of a ticket of `sender` that calls with exactly these bytes."""
        tip = (await self.anchor_evm.head(Finality.LATEST)).number
        for message in await self.inbox.messages(since, tip):
            ticket = message.content
            if isinstance(ticket, Ticket) and ticket.data == note and behind(ticket.sender) == sender:
                return message.place.tx_hash
        return None

    async def calls(self, crossing: Crossing, move: Move, actor: Address) -> Sequence[Call]:
        """Calls by which anybody, or where it says so the refund account alone, makes a move."""
        fresh = await self._again(crossing)
        if move not in fresh.moves:
            self._refuse(crossing, fresh, move)
        transaction = await included(
            self.anchor_evm if crossing.direction is Direction.DEPOSIT else self.rollup_evm, crossing.sent.tx_hash
        )
        if transaction is None:
            raise NotYet(f"transaction {hex_text(crossing.sent.tx_hash)} is in no block any more")
        if crossing.direction is Direction.DEPOSIT:
            tickets = [one.content for one in self.inbox.messages_of(transaction) if one.content.id == crossing.key]
            return [await self.deposits.call(ticket, move, actor) for ticket in tickets if isinstance(ticket, Ticket)]
        sends = [one.send for one in self.withdrawals.sends.sends_of(transaction) if key_of(one.send) == crossing.key]
        return [await self.withdrawals.finalize_call(send) for send in sends]

    async def _refund_to(self, sender: Address, recipient: Address) -> Address:
        """
        Who gets what a ticket does not take, and its value should it never succeed: the sender.

        An account with code on L1 would be refunded at its alias, which nobody holds a key of; then the recipient is,
        unless the same is true of it.
        """
        if not await self.anchor_evm.code(sender) or await self.anchor_evm.code(recipient):
            return sender
        return recipient

    async def _again(self, crossing: Crossing) -> Crossing:
        for one in await self.crossings(crossing.sent.tx_hash):
            if one.key == crossing.key:
                return one
        raise NotYet(f"transaction {hex_text(crossing.sent.tx_hash)} does not hold this crossing any more")

    @staticmethod
    def _refuse(given: Crossing, fresh: Crossing, move: Move) -> None:
        name = f"{given.direction} {hex_text(given.key)}"
        if fresh.state.is_over or move not in given.moves:
            raise Refused(f"{name} is {fresh.state}: there is nothing to {move}", remedy="Ask for its state anew.")
        raise NotYet(f"{name} is {fresh.state} by now", remedy="Ask for its state anew.")

    def _token_bridge(self, cargo: Cargo) -> Tokens:
        if self.tokens is None:
            raise Refused(
                f"no token bridge of chain {self.rollup} is configured",
                remedy="Add rollup.gateway_router to the chain's settings.",
            )
        if cargo.data:
            raise InvalidInput("gateways take no note beside tokens", field="data", value=hex_text(cargo.data))
        return self.tokens
