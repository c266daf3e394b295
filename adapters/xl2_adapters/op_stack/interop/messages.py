"""
Messages: logs of the messenger become messages with their hash, and the call that relays one.

Pure. Promise: a hash is computed here from the message's own fields, never taken from a node; what is no log of the
messenger is refused. Whether the log is on the chain is left to `watch` and `check`. Source: OP Stack specification,
"interop/messaging"; `Hashing.hashL2toL2CrossDomainMessage`.
"""

from functools import cached_property
from typing import Final

from attrs import define, field, frozen
from eth_abi import encode

from xl2.core.hashing import keccak
from xl2.core.types import Address, ChainId, Hash32, Timestamp, address, uint
from xl2.errors import ProofInvalid, Refused, RpcUnavailable
from xl2.ports import Place
from xl2_adapters.evm import Log
from xl2_adapters.op_stack.interop.access_list import Identifier, storage_keys
from xl2_adapters.op_stack.interop.contracts import MESSENGER, RELAY, RELAYED, SENT

#: A log may be used for so long after its block (interop's message expiry window).
EXPIRY_SECONDS: Final = 7 * 24 * 3600
_TOPIC: Final = 32


class AlreadyRelayed(Refused):
    """The message was delivered before; nothing is left to do."""

    default_remedy = "Nothing is left to do: a message is delivered once, by whomever."


class MessageExpired(Refused):
    """The message's log is too old to be used."""

    default_remedy = "Anyone may emit it anew at its origin by `resendMessage` of the messenger; then relay that log."


@frozen(kw_only=True)
class Message:
    """What a sender on one chain says to a target on another."""

    source: ChainId = field(validator=uint(256))
    destination: ChainId = field(validator=uint(256))
    #: The messenger's own, with its version in the upper 16 bits.
    nonce: int = field(validator=uint(256))
    sender: Address = field(converter=address)
    target: Address = field(converter=address)
    body: bytes = field(repr=False)

    def hash(self) -> Hash32:
        """Key under which the destination notes the delivery."""
        types = ("uint256", "uint256", "uint256", "address", "address", "bytes")
        values = (self.destination, self.source, self.nonce, self.sender, self.target, self.body)
        return keccak(encode(types, values))


@define(frozen=True, kw_only=True, slots=False)
class Sent:
    """A message with the log that shows it. Two with equal logs are equal."""

    message: Message
    identifier: Identifier
    #: Topics and data of the log, joined.
    payload: bytes = field(repr=False)
    place: Place

    @cached_property
    def hash(self) -> Hash32:
        """The message's hash."""
        return self.message.hash()

    @cached_property
    def keys(self) -> tuple[Hash32, ...]:
        """What a transaction that relays it must announce."""
        return storage_keys(self.identifier, self.payload)

    def relay_data(self) -> bytes:
        """Calldata of its relay at the destination's messenger."""
        return RELAY.encode(self.identifier.fields(), self.payload)

    def expires_at(self) -> Timestamp:
        """Last moment, on the destination's clock, at which a block may relay it."""
        return Timestamp(self.identifier.timestamp + EXPIRY_SECONDS)


@frozen(kw_only=True)
class Relayed:
    """The destination says that a message was delivered."""

    source: ChainId
    hash: Hash32
    place: Place


def sent_of(log: Log, chain: ChainId, timestamp: Timestamp) -> Sent:
    """
    The message that a log of the messenger on `chain` announces.

    `timestamp`: of the log's block. Raises `ProofInvalid` for another event, or for bytes that are none.
    """
    identifier = Identifier(
        origin=MESSENGER,
        block=log.place.block,
        log_index=log.place.log_index,
        timestamp=timestamp,
        chain=chain,
    )
    payload = b"".join(log.topics) + log.data
    return Sent(message=message_of(identifier, payload), identifier=identifier, payload=payload, place=log.place)


def message_of(identifier: Identifier, payload: bytes) -> Message:
    """The message in a payload, for a log that stands there. Raises `ProofInvalid` where there is none."""
    if identifier.origin != MESSENGER:
        raise ProofInvalid(f"the log is of 0x{identifier.origin.hex()}, not of the messenger")
    topics = [payload[start : start + _TOPIC] for start in range(0, 4 * _TOPIC, _TOPIC)]
    try:
        destination, target, nonce, sender, body = SENT.decode(topics, payload[4 * _TOPIC :], "the payload")
    except RpcUnavailable as bad:
        raise ProofInvalid(f"the payload of {len(payload)} bytes is no SentMessage: {bad.what}") from bad
    return Message(
        source=identifier.chain, destination=destination, nonce=nonce, sender=sender, target=target, body=body
    )


def relayed_of(log: Log) -> Relayed:
    """The delivery that a log of the messenger reports. Raises `ProofInvalid` for another event."""
    if len(log.topics) != len((RELAYED.topic, "source", "nonce", "hash")) or log.topics[0] != RELAYED.topic:
        raise ProofInvalid(f"the log {log.place.log_index} of block {log.place.block} is no RelayedMessage")
    source = ChainId(int.from_bytes(log.topics[1]))
    return Relayed(source=source, hash=Hash32(log.topics[3]), place=log.place)
