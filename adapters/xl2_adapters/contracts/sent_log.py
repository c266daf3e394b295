"""
Sent log: the two events of a send, as bytes, become the message they tell of.

Promise: a message comes out only if its recomputed id is the one that the event names; so the words of these fixed
layouts are taken where Solidity puts them, and not checked one by one: another reading of them is another id. Source:
`IERC7786GatewaySource.MessageSent`, `IOutbox.MessagePlaced`, Solidity ABI specification.
"""

from functools import lru_cache
from typing import Final

from attrs import frozen

from xl2.core.hashing import keccak
from xl2.core.message import ALLOW_NO_CODE as ALLOW_NO_CODE_FLAG
from xl2.core.message import DEFAULT_GAS_LIMIT, VERSION, Message
from xl2.core.types import Address, ChainId, hex_text
from xl2.errors import InvalidInput, ProofInvalid
from xl2_adapters.abi import Method

GAS_LIMIT: Final = Method("gasLimit(uint32)")
EXPIRY: Final = Method("expiry(uint64)")
ASSURANCE: Final = Method("assurance(uint8)")
ALLOW_NO_CODE: Final = Method("allowNoCode()")

_WORD: Final = 32
_ADDRESS: Final = 20
_HEADS: Final = 5 * _WORD


@frozen
class Home:
    """Where the events stand."""

    chain: ChainId
    outbox: Address
    #: Name of the endpoint, for errors.
    endpoint: str


@frozen
class _Attributes:
    """What a send asks for beside its message: bytes of the header."""

    flags: bytes
    gas_limit: bytes
    expiry: bytes


def destination_of(placed: bytes) -> ChainId:
    """Chain that a `MessagePlaced` names."""
    return ChainId(int.from_bytes(placed) >> 72)


def message_of(home: Home, inbox: Address, named: bytes, sent: bytes, placed: bytes) -> Message:
    """
    The message of a `MessageSent` with data `sent`, which names its id, and the `MessagePlaced` with data `placed`.

    Raises `ProofInvalid` where the fields do not hash to that id.
    """
    place = int.from_bytes(placed)
    payload = _bytes_at(sent, 2)
    try:
        asked = _attributes(sent[int.from_bytes(sent[4 * _WORD : _HEADS]) :])
        header = b"".join(
            (
                VERSION.to_bytes(1),
                asked.flags,
                (place >> 64 & 0xFF).to_bytes(1),
                home.chain.to_bytes(8),
                (place >> 72).to_bytes(8),
                (place & (1 << 64) - 1).to_bytes(8),
                home.outbox,
                inbox,
                _bytes_at(sent, 0)[-_ADDRESS:],
                _bytes_at(sent, 1)[-_ADDRESS:],
                asked.gas_limit,
                asked.expiry,
                sent[4 * _WORD - 12 : 4 * _WORD],
                keccak(payload),
            )
        )
        message = Message.parse(header, payload)
    except (OverflowError, InvalidInput, ProofInvalid) as bad:
        raise ProofInvalid(f"{home.endpoint} sent a log of message {hex_text(named)} that is none: {bad}") from bad
    if message.id != named:
        raise ProofInvalid(
            f"{home.endpoint} sent a log of message {hex_text(named)} whose fields hash to {hex_text(message.id)}",
            remedy="Do not trust this endpoint; ask another one.",
        )
    return message


def _bytes_at(data: bytes, head: int) -> bytes:
    """The `bytes` that head word number `head` points to."""
    at = int.from_bytes(data[head * _WORD : (head + 1) * _WORD])
    length = int.from_bytes(data[at : at + _WORD])
    return data[at + _WORD : at + _WORD + length]


@lru_cache(maxsize=256)
def _attributes(tail: bytes) -> _Attributes:
    """What a `bytes[]` of attributes says; most sends of an application say the same."""
    given = {}
    for place in range(min(int.from_bytes(tail[:_WORD]), len(tail) // _WORD)):
        one = _bytes_at(tail[_WORD:], place)
        given[one[:4]] = int.from_bytes(one[4:])
    return _Attributes(
        flags=(ALLOW_NO_CODE_FLAG if ALLOW_NO_CODE.selector in given else 0).to_bytes(1),
        gas_limit=given.get(GAS_LIMIT.selector, DEFAULT_GAS_LIMIT).to_bytes(4),
        expiry=given.get(EXPIRY.selector, 0).to_bytes(8),
    )
