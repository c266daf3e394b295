"""Access lists, payloads and hashes, beside those that another library made."""

import json
from pathlib import Path
from typing import Any

import pytest

from xl2.core.types import BlockNumber, ChainId, Timestamp, hex_text
from xl2.errors import InvalidInput, ProofInvalid
from xl2_adapters.op_stack.interop.access_list import Identifier, checksum, storage_keys
from xl2_adapters.op_stack.interop.contracts import INBOX, MESSENGER
from xl2_adapters.op_stack.interop.messages import message_of

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[3] / "vectors" / "interop" / "messages.json").read_text("utf-8")
)


def identifier_of(vector: dict[str, Any], **other: Any) -> Identifier:
    fields = {
        "origin": MESSENGER,
        "block": BlockNumber(int(vector["block"])),
        "log_index": int(vector["log_index"]),
        "timestamp": Timestamp(int(vector["timestamp"])),
        "chain": ChainId(int(vector["source"])),
    }
    return Identifier(**{**fields, **other})


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_access_list_is_the_one_that_viem_builds(vector: dict[str, Any]) -> None:
    keys = storage_keys(identifier_of(vector), bytes.fromhex(vector["payload"][2:]))

    assert [hex_text(key) for key in keys] == vector["keys"]
    assert hex_text(INBOX) == vector["inbox"].lower()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_payload_is_read_as_the_message_that_viem_wrote_and_hashes_alike(vector: dict[str, Any]) -> None:
    message = message_of(identifier_of(vector), bytes.fromhex(vector["payload"][2:]))

    assert str(message.destination) == vector["destination"]
    assert str(message.nonce) == vector["nonce"]
    assert hex_text(message.sender) == vector["sender"]
    assert hex_text(message.target) == vector["target"]
    assert hex_text(message.body) == vector["body"]
    assert hex_text(message.hash()) == vector["hash"]


@pytest.mark.parametrize("field", ["block", "log_index", "timestamp", "chain"])
def test_every_field_of_an_identifier_moves_the_checksum(field: str) -> None:
    vector = VECTORS[0]
    payload = bytes.fromhex(vector["payload"][2:])
    moved = identifier_of(vector, **{field: getattr(identifier_of(vector), field) + 1})

    assert checksum(moved, payload) != checksum(identifier_of(vector), payload)
    assert checksum(identifier_of(vector), payload + b"\0") != checksum(identifier_of(vector), payload)


@pytest.mark.parametrize(("field", "bits"), [("block", 64), ("log_index", 32), ("timestamp", 64), ("chain", 256)])
def test_an_identifier_refuses_what_the_contract_cannot_hold(field: str, bits: int) -> None:
    with pytest.raises(InvalidInput, match=field):
        identifier_of(VECTORS[0], **{field: 1 << bits})


def test_a_payload_that_is_cut_or_of_another_event_is_no_message() -> None:
    payload = bytes.fromhex(VECTORS[2]["payload"][2:])

    for wrong in (b"", payload[:100], payload[:-32], bytes(32) + payload[32:]):
        with pytest.raises(ProofInvalid):
            message_of(identifier_of(VECTORS[2]), wrong)


def test_a_log_of_another_contract_is_no_message() -> None:
    elsewhere = identifier_of(VECTORS[0], origin=INBOX)

    with pytest.raises(ProofInvalid, match="not of the messenger"):
        message_of(elsewhere, bytes.fromhex(VECTORS[0]["payload"][2:]))
