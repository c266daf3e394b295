"""
Messages: what the transactions of a ZK-stack chain said to L1, as their logs tell.

A transaction's logs come in, its messages go out. Promise: only the L1Messenger's own events are read, and each is told
apart from another just like it in the same transaction. Proving them is left to `batches`.
"""

from collections.abc import Sequence

from attrs import field, frozen

from xl2.core.types import Address, Hash32, address
from xl2_adapters.abi import Event
from xl2_adapters.tx_logs import Included
from xl2_adapters.zk_stack.logs import L1_MESSENGER

SENT = Event("L1MessageSent(address indexed,bytes32 indexed,bytes)")


@frozen(kw_only=True)
class Message:
    """What an account said to L1."""

    tx_hash: Hash32
    log_index: int
    sender: Address
    data: bytes = field(repr=False)
    #: Which of those in its transaction that are just like it, from 0.
    nth: int


def teller(transaction: Included, message: Message, event: Event, endpoint: str) -> Address:
    """
    Who had a system contract say a message, by the contract's own event behind it; its first argument.

    Without such an event, whoever sent the transaction.
    """
    for entry in transaction.logs:
        is_behind = entry.log.place.log_index > message.log_index
        if is_behind and entry.contract == message.sender and entry.log.topics[:1] == (event.topic,):
            return address(event.decode(entry.log.topics, entry.log.data, endpoint)[0])
    return transaction.sender


def messages_of(transaction: Included, endpoint: str) -> Sequence[Message]:
    """All that a transaction said, in its order."""
    found: list[Message] = []
    for entry in transaction.logs:
        if entry.contract != L1_MESSENGER or entry.log.topics[:1] != (SENT.topic,):
            continue
        sender, _, data = SENT.decode(entry.log.topics, entry.log.data, endpoint)
        like = [one for one in found if one.data == data and one.sender == address(sender)]
        found.append(
            Message(
                tx_hash=transaction.tx_hash,
                log_index=entry.log.place.log_index,
                sender=address(sender),
                data=data,
                nth=len(like),
            )
        )
    return found
