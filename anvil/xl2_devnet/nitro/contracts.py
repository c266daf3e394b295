"""
Nitro contracts: Arbitrum's own, as the devnet deploys them.

Names come in, interfaces and code go out. Promise: they are Offchain Labs' code, from the npm package in the user's
cache and never from this package (BUSL-1.1). The stand-ins of `contracts/devnet/nitro` (`xl2_devnet.abi.stand_in`) have
the same functions and events; so their ABI is what the devnet reads and calls either of them by.
"""

import json
from pathlib import Path

from attrs import frozen

from xl2_devnet.abi import Contract
from xl2_devnet.packages import Package

PACKAGE = Package(
    name="@arbitrum/nitro-contracts",
    version="3.2.0",
    sha512="uiwqpgLLBpym/55YBPVItkfOnkfGRh+yWyIeTxBjSn+O0nDcEwPZhB1EQSE+eTxteD9nP7ZacAi3a9f+E/17vQ==",
    megabytes=0.6,
    licence="BUSL-1.1, which allows this use and not every other",
    purpose="to deploy Arbitrum's own L1 contracts on this local devnet for tests",
    instead="go on without it: stand-ins of ours with the same interface take their place",
)

_BUILD = Path("build", "contracts", "src")
#: The one that is not Solidity.
_READER_4844 = Path("out", "yul", "Reader4844.yul", "Reader4844.json")


@frozen
class Arbitrum:
    """Arbitrum's own contracts, in the folder that their package was unpacked in."""

    folder: Path

    def contract(self, path: str) -> Contract:
        """One of them, by its path below the sources without suffix: `bridge/Outbox`."""
        name = path.rpartition("/")[2]
        return self._read(name, _BUILD / f"{path}.sol" / f"{name}.json")

    def reader_4844(self) -> Contract:
        """What reads the hashes of blobs."""
        return self._read("Reader4844", _READER_4844)

    def _read(self, name: str, path: Path) -> Contract:
        built = json.loads((self.folder / path).read_text(encoding="utf-8"))
        bytecode = built["bytecode"]
        code = bytecode if isinstance(bytecode, str) else bytecode["object"]
        # What is not Solidity has no ABI.
        return Contract(name=name, abi=built["abi"] or (), bytecode=_code(code))


def _code(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
