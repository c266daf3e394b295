"""Which node and npm are used."""

import subprocess
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from tests.unit.devnet.machine import put
from xl2_devnet import node as under_test
from xl2_devnet.node import MIN_NODE_MAJOR, NodeMissing, find_node


def node_on_path(folder: Path, version: str, npm: str = "npm-cli.js") -> dict[str, str]:
    put(folder / "node", f"#!/bin/sh\necho {version}\n")
    put(folder / "lib" / npm, "// npm\n")
    (folder / "npm").symlink_to(folder / "lib" / npm)
    return {"PATH": str(folder)}


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_spec(_name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(under_test, "find_spec", find_spec)


def test_the_machines_own_pair_is_preferred(tmp_path: Path) -> None:
    found = find_node(node_on_path(tmp_path, f"v{MIN_NODE_MAJOR}.0.0"))

    assert found.node == tmp_path / "node"
    assert found.npm_cli == tmp_path / "lib" / "npm-cli.js"


@pytest.mark.parametrize("version", [f"v{MIN_NODE_MAJOR - 1}.9.9", "no version at all", ""])
def test_a_node_that_is_too_old_or_says_nothing_is_passed_over(tmp_path: Path, version: str) -> None:
    found = find_node(node_on_path(tmp_path, version))

    assert tmp_path not in found.node.parents


def test_a_shim_in_the_place_of_npm_is_passed_over(tmp_path: Path) -> None:
    found = find_node(node_on_path(tmp_path, "v22.0.0", npm="shim.sh"))

    assert tmp_path not in found.node.parents


def test_the_pair_of_the_wheel_runs_where_the_machine_has_none(tmp_path: Path) -> None:
    found = find_node({"PATH": str(tmp_path)})

    answer = subprocess.run(
        found.npm("--version"),
        env=found.environment({"HOME": str(tmp_path)}),
        capture_output=True,
        text=True,
        check=True,
    )

    assert int(answer.stdout.partition(".")[0]) >= 7, "npm's lock file version 3 needs 7"


@pytest.mark.usefixtures("no_wheel")
def test_without_both_the_remedy_names_the_extra_that_brings_them(tmp_path: Path) -> None:
    with pytest.raises(NodeMissing) as refused:
        find_node({"PATH": str(tmp_path)})

    assert "xl2[devnet]" in refused.value.remedy


def test_programs_started_with_its_environment_meet_this_node_first(tmp_path: Path) -> None:
    found = find_node(node_on_path(tmp_path / "mine", "v22.0.0"))

    environment = found.environment({"PATH": "/usr/bin", "LANG": "C"})

    assert environment == {"PATH": f"{tmp_path / 'mine'}:/usr/bin", "LANG": "C"}
