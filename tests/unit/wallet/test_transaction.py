"""A transaction has one form, and what is read back is what is signed."""

import pytest
import rlp
from attrs import evolve
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.wallet.scene import call
from xl2.core.types import Wei
from xl2.errors import ProofInvalid
from xl2.wallet.transaction import read_signed, read_unsigned, signing_payload
from xl2_adapters.web3_edge import signer


@given(
    value=st.integers(0, 2**96),
    tx_nonce=st.integers(0, 2**32),
    gas_limit=st.integers(0, 2**24),
    data=st.binary(max_size=200),
)
def test_what_is_written_is_read_back(value: int, tx_nonce: int, gas_limit: int, data: bytes) -> None:
    transaction = evolve(call(), value=Wei(value), tx_nonce=tx_nonce, gas_limit=gas_limit, data=data)

    assert read_unsigned(signing_payload(transaction)) == transaction


async def test_eth_account_signs_the_very_payload_that_is_reviewed() -> None:
    account = Account.from_key("0x" + "11" * 32)
    transaction = call(data=b"\x01\x02", value=Wei(3))

    signed = await signer(account).sign_transaction(transaction, "a test")

    assert read_signed(signed.raw).unsigned == signing_payload(transaction)
    assert read_signed(signed.raw).transaction == transaction


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x01" + signing_payload(call())[1:],
        signing_payload(call())[:-1],
        signing_payload(call()) + b"\x00",
        b"\x02" + rlp.encode([b"\x01"] * 8),
        b"\x02" + rlp.encode([1, 0, 1, 1, 1, b"", 0, b"", []]),
        b"\x02" + rlp.encode([1, 0, 1, 1, 1, b"\x22" * 20, 0, b"", [[b"\x22" * 20, []]]]),
        b"\x02" + rlp.encode([b"\x00\x01", 0, 1, 1, 1, b"\x22" * 20, 0, b"", []]),
    ],
    ids=["empty", "legacy", "truncated", "extended", "a field short", "creates", "access list", "padded integer"],
)
def test_any_other_form_is_refused(payload: bytes) -> None:
    with pytest.raises(ProofInvalid):
        read_unsigned(payload)
