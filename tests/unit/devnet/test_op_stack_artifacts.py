"""Optimism's contracts as they ship: all that are named, with their licence, and only from the genuine package."""

from pathlib import Path

import pytest

from tools import op_stack_artifacts
from xl2.errors import InvalidInput
from xl2_devnet.abi import op_stack
from xl2_devnet.packages import IntegrityBroken

TOOL = op_stack_artifacts
NAMES = (*TOOL.ON_L1, *TOOL.ON_L2, *TOOL.MADE_ON_CHAIN, *TOOL.BEFORE_GAMES)
#: EIP-170 and EIP-3860: deployed code, and creation code with arguments.
MOST_CREATION_BYTES = 49_152


def test_what_ships_is_what_the_tool_writes() -> None:
    assert sorted(path.name for path in TOOL.TARGET.iterdir()) == sorted(
        ["LICENSE", *(f"{name}.json" for name in NAMES)]
    )


def test_the_licence_goes_along() -> None:
    licence = (TOOL.TARGET / "LICENSE").read_text(encoding="utf-8")

    assert licence.startswith("MIT License")
    assert "Optimism" in licence


@pytest.mark.parametrize("name", NAMES)
def test_each_contract_can_be_deployed(name: str) -> None:
    contract = op_stack(name)

    assert contract.name == name
    assert 0 < len(contract.bytecode) < MOST_CREATION_BYTES
    assert contract.abi


def test_where_the_package_does_not_come_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object) -> Path:
        message = "other bytes"
        raise IntegrityBroken(message)

    monkeypatch.setattr(TOOL, "TARGET", tmp_path / "target")
    monkeypatch.setattr(TOOL, "fetched", refused)

    assert TOOL.main() == 1
    assert not (tmp_path / "target").exists()
    assert "other bytes" in capsys.readouterr().out


def test_a_name_that_no_abi_has_fails_before_anything_is_sent() -> None:
    portal = op_stack("OptimismPortal2")

    with pytest.raises(InvalidInput, match="no event"):
        portal.topic("NoSuch")
    with pytest.raises(InvalidInput, match="does not take 1 arguments"):
        portal.call("paused", 1)
    with pytest.raises(InvalidInput, match="constructor"):
        portal.creation()


def test_an_overloaded_name_is_picked_by_its_signature() -> None:
    portal = op_stack("OptimismPortal2")

    with pytest.raises(InvalidInput, match="none or several"):
        op_stack("DelayedWETH").call("withdraw")

    assert portal.call("checkWithdrawal(bytes32,address)", bytes(32), "0x" + "11" * 20)[:4].hex() == "71c1566e"
