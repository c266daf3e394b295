"""Arbitrum's gateways as they ship: all that are named, with their licence, each small enough to be deployed."""

import pytest

from tools import nitro_token_artifacts
from xl2_devnet.nitro.tokens import token_bridge

TOOL = nitro_token_artifacts
#: EIP-170 and EIP-3860: deployed code, and creation code with arguments.
MOST_CREATION_BYTES = 49_152


def test_what_ships_is_what_the_tool_writes() -> None:
    assert sorted(path.name for path in TOOL.TARGET.iterdir()) == sorted(
        ["LICENSE", *(f"{name}.json" for name in TOOL.CONTRACTS)]
    )


def test_the_licence_goes_along() -> None:
    licence = (TOOL.TARGET / "LICENSE").read_text(encoding="utf-8")

    assert "Apache License" in licence
    assert "Version 2.0" in licence


@pytest.mark.parametrize("name", TOOL.CONTRACTS)
def test_each_contract_can_be_deployed(name: str) -> None:
    contract = token_bridge(name)

    assert contract.name == name
    assert 0 < len(contract.bytecode) < MOST_CREATION_BYTES
    assert contract.has("initialize") or name == "StandardArbERC20"
