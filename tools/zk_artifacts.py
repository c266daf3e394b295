"""
ZK stack artifacts: Matter Labs' npm packages come in, what the devnet deploys goes out, compiled and trimmed.

`python -m tools.zk_artifacts` fetches the packages below, compiles the Diamond of 0.6.1 with the compiler and the
optimizer runs that its own hardhat configuration names into `anvil/xl2_devnet/artifacts/zk_stack`, and today's
interfaces (29.0.0) into a fixture of the tests. Promise: every tarball's sha512 is the one pinned here, and the same
tarballs give the same bytes. The Diamond's verifier is not among the artifacts: the devnet does not prove, and says so
(`contracts/devnet/zk_stack/ZkVerifierStandIn.sol`).
"""

import json
import posixpath
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from os import environ
from pathlib import Path
from typing import Any

from tools import trimmed
from xl2.errors import Xl2Error
from xl2_devnet.node import find_node
from xl2_devnet.packages import Package, fetched

_FOR = "to compile the devnet's ZK stack"
DIAMOND = Package(
    name="@matterlabs/zksync-contracts",
    version="0.6.1",
    sha512="+hucLw4DhGmTmQlXOTEtpboYCaOm/X2VJcWmnW4abNcOgQXEHX+mTxQrxEfPjIZT0ZE6z5FTUrOK9+RgUZwBMQ==",
    megabytes=0.2,
    licence="MIT",
    purpose=_FOR,
)
TODAY = Package(
    name="@matterlabs/zksync-contracts",
    version="29.0.0",
    sha512="6l+uiuXOlVkwlWENXQ5JDWbM2vRq629u3QIfboHL9b7kb+2lzQZJuZC93Aqyp2/GEJIden7hg9U+miaYPgKZdA==",
    megabytes=0.3,
    licence="MIT",
    purpose="to compare what we encode with today's interfaces",
)
OPENZEPPELIN = Package(
    name="@openzeppelin/contracts",
    version="4.9.6",
    sha512="xSmezSupL+y9VkHZJGDoCBpmnB2ogM13ccaYDWqJTfS3dbuHkgjuwDFUmaFauBCboQMGB/S5UqUl2y54X99BmA==",
    megabytes=0.3,
    licence="MIT",
    purpose=_FOR,
)
SOLC = Package(
    name="solc",
    version="0.8.19",
    sha512="yqurS3wzC4LdEvmMobODXqprV4MYJcVtinuxgrp61ac8K2zz40vXA0eSAskSHPgv8dQo7Nux39i3QBsHx4pqyA==",
    megabytes=6.2,
    licence="GPL-3.0, only run",
    purpose=_FOR,
)
ROOT = Path(__file__).parent.parent
TARGET = ROOT / "anvil" / "xl2_devnet" / "artifacts" / "zk_stack"

#: Source of each contract that is deployed, below the package's `l1/contracts`.
DEPLOYED = {
    "AllowList": "common/AllowList.sol",
    "DiamondCutFacet": "zksync/facets/DiamondCut.sol",
    "DiamondInit": "zksync/DiamondInit.sol",
    "DiamondProxy": "zksync/DiamondProxy.sol",
    "ExecutorFacet": "zksync/facets/Executor.sol",
    "GettersFacet": "zksync/facets/Getters.sol",
    "GovernanceFacet": "zksync/facets/Governance.sol",
    "L1ERC20Bridge": "bridge/L1ERC20Bridge.sol",
    "MailboxFacet": "zksync/facets/Mailbox.sol",
}
#: Deployed as well, from OpenZeppelin: what stands before the bridge.
PROXIES = {"TransparentUpgradeableProxy": "@openzeppelin/contracts/proxy/transparent/TransparentUpgradeableProxy.sol"}
#: Here for its interface: what the Diamond answers to as a whole.
INTERFACES = {"IZkSync": "zksync/interfaces/IZkSync.sol"}
#: Interfaces of today, for the fixture: name and source below `contracts`.
TODAYS = {
    "IBaseToken": "system-contracts/interfaces/IBaseToken.sol",
    "IBridgehub": "l1-contracts/bridgehub/IBridgehub.sol",
    "IGetters": "l1-contracts/state-transition/chain-interfaces/IGetters.sol",
    "IL1AssetRouter": "l1-contracts/bridge/asset-router/IL1AssetRouter.sol",
    "IL1Messenger": "system-contracts/interfaces/IL1Messenger.sol",
    "IL1Nullifier": "l1-contracts/bridge/interfaces/IL1Nullifier.sol",
    "IMailboxImpl": "l1-contracts/state-transition/chain-interfaces/IMailboxImpl.sol",
}
FIXTURE = ROOT / "tests" / "vectors" / "zk_stack" / "interfaces_29_0_0.json"
#: As in the package's hardhat configuration.
OPTIMIZER = {"enabled": True, "runs": 1000}

