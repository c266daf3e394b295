"""What calldata is said to mean, and that nothing is said of what is not known."""

from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import message, some_address
from tests.unit.wallet.forms import selectors
from tests.unit.wallet.scene import BOOK, BRIDGE, CHAIN, INBOX, OTHER, OUTBOX, TOKEN, call
from xl2.core.hashing import keccak
from xl2.core.types import Address, Assurance, Wei, checksum, hex_text
from xl2.ports import Transaction
from xl2.wallet.decode import decode, forms
from xl2_contracts import artifact

RECIPIENT = some_address("recipient")


def calldata(signature: str, *arguments: Any) -> bytes:
    types = signature.partition("(")[2].removesuffix(")").split(",")
    return keccak(signature.encode())[:4] + encode(types, arguments)


def interop(account: Address, chain: int = OTHER) -> bytes:
    reference = chain.to_bytes((chain.bit_length() + 7) // 8)
    return b"\x00\x01\x00\x00" + len(reference).to_bytes(1) + reference + b"\x14" + account


def attribute(signature: str, *words: int) -> bytes:
    return keccak(signature.encode())[:4] + b"".join(word.to_bytes(32) for word in words)


def send(*attributes: bytes, payload: bytes = b"hello", value: int = 0) -> Transaction:
    data = calldata("sendMessage(bytes,bytes,bytes[])", interop(RECIPIENT), payload, list(attributes))
    return call(to=OUTBOX, data=data, value=Wei(value))


def codes(transaction: Transaction) -> set[str]:
    return {caution.code for caution in decode(transaction, BOOK).cautions}


def test_a_send_says_where_to_for_how_much_until_when_and_on_what_evidence() -> None:
    transaction = send(attribute("expiry(uint64)", 1_900_000_000), attribute("assurance(uint8)", 0), value=5 * 10**9)

    meaning = decode(transaction, BOOK)

    assert (meaning.contract, meaning.call) == ("Outbox", "sendMessage")
    assert (meaning.destination, meaning.recipient) == (OTHER, RECIPIENT)
    assert (meaning.fee_wei, meaning.expiry, meaning.assurance) == (5 * 10**9, 1_900_000_000, Assurance.ATTESTED)
    assert "can be claimed back here" in meaning.on_failure
    assert codes(transaction) == {"TRUSTS_SIGNERS"}


def test_a_send_without_attributes_is_settled_and_cautions_that_it_never_expires() -> None:
    meaning = decode(send(), BOOK)

    assert meaning.assurance is Assurance.SETTLED
    assert {caution.code for caution in meaning.cautions} == {"NO_EXPIRY"}
    assert "cannot be claimed back" in meaning.on_failure


@pytest.mark.parametrize(
    "attributes",
    [
        (attribute("gasLimit(uint32)", 1), attribute("gasLimit(uint32)", 1)),
        (attribute("gasLimit(uint32)", 1 << 32),),
        (attribute("assurance(uint8)", 3),),
        (attribute("allowNoCode()", 1),),
        (b"\x01\x02\x03\x04",),
    ],
    ids=["twice", "too large", "no such class", "a word too many", "unknown"],
)
def test_attributes_that_the_outbox_refuses_are_said_not_to_parse(attributes: tuple[bytes, ...]) -> None:
    assert codes(send(*attributes)) == {"UNREADABLE"}


def test_a_send_to_a_chain_outside_the_configuration_is_cautioned() -> None:
    data = calldata("sendMessage(bytes,bytes,bytes[])", interop(RECIPIENT, 77), b"", [attribute("expiry(uint64)", 1)])

    assert codes(call(data=data)) == {"UNKNOWN_CHAIN"}


def test_a_bridge_transfer_says_the_token_and_the_exact_amount() -> None:
    data = calldata("transfer(bytes,uint256,uint64)", interop(RECIPIENT), 1_500_000_000_000_000_000, 1_900_000_000)

    meaning = decode(call(to=BRIDGE, data=data), BOOK)

    (amount,) = meaning.amounts
    assert (amount.token, amount.units, amount.to) == (TOKEN, 1_500_000_000_000_000_000, RECIPIENT)
    assert "1.5 DMT (1500000000000000000 units)" in meaning.summary
    assert meaning.assurance is Assurance.ATTESTED


def test_an_approval_of_an_amount_is_an_allowance_to_a_known_spender() -> None:
    transaction = call(to=TOKEN, data=calldata("approve(address,uint256)", checksum(BRIDGE), 7))

    (amount,) = decode(transaction, BOOK).amounts

    assert (amount.units, amount.to, amount.allowance) == (7, BRIDGE, True)
    assert codes(transaction) == set()


def test_an_approval_to_a_stranger_and_without_limit_is_cautioned_twice() -> None:
    data = calldata("approve(address,uint256)", checksum(some_address("stranger")), 2**256 - 1)

    assert codes(call(to=TOKEN, data=data)) == {"UNLIMITED_APPROVAL", "UNKNOWN_SPENDER"}


def test_a_retry_names_the_message_by_its_id() -> None:
    failed = message()
    data = calldata("retry(bytes,bytes,uint256,address)", failed.header, failed.payload, 90_000, checksum(RECIPIENT))

    assert hex_text(failed.id) in decode(call(to=INBOX, data=data), BOOK).summary


def test_a_contract_outside_the_book_is_unknown_even_with_a_known_selector() -> None:
    transaction = call(to=some_address("stranger"), data=send().data)

    meaning = decode(transaction, BOOK)

    assert (meaning.contract, meaning.call) == (None, None)
    assert meaning.summary.startswith("Unknown: ")
    assert codes(transaction) == {"UNKNOWN_CONTRACT"}


def test_a_selector_of_another_role_is_unknown() -> None:
    assert codes(call(to=INBOX, data=send().data)) == {"UNKNOWN_CALL"}


def test_arguments_with_bytes_left_over_are_unknown() -> None:
    assert codes(call(data=send().data + b"\x00")) == {"UNKNOWN_CALL"}


def test_value_that_rides_along_with_a_call_that_takes_none_is_cautioned() -> None:
    data = calldata("claim(address)", checksum(RECIPIENT))

    assert "UNEXPECTED_VALUE" in codes(call(data=data, value=Wei(1)))


@given(
    st.binary(max_size=300),
    st.sampled_from([OUTBOX, INBOX, TOKEN, BRIDGE]),
    st.sampled_from([b"", *(s for _, s in forms())]),
)
def test_no_calldata_makes_decoding_fail(data: bytes, to: Address, selector: bytes) -> None:
    assert decode(call(to=to, data=selector + data), BOOK).summary


@pytest.mark.parametrize(("role", "selector"), forms(), ids=lambda part: part if isinstance(part, str) else part.hex())
def test_every_form_is_a_function_of_the_compiled_contract(role: str, selector: bytes) -> None:
    names = {"TokenBridge": "LockBridge", "ERC20": "BridgedToken"}

    assert selector in selectors(artifact(names.get(role, role)).abi)


def test_the_chain_of_the_scene_is_in_the_book() -> None:
    assert BOOK.chain(CHAIN) == "a"
