"""Where anvil comes from, and what is never run. npm is a script here that serves a tarball made by the test."""

import base64
import platform
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from attrs import evolve, frozen

from tests.unit.devnet.machine import Machine, put
from xl2.errors import ConfigInvalid, Xl2Error
from xl2_devnet.packages import FetchFailed, IntegrityBroken
from xl2_devnet.toolchain import ANVIL, FORGE, Tool, ToolMissing, find

PINNED = ANVIL.version
OTHER = "0.3.0"


def anvil(path: Path, version: str = PINNED) -> Path:
    return put(path, f"#!/bin/sh\necho 'anvil Version: {version}-stable'\n")


@frozen(kw_only=True)
class Serving(Machine):
    """Its npm brings an anvil."""

    @property
    def cached(self) -> Path:
        return self.cache / f"anvil-{PINNED}" / "anvil"

    def serve(self, version: str = PINNED) -> Tool:
        """Let npm bring an anvil of this version; the tool whose pin it meets."""
        binary = anvil(self.root / "packed", version)
        with tarfile.open(self.served, "w:gz") as tarball:
            tarball.add(binary, "package/bin/anvil")
        return evolve(ANVIL, sha512={"linux-amd64": self.digest})


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Serving:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    return Serving(root=tmp_path)


def test_the_path_that_the_user_names_wins_over_the_cache(machine: Serving) -> None:
    anvil(machine.cached)
    mine, variable = anvil(machine.root / "mine"), anvil(machine.root / "variable")

    assert find(ANVIL, {**machine.environ, "XL2_ANVIL": str(variable)}) == variable
    assert find(ANVIL, {**machine.environ, "XL2_ANVIL": str(variable)}, explicit=mine) == mine


def test_a_named_anvil_of_another_version_is_used_and_said(machine: Serving) -> None:
    said: list[str] = []

    found = find(ANVIL, machine.environ, explicit=anvil(machine.root / "mine", OTHER), say=said.append)

    assert found == machine.root / "mine"
    assert any(OTHER in sentence and PINNED in sentence for sentence in said)


@pytest.mark.parametrize("text", ["#!/bin/sh\necho 'forge Version: 1.7.1'\n", "#!/bin/sh\nexit 1\n", "no program"])
def test_a_named_path_that_is_no_anvil_is_refused(machine: Serving, text: str) -> None:
    named = put(machine.root / "mine", text)

    with pytest.raises(ConfigInvalid, match=str(named)) as refused:
        find(ANVIL, {**machine.environ, "XL2_ANVIL": str(named)})

    assert "XL2_ANVIL" in refused.value.remedy


def test_a_named_path_that_does_not_exist_is_refused(machine: Serving) -> None:
    with pytest.raises(ConfigInvalid):
        find(ANVIL, machine.environ, explicit=machine.root / "nothing here")


def test_the_cache_comes_before_path(machine: Serving) -> None:
    anvil(machine.cached)
    anvil(machine.root / "bin" / "anvil")

    assert find(ANVIL, machine.environ) == machine.cached


def test_an_anvil_on_path_is_used_if_it_is_the_pinned_version(machine: Serving) -> None:
    on_path = anvil(machine.root / "bin" / "anvil")

    assert find(ANVIL, machine.environ) == on_path


def test_an_anvil_on_path_of_another_version_is_passed_over(machine: Serving) -> None:
    anvil(machine.root / "bin" / "anvil", OTHER)

    assert find(machine.serve(), machine.environ) == machine.cached


@pytest.fixture
def shim(machine: Serving) -> Path:
    """npm's `bin/anvil` in miniature: answers `--version` like the binary, and is a script for node."""
    script = f"#!/usr/bin/env node\nconsole.log('anvil Version: {PINNED}-stable')\n"
    put(machine.root / "shim" / "bin.mjs", script)
    # What the shim's shebang finds is a node that says what the real one would.
    put(machine.root / "bin" / "node", f"#!/bin/sh\necho 'anvil Version: {PINNED}-stable'\n")
    (machine.root / "bin" / "anvil").symlink_to(machine.root / "shim" / "bin.mjs")
    return machine.root / "bin" / "anvil"


