"""
Send: what a sender wants said in, an accepted message out.

Promise: what the chains would refuse, or could never deliver, is refused here first, with the value and the remedy,
before anything is signed. Who signs is the submitter's, what a wallet says to it the signer's.
"""

from attrs import field, frozen

from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.message import DEFAULT_GAS_LIMIT, MAX_TX_GAS, Message
from xl2.core.types import (
    Address,
    Assurance,
    ChainId,
    Nonce,
    Timestamp,
    Wei,
    address,
    checksum,
    hex_text,
    uint,
)
from xl2.errors import Incident, InvalidInput, NotYet
from xl2.ports import Call, Chain, Sent, Submitter, TxReceipt

#: Gas of a delivery beside the recipient's: the transaction itself, evidence, statuses, the receipt. Measured single
#: attested deliveries take about 90,000 with the recipient; proofs inline take more, and then pay it themselves.
DELIVERY_OVERHEAD_GAS = 90_000

NEVER = Timestamp(0)


@frozen(kw_only=True)
class Outgoing:
    """A message before it is sent."""

    destination: ChainId = field(validator=uint(64))
    recipient: Address = field(converter=address)
    payload: bytes = b""
    assurance: Assurance = field(default=Assurance.SETTLED, converter=Assurance)
    gas_limit: int = DEFAULT_GAS_LIMIT
    #: Unix seconds on the destination's clock; 0: never, and then never refunded.
    expiry: Timestamp = NEVER
    fee: Wei = Wei(0)
    allow_no_code: bool = False


@frozen(kw_only=True)
class Prepared:
    """A message that was checked, and the call that sends it."""

    lane: Lane
    call: Call
    #: As it will stand on the lane if nobody sends before: only its nonce may differ.
    message: Message


async def prepare(outgoing: Outgoing, sender: Address, origin: Chain, destination: Chain) -> Prepared:
    """
    Check a message against both chains.

    Raises `InvalidInput` for a field that the protocol or the destination refuses, `NotFound` where there is no lane.
    """
    if outgoing.destination == origin.chain:
        raise InvalidInput(
            f"the destination is the origin, chain {origin.chain}",
            field="destination",
            value=outgoing.destination,
            remedy="A message goes to another chain; on the same one, call the contract.",
        )
    lane = await origin.lane_to(outgoing.destination, outgoing.assurance)
    message = Message(
        allow_no_code=outgoing.allow_no_code,
        assurance=lane.assurance,
        origin=lane.origin,
        destination=lane.destination,
        nonce=Nonce(0),
        outbox=lane.outbox,
        inbox=lane.inbox,
        sender=sender,
        recipient=outgoing.recipient,
        gas_limit=outgoing.gas_limit,
        expiry=outgoing.expiry,
        fee=outgoing.fee,
        payload=outgoing.payload,
    )
    await _check_destination(message, destination)
    call = origin.send_call(
        lane,
        recipient=message.recipient,
        payload=message.payload,
        gas_limit=message.gas_limit,
        expiry=message.expiry,
        allow_no_code=message.allow_no_code,
        fee=message.fee,
    )
    return Prepared(lane=lane, call=call, message=message)


async def send(prepared: Prepared, origin: Chain, submitter: Submitter) -> Sent:
    """Send a prepared message. It is in a block when this returns, but not yet in a final one."""
    return await sent_by(await submitter.submit(prepared.call), prepared.lane, origin)


async def sent_by(receipt: TxReceipt, lane: Lane, origin: Chain) -> Sent:
    """
    The message that a transaction sent on a lane, the last where it sent several.

    Raises `NotYet` where a reorg took the block, `Incident` where the transaction succeeded and sent nothing.
    """
    found = [one for one in await origin.sent(lane, receipt.block, receipt.block)
             if one.place.tx_hash == receipt.tx_hash]  # fmt: skip
    if not found:
        if (await origin.block(receipt.block)).hash != receipt.block_hash:
            raise NotYet(f"block {receipt.block} of chain {lane.origin} was taken back")
        raise Incident(f"transaction {hex_text(receipt.tx_hash)} succeeded and sent no message on its lane")
    return found[-1]


async def _check_destination(message: Message, destination: Chain) -> None:
    now = (await destination.head(Finality.LATEST)).timestamp
    if message.is_expired(now):
        raise InvalidInput(
            f"the expiry {message.expiry} is past: chain {destination.chain} is at {now}",
            field="expiry",
            value=message.expiry,
            remedy="Name a time far enough ahead for the message's class, or 0 for never.",
        )
    limit = min((await destination.head(Finality.LATEST)).gas_limit, MAX_TX_GAS)
    # EIP-150: 63/64 of what is left reaches the recipient.
    needed = message.gas_limit * 64 // 63 + DELIVERY_OVERHEAD_GAS
    if needed > limit:
        raise InvalidInput(
            f"gas_limit {message.gas_limit} takes a transaction of {needed} gas; "
            f"chain {destination.chain} has at most {limit}",
            field="gas_limit",
            value=message.gas_limit,
            remedy="Ask for less gas; split the work over several messages.",
        )
    if not message.allow_no_code and not await destination.code(message.recipient):
        raise InvalidInput(
            f"the recipient {checksum(message.recipient)} has no code on chain {destination.chain}",
            field="recipient",
            value=message.recipient,
            remedy="Check the address; for an account without code on purpose: allow_no_code=True, or --allow-no-code.",
        )
