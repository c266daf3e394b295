"""ABI: what Python says of the contracts is what the compiler says of them."""

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import pytest

from xl2.core.types import checksum
from xl2.errors import RpcUnavailable
from xl2_adapters.abi import Event, Method, error_name, explain_revert, refused_expiry, types_of
from xl2_adapters.contracts import (
    anchor_blocks,
    attested,
    bridge,
    checkpoints,
    guard,
    heads,
    inbox,
    outbox,
    proven,
    routed,
    sent_log,
)
from xl2_adapters.op_stack import eras, game_proof, output_proof, registry_proof
from xl2_contracts import artifact

METHODS: list[tuple[str, Sequence[Method]]] = [
    ("Outbox", outbox.METHODS),
    ("Inbox", inbox.METHODS),
    ("Heads", heads.METHODS),
    ("AttestedHeads", attested.METHODS),
    ("LockBridge", bridge.METHODS),
    ("MintBridge", bridge.METHODS),
    ("BridgedToken", (*bridge.TOKEN_METHODS, bridge.MINTER)),
    ("Guard", guard.METHODS),
    ("TimelockController", guard.TIMELOCK_METHODS),
    ("ProvenHeads", proven.METHODS),
    ("Checkpoints", (*checkpoints.METHODS, checkpoints.CHECKPOINT)),
    ("RoutedHeads", routed.METHODS),
    ("Router", routed.ROUTER_METHODS),
    ("AnchorBlocks", anchor_blocks.METHODS),
    ("SentCheckpoints", (*checkpoints.METHODS, *anchor_blocks.SENT_METHODS)),
    ("ProvenGames", game_proof.PINS),
    ("ProvenOutputs", output_proof.PINS),
    ("ProvenRegistry", registry_proof.PINS),
    ("LiveRegistry", (eras.PORTAL,)),
    ("LiveGames", (eras.PORTAL,)),
    ("LiveOutputs", (eras.PORTAL,)),
]
EVENTS: list[tuple[str, Sequence[Event]]] = [
    ("Outbox", outbox.EVENTS),
    ("Inbox", inbox.EVENTS),
    ("Heads", heads.EVENTS),
    ("LockBridge", bridge.EVENTS),
    ("MintBridge", bridge.EVENTS),
    ("ProvenHeads", proven.EVENTS),
    ("Checkpoints", checkpoints.EVENTS),
    ("Router", routed.ROUTER_EVENTS),
    ("AnchorBlocks", anchor_blocks.EVENTS),
    ("SentCheckpoints", checkpoints.EVENTS),
]


def kind(given: dict[str, Any]) -> str:
    if given["type"].startswith("tuple"):
        return f"({','.join(map(kind, given['components']))}){given['type'].removeprefix('tuple')}"
    return str(given["type"])


def entries(contract: str, of: str) -> dict[str, dict[str, Any]]:
    found = [dict(entry) for entry in artifact(contract).abi if entry["type"] == of]
    return {f"{entry['name']}({','.join(map(kind, entry['inputs']))})": entry for entry in found}


@pytest.mark.parametrize(("contract", "method"), [(name, one) for name, methods in METHODS for one in methods])
def test_a_method_is_as_the_compiler_has_it(contract: str, method: Method) -> None:
    entry = entries(contract, "function")[method.signature]

    assert types_of(method.returns) in (tuple(map(kind, entry["outputs"])), ())


@pytest.mark.parametrize(("contract", "event"), [(name, one) for name, events in EVENTS for one in events])
def test_an_event_is_as_the_compiler_has_it(contract: str, event: Event) -> None:
    entry = entries(contract, "event")[event.declaration.replace(" indexed", "")]

    declared = types_of(event.declaration)
    assert [one.endswith(" indexed") for one in declared] == [one["indexed"] for one in entry["inputs"]]


