"""
Tokens: ERC-20s over the gateways of a Nitro chain's token bridge.

Comes in: tokens to be moved, or a ticket or send that may be a gateway's. Goes out: calls, and the tokens that a
gateway moves. Promise: a ticket or send passes for a gateway's only where the router on L1 names that gateway for that
token and the two gateways name each other. Source: token-bridge-contracts 1.2.5, `L1GatewayRouter`,
`L1ArbitrumGateway`, `L2ArbitrumGateway`.
"""

from collections.abc import Sequence

from attrs import evolve, frozen

from xl2.core.types import ZERO_ADDRESS, Address, Wei, address, checksum
from xl2.errors import InvalidInput, Refused, Reverted
from xl2.ports import Call, Cargo
from xl2_adapters.abi import Method
from xl2_adapters.contracts.alias import behind
from xl2_adapters.erc20 import approvals, check_balance
from xl2_adapters.evm import Evm
from xl2_adapters.nitro.order import TicketPrice
from xl2_adapters.nitro.pricing import Pricing
from xl2_adapters.nitro.send import Send
from xl2_adapters.nitro.ticket import Ticket

GATEWAY_OF = Method("getGateway(address)", "(address)")
COUNTERPART = Method("counterpartGateway()", "(address)")
TOKEN_THERE = Method("calculateL2TokenAddress(address)", "(address)")
TRANSFER_DOWN = Method("outboundTransferCustomRefund(address,address,address,uint256,uint256,uint256,bytes)", "(bytes)")
TRANSFER_UP = Method("outboundTransfer(address,address,uint256,bytes)", "(bytes)")
CALLDATA_DOWN = Method("getOutboundCalldata(address,address,address,uint256,bytes)", "(bytes)")
#: What a gateway calls its counterpart with: token on L1, from, to, amount, more.
ARRIVE = Method("finalizeInboundTransfer(address,address,address,uint256,bytes)")
L1_ADDRESS = Method("l1Address()", "(address)")
#: How the router wants what is paid for the submission packed, beside nothing else.
_SUBMISSION = Method("_(uint256,bytes)")

#: Estimates of tickets move with L1's base fee from block to block.
_DEPOSIT_MARGIN_PERCENT = 50


@frozen(kw_only=True)
class Moved:
    """Tokens that a gateway moves, and for whom."""

    sender: Address
    cargo: Cargo


