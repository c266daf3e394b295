"""Whose contracts an Arbitrum chain of the devnet is deployed with. npm is a script here that serves a tarball."""

import base64
import hashlib
import tarfile
from pathlib import Path

import pytest
from attrs import evolve

from xl2_devnet.abi import stand_in
from xl2_devnet.nitro import rollup as nitro_rollup
from xl2_devnet.nitro.contracts import PACKAGE
from xl2_devnet.nitro.rollup import NitroRollup
from xl2_devnet.packages import IntegrityBroken


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A machine whose npm brings `served.tgz`, if there is one."""
    put(tmp_path / "bin" / "node", '#!/bin/sh\n[ "$1" = --version ] && { echo v22.0.0; exit; }\nexec /bin/sh "$@"\n')
    served = tmp_path / "served.tgz"
    put(tmp_path / "bin" / "npm-cli.js", f"/bin/cp {served} . || {{ echo 'npm error: no network'; exit 1; }}\n")
    (tmp_path / "bin" / "npm").symlink_to("npm-cli.js")
    return {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path / "home")}


def serve(folder: Path) -> str:
    """Let npm bring some package; the pin that it meets."""
    put(folder / "packed", "{}")
    with tarfile.open(folder / "served.tgz", "w:gz") as tarball:
        tarball.add(folder / "packed", "package/package.json")
    return base64.b64encode(hashlib.sha512((folder / "served.tgz").read_bytes()).digest()).decode()


def test_arbitrums_own_contracts_are_named_in_what_a_snapshot_is_kept_under(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nitro_rollup, "PACKAGE", evolve(PACKAGE, sha512=serve(tmp_path)))
    rollup, said = NitroRollup(), list[str]()

    rollup.prepare(environ, said.append)

    assert rollup.versions == ("@arbitrum/nitro-contracts@3.2.0",)
    assert "BUSL-1.1" in said[0]


def test_without_a_network_stand_ins_take_their_place_aloud(environ: dict[str, str]) -> None:
    rollup, said = NitroRollup(), list[str]()

    rollup.prepare(environ, said.append)

    assert rollup.versions == ("stand-ins",)
    assert "npm could not bring @arbitrum/nitro-contracts@3.2.0" in said[-1]
    assert "stand-ins of ours" in said[-1]


def test_nothing_stands_in_for_a_package_with_other_bytes(environ: dict[str, str], tmp_path: Path) -> None:
    serve(tmp_path)

    with pytest.raises(IntegrityBroken, match="pinned is"):
        NitroRollup().prepare(environ, lambda _sentence: None)


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
