"""What a message of L1's delayed inbox asks of an Arbitrum chain, by its bytes alone."""

import pytest
from eth_account import Account
from eth_utils import keccak

from xl2.core.types import Address
from xl2_devnet.nitro.batcher import BatchEnd
from xl2_devnet.nitro.message import MOST_GAS, Spoken, given_gas, least_gas, spoken

CHAIN = 901
SPEAKER = Address(b"\x11" * 20)
KEY = "0x" + "07" * 32
TO = "0x" + "22" * 20


def word(value: int) -> bytes:
    return value.to_bytes(32)


def heard(content: bytes, *, funded: bool = False) -> Spoken | None:
    return spoken(content, chain=CHAIN, number=5, sender=SPEAKER, funded=funded)


def signed(chain: int = CHAIN, kind: int | None = 2) -> bytes:
    fees = {"gasPrice": 7} if kind is None else {"maxFeePerGas": 7, "maxPriorityFeePerGas": 1, "type": kind}
    request = {"chainId": chain, "nonce": 3, "to": TO, "value": 9, "gas": 50_000, "data": b"\x05", **fees}
    return bytes(Account.sign_transaction(request, KEY).raw_transaction)


def test_a_contract_speaks_without_a_nonce() -> None:
    content = b"\x01" + word(100_000) + word(7) + bytes(12) + b"\x22" * 20 + word(9) + b"data"

    found = heard(content)

    assert found is not None
    assert (found.sender, found.to, found.value, found.gas, found.data) == (SPEAKER, b"\x22" * 20, 9, 100_000, b"data")
    assert (found.tx_nonce, found.mint) == (None, 0)


def test_an_account_that_does_not_sign_names_its_nonce_and_ether_may_come_along() -> None:
    content = b"\x00" + word(100_000) + word(7) + word(4) + bytes(12) + b"\x22" * 20 + word(9)

    found = heard(content, funded=True)

    assert found is not None
    assert (found.tx_nonce, found.value, found.mint) == (4, 9, 9)


@pytest.mark.parametrize("kind", [None, 2], ids=["legacy", "EIP-1559"])
def test_a_signed_transaction_is_its_signers_under_its_own_hash(kind: int | None) -> None:
    raw = signed(kind=kind)

    found = heard(b"\x04" + raw)

    assert found is not None
    assert found.sender == bytes.fromhex(Account.from_key(KEY).address[2:])
    assert (found.tx_nonce, found.to, found.value, found.gas, found.data) == (3, b"\x22" * 20, 9, 50_000, b"\x05")
    assert found.transaction is not None
    assert found.transaction.aliases == ("0x" + keccak(raw).hex(),)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x01" + bytes(127),
        b"\x00" + bytes(159),
        b"\x04",
        b"\x04" + b"\x02" + bytes(50),
        b"\x04" + signed()[:-10],
        b"\x04" + signed(chain=1),
        b"\x04\xff",
        b"\x09" + bytes(200),
    ],
)
def test_bytes_that_are_no_message_ask_for_nothing(content: bytes) -> None:
    assert heard(content) is None


def test_a_signed_transaction_does_not_come_with_ether() -> None:
    assert heard(b"\x04" + signed(), funded=True) is None


def test_what_has_too_little_gas_to_begin_is_not_put_into_a_block() -> None:
    content = b"\x01" + word(20_999) + word(7) + bytes(12) + b"\x22" * 20 + word(0)

    found = heard(content)

    assert found is not None
    assert found.transaction is None


def test_gas_is_at_least_what_anvil_asks_and_at_most_what_leaves_room_for_others() -> None:
    data = b"\x01" * 100

    assert given_gas(least_gas(data, creation=False), data, creation=False) == 21_000 + 40 * 100
    assert given_gas(10**12, b"", creation=False) == MOST_GAS


def test_what_a_batch_says_is_read_back() -> None:
    end = BatchEnd(number=300, block_hash=b"\x01" * 32, send_root=b"\x02" * 32)

    assert BatchEnd.parse(end.encode()) == end
