"""Derivation, byte by byte, against values worked out by hand from the OP Stack specification."""

import rlp
from eth_utils import keccak

from xl2_devnet.abi import op_stack
from xl2_devnet.op_stack.derive import DEPOSIT_TOPIC, l1_attributes, user_deposit
from xl2_devnet.origin import L1Origin

BLOCK_HASH = "0x" + "ab" * 32
ORIGIN = L1Origin(number=258, hash=BLOCK_HASH, parent_hash="0x" + "00" * 32, timestamp=1_700_000_000, base_fee=7)
BATCHER = bytes(12) + b"\x99" * 20


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def deposit_log(*, opaque: bytes, log_index: int = 3) -> dict[str, object]:
    return {
        "topics": [DEPOSIT_TOPIC, "0x" + "00" * 12 + "aa" * 20, "0x" + "00" * 12 + "bb" * 20, "0x" + "00" * 32],
        "data": "0x" + (word(32) + word(len(opaque)) + opaque + bytes(-len(opaque) % 32)).hex(),
        "blockHash": BLOCK_HASH,
        "logIndex": hex(log_index),
    }


def test_the_deposit_event_is_the_one_of_the_specification() -> None:
    assert "0x" + keccak(text="TransactionDeposited(address,address,uint256,bytes)").hex() == DEPOSIT_TOPIC


def test_l1_attributes_tell_l2_its_origin() -> None:
    deposit = l1_attributes(ORIGIN, 2, BATCHER)

    source, sender, to, mint, value, gas, system, data = rlp.decode(deposit.raw[1:])
    assert deposit.raw[0] == 0x7E
    assert source == keccak(word(1) + keccak(b"\xab" * 32 + word(2)))
    assert sender.hex() == "deaddeaddeaddeaddeaddeaddeaddeaddead0001"
    assert to.hex() == "4200000000000000000000000000000000000015"
    assert (mint, value, system) == (b"", b"", b"")
    assert int.from_bytes(gas, "big") == 1_000_000
    assert data[:4].hex() == "440a5e20"
    assert data[12:20] == (2).to_bytes(8, "big")
    assert data[20:28] == (1_700_000_000).to_bytes(8, "big")
    assert data[28:36] == (258).to_bytes(8, "big")
    assert data[36:68] == word(7)
    assert data[100:132] == b"\xab" * 32
    assert data[132:164] == BATCHER
    assert len(data) == 164


def test_l2_blocks_of_one_origin_have_different_attributes() -> None:
    assert l1_attributes(ORIGIN, 0, BATCHER).tx_hash != l1_attributes(ORIGIN, 1, BATCHER).tx_hash


def test_a_deposit_event_becomes_the_transaction_that_it_asks_for() -> None:
    opaque = word(5) + word(4) + (100_000).to_bytes(8, "big") + b"\x00" + b"hello"

    deposit = user_deposit(deposit_log(opaque=opaque))

    source, sender, to, mint, value, gas, system, data = rlp.decode(deposit.raw[1:])
    assert source == deposit.source_hash == keccak(word(0) + keccak(b"\xab" * 32 + word(3)))
    assert (sender, to) == (b"\xaa" * 20, b"\xbb" * 20)
    assert (mint, value, gas) == (b"\x05", b"\x04", (100_000).to_bytes(3, "big"))
    assert (system, data) == (b"", b"hello")
    assert deposit.sender == "0x" + "aa" * 20


def test_a_creation_has_no_recipient() -> None:
    opaque = word(0) + word(0) + (100_000).to_bytes(8, "big") + b"\x01" + b"\x60\x00"

    deposit = user_deposit(deposit_log(opaque=opaque))

    assert rlp.decode(deposit.raw[1:])[2] == b""


def test_two_events_of_one_block_are_two_deposits() -> None:
    opaque = word(0) + word(0) + (100_000).to_bytes(8, "big") + b"\x00"

    first, second = (user_deposit(deposit_log(opaque=opaque, log_index=index)) for index in (0, 1))

    assert first.source_hash != second.source_hash


def test_the_portal_of_the_artifacts_has_this_event() -> None:
    assert op_stack("OptimismPortal2").topic("TransactionDeposited") == DEPOSIT_TOPIC
