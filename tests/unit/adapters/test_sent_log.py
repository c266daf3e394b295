"""What an endpoint says was sent is taken only where its fields hash to the id that it names."""

from typing import Any

import pytest
from attrs import evolve
from eth_abi import encode

from tests.factories import message, some_address
from xl2.core.interop import InteropAddress
from xl2.core.message import Message
from xl2.core.types import Nonce, Timestamp, Wei
from xl2.errors import ProofInvalid
from xl2_adapters.contracts.sent_log import EXPIRY, GAS_LIMIT, Home, message_of

TRUE = message(fee=Wei(7 * 10**9), expiry=Timestamp(1_900_000_000), gas_limit=123_456, payload=b"pay alice")
HOME = Home(chain=TRUE.origin, outbox=TRUE.outbox, endpoint="an endpoint")


def read(named: Message, told: Message) -> Message:
    """A log that names one message and tells the fields of another, as the outbox packs them."""
    attributes = [GAS_LIMIT.selector + told.gas_limit.to_bytes(32), EXPIRY.selector + told.expiry.to_bytes(32)]
    ends = [
        InteropAddress(chain=chain, account=account).encode()
        for chain, account in ((told.origin, told.sender), (told.destination, told.recipient))
    ]
    sent = encode(["bytes", "bytes", "bytes", "uint256", "bytes[]"], [*ends, told.payload, told.fee, attributes])
    placed = (told.destination << 72 | told.assurance << 64 | told.nonce).to_bytes(32)
    return message_of(HOME, told.inbox, named.id, sent, placed)


def test_a_true_log_gives_its_message() -> None:
    assert read(TRUE, TRUE) == TRUE


@pytest.mark.parametrize(
    "forged",
    [
        {"payload": b"pay mallory"},
        {"fee": Wei(8 * 10**9)},
        {"expiry": Timestamp(0)},
        {"gas_limit": 123_457},
        {"nonce": Nonce(1)},
        {"sender": some_address("mallory")},
        {"recipient": some_address("mallory")},
        {"inbox": some_address("another inbox")},
    ],
    ids=lambda forged: next(iter(forged)),
)
def test_a_log_whose_fields_are_another_messages_is_refused(forged: dict[str, Any]) -> None:
    with pytest.raises(ProofInvalid, match="whose fields hash to"):
        read(TRUE, evolve(TRUE, **forged))
