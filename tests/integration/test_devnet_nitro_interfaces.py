"""The stand-ins and emulated precompiles beside Arbitrum's own interfaces, from the package in the user's cache."""

import os
from collections.abc import Mapping
from typing import Any

import pytest

from xl2_devnet.abi import stand_in
from xl2_devnet.nitro.contracts import PACKAGE, Arbitrum
from xl2_devnet.packages import fetched

#: What is the devnet's own: it puts contracts together, and makes the sequencer's part of a ticket.
OURS = {
    "BridgeStandIn": {"initialize", "inbox", "outbox"},
    "OutboxStandIn": {"initialize"},
    "SequencerInboxStandIn": {"delayBlocks"},
    # An error of OpenZeppelin's, where Arbitrum's reverts with a string; a smaller type of the same word.
    "RollupStandIn": {"SafeERC20FailedOperation", "rollupDeploymentBlock"},
    "ArbSys": {"leaf"},
    "ArbRetryableTx": {
        "submit", "settle", "giveBack", "reap", "tryOf", "isAliased", "submissionFee", "OnlyArbOS", "OnlyBeneficiary",
        "LifetimeAlreadyExtended", "TryUnderWay",
    },
    "NodeInterface": {"AskTheNode"},
}  # fmt: skip
TWINS = {
    "BridgeStandIn": ("bridge/Bridge",),
    "InboxStandIn": ("bridge/Inbox",),
    "OutboxStandIn": ("bridge/Outbox",),
    "SequencerInboxStandIn": ("bridge/SequencerInbox",),
    "RollupStandIn": ("rollup/RollupUserLogic", "rollup/RollupAdminLogic"),
    "StakeTokenStandIn": ("mocks/TestWETH9",),
    "IUpgradeExecutor": ("mocks/UpgradeExecutorMock",),
    "ArbSys": ("precompiles/ArbSys",),
    "ArbRetryableTx": ("precompiles/ArbRetryableTx",),
    "NodeInterface": ("node-interface/NodeInterface",),
}


def type_of(argument: Mapping[str, Any]) -> str:
    if not argument["type"].startswith("tuple"):
        return str(argument["type"])
    return f"({','.join(type_of(member) for member in argument['components'])}){argument['type'][5:]}"


def shape(entry: Mapping[str, Any]) -> tuple[object, ...]:
    """All of an entry that a caller sees."""
    taken = tuple((type_of(argument), argument.get("indexed", False)) for argument in entry.get("inputs", ()))
    return entry["type"], entry["name"], taken, tuple(type_of(result) for result in entry.get("outputs", ()))


@pytest.mark.parametrize("name", TWINS)
def test_whatever_a_stand_in_offers_arbitrums_contract_offers_in_the_same_shape(name: str) -> None:
    own = Arbitrum(fetched(PACKAGE, os.environ))
    theirs = {shape(entry) for path in TWINS[name] for entry in own.contract(path).abi if "name" in entry}
    # Errors of OpenZeppelin's ERC-20, where the other one reverts with strings.
    ours = {shape(entry) for entry in stand_in(name).abi if "name" in entry and not entry["name"].startswith("ERC20")}

    assert {entry[1] for entry in ours - theirs} == OURS.get(name, set())
