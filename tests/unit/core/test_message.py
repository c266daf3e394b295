"""A message that exists is one that an outbox accepts."""

from typing import Any

import pytest

from tests.factories import gwei, message
from xl2.core.lane import Lane
from xl2.core.message import HEADER_SIZE, Message
from xl2.core.types import Assurance, Timestamp
from xl2.errors import InvalidInput, ProofInvalid


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("recipient", bytes(20), "zero address"),
        ("gas_limit", 10_000_001, "over 10000000"),
        ("gas_limit", -1, "not an unsigned integer"),
        ("fee", 1, "not a whole number of gwei"),
        ("fee", 2**96, "not an unsigned integer of 96 bits"),
        ("nonce", 2**40, "not an unsigned integer of 40 bits"),
        ("expiry", 2**64, "not an unsigned integer of 64 bits"),
        ("payload", bytes(65_536), "payload is 65536 bytes, not at most 65535"),
        ("payload", "text", "payload is a str"),
        ("sender", "0x12", "not 20 bytes"),
        ("origin", 2**64, "not an unsigned integer of 64 bits"),
    ],
)
def test_a_field_out_of_its_domain_is_refused_by_name(field: str, value: Any, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        message(**{field: value})


def test_a_class_that_does_not_exist_is_refused() -> None:
    for value in (3, -1, "settled"):
        with pytest.raises(InvalidInput, match="there are 0, 1 and 2"):
            message(assurance=value)


def test_a_message_may_be_as_large_as_the_protocol_allows() -> None:
    largest = message(gas_limit=10_000_000, nonce=2**40 - 1, payload=bytes(65_535), expiry=2**64 - 1)

    assert len(largest.header) == HEADER_SIZE
    assert Message.parse(largest.header, largest.payload) == largest


@pytest.mark.parametrize(
    ("at", "byte", "why"),
    [
        (0, 2, "version"),
        (0, 0, "version"),
        (1, 2, "flags"),
        (1, 0x81, "flags"),
        (2, 3, "class 3"),
        (130, 1, "whole number of gwei"),
        (162, 1, "payload hashes to"),
    ],
)
def test_a_header_with_another_byte_is_another_message_or_none(at: int, byte: int, why: str) -> None:
    header = bytearray(message().header)
    header[at] = byte

    with pytest.raises((ProofInvalid, InvalidInput), match=why):
        Message.parse(bytes(header), message().payload)


def test_a_header_of_another_length_is_refused() -> None:
    header = message().header

    for other in (b"", header[:-1], header + b"\0"):
        with pytest.raises(ProofInvalid):
            Message.parse(other, message().payload)


def test_the_id_changes_with_every_field() -> None:
    plain = message(nonce=1)
    fields: dict[str, Any] = {
        "allow_no_code": True,
        "assurance": Assurance.ATTESTED,
        "origin": 1,
        "destination": 1,
        "outbox": b"o" * 20,
        "inbox": b"i" * 20,
        "sender": b"s" * 20,
        "recipient": b"r" * 20,
        "gas_limit": 1,
        "expiry": 1,
        "fee": gwei(1),
        "payload": b"other",
    }
    others = [message(nonce=1, **{field: value}) for field, value in fields.items()]

    assert len({plain.id, message(nonce=2).id, *(other.id for other in others)}) == len(others) + 2


def test_the_clock_decides_at_the_second() -> None:
    mortal = message(expiry=100)

    assert not mortal.is_expired(Timestamp(100))
    assert mortal.is_expired(Timestamp(101))
    assert not message(expiry=0).is_expired(Timestamp(2**63))


def test_lanes_of_two_classes_share_no_log() -> None:
    attested, settled = (Lane.of(message(assurance=each)) for each in (Assurance.ATTESTED, Assurance.SETTLED))

    assert len({attested.log, settled.log, attested.receipt_log, settled.receipt_log}) == 4
