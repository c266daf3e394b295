"""Plain values become the protocol's words only if they are in their domain, and the error says what was wrong."""

from typing import Any

import pytest
from attrs import field, frozen
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from xl2.core.types import Address, address, checksum, hash32, hex_text, message_id, uint
from xl2.errors import InvalidInput

VITALIK = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045"


@given(st.binary(min_size=20, max_size=20))
def test_an_address_is_shown_with_the_checksum_that_others_compute(raw: bytes) -> None:
    shown = checksum(Address(raw))

    assert shown == to_checksum_address(raw)
    assert address(shown) == address(shown.lower()) == address(raw) == raw


def test_a_mistyped_address_is_found_by_its_checksum() -> None:
    mistyped = VITALIK.replace("d8dA", "d8dB")

    with pytest.raises(InvalidInput, match=r"0xd8dB6BF.* has a wrong EIP-55 checksum") as caught:
        address(mistyped)
    assert caught.value.value == mistyped
    assert "Copy the address again" in caught.value.remedy


@pytest.mark.parametrize("value", ["", "0x", VITALIK[2:], VITALIK[:-1], VITALIK + "00", "0x" + "zz" * 20, b"short"])
def test_what_is_no_address_is_refused_with_what_was_given(value: Any) -> None:
    with pytest.raises(InvalidInput, match="not 20 bytes") as caught:
        address(value)
    assert caught.value.value == value


@pytest.mark.parametrize("value", [None, 7, "0x" + " 1" * 32, "0x" + "11" * 31, bytes(33), bytearray(32)])
def test_what_is_no_hash_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput, match=r"hash is .* not 32 bytes"):
        hash32(value)
    with pytest.raises(InvalidInput, match=r"message id is .* not 32 bytes"):
        message_id(value)


def test_a_hash_is_read_from_bytes_and_from_text() -> None:
    raw = bytes(range(32))

    assert hash32(raw) == hash32(hex_text(raw)) == message_id(hex_text(raw).upper().replace("0X", "0x")) == raw


@frozen
class Holder:
    """A value with a checked number."""

    number: int = field(validator=uint(8))


@pytest.mark.parametrize("number", [-1, 256, True, 1.0, "1", None])
def test_a_number_out_of_its_bits_is_refused_by_name(number: Any) -> None:
    with pytest.raises(InvalidInput, match=r"number is .* not an unsigned integer of 8 bits") as caught:
        Holder(number)
    assert caught.value.field == "number"


def test_a_number_in_its_bits_is_taken() -> None:
    assert Holder(0).number == 0
    assert Holder(255).number == 255
