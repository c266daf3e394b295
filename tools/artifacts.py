"""
Artifacts: what solc makes of our Solidity and of what we deploy from packages, written where the wheel carries it.

The names in two lists come in: `contracts/artifacts.txt`, what is deployed on real chains, and
`contracts/devnet-artifacts.txt`, what stands in on the devnet for what cannot run there. A `<Name>.json` of each goes
out: ABI, bytecode, storage layout, the hash of its sources and the compiler's settings. Promise: the same sources give
the same bytes of JSON on any machine, and a compiler warning is an error. Reading is left to `xl2_contracts.artifact`
and `xl2_devnet.abi`.

`python -m tools.artifacts` writes; `--check` writes nothing, and exits 1 if what is committed is not a fresh build.
`src` or `devnet` behind it does one of the two lists alone.
"""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from attrs import frozen

from tools.forge import CONTRACTS, command, say
from xl2.errors import ConfigInvalid, Xl2Error

SETTINGS = ("evmVersion", "optimizer", "viaIR")


@frozen(kw_only=True)
class Batch:
    """Contracts that are compiled together, and where their artifacts go."""

    #: Folder below `contracts/` that holds the sources.
    sources: str
    #: Profile of foundry.toml that builds them, into `contracts/out/<profile>`.
    profile: str
    #: Names the contracts, one a line.
    listed: Path
    written: Path

    def entries(self) -> list[tuple[str, str]]:
        """(source file below `contracts/`, contract name) of each line of the list."""
        found = []
        for line in self.listed.read_text(encoding="utf-8").splitlines():
            entry = line.partition("#")[0].strip()
            if entry:
                source, colon, name = entry.partition(":")
                if not (colon and name and (CONTRACTS / source).is_file()):
                    message = (
                        f"{self.listed.name}: {entry!r} is not `path/of/File.sol:Contract` with a file that exists"
                    )
                    raise ConfigInvalid(message)
                found.append((source, name))
        return found

    def build(self) -> dict[str, str]:
        """
        Compile everything afresh; the JSON text of each listed contract, by name.

        :raises Xl2Error: the list is wrong, forge cannot be had, or the sources do not compile without a warning.
        """
        line, environment = command("build", self.sources, "--force")
        # Not before forge's command line, which installs the packages that some entries are in.
        entries = self.entries()
        if not entries:
            return {}
        packaged = [source for source, _ in entries if not source.startswith(f"{self.sources}/")]
        say(f"compiling contracts/{self.sources}")
        # Always all sources in one job: the AST ids, and with them via-IR's output, depend on what is compiled
        # together.
        forge = subprocess.run(
            [*line, *packaged],
            cwd=CONTRACTS,
            env={**environment, "FOUNDRY_PROFILE": self.profile},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if forge.returncode != 0:
            message = f"contracts/{self.sources} does not compile without errors and warnings:\n{forge.stdout}"
            raise Xl2Error(message, remedy="Mend what the compiler names above.")
        return {name: _render(name, CONTRACTS / "out" / self.profile / Path(source).name) for source, name in entries}

    def differences(self, fresh: dict[str, str]) -> list[str]:
        """One sentence for each artifact that is missing, superfluous or not what `fresh` holds."""
        committed = {file.stem: file.read_text(encoding="utf-8") for file in self.written.glob("*.json")}
        both = sorted(fresh.keys() & committed.keys())
        return [
            *(f"{name}.json is missing" for name in sorted(fresh.keys() - committed.keys())),
            *(f"{name}.json is not listed in {self.listed.name}" for name in sorted(committed.keys() - fresh.keys())),
            *(f"{name}.json differs" for name in both if fresh[name] != committed[name]),
        ]

    def write(self, fresh: dict[str, str]) -> None:
        """Make the artifacts folder hold `fresh` and nothing else."""
        if fresh:
            self.written.mkdir(exist_ok=True)
        for stale in self.written.glob("*.json"):
            if stale.stem not in fresh:
                stale.unlink()
        for name, text in fresh.items():
            (self.written / f"{name}.json").write_text(text, encoding="utf-8")


RELEASE = Batch(
    sources="src",
    profile="release",
    listed=CONTRACTS / "artifacts.txt",
    written=CONTRACTS / "xl2_contracts" / "artifacts",
)
DEVNET = Batch(
    sources="devnet",
    profile="devnet",
    listed=CONTRACTS / "devnet-artifacts.txt",
    written=CONTRACTS.parent / "anvil" / "xl2_devnet" / "artifacts" / "emulated",
)
BATCHES = (RELEASE, DEVNET)


def _render(name: str, built_file: Path) -> str:
    built = json.loads((built_file / f"{name}.json").read_text(encoding="utf-8"))
    if built["bytecode"]["linkReferences"]:
        message = f"{name} links an external library, which an artifact cannot carry"
        raise Xl2Error(message, remedy="Make the library's functions internal.")
    metadata = built["metadata"]
    settings = metadata["settings"]
    artifact = {
        "name": name,
        "abi": built["abi"],
        "bytecode": built["bytecode"]["object"],
        "deployedBytecode": built["deployedBytecode"]["object"],
        "storageLayout": _without_ast_ids(built["storageLayout"]),
        "sourceHash": _source_hash(metadata["sources"]),
        "compiler": {
            "version": metadata["compiler"]["version"],
            "settings": {key: settings[key] for key in SETTINGS if key in settings},
        },
    }
    return json.dumps(artifact, indent=1, sort_keys=True) + "\n"


def _source_hash(sources: dict[str, Any]) -> str:
    """sha256 over a line `<path> <keccak-256 of the file>` for every file compiled into the contract, sorted."""
    lines = "".join(f"{path} {source['keccak256']}\n" for path, source in sorted(sources.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _without_ast_ids(layout: dict[str, Any]) -> dict[str, Any]:
    """The layout without numbers that change when an unrelated file does."""
    plain = re.sub(r'"astId": \d+, ', "", json.dumps(layout))
    return json.loads(re.sub(r"\)\d+_storage", ")_storage", re.sub(r"\)\d+(?=[\"_,)])", ")", plain)))  # type: ignore[no-any-return]


def main() -> int:
    """Write the artifacts, or with `--check` compare them."""
    asked = [word for word in sys.argv[1:] if not word.startswith("-")]
    try:
        fresh = [(batch, batch.build()) for batch in BATCHES if not asked or batch.sources in asked]
    except Xl2Error as error:
        sys.stderr.write(f"{error}\n{error.remedy}\n")
        return 2
    if "--check" not in sys.argv[1:]:
        for batch, texts in fresh:
            batch.write(texts)
            print(f"{len(texts)} artifacts are in {batch.written.relative_to(CONTRACTS.parent)}")
        return 0
    found = [sentence for batch, texts in fresh for sentence in batch.differences(texts)]
    for sentence in found:
        sys.stderr.write(f"{sentence}\n")
    if found:
        sys.stderr.write("The committed artifacts are not what the sources compile to: run `make contracts`.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
