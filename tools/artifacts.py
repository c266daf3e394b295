"""
Artifacts: what solc makes of `contracts/src` and of what we deploy from packages, written where the wheel carries it.

The names in `contracts/artifacts.txt` come in, `contracts/xl2_contracts/artifacts/<Name>.json` go out: ABI,
bytecode, storage layout, the hash of its sources and the compiler's settings. Promise: the same sources give the same
bytes of JSON on any machine, and a compiler warning is an error. Reading is left to `xl2_contracts.artifact`.

`python -m tools.artifacts` writes; `--check` writes nothing, and exits 1 if what is committed is not a fresh build.
"""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.forge import CONTRACTS, command, say
from xl2.errors import ConfigInvalid, Xl2Error

LISTED = CONTRACTS / "artifacts.txt"
WRITTEN = CONTRACTS / "xl2_contracts" / "artifacts"
#: Where the profile `release` of foundry.toml builds.
BUILT = CONTRACTS / "out" / "release"
SETTINGS = ("evmVersion", "optimizer", "viaIR")


def listed() -> Iterator[tuple[str, str]]:
    """(source file below `contracts/`, contract name) of each line of `contracts/artifacts.txt`."""
    for line in LISTED.read_text(encoding="utf-8").splitlines():
        entry = line.partition("#")[0].strip()
        if entry:
            source, colon, name = entry.partition(":")
            if not (colon and name and (CONTRACTS / source).is_file()):
                message = f"{LISTED.name}: {entry!r} is not `path/of/File.sol:Contract` with a file that exists"
                raise ConfigInvalid(message)
            yield source, name


def build() -> dict[str, str]:
    """
    Compile everything afresh; the JSON text of each listed contract, by name.

    :raises Xl2Error: the list is wrong, forge cannot be had, or the sources do not compile without a warning.
    """
    line, environment = command("build", "src", "--force")
    # Not before forge's command line, which installs the packages that some entries are in.
    entries = list(listed())
    packaged = [source for source, _ in entries if not source.startswith("src/")]
    say("compiling contracts/src")
    # Always all sources in one job: the AST ids, and with them via-IR's output, depend on what is compiled together.
    forge = subprocess.run(
        [*line, *packaged],
        cwd=CONTRACTS,
        env={**environment, "FOUNDRY_PROFILE": "release"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if forge.returncode != 0:
        message = f"contracts/src does not compile without errors and warnings:\n{forge.stdout}"
        raise Xl2Error(message, remedy="Mend what the compiler names above.")
    return {name: _render(name, source) for source, name in entries}


def differences(fresh: dict[str, str]) -> list[str]:
    """One sentence for each artifact that is missing, superfluous or not what `fresh` holds."""
    committed = {file.stem: file.read_text(encoding="utf-8") for file in WRITTEN.glob("*.json")}
    return [
        *(f"{name}.json is missing" for name in sorted(fresh.keys() - committed.keys())),
        *(f"{name}.json is not listed in {LISTED.name}" for name in sorted(committed.keys() - fresh.keys())),
        *(f"{name}.json differs" for name in sorted(fresh.keys() & committed.keys()) if fresh[name] != committed[name]),
    ]


def write(fresh: dict[str, str]) -> None:
    """Make the artifacts folder hold `fresh` and nothing else."""
    WRITTEN.mkdir(exist_ok=True)
    for stale in WRITTEN.glob("*.json"):
        if stale.stem not in fresh:
            stale.unlink()
    for name, text in fresh.items():
        (WRITTEN / f"{name}.json").write_text(text, encoding="utf-8")


def _render(name: str, source: str) -> str:
    built = json.loads((BUILT / Path(source).name / f"{name}.json").read_text(encoding="utf-8"))
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
    try:
        fresh = build()
    except Xl2Error as error:
        sys.stderr.write(f"{error}\n{error.remedy}\n")
        return 2
    if "--check" not in sys.argv[1:]:
        write(fresh)
        print(f"{len(fresh)} artifacts are in {WRITTEN.relative_to(CONTRACTS.parent)}")
        return 0
    found = differences(fresh)
    for sentence in found:
        sys.stderr.write(f"{sentence}\n")
    if found:
        sys.stderr.write("The committed artifacts are not what the sources compile to: run `make contracts`.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