def test_npms_shim_is_refused_as_a_named_path(machine: Serving, shim: Path) -> None:
    with pytest.raises(ConfigInvalid, match="native"):
        find(ANVIL, machine.environ, explicit=shim)


@pytest.mark.usefixtures("shim")
def test_npms_shim_on_path_is_passed_over(machine: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", machine.environ["PATH"])

    with pytest.raises(Xl2Error):
        find(evolve(ANVIL, sha512={}), machine.environ)


def test_what_npm_brings_is_installed_whole_and_alone(machine: Serving) -> None:
    tool, said = machine.serve(), list[str]()

    found = find(tool, machine.environ, say=said.append)

    assert found == machine.cached
    assert found.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in found.parent.iterdir()] == ["anvil"]
    assert any("fetching" in sentence for sentence in said)


def test_the_second_time_nothing_is_fetched(machine: Serving) -> None:
    tool = machine.serve()
    find(tool, machine.environ)
    machine.served.unlink()

    assert find(tool, machine.environ) == machine.cached


def test_two_that_fetch_at_once_both_get_a_whole_binary(machine: Serving) -> None:
    tool = machine.serve()

    with ThreadPoolExecutor(2) as both:
        found = list(both.map(lambda _: find(tool, machine.environ), range(2)))

    assert found == [machine.cached] * 2
    assert [path.name for path in machine.cached.parent.iterdir()] == ["anvil"]


def test_other_bytes_than_the_pinned_ones_are_never_installed(machine: Serving) -> None:
    machine.serve()

    with pytest.raises(IntegrityBroken, match="pinned is"):
        find(ANVIL, machine.environ)

    assert not machine.cached.exists()


def test_npms_own_words_reach_the_user_when_it_fails(machine: Serving) -> None:
    with pytest.raises(FetchFailed, match="no such package") as failed:
        find(ANVIL, machine.environ)

    assert "npm ping" in failed.value.remedy
    assert list(machine.cached.parent.iterdir()) == []


def test_a_genuine_binary_that_does_not_run_here_is_not_installed(machine: Serving) -> None:
    tool = machine.serve(OTHER)

    with pytest.raises(ToolMissing, match="does not run"):
        find(tool, machine.environ)

    assert not machine.cached.exists()


@pytest.mark.parametrize(("system", "machine_type"), [("Darwin", "arm64"), ("Linux", "aarch64"), ("Linux", "riscv64")])
def test_for_a_machine_without_a_pinned_hash_the_remedy_is_path(
    machine: Serving, monkeypatch: pytest.MonkeyPatch, system: str, machine_type: str
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine_type)
    anvil(machine.root / "bin" / "anvil", OTHER)

    with pytest.raises(ToolMissing, match="another version") as missing:
        find(ANVIL, machine.environ)

    assert "PATH" in missing.value.remedy
    assert "XL2_ANVIL" in missing.value.remedy


def test_the_cache_is_where_xdg_says_unless_that_is_relative(machine: Serving) -> None:
    tool = machine.serve()

    elsewhere = find(tool, {**machine.environ, "XDG_CACHE_HOME": str(machine.root / "xdg")})
    relative = find(tool, {**machine.environ, "XDG_CACHE_HOME": "xdg"})

    assert elsewhere == machine.root / "xdg" / "xl2" / f"anvil-{PINNED}" / "anvil"
    assert relative == machine.cached


@pytest.mark.parametrize("tool", [ANVIL, FORGE])
def test_the_pins_are_whole_sha512_sums(tool: Tool) -> None:
    assert {len(base64.b64decode(pin, validate=True)) for pin in tool.sha512.values()} == {64}
