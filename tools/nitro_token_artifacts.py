"""
Nitro token artifacts: Arbitrum's token bridge from npm comes in, the gateways that the devnet deploys go out, trimmed.

`python -m tools.nitro_token_artifacts` fetches the package below and rewrites
`anvil/xl2_devnet/artifacts/nitro_tokens`. Promise: the tarball has the sha512 pinned here, and ABI and bytecode are
Offchain Labs' own (Apache-2.0), only the members that nobody here reads are left out. The licence goes with them.
Arbitrum's rollup contracts (BUSL-1.1) are another package, which is never vendored.
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
    name="@arbitrum/token-bridge-contracts",
    version="1.2.5",
    sha512="wIekHs2hNGt0uxlKN8NiEcAoiN1Y4rN9jhbx/BX8T6E1B6XsabrLNVRs0lbsn7uLhV5Z61OaRTy9HirGmTs5+A==",
    megabytes=0.3,
    licence="Apache-2.0",
    purpose="to take the gateways of Arbitrum's token bridge from it",
)
TARGET = Path(__file__).parent.parent / "anvil" / "xl2_devnet" / "artifacts" / "nitro_tokens"

#: Folder of each contract below the package's `build/contracts/contracts/tokenbridge`.
CONTRACTS = {
    "L1GatewayRouter": "ethereum/gateway",
    "L1ERC20Gateway": "ethereum/gateway",
    "L2GatewayRouter": "arbitrum/gateway",
    "L2ERC20Gateway": "arbitrum/gateway",
    "StandardArbERC20": "arbitrum",
    "BeaconProxyFactory": "libraries/ClonableBeaconProxy.sol",
}


def main() -> int:
    """Rewrite the artifacts."""
    try:
        folder = fetched(PACKAGE, environ, print)
    except Xl2Error as error:
        print(f"{error.what}. {error.remedy} Nothing was written.")
        return 1
    for name, where in CONTRACTS.items():
        below = folder / "build" / "contracts" / "contracts" / "tokenbridge" / where
        path = below / f"{name}.json" if where.endswith(".sol") else below / f"{name}.sol" / f"{name}.json"
        built = json.loads(path.read_text(encoding="utf-8"))
        trimmed.write(TARGET, name, package=PACKAGE.spec, abi=built["abi"], bytecode=built["bytecode"])
    shutil.copyfile(folder / "LICENSE", TARGET / "LICENSE")
    print(f"wrote {len(CONTRACTS)} artifacts of {PACKAGE.spec} to {TARGET.relative_to(TARGET.parents[3])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
