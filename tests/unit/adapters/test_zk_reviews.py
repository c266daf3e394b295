"""What a person sees before value leaves over the own bridge of a ZK-stack chain, or comes out of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from eth_abi import encode

from tests.unit.wallet.forms import selectors
from tests.unit.wallet.scene import call
from xl2.core.hashing import keccak
from xl2.core.types import Address, Wei, checksum
from xl2.wallet import Book, Meaning
from xl2.wallet.decode import decode, forms
from xl2_adapters.zk_stack.reviews import (
    BRIDGEHUB,
    DIAMOND,
    ETHER,
    NULLIFIER,
    REVIEWS,
    TOKENS_ON_L1,
    TOKENS_ON_ROLLUP,
)
from xl2_devnet.abi import stand_in
from xl2_devnet.zk_stack.contracts import zk_stack

HERE, TO, TOKEN, REFUND = (Address(bytes([place]) * 20) for place in (0x11, 0x22, 0x33, 0x44))
REQUEST = "requestL2Transaction(address,uint256,bytes,uint256,uint256,bytes[],address)"
HUB_REQUEST = "requestL2TransactionDirect((uint256,uint256,address,uint256,bytes,uint256,uint256,bytes[],address))"
OUT = "(uint256,uint256,uint16,bytes,bytes32[])"
TODAY = Path(__file__).parents[2] / "vectors" / "zk_stack" / "interfaces_29_0_0.json"
FORMS = set(forms((REVIEWS,))) - set(forms())


def read(role: str, signature: str, types: list[str], *values: Any, value: int = 0) -> Meaning:
    data = keccak(signature.encode())[:4] + encode(types, [shown(one) for one in values])
    transaction = call(to=HERE, data=data, value=Wei(value))
    return decode(transaction, Book(roles={(transaction.chain, HERE): role}, families=(REVIEWS,)))


def shown(value: Any) -> Any:
    """eth_abi takes addresses as text."""
    if isinstance(value, tuple):
        return tuple(map(shown, value))
    return checksum(Address(value)) if isinstance(value, bytes) and len(value) == 20 else value


def flat(signature: str) -> list[str]:
    return signature.partition("(")[2].removesuffix(")").split(",")


def test_an_operation_says_who_gets_what_and_what_it_costs_at_most() -> None:
    meaning = read(DIAMOND, REQUEST, flat(REQUEST), TO, 7, b"hello", 50_000, 800, [], REFUND, value=107)

    (amount,) = meaning.amounts
    assert (amount.token, amount.units, amount.to) == (None, 7, TO)
    assert "for 100 wei (0.0000000000000001 ether) at most" in meaning.summary
    assert (meaning.fee_wei, meaning.recipient) == (100, TO)
    assert ("what is left is refunded to", checksum(REFUND)) in meaning.facts
    assert [caution.code for caution in meaning.cautions] == ["CALLED_ONCE"]


def test_an_operation_by_the_bridgehub_names_the_rollup() -> None:
    types = [HUB_REQUEST.partition("(")[2].removesuffix(")")]
    meaning = read(BRIDGEHUB, HUB_REQUEST, types, (324, 107, TO, 7, b"", 50_000, 800, [], REFUND), value=107)

    assert any(name == "rollup" and "324" in text for name, text in meaning.facts)
    assert meaning.amounts[0].units == 7


@pytest.mark.parametrize(
    ("role", "signature", "values"),
    [
        (TOKENS_ON_L1, "deposit(address,address,uint256,uint256,uint256,address)", (TO, TOKEN, 55, 9, 800, REFUND)),
        (TOKENS_ON_ROLLUP, "withdraw(address,address,uint256)", (TO, TOKEN, 55)),
    ],
)
def test_tokens_are_an_amount_of_the_review(role: str, signature: str, values: tuple[Any, ...]) -> None:
    meaning = read(role, signature, flat(signature), *values)

    (amount,) = meaning.amounts
    assert (amount.token, amount.units, amount.to) == (TOKEN, 55, TO)
    assert "55 units of token" in meaning.summary


def test_ether_that_is_withdrawn_is_an_amount_of_the_review() -> None:
    meaning = read(ETHER, "withdraw(address)", ["address"], TO, value=9)

    (amount,) = meaning.amounts
    assert (amount.token, amount.units, amount.to) == (None, 9, TO)


@pytest.mark.parametrize(
    ("role", "function", "message", "paid"),
    [
        (DIAMOND, "finalizeEthWithdrawal", bytes(4) + TO + (9).to_bytes(32), "9 wei (0.000000000000000009 ether)"),
        (TOKENS_ON_L1, "finalizeWithdrawal", bytes(4) + TO + TOKEN + (55).to_bytes(32), "55 units of token"),
    ],
)
def test_a_payout_says_by_its_message_who_gets_what(role: str, function: str, message: bytes, paid: str) -> None:
    meaning = read(role, function + OUT, flat(OUT), 4, 0, 1, message, [])

    assert paid in meaning.summary
    assert (meaning.call, meaning.recipient) == (function, TO)


def test_a_message_of_another_form_is_shown_and_not_guessed_at() -> None:
    signature = "finalizeDeposit((uint256,uint256,uint256,address,uint16,bytes,bytes32[]))"
    types = [signature.partition("(")[2].removesuffix(")")]
    meaning = read(NULLIFIER, signature, types, (324, 4, 0, TOKEN, 1, b"a message", []))

    assert meaning.recipient is None
    assert ("message", "0x" + b"a message".hex()) in meaning.facts


def test_what_is_taken_back_goes_to_who_sent_it() -> None:
    signature = "claimFailedDeposit(address,address,bytes32,uint256,uint256,uint16,bytes32[])"
    meaning = read(TOKENS_ON_L1, signature, flat(signature), TO, TOKEN, bytes(32), 4, 0, 1, [], value=3)

    assert meaning.recipient == TO
    assert [caution.code for caution in meaning.cautions] == ["UNEXPECTED_VALUE"]


@pytest.mark.parametrize(
    ("role", "selector"), sorted(FORMS), ids=lambda part: part if isinstance(part, str) else part.hex()
)
def test_every_form_is_a_function_of_the_contract(role: str, selector: bytes) -> None:
    today = json.loads(TODAY.read_text(encoding="utf-8"))["interfaces"]
    abis = {
        DIAMOND: zk_stack("IZkSync").abi,
        TOKENS_ON_L1: zk_stack("L1ERC20Bridge").abi,
        TOKENS_ON_ROLLUP: stand_in("L2Erc20Bridge").abi,
        ETHER: stand_in("BaseToken").abi,
        BRIDGEHUB: today["IBridgehub"],
        NULLIFIER: today["IL1Nullifier"],
    }

    assert selector in selectors(abis[role])
