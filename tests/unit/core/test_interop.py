"""One account has one spelling, and a transfer one payload."""

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import some_address
from xl2.core.interop import InteropAddress
from xl2.core.transfer import Transfer
from xl2.core.types import Address, ChainId
from xl2.errors import ProofInvalid

ALICE = InteropAddress(chain=ChainId(10), account=some_address("alice"))
ACCOUNT = ALICE.account.hex()
TRANSFER = Transfer(sender=ALICE, recipient=some_address("bob"), amount=10**18)


def test_an_address_is_written_as_in_the_erc() -> None:
    # the example of ERC-7930 for Ethereum mainnet
    vitalik = InteropAddress(chain=ChainId(1), account="0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045")

    assert vitalik.encode().hex() == "00010000010114d8da6bf26964af9d7eed9e03e53415d37aa96045"


@given(st.integers(1, 2**64 - 1), st.binary(min_size=20, max_size=20))
def test_what_is_written_is_read_back(chain: int, account: bytes) -> None:
    written = InteropAddress(chain=ChainId(chain), account=Address(account))

    assert InteropAddress.parse(written.encode()) == written


@pytest.mark.parametrize(
    "spelling",
    [
        "",
        "0001000001",
        f"00020000010a14{ACCOUNT}",  # version 2
        f"00010002010a14{ACCOUNT}",  # another chain type
        f"000100000014{ACCOUNT}",  # no chain
        f"0001000002000a14{ACCOUNT}",  # leading zero
        f"00010000010014{ACCOUNT}",  # chain id 0
        "0001000009010000000000000000" + f"14{ACCOUNT}",  # over 64 bits
        f"00010000010a13{ACCOUNT[:38]}",  # 19 bytes
        "00010000010a00",  # no account
        f"00010000010a14{ACCOUNT}00",  # left over
        f"00010000010a14{ACCOUNT[:38]}",  # cut
    ],
)
def test_every_other_spelling_is_refused(spelling: str) -> None:
    with pytest.raises(ProofInvalid):
        InteropAddress.parse(bytes.fromhex(spelling))


def test_a_transfer_is_read_as_it_was_written() -> None:
    assert Transfer.parse(TRANSFER.encode()) == TRANSFER


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        TRANSFER.encode()[:-1],
        TRANSFER.encode() + bytes(32),
        b"\xff" * 64 + TRANSFER.encode()[64:],  # offsets beyond the end
        TRANSFER.encode()[:96] + b"\xff" * 128,  # lengths beyond any memory
        encode(["bytes", "bytes", "uint256"], [ALICE.encode(), bytes(19), 1]),
        encode(["bytes", "bytes", "uint256"], [ALICE.encode() + b"\0", bytes(20), 1]),
        encode(["bytes", "bytes", "uint256"], [ALICE.encode(), bytes(20), 2**112]),
    ],
)
def test_what_no_bridge_writes_is_refused(payload: bytes) -> None:
    with pytest.raises(ProofInvalid):
        Transfer.parse(payload)


def test_a_second_encoding_of_the_same_transfer_is_refused() -> None:
    payload = TRANSFER.encode()
    # swap the two tails: an ABI decoder reads the same values
    head, sender, recipient = payload[:96], payload[96:160], payload[160:]
    moved = (96 + len(recipient)).to_bytes(32) + (96).to_bytes(32) + head[64:] + recipient + sender

    with pytest.raises(ProofInvalid, match="canonical"):
        Transfer.parse(moved)
