"""
Fees: what to offer for a transaction, and what for one that nobody takes.

Pure. Comes in: what a chain asks now and the caps of whoever pays. Goes out: a price, or none where the caps forbid it.
Promise: no price is above a cap, and a replacement is one that every pool takes: more than 10 % better on both counts,
in whole wei. When to replace is left to `inclusion`, whether the call is worth it to whoever wants it made.
Source: EIP-1559; go-ethereum `core/txpool/legacypool` (`PriceBump` 10 %), Nethermind and Erigon the same.
"""

from attrs import evolve, field, frozen, validators

from xl2.core.types import Wei
from xl2.ports import Fees, Transaction


@frozen(kw_only=True)
class FeeCaps:
    """The most that is paid for a unit of gas."""

    #: A replacement never pays more than this multiple of the fees that the chain asks for now.
    multiple: int = field(default=5, validator=validators.ge(1))
    #: Wei a gas that nothing ever pays more than; None: whatever the chain asks.
    absolute: Wei | None = None


@frozen(kw_only=True)
class Price:
    """Both caps of an EIP-1559 transaction, in wei a gas."""

    max_fee: Wei
    priority_fee: Wei


def opening(asked: Fees, caps: FeeCaps) -> Price | None:
    """
    The first offer: survives six full blocks in a row where the cap allows that.

    None: the next block alone would cost more than the cap.
    """
    if caps.absolute is not None and asked.base_fee + asked.priority_fee > caps.absolute:
        return None
    max_fee = asked.max_fee if caps.absolute is None else Wei(min(asked.max_fee, caps.absolute))
    return Price(max_fee=max_fee, priority_fee=asked.priority_fee)


def replacement(old: Transaction, asked: Fees) -> Transaction:
    """The same transaction with both caps raised by an eighth or to what is asked now: pools want more than 10 %."""
    return evolve(
        old,
        max_fee=Wei(max(bumped(old.max_fee), asked.max_fee)),
        priority_fee=Wei(max(bumped(old.priority_fee), asked.priority_fee)),
    )


def ceiling(asked: Fees, caps: FeeCaps) -> Wei:
    """What a replacement may pay for a gas at most, now."""
    relative = asked.max_fee * caps.multiple
    return Wei(relative if caps.absolute is None else min(relative, caps.absolute))


def capped(old: Transaction, asked: Fees, caps: FeeCaps) -> Transaction | None:
    """
    The replacement that the caps allow: no more than the ceiling, and never less than pools demand.

    None: the least that a pool takes is above the ceiling.
    """
    wanted, most = replacement(old, asked), ceiling(asked, caps)
    if max(bumped(old.max_fee), bumped(old.priority_fee)) > most:
        return None
    return evolve(wanted, max_fee=Wei(min(wanted.max_fee, most)), priority_fee=Wei(min(wanted.priority_fee, most)))


def most_cost(transaction: Transaction, data_fee: Wei = Wei(0)) -> Wei:
    """What a transaction takes from its sender at most. `data_fee`: what the chain takes beside gas."""
    return Wei(transaction.value + transaction.gas_limit * transaction.max_fee + data_fee)


def bumped(fee: int) -> int:
    """max(old + 1, ceil(old * 1.125)): a rounded-down bump leaves a small tip as it was, and the pool refuses it."""
    return max(fee + 1, -(-fee * 9 // 8))
