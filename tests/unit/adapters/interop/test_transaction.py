"""The bytes of a transaction, beside eth-account's own."""

import pytest
from eth_account import Account

from tests.unit.adapters.interop.scene import hash_of, message
from xl2.core.types import ChainId, Hash32, Wei, checksum, hex_text
from xl2.errors import ProofInvalid
from xl2_adapters.op_stack.interop.account import Account as OnChain
from xl2_adapters.op_stack.interop.account import Price
from xl2_adapters.op_stack.interop.contracts import INBOX, MESSENGER
from xl2_adapters.op_stack.interop.transaction import Unsigned
from xl2_adapters.web3_edge import signer

KEY = "0x" + "11" * 32


@pytest.mark.parametrize("nonce", [0, 1, 300])
@pytest.mark.parametrize("keys", [(), message(0).keys, message(0).keys + message(1).keys])
async def test_the_signed_bytes_are_those_that_eth_account_makes(nonce: int, keys: tuple[Hash32, ...]) -> None:
    unsigned = Unsigned(
        chain=ChainId(902),
        tx_nonce=nonce,
        to=MESSENGER,
        data=message(0).relay_data(),
        gas_limit=400_000,
        max_fee=Wei(10**9),
        priority_fee=Wei(0),
        keys=keys,
    )
    announced = [{"address": checksum(INBOX), "storageKeys": [hex_text(key) for key in keys]}] if keys else []
    theirs = Account.sign_transaction(
        {
            "type": 2, "chainId": 902, "nonce": nonce, "to": checksum(MESSENGER), "data": message(0).relay_data(),
            "value": 0, "gas": 400_000, "maxFeePerGas": 10**9, "maxPriorityFeePerGas": 0, "accessList": announced,
        },
        KEY,
    )  # fmt: skip

    assert unsigned.raw(await signer(KEY).sign_hash_of(unsigned.preimage())) == bytes(theirs.raw_transaction)


def test_what_is_no_signature_is_refused() -> None:
    unsigned = Unsigned(
        chain=ChainId(1), tx_nonce=0, to=MESSENGER, data=b"", gas_limit=1, max_fee=Wei(1), priority_fee=Wei(1)
    )

    for wrong in (b"", bytes(64), bytes(65)):
        with pytest.raises(ProofInvalid):
            unsigned.raw(wrong)


def test_a_replacement_pays_over_a_tenth_more_or_what_is_asked() -> None:
    old, cheap = Price(max_fee=Wei(1_000), priority_fee=Wei(1)), Price(max_fee=Wei(10), priority_fee=Wei(1))
    dear = Price(max_fee=Wei(5_000), priority_fee=Wei(70))

    assert cheap.replaces(old) == Price(max_fee=Wei(1_126), priority_fee=Wei(2))
    assert dear.replaces(old) == dear


def test_the_lowest_nonce_that_nobody_holds_is_used_first() -> None:
    mine = OnChain(used=3, pending=5, balance=Wei(0), price=Price(max_fee=Wei(1), priority_fee=Wei(1)))
    free = mine.free_nonces({6, 7, 9})

    assert [next(free) for _ in range(3)] == [5, 8, 10]
    assert len(hash_of(1)) == 32
