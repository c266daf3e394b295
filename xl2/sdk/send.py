"""
Send: what a program asks for, in its words, becomes a message that was checked and priced, or a typed refusal.

In: names of chains, a recipient, a payload, wishes. Out: the `Request` to hand to the origin, with its `Quote`.
Promise: nothing leaves here that the destination could never deliver, or that no relayer would. What the chains
refuse is known to `xl2.flow.send`, what a message costs to `xl2.plan`; judging the transaction is left to the wallet.
"""

from attrs import frozen

from xl2.core.evidence import Finality
from xl2.core.message import DEFAULT_GAS_LIMIT
from xl2.core.types import ZERO_ADDRESS, Address, Assurance, ChainId, Timestamp, address
from xl2.errors import InvalidInput
from xl2.flow.send import Outgoing, Prepared
from xl2.flow.send import prepare as prepare_message
from xl2.plan import Quote, chosen_fee, data_fee_of, quote
from xl2.ports import Chain
from xl2.sdk.parts import Parts

#: Seconds that a message may take where its sender names no expiry: long enough for the class's slowest honest way.
DEFAULT_LIFETIME_SECONDS = {
    Assurance.ATTESTED: 24 * 3_600,
    Assurance.OPTIMISTIC: 7 * 24 * 3_600,
    Assurance.SETTLED: 30 * 24 * 3_600,
}


@frozen(kw_only=True)
class Wishes:
    """What a sender asks for beside recipient and payload."""

    assurance: Assurance = Assurance.SETTLED
    #: None: the quote's fee. 0: whoever sends it relays it himself.
    fee_wei: int | None = None
    gas_limit: int = DEFAULT_GAS_LIMIT
    #: Seconds from now on the destination's clock; None: the class's default; 0: never.
    expires_in: int | None = None
    #: Instead of `expires_in`: unix seconds on the destination's clock; 0: never.
    expiry: int | None = None
    allow_no_code: bool = False


@frozen(kw_only=True)
class Request:
    """A message that was checked and priced."""

    prepared: Prepared
    quote: Quote


async def prepare(
    parts: Parts, origin: Chain, *, to: str | int, recipient: str | bytes, payload: bytes, wishes: Wishes
) -> Request:
    """
    Check and price a message.

    :raises NotFound: unknown destination, no lane to it, or no key to send with.
    :raises InvalidInput: same chain, zero or code-less recipient, payload or gas over the limit, expiry in the past.
    :raises Unaffordable: a fee that pays no relayer.
    """
    destination = destination_of(parts, origin.chain, to)
    called = account_of(recipient)
    expiry = await expiry_on(destination, wishes)
    priced = await price(parts, origin, destination, payload_size=len(payload), wishes=wishes, expiry=expiry)
    outgoing = Outgoing(
        destination=destination.chain,
        recipient=called,
        payload=payload,
        assurance=wishes.assurance,
        gas_limit=wishes.gas_limit,
        expiry=expiry,
        fee=chosen_fee(priced, wishes.fee_wei),
        allow_no_code=wishes.allow_no_code,
    )
    prepared = await prepare_message(outgoing, parts.account(origin.chain), origin, destination)
    return Request(prepared=prepared, quote=priced)


async def price(
    parts: Parts, origin: Chain, destination: Chain, *, payload_size: int, wishes: Wishes, expiry: Timestamp
) -> Quote:
    """Quote a message at the gas prices of now; its recipient is taken to use all the gas it may."""
    here, there = await origin.rates(), await destination.rates()
    return quote(
        origin=origin.chain,
        destination=destination.chain,
        assurance=wishes.assurance,
        payload_size=payload_size,
        recipient_gas=wishes.gas_limit,
        here=here.fees,
        there=there.fees,
        data_fee=data_fee_of(wishes.assurance, payload_size, here, there),
        margin_percent=parts.config.fee_margin_percent,
        expiry=expiry,
    )


def destination_of(parts: Parts, origin: ChainId, to: str | int) -> Chain:
    """The chain to send to. Raises `NotFound`, and `InvalidInput` for the origin itself."""
    destination = parts.chain(to)
    if destination.chain == origin:
        raise InvalidInput(
            f"origin and destination are both chain {parts.name(origin)}",
            field="destination",
            value=to,
            remedy="A message goes to another chain; on one chain, call the recipient.",
        )
    return destination


async def expiry_on(destination: Chain, wishes: Wishes) -> Timestamp:
    """The wish as a moment on the destination's clock. Raises `InvalidInput` for one that has passed."""
    if wishes.expires_in is not None and wishes.expiry is not None:
        raise InvalidInput(
            "both expires_in and expiry are given", field="expiry", value=wishes.expiry, remedy="Give one of them."
        )
    if 0 in (wishes.expires_in, wishes.expiry):
        return Timestamp(0)
    now = (await destination.head(Finality.LATEST)).timestamp
    lifetime = DEFAULT_LIFETIME_SECONDS[wishes.assurance] if wishes.expires_in is None else wishes.expires_in
    expiry = now + lifetime if wishes.expiry is None else wishes.expiry
    if not now < expiry < 1 << 64:
        raise InvalidInput(
            f"expiry is {expiry}; it is {now} on the clock of chain {destination.chain}",
            field="expiry",
            value=expiry,
            remedy="Name a later moment, or 0 for a message that never expires and is never refunded.",
        )
    return Timestamp(expiry)


def account_of(recipient: str | bytes) -> Address:
    """Who is to be called or paid. Raises `InvalidInput` for the zero address and for what is none."""
    account = address(recipient)
    if account == ZERO_ADDRESS:
        raise InvalidInput(
            "recipient is the zero address", field="recipient", value=recipient, remedy="Name who it is meant for."
        )
    return account
