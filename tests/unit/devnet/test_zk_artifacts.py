"""Matter Labs' contracts as they ship: all that are named, with their licence, each small enough to be deployed."""

import json
from pathlib import Path

import pytest

from tools import zk_artifacts
from xl2_devnet.abi import stand_in
from xl2_devnet.zk_stack.contracts import zk_stack

TOOL = zk_artifacts
DEPLOYED = (*TOOL.DEPLOYED, *TOOL.PROXIES)
NAMES = (*DEPLOYED, *TOOL.INTERFACES)
#: EIP-3860: creation code with arguments.
MOST_CREATION_BYTES = 49_152


def test_what_ships_is_what_the_tool_writes() -> None:
    assert sorted(path.name for path in TOOL.TARGET.iterdir()) == sorted(
        ["LICENSE", *(f"{name}.json" for name in NAMES)]
    )


def test_the_licence_goes_along_and_each_says_where_it_is_from() -> None:
    licence = (TOOL.TARGET / "LICENSE").read_text(encoding="utf-8")

    assert licence.startswith("MIT License")
    assert "Matter Labs" in licence
    for name in NAMES:
        stored = json.loads((TOOL.TARGET / f"{name}.json").read_bytes())
        assert stored["package"] == "@matterlabs/zksync-contracts@0.6.1"


@pytest.mark.parametrize("name", DEPLOYED)
def test_each_contract_can_be_deployed(name: str) -> None:
    assert 0 < len(zk_stack(name).bytecode) < MOST_CREATION_BYTES


def test_no_verifier_is_among_them_but_ours_that_says_what_it_is() -> None:
    assert not [name for name in NAMES if "Verifier" in name]
    assert stand_in("ZkVerifierStandIn").has("NOTICE")


def test_sources_are_followed_through_their_imports(tmp_path: Path) -> None:
    """What is compiled is the closure of what is wanted, under the names that the imports use."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "One.sol").write_text('import "./Two.sol";\nimport {X} from "@other/Three.sol";\n')
    (tmp_path / "a" / "Two.sol").write_text("contract Two {}\n")
    (tmp_path / "Three.sol").write_text("contract X {}\n")

    found = TOOL.closure(["l1/a/One.sol"], {"l1/": tmp_path, "@other/": tmp_path})

    assert list(found) == ["@other/Three.sol", "l1/a/One.sol", "l1/a/Two.sol"]
