"""What the gate reads of a raw transaction: its nonce and its gas, of every type that users can send."""

from typing import Any

import pytest
from eth_account import Account

from xl2.errors import RpcRejected
from xl2_devnet.gate import Waiting, read_raw

KEY = "0x" + "11" * 32
BASE = {"nonce": 7, "gas": 123_456, "to": "0x" + "22" * 20, "value": 1, "chainId": 901}
FEES = {"maxFeePerGas": 2, "maxPriorityFeePerGas": 1}
LIST = [{"address": "0x" + "33" * 20, "storageKeys": ["0x" + "00" * 32]}]


@pytest.mark.parametrize(
    "transaction",
    [
        {**BASE, "gasPrice": 1},
        {**BASE, "gasPrice": 1, "accessList": LIST, "type": 1},
        {**BASE, **FEES},
        {**BASE, **FEES, "accessList": LIST},
    ],
    ids=["legacy", "eip2930", "eip1559", "eip1559 with list"],
)
def test_nonce_and_gas_are_read(transaction: dict[str, Any]) -> None:
    signed = Account.sign_transaction(transaction, KEY)

    read = read_raw("0x" + bytes(signed.raw_transaction).hex(), "node")

    assert isinstance(read, Waiting)
    assert (read.tx_nonce, read.gas) == (7, 123_456)
    assert read.tx_hash == "0x" + bytes(signed.hash).hex()


@pytest.mark.parametrize("raw", ["", "0x", "zz", "0x02", "0x02c0", "0x02c20102", "0x7fc0", "0x00", "0xc0"])
def test_what_cannot_be_read_is_refused(raw: str) -> None:
    read = read_raw(raw, "node")

    assert isinstance(read, RpcRejected)


def test_a_deposit_is_refused_as_op_geth_does() -> None:
    read = read_raw("0x7ec0", "node")

    assert isinstance(read, RpcRejected)
    assert read.what == "transaction type not supported"
