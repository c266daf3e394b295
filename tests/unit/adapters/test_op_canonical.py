"""Deposits and withdrawals of the OP Stack are read as viem reads them; its answers are in `viem_op_stack.json`."""

import json
from pathlib import Path
from typing import Any

import pytest
from eth_abi import encode

from xl2.core.types import Address, BlockNumber, Hash32, address
from xl2.errors import ProofInvalid, RpcUnavailable
from xl2.ports import Cargo, Place
from xl2_adapters.evm import Log
from xl2_adapters.op_stack.canonical.deposit import Deposit
from xl2_adapters.op_stack.canonical.message import (
    BRING_ETHER,
    BRING_TOKEN,
    RELAY,
    Ends,
    Relay,
    cargo_of,
    relay_in,
    sender_of,
)
from xl2_adapters.op_stack.canonical.withdrawal import Withdrawal
from xl2_adapters.tx_logs import Emitted

VIEM: dict[str, Any] = json.loads((Path(__file__).parent / "viem_op_stack.json").read_text("utf-8"))
CONTRACT = Address(b"\x42" * 20)
MESSENGER, BRIDGE, MESSENGER_THERE, BRIDGE_THERE = (Address(bytes([place]) * 20) for place in (1, 2, 3, 4))
ENDS = Ends(messenger=MESSENGER, bridge=BRIDGE, messenger_there=MESSENGER_THERE, bridge_there=BRIDGE_THERE)
ALICE, BOB, HERE, THERE = (Address(bytes([place]) * 20) for place in (5, 6, 7, 8))
VERSION_1 = 1 << 240


def emitted(vector: dict[str, Any]) -> Emitted:
    block_hash = Hash32(bytes.fromhex(vector.get("block_hash", "0x" + "00" * 32)[2:]))
    place = Place(
        block=BlockNumber(1), block_hash=block_hash, tx_hash=block_hash, log_index=int(vector.get("log_index", 0))
    )
    topics = tuple(bytes.fromhex(topic[2:]) for topic in vector["topics"])
    return Emitted(contract=CONTRACT, log=Log(topics=topics, data=bytes.fromhex(vector["data"][2:]), place=place))


def relayed(sender: Address, target: Address, data: bytes, nonce: int = VERSION_1) -> Relay | None:
    return relay_in(RELAY.encode(nonce, sender, target, 5, 200_000, data), "here")


@pytest.mark.parametrize("vector", VIEM["deposits"], ids=lambda vector: str(vector["log_index"]))
def test_the_hash_on_the_rollup_is_the_one_that_viem_derives(vector: dict[str, Any]) -> None:
    assert "0x" + Deposit.of(emitted(vector), "here").l2_hash.hex() == vector["l2_hash"]


@pytest.mark.parametrize("vector", VIEM["withdrawals"], ids=lambda vector: str(vector["value"]))
def test_a_withdrawal_and_its_slot_are_those_that_viem_reads(vector: dict[str, Any]) -> None:
    withdrawal = Withdrawal.of(emitted(vector), "here")

    found = ("0x" + withdrawal.hash.hex(), "0x" + withdrawal.slot.hex(), str(withdrawal.value), str(withdrawal.gas))
    assert found == (vector["hash"], vector["slot"], vector["value"], vector["gas"])
    relay = relay_in(withdrawal.data, "here")
    assert (None if relay is None else "0x" + relay.hash.hex()) == vector["message_hash"]


def test_a_withdrawal_whose_hash_is_not_of_its_fields_is_refused() -> None:
    vector = dict(VIEM["withdrawals"][0])
    word = 2 + 64 * 3
    vector["data"] = vector["data"][:word] + "00" * 32 + vector["data"][word + 64 :]

    with pytest.raises(ProofInvalid):
        Withdrawal.of(emitted(vector), "here")


def test_a_deposit_of_too_few_bytes_is_the_endpoints_fault() -> None:
    vector = dict(VIEM["deposits"][0])
    vector["data"] = "0x" + encode(["bytes"], [bytes(72)]).hex()

    with pytest.raises(RpcUnavailable, match="a deposit of 72 bytes"):
        Deposit.of(emitted(vector), "here")


def test_ether_and_tokens_of_the_standard_bridges_are_read_from_both_bridges_only() -> None:
    ether = BRING_ETHER.encode(ALICE, BOB, 5, b"note")
    token = BRING_TOKEN.encode(THERE, HERE, ALICE, BOB, 7, b"")

    for data, cargo in (
        (ether, Cargo(recipient=BOB, amount=5, data=b"note", is_direct=False)),
        (token, Cargo(recipient=BOB, amount=7, token=HERE, token_there=THERE, is_direct=False)),
    ):
        relay = relayed(BRIDGE, BRIDGE_THERE, data)
        assert relay is not None
        assert cargo_of(relay, ENDS, "here") == cargo
        assert sender_of(relay, ENDS, "here") == ALICE
        stranger = relayed(ALICE, BRIDGE_THERE, data)
        assert stranger is not None
        assert cargo_of(stranger, ENDS, "here").recipient == BRIDGE_THERE
        assert sender_of(stranger, ENDS, "here") == ALICE


def test_a_call_is_read_with_what_it_carries() -> None:
    relay = relayed(ALICE, BOB, b"hello")

    assert relay is not None
    assert cargo_of(relay, ENDS, "here") == Cargo(
        recipient=BOB, amount=5, data=b"hello", gas_limit=200_000, is_direct=False
    )


def test_messages_of_another_version_and_other_calls_are_no_relay() -> None:
    assert relayed(ALICE, BOB, b"", nonce=3) is None
    assert relay_in(b"", "here") is None
    assert relay_in(encode(["uint256"], [1]), "here") is None


def test_a_sloppy_encoding_has_the_hash_that_the_messenger_gives_it() -> None:
    straight = RELAY.encode(VERSION_1, ALICE, BOB, 5, 200_000, b"hello")
    sloppy = relay_in(straight + bytes(32), "here")

    assert sloppy is not None
    assert sloppy.call == straight
    assert address(sloppy.target) == BOB
