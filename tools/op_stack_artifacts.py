"""
OP Stack artifacts: Optimism's npm package comes in, the few contracts that the devnet deploys go out, trimmed.

`python -m tools.op_stack_artifacts PACKAGE.tgz` rewrites `anvil/xl2_devnet/artifacts/op_stack`; `npm pack` of the
package named below brings the tarball. Promise: the tarball's sha512 is the one pinned here, and ABI and bytecode are
Optimism's own, only the members that nobody here reads are left out. The licence goes with them.
"""

import base64
import hashlib
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

PACKAGE = "@eth-optimism/contracts-bedrock@0.17.3"
SHA512 = "cHPO7ntWeOBDLO7ZFFSZGI1D7CDqf4loRbRVJrFIsqLEz+hysWIqA0e3dv2GnrjVeuYePBfI2NTBEG4uwz9bQQ=="
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
    """Rewrite the artifacts from the tarball named as the one argument."""
    if len(sys.argv) != 2:
        print(f"usage: python -m tools.op_stack_artifacts PACKAGE.tgz   (from `npm pack {PACKAGE}`)")
        return 2
    tarball = Path(sys.argv[1])
    found = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if found != SHA512:
        print(f"{tarball} has sha512 {found}; that of {PACKAGE} is {SHA512}. Nothing was written.")
        return 1
    names = (*ON_L1, *ON_L2, *BEFORE_GAMES, *MADE_ON_CHAIN)
    TARGET.mkdir(parents=True, exist_ok=True)
    with tarfile.open(tarball) as archive:
        (TARGET / "LICENSE").write_bytes(_member(archive, "LICENSE"))
        for name in names:
            artifact = json.loads(_member(archive, f"forge-artifacts/{name}.sol/{name}.json"))
            (TARGET / f"{name}.json").write_text(json.dumps(_trimmed(name, artifact), separators=(",", ":")) + "\n")
    print(f"wrote {len(names)} artifacts of {PACKAGE} to {TARGET}")
    return 0


def _member(archive: tarfile.TarFile, path: str) -> bytes:
    file = archive.extractfile(f"package/{path}")
    if file is None:
        raise FileNotFoundError(path)
    return file.read()


def _trimmed(name: str, artifact: dict[str, Any]) -> dict[str, Any]:
    return {
        "contract": name,
        "package": PACKAGE,
        "abi": [_without_internal_types(entry) for entry in artifact["abi"]],
        "bytecode": artifact["bytecode"]["object"],
    }


def _without_internal_types(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_internal_types(inner) for key, inner in value.items() if key != "internalType"}
    if isinstance(value, list):
        return [_without_internal_types(inner) for inner in value]
    return value


if __name__ == "__main__":
    sys.exit(main())
