"""
Client: the front door for programs, async; `sync` is the same for programs without an event loop.

In: names of chains as the configuration has them, bytes, amounts. Out: values of `xl2.sdk.values`. Promise: bad input
is refused before anything is signed, every transaction passes the wallet's hooks, and what is said of a message is read
from the chains. Carrying messages for everybody is the relayer's work; `relay` carries one, by oneself.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, Self, TypeVar

from xl2.config import assurance as class_named
from xl2.core.amounts import wei_and_ether
from xl2.core.lane import Lane
from xl2.core.message import DEFAULT_GAS_LIMIT
from xl2.core.types import Address, Assurance, ChainId, MessageId, checksum, hex_text, message_id
from xl2.errors import NotFound, NotYet, Retryable, Unaffordable
from xl2.flow.send import sent_by
from xl2.plan import Quote
from xl2.ports import Call, Chain, TxReceipt
from xl2.ports import Sent as Placed
from xl2.sdk.canonical_client import CanonicalClient
from xl2.sdk.explain import explain
from xl2.sdk.follow import Following, Until, goal_of
from xl2.sdk.parts import Parts
from xl2.sdk.relay import Carrier, Goal
from xl2.sdk.send import Wishes, destination_of, expiry_on, prepare, price
from xl2.sdk.status import Statuses
from xl2.sdk.transfer import PAYLOAD_SIZE, prepare_transfer
from xl2.sdk.values import Explanation, Relayed, Sent, Status
from xl2.wallet import StatusEvent

T = TypeVar("T")

DEFAULT_TIMEOUT_SECONDS: Final = 600.0
#: No call of ours takes less gas: an approval is the smallest.
LEAST_GAS: Final = 40_000


class AsyncClient(CanonicalClient):
    """Sends messages and tokens, and follows them. Close it, or use it as `async with`."""

    def __init__(self, parts: Parts) -> None:
        """Use `xl2.connect_async`; `parts` is what it puts together."""
        self._parts = parts
        self._statuses = Statuses(parts.chains)
        #: Held from an approval until it is used: what a bridge may take is one number, and two would share it.
        self._allowances: defaultdict[tuple[ChainId, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def __aenter__(self) -> Self:
        """Return the client itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close connections."""
        await self.close()

    async def close(self) -> None:
        """Give connections back."""
        await self._parts.close()

    def address(self, chain: str | int) -> Address:
        """The account that signs on a chain. Raises `NotFound` where no key is configured."""
        return self._parts.account(self._parts.settings(chain).chain)

    def contract(self, chain: str | int, name: str) -> Address:
        """A contract that the configuration names on a chain. Raises `NotFound` that lists what there is."""
        contracts = self._parts.settings(chain).contracts
        if name not in contracts:
            raise NotFound(
                f"the configuration names no contract {name!r} on chain {chain}",
                remedy=f"It names: {', '.join(contracts) or 'none'}.",
            )
        return contracts[name]

    def why_not(self, chain: str | int, via: str) -> str | None:
        """Why logs of a chain cannot be shown by a kind of evidence, in its family's words; None: they can."""
        return self._parts.why_not(self._parts.settings(chain).chain, via)

    async def quote(
        self,
        origin: str | int,
        destination: str | int,
        *,
        payload: bytes = b"",
        token: str | None = None,
        assurance: str | int | Assurance = Assurance.SETTLED,
        gas_limit: int | None = None,
        expires_in: int | None = None,
    ) -> Quote:
        """
        Price a message, or with `token` a transfer of that token, at the gas prices of now.

        Raises `NotFound` for an unknown chain or token, `InvalidInput` for a value out of its domain.
        """
        chain = self._parts.chain(origin)
        there = destination_of(self._parts, chain.chain, destination)
        wishes = _wishes(assurance=assurance, gas_limit=gas_limit, expires_in=expires_in)
        size = len(payload)
        if token is not None:
            moved = self._parts.config.token(token)
            wishes = _wishes(assurance=moved.assurance, gas_limit=gas_limit, expires_in=expires_in)
            size = PAYLOAD_SIZE
        expiry = await expiry_on(there, wishes)
        return await price(self._parts, chain, there, payload_size=size, wishes=wishes, expiry=expiry)

    async def send(
        self,
        origin: str | int,
        destination: str | int,
        recipient: str | bytes,
        payload: bytes = b"",
        *,
        assurance: str | int | Assurance = Assurance.SETTLED,
        fee_wei: int | None = None,
        gas_limit: int | None = None,
        expires_in: int | None = None,
        expiry: int | None = None,
        allow_no_code: bool = False,
    ) -> Sent:
        """
        Send a message, and return when it is in a block of the origin.

        :param recipient: contract on the destination, 20 bytes or their hex text.
        :param payload: at most 65,535 bytes.
        :param assurance: class of the lane: `settled` (trust nobody), `optimistic` or `attested` (k of n signers).
        :param fee_wei: escrowed for whoever delivers; the quote's unless given. 0: you relay it yourself.
        :param gas_limit: gas that the recipient is called with; at most 10,000,000.
        :param expires_in: seconds until it can no longer be delivered and is refunded; 0: never.
        :param expiry: the same as unix seconds on the destination's clock.
        :param allow_no_code: the recipient may be an account without code.
        :raises NotFound: unknown chain or lane, or no key.
        :raises InvalidInput: a value out of its domain.
        :raises Unaffordable: the fee pays no relayer, or the balance is too low.
        :raises NotAccepted: the wallet refused; nothing was signed.
        """
        chain = self._parts.chain(origin)
        wishes = _wishes(
            assurance=assurance,
            fee_wei=fee_wei,
            gas_limit=gas_limit,
            expires_in=expires_in,
            expiry=expiry,
            allow_no_code=allow_no_code,
        )
        request = await prepare(self._parts, chain, to=destination, recipient=recipient, payload=payload, wishes=wishes)
        return await self._hand_in(chain, request.prepared.lane, request.prepared.call)

    async def transfer(
        self,
        origin: str | int,
        destination: str | int,
        token: str,
        amount: int | str,
        recipient: str | bytes,
        *,
        fee_wei: int | None = None,
        expires_in: int | None = None,
        expiry: int | None = None,
    ) -> Sent:
        """
        Move an ERC-20 to another chain: an exact approval where one is needed, then the bridge.

        :param token: its symbol, or its address on any chain of the configuration.
        :param amount: base units as a number, or whole tokens as text ("1.5").
        :raises NotFound: unknown chain or token, or no bridge between the two.
        :raises InvalidInput: a value out of its domain.
        :raises Unaffordable: balance, the bridge's limit or the fee is too low.
        :raises NotAccepted: the wallet refused; nothing was signed.
        """
        chain = self._parts.chain(origin)
        moved = self._parts.config.token(token)
        async with self._allowances[chain.chain, moved.symbol]:
            request = await prepare_transfer(
                self._parts,
                chain,
                to=destination,
                token=moved,
                amount=amount,
                recipient=recipient,
                wishes=_wishes(assurance=Assurance.SETTLED, fee_wei=fee_wei, expires_in=expires_in, expiry=expiry),
            )
            for call in request.calls[:-1]:
                await self._submit(call)
            return await self._hand_in(chain, request.lane, request.calls[-1])

    async def status(self, message: str | bytes) -> Status:
        """Every room that a message has passed. Raises `NotFound` when no outbox ever sent it."""
        return await self._statuses.of(message_id(message))

    async def wait(
        self, message: str | bytes, until: Until = "delivered", timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> Status:
        """
        Wait until a message is `delivered`, `confirmed` (that is final), `settled` or `refunded`.

        :param timeout_seconds: seconds on this machine's clock.
        :raises NotYet: the time is over; the sentence says what the message waits for.
        :raises Refused: it ended otherwise, so this can no longer come.
        """
        return await self._follow(message_id(message), goal_of(until), timeout_seconds, carrier=None)

    async def relay(
        self,
        message: str | bytes,
        until: Until = "delivered",
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        *,
        via: str | None = None,
    ) -> Relayed:
        """
        Carry one message by yourself, as far as `until` says, waiting where only time helps.

        Needs no relayer and nobody's permission; it costs gas, and earns the fee. `refunded` waits for the expiry,
        proves it back and gives value and fee back to the sender.

        :param via: kind of evidence (`attested`, `proven`, `routed`); the fastest that serves unless given.
        :raises ProofInvalid: a proof does not hold, look after look; no gas was paid for it.
        :raises NotYet, Refused: as `wait`.
        """
        carrier = Carrier(self._parts, via)
        goal = goal_of(until)
        status = await self._follow(message_id(message), goal, timeout_seconds, carrier)
        if goal is Goal.REFUNDED:
            await carrier.pay_out(status.message)
        return Relayed(status=status, acts=tuple(carrier.acts))

    async def explain(self, message: str | bytes) -> Explanation:
        """Why a message is not further, since when, and what would move it."""
        return await explain(self._parts, await self.status(message))

    async def _follow(self, wanted: MessageId, goal: Goal, timeout_seconds: float, carrier: Carrier | None) -> Status:
        following = Following(
            parts=self._parts,
            statuses=self._statuses,
            wanted=wanted,
            goal=goal,
            timeout_seconds=timeout_seconds,
            carrier=carrier,
            tell=self._tell,
        )
        return await following.reach()

    async def _hand_in(self, chain: Chain, lane: Lane, call: Call) -> Sent:
        """Make the call that sends a message, and read from its block what was sent."""
        receipt = await self._submit(call)

        async def placed() -> Placed:
            # A reorg may have moved it to another block by now.
            return await sent_by(await chain.tx_receipt(receipt.tx_hash) or receipt, lane, chain)

        sent = await self._read_back(receipt, call, placed)
        return Sent(
            id=sent.message.id,
            message=sent.message,
            tx_hash=receipt.tx_hash,
            block=receipt.block,
            gas_used=receipt.gas_used,
            fee_wei=sent.message.fee,
        )

    async def _check_balance(self, call: Call) -> None:
        """Say with numbers what is missing; a node's own estimate only says that something is."""
        chain, account = self._parts.blocks(call.chain), self._parts.account(call.chain)
        balance, price = await chain.balance(account), (await chain.fees()).max_fee
        needed = call.value + LEAST_GAS * price
        if balance < needed:
            raise Unaffordable(
                f"{checksum(account)} has {wei_and_ether(balance)} on chain {self._parts.name(call.chain)}; "
                f"{call.what} takes {wei_and_ether(needed)} or more",
                needed=needed,
                available=balance,
                remedy=f"Send it {wei_and_ether(needed - balance)}, or sign with another key.",
            )

    async def _submit(self, call: Call) -> TxReceipt:
        await self._check_balance(call)
        receipt = await self._parts.submitter(call.chain).submit(call)
        chain = self._parts.blocks(call.chain)
        block = await self._read_back(receipt, call, lambda: chain.block(receipt.block))
        await self._parts.hooks.on_status(
            StatusEvent(stage="included", chain_id=call.chain, tx_hash=receipt.tx_hash, at=block.timestamp)
        )
        return receipt

    async def _read_back(self, receipt: TxReceipt, call: Call, read: Callable[[], Awaitable[T]]) -> T:
        """
        Read what an included transaction did, asking again while the endpoint fails: it is done and must be told.

        Raises `NotYet`, with the transaction, where that takes too long.
        """
        end = self._parts.clock.steady() + DEFAULT_TIMEOUT_SECONDS
        while True:
            try:
                return await read()
            except Retryable as cause:
                if self._parts.clock.steady() >= end:
                    raise NotYet(
                        f"{call.what}: transaction {hex_text(receipt.tx_hash)} was in block {receipt.block} of chain "
                        f"{self._parts.name(call.chain)}, and what it did cannot be read: {cause.what}",
                        remedy="Do not repeat it; look for this transaction first.",
                    ) from cause
                await self._parts.clock.sleep(self._parts.config.relayer.poll_seconds)

    async def _tell(self, status: Status) -> None:
        last = status.steps[-1]
        await self._parts.hooks.on_status(
            StatusEvent(stage=status.state, chain_id=last.chain, message_id=status.id, tx_hash=last.tx_hash, at=last.at)
        )


def _wishes(
    *,
    assurance: str | int | Assurance,
    fee_wei: int | None = None,
    gas_limit: int | None = None,
    expires_in: int | None = None,
    expiry: int | None = None,
    allow_no_code: bool = False,
) -> Wishes:
    return Wishes(
        assurance=assurance if isinstance(assurance, Assurance) else class_named(assurance),
        fee_wei=fee_wei,
        gas_limit=DEFAULT_GAS_LIMIT if gas_limit is None else gas_limit,
        expires_in=expires_in,
        expiry=expiry,
        allow_no_code=allow_no_code,
    )
