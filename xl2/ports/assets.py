"""
Assets: a token bridge of a chain, as the house sees it.

Promise: what builds a `Call` does no I/O. What a transfer's payload says is `core.transfer`'s; whether it arrived, and
whether it can be refunded, is the message's state.
"""

from typing import Protocol

from attrs import frozen

from xl2.core.message import Message
from xl2.core.types import Address, Assurance, ChainId, MessageId, Timestamp, Wei
from xl2.ports.transactions import Call


@frozen(kw_only=True)
class Token:
    """An ERC-20 token on one chain."""

    address: Address
    symbol: str
    decimals: int


@frozen(kw_only=True)
class BridgeTerms:
    """What a token bridge was built with."""

    token: Token
    #: Class of all that it sends and accepts.
    assurance: Assurance
    gas_limit: int
    #: Seconds until a transfer expires whose sender names no expiry.
    lifetime_seconds: int
    #: Tokens are locked here (an approval is needed), not burned.
    is_home: bool


@frozen(kw_only=True)
class BridgeLink:
    """What a token bridge knows of the other chain, now."""

    counterpart: Address
    paused: bool
    #: Tokens held for that chain; zero where they are minted.
    locked: int
    #: What may come in from there now.
    room: int


class Bridge(Protocol):
    """One ERC-20's bridge on one chain."""

    @property
    def chain(self) -> ChainId:
        """Chain it stands on."""
        ...

    @property
    def address(self) -> Address:
        """Contract that locks or burns."""
        ...

    async def terms(self) -> BridgeTerms:
        """What it was built with."""
        ...

    async def link(self, other: ChainId) -> BridgeLink:
        """The other end. Raises `NotFound` where there is none."""
        ...

    async def balance(self, account: Address) -> int:
        """Tokens of an account, in the token's smallest unit."""
        ...

    async def allowance(self, owner: Address) -> int:
        """Tokens that the bridge may take from an account."""
        ...

    async def supply(self) -> int:
        """Tokens that there are on this chain."""
        ...

    async def is_refunded(self, message_id: MessageId) -> bool:
        """Whether a transfer that expired was given back."""
        ...

    async def refunded_fees(self, account: Address) -> Wei:
        """Fees of refunded transfers that an account can claim."""
        ...

    async def approve_call(self, amount: int) -> Call:
        """Let the bridge take exactly this many tokens."""
        ...

    def transfer_call(
        self, *, destination: ChainId, recipient: Address, amount: int, expiry: Timestamp, fee: Wei
    ) -> Call:
        """Send tokens."""
        ...

    def refund_call(self, message: Message) -> Call:
        """Give an expired transfer back to who sent it."""
        ...

    def claim_fees_call(self, account: Address) -> Call:
        """Pay refunded fees out."""
        ...
