"""
Mutants: rules of the contracts' core taken away one at a time, to see that a test notices.

`contracts/test/mutants.toml` comes in, a line for each mutant goes out: killed, survived, or gone (its text no longer
stands in the source). Promise: the work tree is not touched; the exit code is 0 only if every mutant was killed. What
the tests prove otherwise is left to `make forge`.

`python -m tools.mutants [WORD ...]` runs those whose name has one of the words; all take twenty minutes of one core.
"""

import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from attrs import frozen

from tools.forge import CONTRACTS, command, say
from xl2.errors import Xl2Error

LISTED = CONTRACTS / "test" / "mutants.toml"
#: The tests that guard the core; the others are not compiled.
TESTS = "test/{Outbox,OutboxSettle,Inbox,Heads,Vectors,attacks/*,libraries/Readers,verifiers/AttestedHeads}.t.sol"
OTHERS = ("test/assets/*.t.sol", "test/invariant/**", "test/verifiers/P*", "test/verifiers/R*", "test/libraries/T*")
#: Besides the sources and tests, what a build reads.
LINKED = ("node_modules", "tooling", "foundry.toml")


@frozen(kw_only=True)
class Mutant:
    """One rule taken away."""

    name: str
    #: Source file, below `contracts/`.
    file: str
    was: str
    now: str


def listed(words: list[str]) -> list[Mutant]:
    """The mutants whose name has one of the words, all if there is none."""
    entries = tomllib.loads(LISTED.read_text(encoding="utf-8"))["mutant"]
    mutants = [Mutant(**entry) for entry in entries]
    return [mutant for mutant in mutants if not words or any(word in mutant.name for word in words)]


def copy_to(folder: Path) -> Path:
    """Lay a copy of `contracts/` below `folder`, beside links to what its tests read."""
    contracts = folder / "contracts"
    for part in ("src", "test"):
        shutil.copytree(CONTRACTS / part, contracts / part)
    for name in LINKED:
        (contracts / name).symlink_to(CONTRACTS / name)
    for name in ("tests", "anvil"):
        (folder / name).symlink_to(CONTRACTS.parent / name)
    (contracts / "snapshots").mkdir()
    return contracts


def passes(contracts: Path) -> bool:
    """Whether the tests of the core pass there. Raises `Xl2Error` if forge did not come as far as testing."""
    skipped = [argument for pattern in OTHERS for argument in ("--skip", pattern)]
    line, environment = command("test", "--fail-fast", "--match-path", TESTS, *skipped)
    forge = subprocess.run(line, cwd=contracts, env=environment, capture_output=True, text=True, check=False)
    if "Ran " not in forge.stdout:
        message = f"forge did not test the mutant:\n{forge.stdout}{forge.stderr}"
        raise Xl2Error(message, remedy="The reason is above; a mutant has to compile.")
    return forge.returncode == 0


def fate(mutant: Mutant, contracts: Path) -> str:
    """Take the rule away in the copy, test, and put it back: killed, survived or gone."""
    source = contracts / mutant.file
    text = source.read_text(encoding="utf-8")
    if mutant.was not in text:
        return "gone"
    source.write_text(text.replace(mutant.was, mutant.now, 1), encoding="utf-8")
    try:
        return "SURVIVED" if passes(contracts) else "killed"
    finally:
        source.write_text(text, encoding="utf-8")


def main() -> int:
    """Run the mutants that this process's arguments name."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            contracts = copy_to(Path(folder))
            if not passes(contracts):
                say("the tests fail without any mutant")
                return 2
            fates = []
            for mutant in listed(sys.argv[1:]):
                fates.append(fate(mutant, contracts))
                print(f"{fates[-1]:8} {mutant.name}", flush=True)
    except Xl2Error as error:
        sys.stderr.write(f"{error}\n{error.remedy}\n")
        return 2
    return 0 if fates and set(fates) == {"killed"} else 1


if __name__ == "__main__":
    sys.exit(main())