#: Runs the WebAssembly of the npm package without the package's own wrapper, which wants seven more packages.
_DRIVER = """
const solc = require(process.argv[1]);
const compile = solc.cwrap('solidity_compile', 'string', ['string', 'number', 'number']);
process.stdout.write(compile(require('fs').readFileSync(0, 'utf8'), 0, 0));
"""
_IMPORT = re.compile(r"^\s*import\s[^;]*?[\"']([^\"']+)[\"']\s*;", re.MULTILINE)


def compiled(
    solc: Path, sources: Mapping[str, str], wanted: Mapping[str, str], **settings: Any
) -> dict[str, dict[str, Any]]:
    """
    What solc makes of each contract of `wanted` (name -> source path), by name.

    :param solc: folder of the unpacked npm package `solc`.
    :raises Xl2Error: it does not compile; the message has solc's own words.
    """
    question = {
        "language": "Solidity",
        "sources": {path: {"content": text} for path, text in sources.items()},
        "settings": {
            **settings,
            "outputSelection": {
                path: {name: ["abi", "evm.bytecode.object", "evm.bytecode.linkReferences"]}
                for name, path in wanted.items()
            },
        },
    }
    node = find_node(environ)
    line = [str(node.node), "-e", _DRIVER, str(solc / "soljson.js")]
    done = subprocess.run(line, input=json.dumps(question).encode(), stdout=subprocess.PIPE, check=True)
    answer = json.loads(done.stdout)
    if wrong := [error["formattedMessage"] for error in answer.get("errors", ()) if error["severity"] == "error"]:
        raise Xl2Error("solc refuses the sources:\n" + "\n".join(wrong))
    return {name: answer["contracts"][path][name] for name, path in wanted.items()}


def closure(roots: Iterable[str], read: Mapping[str, Path]) -> dict[str, str]:
    """
    Text of `roots` and of all they import, by the path that solc knows it under.

    :param read: folder of each path prefix (`@openzeppelin/contracts/` and the like).
    """
    found: dict[str, str] = {}
    waiting = list(roots)
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        prefix = next(prefix for prefix in read if path.startswith(prefix))
        found[path] = (read[prefix] / path.removeprefix(prefix)).read_text(encoding="utf-8")
        waiting += (
            posixpath.normpath(posixpath.join(posixpath.dirname(path), named)) if named.startswith(".") else named
            for named in _IMPORT.findall(found[path])
        )
    return dict(sorted(found.items()))


def say(sentence: str) -> None:
    """Tell the person who waits."""
    print(sentence, file=sys.stderr)


def main() -> int:
    """Rewrite the artifacts and the fixture."""
    solc, today = fetched(SOLC, environ, say), fetched(TODAY, environ, say)
    openzeppelin = fetched(OPENZEPPELIN, environ, say)
    _write_artifacts(solc, fetched(DIAMOND, environ, say), openzeppelin)
    # The early package has no licence file; its package.json and its sources say MIT, by the same authors. Neither has
    # OpenZeppelin's, whose text is in THIRD_PARTY.md.
    shutil.copyfile(today / "LICENSE-MIT", TARGET / "LICENSE")
    _write_fixture(solc, today, openzeppelin)
    return 0


def _write_artifacts(solc: Path, diamond: Path, openzeppelin: Path) -> None:
    wanted = {name: f"l1/contracts/{path}" for name, path in (DEPLOYED | INTERFACES).items()} | PROXIES
    sources = closure(wanted.values(), {"l1/": diamond / "l1", "@openzeppelin/contracts/": openzeppelin})
    built = compiled(solc, sources, wanted, optimizer=OPTIMIZER, metadata={"bytecodeHash": "none"})
    for name, contract in built.items():
        if contract["evm"]["bytecode"]["linkReferences"]:
            message = f"{name} links an external library, which an artifact cannot carry"
            raise Xl2Error(message)
        bytecode = "0x" + contract["evm"]["bytecode"]["object"]
        trimmed.write(TARGET, name, package=DIAMOND.spec, abi=contract["abi"], bytecode=bytecode)
    say(f"wrote {len(built)} artifacts to {TARGET}")


def _write_fixture(solc: Path, today: Path, openzeppelin: Path) -> None:
    wanted = {name: f"contracts/{path}" for name, path in TODAYS.items()}
    read = {
        "contracts/": today / "contracts",
        "@openzeppelin/contracts-v4/": openzeppelin,
        "@openzeppelin/contracts/": openzeppelin,
    }
    sources = closure(wanted.values(), read)
    built = compiled(solc, sources, wanted)
    abis = {name: trimmed.interface(contract["abi"]) for name, contract in built.items()}
    fixture = {"package": TODAY.spec, "licence": TODAY.licence, "interfaces": abis}
    FIXTURE.write_text(json.dumps(fixture, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")
    say(f"wrote {len(abis)} interfaces to {FIXTURE}")


if __name__ == "__main__":
    sys.exit(main())
