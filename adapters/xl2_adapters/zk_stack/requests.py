"""
Requests: priority operations that L1 was asked for, as the Diamond's own events tell.

Logs of L1 come in, operations go out, each by the canonical hash under which the chain knows its transaction. Promise:
only the Diamond's events are read. What became of an operation is the chain's to tell (`canonical.deposit`).
"""

from collections.abc import Sequence

from attrs import field, frozen

from xl2.core.types import Address, BlockNumber, Hash32, Wei, address
from xl2.ports import Place
from xl2_adapters.evm import Log
from xl2_adapters.tx_logs import Included
from xl2_adapters.zk_stack.diamond import REQUESTED, Diamond


@frozen(kw_only=True)
class Requested:
    """A priority operation, and where L1 was asked for it."""

    canonical_hash: Hash32
    #: As the chain sees it: aliased, if a contract asked.
    sender: Address
    to: Address
    value: Wei
    data: bytes = field(repr=False)
    gas_limit: int
    #: Wei that came along: `value`, gas, and what is refunded.
    paid: Wei
    refund_recipient: Address
    place: Place


def requested_in(transaction: Included, diamond: Diamond) -> Sequence[Requested]:
    """Operations that a transaction of L1 asked for, in its order."""
    logs = [entry.log for entry in transaction.logs if entry.contract == diamond.address]
    return [_requested(log, diamond.l1.endpoint) for log in logs if log.topics[:1] == (REQUESTED.topic,)]


async def requested(diamond: Diamond, first: BlockNumber, last: BlockNumber) -> Sequence[Requested]:
    """Operations that blocks of L1 asked for, in their order."""
    found = await diamond.l1.logs(diamond.address, [[REQUESTED.topic]], first, last)
    return [_requested(log, diamond.l1.endpoint) for log in found]


def _requested(log: Log, endpoint: str) -> Requested:
    _, canonical_hash, _, transaction, _ = REQUESTED.decode(log.topics, log.data, endpoint)
    return Requested(
        canonical_hash=Hash32(canonical_hash),
        sender=_account(transaction[1]),
        to=_account(transaction[2]),
        gas_limit=transaction[3],
        value=Wei(transaction[9]),
        paid=Wei(transaction[10][0]),
        refund_recipient=_account(transaction[10][1]),
        data=transaction[11],
        place=log.place,
    )


def _account(word: int) -> Address:
    return address(word.to_bytes(32)[12:])