@frozen(kw_only=True)
class Tokens:
    """The token bridge of one chain."""

    rollup: Evm
    anchor: Evm
    #: On L1.
    router: Address
    pricing: Pricing

    async def deposit_calls(self, cargo: Cargo, token: Address, sender: Address, refund: Address) -> Sequence[Call]:
        """Approve the token's gateway where needed, and send tokens down. Raises as `CanonicalBridge.deposit_calls`."""
        gateway = await self._gateway(token)
        there = await self.token_there(token)
        if cargo.token_there not in (None, there):
            raise InvalidInput(
                f"token {checksum(token)} is {checksum(there)} on chain {self.rollup.chain}, "
                f"not {checksum(cargo.token_there or ZERO_ADDRESS)}",
                field="token_there",
                value=cargo.token_there,
            )
        await check_balance(self.anchor, token, sender, cargo.amount)
        allowed = await approvals(
            self.anchor, token, owner=sender, spender=gateway, amount=cargo.amount, rollup=self.rollup.chain
        )
        price = await self._price(token, gateway, sender, refund, cargo)
        data = TRANSFER_DOWN.encode(
            token,
            refund,
            cargo.recipient,
            cargo.amount,
            price.gas_limit,
            price.max_fee,
            _SUBMISSION.encode(price.max_submission_fee, b"")[4:],
        )
        what = f"deposit {cargo.amount} of token {checksum(token)} to chain {self.rollup.chain}"
        deposit = Call(
            chain=self.anchor.chain,
            to=self.router,
            data=data,
            value=price.value_with(Wei(0)),
            margin_percent=_DEPOSIT_MARGIN_PERCENT,
            what=what,
        )
        return (*allowed, deposit)

    async def withdraw_calls(self, cargo: Cargo, token: Address, sender: Address) -> Sequence[Call]:
        """Burn tokens on the chain, to be released on L1. Raises as `CanonicalBridge.withdraw_calls`."""
        on_l1 = await self._on_l1(token)
        if await self.token_there(on_l1) != token or cargo.token_there not in (None, on_l1):
            raise InvalidInput(
                f"tokens {checksum(token)} and {checksum(cargo.token_there or on_l1)} do not name each other",
                field="token_there",
                value=cargo.token_there,
            )
        await check_balance(self.rollup, token, sender, cargo.amount)
        router = await self._counterpart(self.router)
        data = TRANSFER_UP.encode(on_l1, cargo.recipient, cargo.amount, b"")
        what = f"withdraw {cargo.amount} of token {checksum(token)} from chain {self.rollup.chain}"
        return (Call(chain=self.rollup.chain, to=router, data=data, what=what),)

    async def _on_l1(self, token: Address) -> Address:
        """Token on L1 that a token of the chain names. Raises `Refused` where it names none."""
        try:
            answer = await self.rollup.view(token, L1_ADDRESS.encode())
        except Reverted:
            answer = b""
        if not answer:
            # A contract with a fallback, or none at all, answers with nothing; a node that fails raises.
            raise Refused(
                f"token {checksum(token)} on chain {self.rollup.chain} names no token on l1: no gateway brought it",
                remedy="Send it over the bridge that it came by.",
            )
        return address(L1_ADDRESS.decode(answer, self.rollup.endpoint)[0])

    async def token_there(self, token: Address) -> Address:
        """Address on the chain of a token of L1."""
        answer = await self.anchor.view(self.router, TOKEN_THERE.encode(token))
        return address(TOKEN_THERE.decode(answer, self.anchor.endpoint)[0])

    async def brought_by(self, ticket: Ticket) -> Moved | None:
        """Tokens that a ticket brings, None where no gateway made it."""
        moved = self._read(ticket.data)
        if moved is None or not await self._are_gateways(moved, behind(ticket.sender), ticket.to):
            return None
        there = await self.token_there(_token(moved))
        return evolve(moved, cargo=evolve(moved.cargo, token_there=there, gas_limit=ticket.gas_limit))

    async def taken_by(self, send: Send) -> Moved | None:
        """Tokens that a send takes to L1, None where no gateway made it."""
        moved = self._read(send.data)
        if moved is None or not await self._are_gateways(moved, send.destination, send.caller):
            return None
        on_l1 = _token(moved)
        return evolve(moved, cargo=evolve(moved.cargo, token=await self.token_there(on_l1), token_there=on_l1))

    def _read(self, data: bytes) -> Moved | None:
        values = ARRIVE.arguments(data, self.anchor.endpoint)
        if values is None:
            return None
        token, sender, recipient, amount, _ = values
        cargo = Cargo(recipient=address(recipient), amount=amount, token=address(token))
        return Moved(sender=address(sender), cargo=cargo)

    async def _are_gateways(self, moved: Moved, on_l1: Address, on_rollup: Address) -> bool:
        answer = await self.anchor.view(self.router, GATEWAY_OF.encode(_token(moved)))
        if address(GATEWAY_OF.decode(answer, self.anchor.endpoint)[0]) != on_l1:
            return False
        return await self._counterpart(on_l1) == on_rollup

    async def _gateway(self, token: Address) -> Address:
        answer = await self.anchor.view(self.router, GATEWAY_OF.encode(token))
        gateway = address(GATEWAY_OF.decode(answer, self.anchor.endpoint)[0])
        if gateway == ZERO_ADDRESS:
            raise Refused(
                f"the token bridge of chain {self.rollup.chain} has no gateway for {checksum(token)}",
                remedy="Its owner disabled the token there; send it another way.",
            )
        return gateway

    async def _counterpart(self, contract: Address) -> Address:
        answer = await self.anchor.view(contract, COUNTERPART.encode())
        return address(COUNTERPART.decode(answer, self.anchor.endpoint)[0])

    async def _price(
        self, token: Address, gateway: Address, sender: Address, refund: Address, cargo: Cargo
    ) -> TicketPrice:
        asked = CALLDATA_DOWN.encode(token, sender, cargo.recipient, cargo.amount, b"")
        (data,) = CALLDATA_DOWN.decode(await self.anchor.view(gateway, asked), self.anchor.endpoint)
        return await self.pricing.price(
            sender=gateway,
            to=await self._counterpart(gateway),
            value=Wei(0),
            refund=refund,
            data=data,
            gas_limit=cargo.gas_limit,
        )


def _token(moved: Moved) -> Address:
    """Token on L1; `_read` always names one."""
    return moved.cargo.token or ZERO_ADDRESS
