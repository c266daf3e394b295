"""Whose contracts an Arbitrum chain of the devnet is deployed with. npm is a script here that serves a tarball."""

import tarfile
from pathlib import Path

import pytest
from attrs import evolve

from tests.unit.devnet.machine import Machine, put
from xl2_devnet.abi import stand_in
from xl2_devnet.nitro import rollup as nitro_rollup
from xl2_devnet.nitro.contracts import PACKAGE
from xl2_devnet.nitro.rollup import NitroRollup
from xl2_devnet.packages import IntegrityBroken


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(root=tmp_path)


def serve(machine: Machine) -> str:
    """Let npm bring some package; the pin that it meets."""
    with tarfile.open(machine.served, "w:gz") as tarball:
        tarball.add(put(machine.root / "packed", "{}"), "package/package.json")
    return machine.digest


def test_arbitrums_own_contracts_are_named_in_what_a_snapshot_is_kept_under(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nitro_rollup, "PACKAGE", evolve(PACKAGE, sha512=serve(machine)))
    rollup, said = NitroRollup(), list[str]()

    rollup.prepare(machine.environ, said.append)

    assert rollup.versions == ("@arbitrum/nitro-contracts@3.2.0",)
    assert "BUSL-1.1" in said[0]


def test_without_a_network_stand_ins_take_their_place_aloud(machine: Machine) -> None:
    rollup, said = NitroRollup(), list[str]()

    rollup.prepare(machine.environ, said.append)

    assert rollup.versions == ("stand-ins",)
    assert "npm could not bring @arbitrum/nitro-contracts@3.2.0" in said[-1]
    assert "stand-ins of ours" in said[-1]


def test_nothing_stands_in_for_a_package_with_other_bytes(machine: Machine) -> None:
    serve(machine)

    with pytest.raises(IntegrityBroken, match="pinned is"):
        NitroRollup().prepare(machine.environ, lambda _sentence: None)


@pytest.mark.parametrize(
    ("contract", "event", "topic"),
    [
        # From Arbitrum's own ABI: whoever talks to the stand-ins must find the same.
        ("BridgeStandIn", "MessageDelivered", "0x5e3c1311ea442664e8b1611bfabef659120ea7a0a2cfc0667700bebc69cbffe1"),
        ("InboxStandIn", "InboxMessageDelivered", "0xff64905f73a67fb594e0f940a8075a860db489ad991e032f48c81123eb52d60b"),
        ("OutboxStandIn", "SendRootUpdated", "0xb4df3847300f076a369cd76d2314b470a1194d9e8a6bb97f1860aee88a5f6748"),
    ],
)
def test_events_of_the_stand_ins_are_arbitrums(contract: str, event: str, topic: str) -> None:
    assert stand_in(contract).topic(event) == topic
