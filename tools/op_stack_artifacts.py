"""
OP Stack artifacts: Optimism's npm package comes in, the few contracts that the devnet deploys go out, trimmed.

`python -m tools.op_stack_artifacts` fetches the package below and rewrites `anvil/xl2_devnet/artifacts/op_stack`.
Promise: the tarball has the sha512 pinned here, and ABI and bytecode are Optimism's own, only the members that nobody
here reads are left out. The licence goes with them.
"""

import json
import shutil
import sys
from os import environ
from pathlib import Path

from tools import trimmed
from xl2.errors import Xl2Error
from xl2_devnet.packages import Package, fetched

PACKAGE = Package(
    name="@eth-optimism/contracts-bedrock",
    version="0.17.3",
    sha512="cHPO7ntWeOBDLO7ZFFSZGI1D7CDqf4loRbRVJrFIsqLEz+hysWIqA0e3dv2GnrjVeuYePBfI2NTBEG4uwz9bQQ==",
    megabytes=14.6,
    licence="MIT",
    purpose="to take the contracts that the devnet deploys from it",
)
TARGET = Path(__file__).parent.parent / "anvil" / "xl2_devnet" / "artifacts" / "op_stack"

#: Deployed on L1 by their creation code.
ON_L1 = (
    "AnchorStateRegistry", "DelayedWETH", "DisputeGameFactory", "FaultDisputeGame", "L1CrossDomainMessenger",
    "L1ERC721Bridge", "L1StandardBridge", "MIPS", "OptimismMintableERC20Factory", "OptimismPortal2", "PreimageOracle",
    "Proxy", "ProxyAdmin", "SuperchainConfig", "SystemConfig",
)  # fmt: skip
#: Placed at their addresses in the L2's genesis.
ON_L2 = (
    "BaseFeeVault", "GasPriceOracle", "L1Block", "L1FeeVault", "L2CrossDomainMessenger", "L2ERC721Bridge",
    "L2StandardBridge", "L2ToL1MessagePasser", "SequencerFeeVault", "WETH",
)  # fmt: skip
#: Of the era before dispute games: deployed by tests.
BEFORE_GAMES = ("L2OutputOracle", "OptimismPortal")
#: Deployed by those above; here for its interface.
MADE_ON_CHAIN = ("OptimismMintableERC20",)


def main() -> int:
    """Rewrite the artifacts."""
    try:
        folder = fetched(PACKAGE, environ, print)
    except Xl2Error as error:
        print(f"{error.what}. {error.remedy} Nothing was written.")
        return 1
    names = (*ON_L1, *ON_L2, *BEFORE_GAMES, *MADE_ON_CHAIN)
    for name in names:
        built = json.loads((folder / "forge-artifacts" / f"{name}.sol" / f"{name}.json").read_text(encoding="utf-8"))
        trimmed.write(TARGET, name, package=PACKAGE.spec, abi=built["abi"], bytecode=built["bytecode"]["object"])
    shutil.copyfile(folder / "LICENSE", TARGET / "LICENSE")
    print(f"wrote {len(names)} artifacts of {PACKAGE.spec} to {TARGET.relative_to(TARGET.parents[3])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
