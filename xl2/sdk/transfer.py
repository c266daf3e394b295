"""
Transfer: tokens named by people become exact approvals and one bridge call, checked and priced.

In: a token, an amount, where to. Out: the calls to make, in order. Promise: the bridge is allowed to take exactly the
amount and no more; a balance, a limit or a pause that would refuse the transfer is said here, with the numbers.
"""

from attrs import frozen

from xl2.config import Token
from xl2.core.lane import Lane
from xl2.core.transfer import AMOUNT_BITS
from xl2.core.types import Assurance, Wei, checksum
from xl2.errors import InvalidInput, NotFound, Unaffordable
from xl2.plan import Quote, chosen_fee
from xl2.ports import Bridge, Call, Chain
from xl2.sdk.amount import smallest_units
from xl2.sdk.parts import Parts
from xl2.sdk.send import Wishes, account_of, destination_of, expiry_on, price

#: A transfer's payload: two interoperable addresses and an amount, in ABI words.
PAYLOAD_SIZE = 288


@frozen(kw_only=True)
class TransferRequest:
    """A transfer that was checked and priced."""

    lane: Lane
    bridge: Bridge
    #: An exact approval where one is needed, then the transfer.
    calls: tuple[Call, ...]
    quote: Quote
    fee_wei: Wei
    amount: int


def bridge_of(parts: Parts, chain: Chain, token: Token) -> Bridge:
    """The token's bridge on a chain. Raises `NotFound` where it has none."""
    place = token.on.get(parts.name(chain.chain))
    if place is None:
        there = ", ".join(token.on)
        raise NotFound(
            f"{token.symbol} has no bridge on chain {parts.name(chain.chain)}",
            remedy=f"It has one on: {there}. Add [tokens.on.{parts.name(chain.chain)}] if there is another.",
        )
    return chain.bridge(place.bridge)


async def prepare_transfer(
    parts: Parts,
    origin: Chain,
    *,
    to: str | int,
    token: Token,
    amount: int | str,
    recipient: str | bytes,
    wishes: Wishes,
) -> TransferRequest:
    """
    Check and price a transfer. `amount`: base units, or text in whole tokens ("1.5").

    :raises NotFound: unknown chain or token, or no bridge between the two.
    :raises InvalidInput: zero recipient or amount, more decimals than the token has, a class that the bridge has not.
    :raises Unaffordable: balance, the bridge's limit, or the fee is too low.
    """
    destination = destination_of(parts, origin.chain, to)
    payee = account_of(recipient)
    bridge, there = bridge_of(parts, origin, token), bridge_of(parts, destination, token)
    units = units_of(amount, token)
    terms = await bridge.terms()
    await _check_open(parts, bridge, there, units)
    owner = parts.account(origin.chain)
    balance = await bridge.balance(owner)
    if balance < units:
        raise Unaffordable(
            f"{checksum(owner)} has {balance} units of {token.symbol} on chain {parts.name(origin.chain)}, not {units}",
            needed=units,
            available=balance,
        )
    wishes = _at_class(wishes, terms.assurance, terms.gas_limit)
    expiry = await expiry_on(destination, wishes)
    if not expiry:
        raise InvalidInput(
            "a transfer has an expiry", field="expires_in", value=0, remedy="Leave it out, or give seconds from now."
        )
    priced = await price(parts, origin, destination, payload_size=PAYLOAD_SIZE, wishes=wishes, expiry=expiry)
    fee_wei = chosen_fee(priced, wishes.fee_wei)
    calls = []
    if terms.is_home and await bridge.allowance(owner) < units:
        calls.append(await bridge.approve_call(units))
    calls.append(
        bridge.transfer_call(destination=destination.chain, recipient=payee, amount=units, expiry=expiry, fee=fee_wei)
    )
    return TransferRequest(
        lane=await origin.lane_to(destination.chain, terms.assurance),
        bridge=bridge,
        calls=tuple(calls),
        quote=priced,
        fee_wei=fee_wei,
        amount=units,
    )


def units_of(amount: int | str, token: Token) -> int:
    """Base units of an amount. Raises `InvalidInput` for what is no amount of this token."""
    remedy = f"Give base units as a number, or whole {token.symbol} as text with at most {token.decimals} decimals."
    units = smallest_units(amount, token.decimals)
    if units is None:
        raise InvalidInput(f"{amount!r} is no amount of {token.symbol}", field="amount", value=amount, remedy=remedy)
    if not 0 < units < 1 << AMOUNT_BITS:
        raise InvalidInput(
            f"{amount!r} is not above 0 and below 2^112 units", field="amount", value=amount, remedy=remedy
        )
    return units


async def _check_open(parts: Parts, bridge: Bridge, there: Bridge, units: int) -> None:
    link, back = await bridge.link(there.chain), await there.link(bridge.chain)
    if link.counterpart != there.address or back.counterpart != bridge.address:
        raise NotFound(
            f"the bridges {checksum(bridge.address)} and {checksum(there.address)} are not linked with each other",
            remedy="Correct the token's bridges in the configuration.",
        )
    if link.paused or back.paused:
        where = parts.name(bridge.chain if link.paused else there.chain)
        raise InvalidInput(
            f"the bridge on chain {where} is paused",
            field="token",
            remedy="Wait until its timelock resumes it; refunds go on meanwhile.",
        )
    if back.room < units:
        raise Unaffordable(
            f"chain {parts.name(there.chain)} lets {back.room} units in now, not {units}",
            needed=units,
            available=back.room,
            remedy="Send less, or wait: the limit empties with time. More would be parked, then delivered or refunded.",
        )


def _at_class(wishes: Wishes, assurance: Assurance, gas_limit: int) -> Wishes:
    """A bridge has one class and one gas limit; neither is the sender's to choose."""
    return Wishes(
        assurance=assurance,
        gas_limit=gas_limit,
        fee_wei=wishes.fee_wei,
        expires_in=wishes.expires_in,
        expiry=wishes.expiry,
    )
