"""
Check: whether a log of another chain says what it is claimed to say, before anything rests on it.

Promise: what passes is what the origin's node has at that very place: same emitter, same payload, same time; anything
else is `ProofInvalid` here, never a transaction that the destination refuses. Whether the node tells the truth is the
choice of who configured it.
"""

from xl2.core.types import Timestamp
from xl2.errors import InvalidInput, NotYet, ProofInvalid
from xl2_adapters import rpc_wire
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.interop.access_list import Identifier
from xl2_adapters.op_stack.interop.contracts import MESSENGER, SENT, SUCCESSFUL
from xl2_adapters.op_stack.interop.messages import (
    AlreadyRelayed,
    Message,
    MessageExpired,
    Sent,
    message_of,
    sent_of,
)


async def initiating(origin: Evm, identifier: Identifier, payload: bytes) -> Sent:
    """
    The message of that log, as the origin has it.

    Raises `ProofInvalid` where there is no such log or it says something else, `NotYet` above the tip.
    """
    if identifier.chain != origin.chain:
        raise InvalidInput(f"the log is of chain {identifier.chain}, asked is {origin.chain}", field="identifier")
    claimed = message_of(identifier, payload)
    block = await origin.block(identifier.block)
    if block.timestamp != identifier.timestamp:
        what = f"block {block.number} of chain {origin.chain} has time {block.timestamp}, not {identifier.timestamp}"
        raise ProofInvalid(what)
    logs = await origin.logs(MESSENGER, [[SENT.topic]], block.number, block.number)
    for log in logs:
        if log.place.log_index != identifier.log_index:
            continue
        sent = sent_of(log, origin.chain, block.timestamp)
        if log.place.block_hash != block.hash:
            raise NotYet(f"chain {origin.chain} moved while block {block.number} was read")
        if sent.payload != payload:
            raise ProofInvalid(
                f"log {identifier.log_index} of block {block.number} of chain {origin.chain} is message "
                f"0x{sent.hash.hex()}, not 0x{claimed.hash().hex()}"
            )
        return sent
    indices = [log.place.log_index for log in logs]
    raise ProofInvalid(
        f"block {block.number} of chain {origin.chain} has no message at log {identifier.log_index}; "
        f"it has them at {indices}"
    )


async def relayable(destination: Evm, sent: Sent, now: Timestamp) -> None:
    """
    Raise where a relay to this destination is in vain.

    Raises `InvalidInput` for another destination, `AlreadyRelayed` where it was delivered, `MessageExpired` where its
    log is too old. `now`: time of the destination's newest block.
    """
    if sent.message.destination != destination.chain:
        raise InvalidInput(f"the message is for chain {sent.message.destination}, asked is {destination.chain}")
    if await is_delivered(destination, sent.message):
        raise AlreadyRelayed(f"message 0x{sent.hash.hex()} was delivered on chain {destination.chain} before")
    if now > sent.expires_at():
        raise MessageExpired(
            f"the log of message 0x{sent.hash.hex()} is of {sent.identifier.timestamp}; it could be used until "
            f"{sent.expires_at()}, and chain {destination.chain} is at {now}"
        )


async def is_delivered(destination: Evm, message: Message) -> bool:
    """Whether the destination says that this message was delivered."""
    data = await destination.view(MESSENGER, SUCCESSFUL.encode(message.hash()))
    return bool(rpc_wire.quantity("0x" + data.hex(), destination.endpoint))
