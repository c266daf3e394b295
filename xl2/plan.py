"""
Plan: what a message costs whoever carries it, and the fee that pays for it.

In: gas prices of both chains, the gas of the recipient, the lane's class. Out: a `Quote`. Promise: the fee covers the
delivery and the message's share of proving its receipt back at the prices given, with the margin asked for, in whole
gwei; a fee below the bare cost is refused with the number. Reading prices and sizes is left to the SDK.
"""

from typing import Final

from attrs import frozen

from xl2.core.amounts import wei_and_ether
from xl2.core.message import GWEI
from xl2.core.types import Assurance, ChainId, Timestamp, Wei
from xl2.errors import InvalidInput, Unaffordable
from xl2.ports import Fees, Rates

#: Gas of delivering one message alone, without its recipient: transaction, evidence, segment, bookkeeping, receipt.
#: Rounded up from what `make bench` and `make demo` measure; a settled lane pays for a checkpoint and a proof
#: through L1 as well.
DELIVERY_GAS: Final = {
    Assurance.ATTESTED: 100_000,
    Assurance.OPTIMISTIC: 120_000,
    Assurance.SETTLED: 450_000,
}
#: Gas at the origin for proving one receipt back and crediting its fee, alone in its settlement.
SETTLEMENT_GAS: Final = {
    Assurance.ATTESTED: 120_000,
    Assurance.OPTIMISTIC: 140_000,
    Assurance.SETTLED: 530_000,
}
#: Bytes of evidence in a delivery or a settlement, beside messages: signatures, or the paths of a storage proof.
EVIDENCE_BYTES: Final = {Assurance.ATTESTED: 500, Assurance.OPTIMISTIC: 4_000, Assurance.SETTLED: 8_000}
#: Calldata of a payload byte that is not zero, at the floor price of EIP-7623.
PAYLOAD_BYTE_GAS: Final = 40


@frozen(kw_only=True)
class Quote:
    """What a message costs, and until when it is delivered or refunded."""

    origin: ChainId
    destination: ChainId
    assurance: Assurance
    #: The fee to send: the cost with the margin, in whole gwei.
    fee_wei: Wei
    #: The bare cost at the prices of now: with less, no relayer gains.
    least_wei: Wei
    #: Gas on the destination: delivery, evidence, payload and recipient.
    delivery_gas: int
    #: Gas on the origin: the receipt proven back.
    settlement_gas: int
    #: Most that one gas costs on each chain now.
    destination_gas_price_wei: Wei
    origin_gas_price_wei: Wei
    margin_percent: int
    #: Last second of delivery, on the destination's clock; after it the fee is refunded. 0: never.
    expiry: Timestamp


def quote(
    *,
    origin: ChainId,
    destination: ChainId,
    assurance: Assurance,
    payload_size: int,
    recipient_gas: int,
    here: Fees,
    there: Fees,
    margin_percent: int,
    expiry: Timestamp,
    data_fee: Wei = Wei(0),
) -> Quote:
    """
    Price one message that travels alone. `here` and `there`: what gas costs on the origin and the destination;
    `data_fee`: what both charge beside gas, see `data_fee_of`.
    """
    delivery_gas = DELIVERY_GAS[assurance] + PAYLOAD_BYTE_GAS * payload_size + recipient_gas
    settlement_gas = SETTLEMENT_GAS[assurance]
    # Not the cap that survives six full blocks, but what is paid now; the margin is for what comes.
    here_price, there_price = here.base_fee + here.priority_fee, there.base_fee + there.priority_fee
    cost = delivery_gas * there_price + settlement_gas * here_price + data_fee
    return Quote(
        origin=origin,
        destination=destination,
        assurance=assurance,
        fee_wei=whole_gwei(cost * (100 + margin_percent) // 100),
        least_wei=whole_gwei(cost),
        delivery_gas=delivery_gas,
        settlement_gas=settlement_gas,
        destination_gas_price_wei=Wei(there_price),
        origin_gas_price_wei=Wei(here_price),
        margin_percent=margin_percent,
        expiry=expiry,
    )


def data_fee_of(assurance: Assurance, payload_size: int, here: Rates, there: Rates) -> Wei:
    """What a delivery and its settlement cost beside gas, for their bytes on L1."""
    evidence = EVIDENCE_BYTES[assurance]
    return Wei(there.byte_fee * (evidence + payload_size) + here.byte_fee * evidence)


def whole_gwei(wei: int) -> Wei:
    """Round up to a whole number of gwei, as the outbox books fees."""
    return Wei(-(-wei // GWEI) * GWEI)


def chosen_fee(priced: Quote, fee_wei: int | None) -> Wei:
    """
    The fee to send: the quote's where none is named.

    A fee of 0 is taken as it is: whoever sends it relays by himself. Raises `Unaffordable` for any other fee that
    does not pay the delivery, and `InvalidInput` for one below zero or with a part of a gwei.
    """
    if fee_wei is None:
        return priced.fee_wei
    if fee_wei < 0:
        raise InvalidInput(
            f"fee is {fee_wei} wei, below zero",
            field="fee_wei",
            value=fee_wei,
            remedy="Name none, and it is the quote's; or 0, and you relay it yourself.",
        )
    if fee_wei % GWEI:
        raise InvalidInput(
            f"fee is {fee_wei} wei, not a whole number of gwei",
            field="fee_wei",
            value=fee_wei,
            remedy=f"Round it up to {whole_gwei(fee_wei)} wei.",
        )
    if 0 < fee_wei < priced.least_wei:
        raise Unaffordable(
            f"fee is {wei_and_ether(fee_wei)}; delivering this message costs {wei_and_ether(priced.least_wei)} now, "
            "so no relayer gains",
            needed=priced.least_wei,
            available=fee_wei,
            remedy=f"Send at least {priced.least_wei} wei, with margin {wei_and_ether(priced.fee_wei)}; "
            "or 0, and relay it yourself.",
        )
    return Wei(fee_wei)