def test_every_method_and_event_of_ours_is_compared() -> None:
    compared = {id(one) for _, found in (*METHODS, *EVENTS) for one in found}
    modules: tuple[ModuleType, ...] = (
        outbox,
        sent_log,
        inbox,
        heads,
        guard,
        bridge,
        checkpoints,
        proven,
        routed,
        anchor_blocks,
    )
    known = {
        f"{module.__name__}.{name}": one
        for module in modules
        for name, one in vars(module).items()
        if isinstance(one, Method | Event)
    }
    # Attributes are four-byte words of ERC-7786, no functions of a contract.
    attributes = {id(one) for one in (sent_log.GAS_LIMIT, sent_log.EXPIRY, sent_log.ASSURANCE, sent_log.ALLOW_NO_CODE)}
    assert [name for name, one in known.items() if id(one) not in compared | attributes] == []


def test_types_split_where_no_tuple_is_open() -> None:
    assert types_of("f(uint8,(bytes32,(address,bool)[])[2],bytes)") == (
        "uint8",
        "(bytes32,(address,bool)[])[2]",
        "bytes",
    )
    assert types_of("g()") == ()


def test_a_revert_is_told_by_the_contracts_error_with_its_values() -> None:
    too_low = Method("GasTooLow(uint64,uint256)").encode(3, 250_000)

    assert explain_revert(too_low) == "GasTooLow(3, 250000)"
    assert error_name(too_low) == "GasTooLow"


@pytest.mark.parametrize(
    ("revert", "told"),
    [
        (b"", "no reason given"),
        (bytes.fromhex("deadbeef00"), "unknown error 0xdeadbeef00"),
        (Method("Error(string)").encode("no"), "Error(no)"),
        (Method("GasTooLow(uint64,uint256)").selector + b"\x01", "GasTooLow with odd bytes 0x01"),
    ],
)
def test_other_reverts_are_told_as_they_are(revert: bytes, told: str) -> None:
    assert explain_revert(revert) == told


def bad_attribute(signature: str, value: int) -> bytes:
    return Method("BadAttribute(bytes)").encode(Method(signature).encode(value))


def test_an_expiry_that_is_over_is_told_as_a_moment() -> None:
    revert = bad_attribute("expiry(uint64)", 1_700_000_000)

    told = explain_revert(revert)

    assert told == "its expiry, 2023-11-14 22:13:20 UTC, is not after the block that takes it (BadAttribute)"
    assert refused_expiry(revert) == 1_700_000_000


@pytest.mark.parametrize(
    "revert",
    [
        bad_attribute("gasLimit(uint32)", 7),
        bad_attribute("expiry(uint64)", (1 << 64) - 1),
        Method("BadAttribute(bytes)").encode(Method("expiry(uint64)").selector),
        Method("BadAttribute(bytes)").selector,
        Method("GasTooLow(uint64,uint256)").encode(3, 250_000),
        b"",
    ],
)
def test_other_refusals_are_of_no_expiry(revert: bytes) -> None:
    assert refused_expiry(revert) is None
    assert "its expiry" not in explain_revert(revert)


def test_bytes_of_another_shape_are_no_value() -> None:
    with pytest.raises(RpcUnavailable, match="not \\(bytes32,address,uint64,uint64\\)"):
        outbox.LANE.decode(b"\x01" * 31, "http://node")


def test_topics_of_another_event_are_no_event() -> None:
    with pytest.raises(RpcUnavailable, match="MessagePlaced"):
        outbox.MESSAGE_PLACED.decode([inbox.FAILED.topic], b"", "http://node")


def test_indexed_values_stand_where_they_were_declared() -> None:
    account = checksum(b"\x11" * 20)  # type: ignore[arg-type]
    event = Event("Moved(address indexed,uint256,bytes32 indexed)")
    topics = [event.topic, bytes(12) + b"\x11" * 20, b"\x22" * 32]

    values = event.decode(topics, (7).to_bytes(32), "http://node")

    assert values == (account.lower(), 7, b"\x22" * 32)


@pytest.mark.parametrize("rest", [b"", b"\x00", b"\xff" * 64, bytes(31) + b"\x40" + b"\xff" * 32])
def test_calldata_that_cannot_be_read_calls_nothing(rest: bytes) -> None:
    """Whoever wrote it is not the endpoint that shows it."""
    method = Method("take(uint256,bytes)")

    assert method.arguments(method.selector + rest, "here") is None
    assert method.arguments(method.encode(7, b"x"), "here") == (7, b"x")
    assert method.arguments(b"\x01\x02\x03\x04", "here") is None
