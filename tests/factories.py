"""
Factories: values of the protocol for tests, each with defaults for all that a test does not speak of.

`message(nonce=3)` reads as "some message of nonce 3". The same call gives the same value; nothing is random.
"""

from collections.abc import Sequence
from typing import Any

from attrs import evolve

from xl2.core.hashing import keccak
from xl2.core.lane import Lane, head_after
from xl2.core.message import GWEI, Message
from xl2.core.segment import Segment
from xl2.core.types import Address, Assurance, ChainId, Hash32, MessageId, Nonce, Timestamp, Wei

ORIGIN = ChainId(901)
DESTINATION = ChainId(902)


def some_address(name: str) -> Address:
    """Address that is the same for the same name."""
    return Address(keccak(name.encode())[12:])


def some_hash(name: str) -> Hash32:
    """Hash that is the same for the same name."""
    return keccak(name.encode())


def some_id(number: int) -> MessageId:
    """Id of no message: the keccak-256 of a number of 32 bytes, so that Solidity can make it too."""
    return MessageId(keccak(number.to_bytes(32)))


_LANE = Lane(
    origin=ORIGIN,
    outbox=some_address("outbox"),
    destination=DESTINATION,
    inbox=some_address("inbox"),
    assurance=Assurance.SETTLED,
)


def lane(**fields: Any) -> Lane:
    """Settled lane from 901 to 902, unless said otherwise."""
    return evolve(_LANE, **fields)


def message(*, on: Lane = _LANE, **fields: Any) -> Message:
    """Message of nonce 0 on a lane, from `sender` to `recipient`, without expiry or fee, unless said otherwise."""
    defaults: dict[str, Any] = {
        "assurance": on.assurance,
        "origin": on.origin,
        "destination": on.destination,
        "outbox": on.outbox,
        "inbox": on.inbox,
        "nonce": Nonce(0),
        "sender": some_address("sender"),
        "recipient": some_address("recipient"),
        "payload": b"hello",
    }
    return Message(**(defaults | fields))


def messages(count: int, *, first: int = 0, on: Lane = _LANE, **fields: Any) -> tuple[Message, ...]:
    """Consecutive messages of a lane that differ in nonce and payload."""
    return tuple(
        message(on=on, nonce=nonce, **({"payload": f"message {nonce}".encode()} | fields))
        for nonce in range(first, first + count)
    )


def segment(carried: Sequence[Message], *, before: Sequence[Message] = (), after: Sequence[Message] = ()) -> Segment:
    """Segment of messages that stand in a log after `before` (all of them, from nonce 0) and before `after`."""
    of = Lane.of(carried[0])
    return Segment(
        lane=of,
        first=carried[0].nonce,
        start=head_after(of.log, (m.id for m in before)),
        messages=tuple(carried),
        suffix=tuple(m.id for m in after),
    )


def gwei(amount: int) -> Wei:
    """Amount in wei."""
    return Wei(amount * GWEI)


def at(seconds: int) -> Timestamp:
    """Moment on some chain's clock."""
    return Timestamp(seconds)
