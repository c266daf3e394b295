"""What the registry marks as checked is what viem, @eth-optimism/sdk and @arbitrum/sdk publish."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from xl2.core.types import address
from xl2.networks import Network, networks
from xl2_devnet.node import find_node
from xl2_devnet.packages import Package, fetched

_FOR = "to compare known networks with what their publishers say, in a test"
VIEM = Package(
    name="viem",
    version="2.57.20",
    sha512="LSvREzKT7xFXpmxW2YFJ/OtcZRkSGLp5zywSgadBf0qQCeqh2+FxHHWyrS2zEG7ZfBWQQvk8HI1i4HPzSMD14g==",
    megabytes=4.4,
    licence="MIT",
    purpose=_FOR,
)
OPTIMISM = Package(
    name="@eth-optimism/sdk",
    version="3.3.3",
    sha512="I8xjchsZL6L66N/0Q14QvGZpsIiVfpuXBu+OX4HB3HXGvF7NQxXSRfOXzrQKj3ikhoJUpASsR4gL/yQsH+Vh3Q==",
    megabytes=0.3,
    licence="MIT",
    purpose=_FOR,
)
ARBITRUM = Package(
    name="@arbitrum/sdk",
    version="4.1.0",
    sha512="OIGxZj4DHROejCjSkaZEOcHhRktZGMhLAPA+Cyymlp1z7KdWaeN2DW85i6yd2Ks7QeZkv2EvwcBKOJnxoSI5tQ==",
    megabytes=1.0,
    licence="Apache-2.0",
    purpose=_FOR,
)

OP = [one for one in networks().values() if one.family == "op"]
NITRO = [one for one in networks().values() if one.family == "nitro"]
ZK = [one for one in networks().values() if one.family == "zk"]


@pytest.fixture(scope="module")
def published() -> Mapping[str, Any]:
    script = Path(__file__).with_name("published.cjs")
    folders = [str(fetched(package, os.environ)) for package in (VIEM, OPTIMISM, ARBITRUM)]
    ran = subprocess.run(
        [find_node(os.environ).node, script, *folders], capture_output=True, text=True, check=True, timeout=180
    )
    found: Mapping[str, Any] = json.loads(ran.stdout)
    return found


def by_id(found: list[Any], key: str, chain_id: int) -> Any:
    return next(one for one in found if one[key] == chain_id)


def test_every_known_network_is_one_that_viem_knows(published: Mapping[str, Any]) -> None:
    theirs = {one["id"]: one for one in published["op"] + published["plain"]}

    assert {one.chain_id for one in networks().values()} == set(theirs)
    assert all(one.testnet == theirs[one.chain_id].get("testnet", False) for one in networks().values())


@pytest.mark.parametrize("one", OP, ids=lambda one: one.name)
def test_an_op_chains_contracts_are_viems(one: Network, published: Mapping[str, Any]) -> None:
    theirs = by_id(published["op"], "id", one.chain_id)
    anchor = str(theirs["sourceId"])

    assert anchor == str(networks()[one.anchor].chain_id)
    for mine, name in (
        ("portal", "portal"),
        ("dispute_game_factory", "disputeGameFactory"),
        ("l2_output_oracle", "l2OutputOracle"),
        ("l1_standard_bridge", "l1StandardBridge"),
    ):
        assert one.rollup[mine] == address(theirs["contracts"][name][anchor]["address"]), mine
    for mine, name in (
        ("l1_block", "l1Block"),
        ("l2_to_l1_message_passer", "l2ToL1MessagePasser"),
        ("l2_cross_domain_messenger", "l2CrossDomainMessenger"),
        ("l2_standard_bridge", "l2StandardBridge"),
        ("gas_price_oracle", "gasPriceOracle"),
    ):
        assert one.predeploys[mine] == address(theirs["contracts"][name]["address"]), mine


@pytest.mark.parametrize("one", OP, ids=lambda one: one.name)
def test_an_op_chains_messenger_is_that_of_optimisms_sdk(one: Network, published: Mapping[str, Any]) -> None:
    assert one.rollup["l1_cross_domain_messenger"] == address(published["messengers"][str(one.chain_id)])


@pytest.mark.parametrize("one", NITRO, ids=lambda one: one.name)
def test_an_arbitrum_chains_contracts_and_window_are_arbitrums_sdks(one: Network, published: Mapping[str, Any]) -> None:
    theirs = by_id(published["arbitrum"], "chainId", one.chain_id)
    bridge, tokens, precompiles = theirs["ethBridge"], theirs["tokenBridge"], published["arbitrumPrecompiles"]

    assert networks()[one.anchor].chain_id == theirs["parentChainId"]
    assert one.windows["confirm_period_blocks"] == theirs["confirmPeriodBlocks"]
    assert one.rollup == {
        "rollup": address(bridge["rollup"]),
        "inbox": address(bridge["inbox"]),
        "outbox": address(bridge["outbox"]),
        "bridge": address(bridge["bridge"]),
        "sequencer_inbox": address(bridge["sequencerInbox"]),
        "gateway_router": address(tokens["parentGatewayRouter"]),
        "erc20_gateway": address(tokens["parentErc20Gateway"]),
        "weth_gateway": address(tokens["parentWethGateway"]),
    }
    assert one.predeploys == {
        "arb_sys": address(precompiles["ARB_SYS_ADDRESS"]),
        "arb_retryable_tx": address(precompiles["ARB_RETRYABLE_TX_ADDRESS"]),
        "node_interface": address(precompiles["NODE_INTERFACE_ADDRESS"]),
        "gateway_router": address(tokens["childGatewayRouter"]),
        "erc20_gateway": address(tokens["childErc20Gateway"]),
        "weth_gateway": address(tokens["childWethGateway"]),
    }


@pytest.mark.parametrize("one", ZK, ids=lambda one: one.name)
def test_a_zk_chains_system_contracts_are_viems(one: Network, published: Mapping[str, Any]) -> None:
    theirs = published["zksync"]

    assert one.predeploys == {
        "bootloader": address(theirs["bootloaderFormalAddress"]),
        "l1_messenger": address(theirs["l1MessengerAddress"]),
        "base_token": address(theirs["l2BaseTokenAddress"]),
        "l2_asset_router": address(theirs["l2AssetRouterAddress"]),
        "l2_native_token_vault": address(theirs["l2NativeTokenVaultAddress"]),
    }
