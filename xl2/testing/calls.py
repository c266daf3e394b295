"""
Calls: what the contracts of an in-memory chain are told, in bytes.

Promise: `read` gives what the others wrote. The forms are of this package alone; real contracts speak the Solidity ABI.
"""

from attrs import frozen

from xl2.core.message import HEADER_SIZE
from xl2.core.types import Address, Assurance, ChainId, Timestamp
from xl2.core.wire import Reader


@frozen(kw_only=True)
class Send:
    """To the outbox."""

    destination: ChainId
    assurance: Assurance
    recipient: Address
    gas_limit: int
    expiry: Timestamp
    allow_no_code: bool
    payload: bytes


@frozen(kw_only=True)
class Deliver:
    """To the inbox."""

    payee: Address
    segment: bytes
    evidence: bytes


@frozen(kw_only=True)
class Retry:
    """To the inbox."""

    payee: Address
    gas_limit: int
    header: bytes
    payload: bytes


@frozen(kw_only=True)
class Expire:
    """To the inbox."""

    header: bytes


@frozen(kw_only=True)
class Settle:
    """To the outbox."""

    segment: bytes
    evidence: bytes


@frozen(kw_only=True)
class Claim:
    """To the outbox."""

    account: Address


Known = Send | Deliver | Retry | Expire | Settle | Claim


def write(call: Known) -> bytes:
    """The bytes of a call."""
    match call:
        case Send():
            flag = b"\x01" if call.allow_no_code else b"\x00"
            numbers = call.destination.to_bytes(8) + call.assurance.to_bytes(1) + call.gas_limit.to_bytes(4)
            return b"S" + numbers + call.expiry.to_bytes(8) + flag + call.recipient + call.payload
        case Deliver():
            return b"D" + call.payee + len(call.segment).to_bytes(4) + call.segment + call.evidence
        case Retry():
            return b"R" + call.payee + call.gas_limit.to_bytes(4) + call.header + call.payload
        case Expire():
            return b"E" + call.header
        case Settle():
            return b"T" + len(call.segment).to_bytes(4) + call.segment + call.evidence
        case Claim():
            return b"C" + call.account


def read(data: bytes) -> Known | None:  # noqa: PLR0911 - one case a call
    """The call that these bytes are; None for any other bytes."""
    reader = Reader(data[1:], "call")
    match data[:1]:
        case b"S":
            return Send(
                destination=ChainId(reader.uint(8)),
                assurance=reader.assurance(),
                gas_limit=reader.uint(4),
                expiry=Timestamp(reader.uint(8)),
                allow_no_code=bool(reader.uint(1)),
                recipient=reader.address(),
                payload=reader.take(reader.rest),
            )
        case b"D":
            return Deliver(
                payee=reader.address(), segment=reader.take(reader.uint(4)), evidence=reader.take(reader.rest)
            )
        case b"R":
            return Retry(
                payee=reader.address(),
                gas_limit=reader.uint(4),
                header=reader.take(HEADER_SIZE),
                payload=reader.take(reader.rest),
            )
        case b"E":
            return Expire(header=reader.take(HEADER_SIZE))
        case b"T":
            return Settle(segment=reader.take(reader.uint(4)), evidence=reader.take(reader.rest))
        case b"C":
            return Claim(account=reader.address())
        case _:
            return None
