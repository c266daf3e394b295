"""
Forge: the native forge, run in `contracts/` with everything it needs at hand.

forge's arguments come in, forge's exit code goes out. Promise: what runs is the pinned native binary (npm's `bin/forge`
shim exits 0 when tests fail), on exactly the packages of `contracts/package-lock.json`, with a node on PATH for
`contracts/tooling/solc`. What is built and tested is left to `contracts/foundry.toml`.

`python -m tools.forge test` and the like, from the repository's root.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from xl2.errors import Xl2Error
from xl2_devnet.node import Node, find_node
from xl2_devnet.toolchain import FORGE, find

CONTRACTS = Path(__file__).resolve().parent.parent / "contracts"


def command(*arguments: str) -> tuple[list[str], dict[str, str]]:
    """
    Command line and environment that run forge, after its packages have been installed.

    :raises Xl2Error: forge, node or the packages cannot be had; the message says which and what to do.
    """
    node = find_node(os.environ)
    forge = find(FORGE, os.environ, say=say)
    install_packages(node)
    return [str(forge), *arguments], node.environment(os.environ)


def install_packages(node: Node) -> None:
    """
    Make `contracts/node_modules` what the lock says; at once if it is.

    :raises Xl2Error: npm failed.
    """
    lock, modules = CONTRACTS / "package-lock.json", CONTRACTS / "node_modules"
    key = hashlib.sha256(lock.read_bytes()).hexdigest()
    with (CONTRACTS / "package.json").open(encoding="utf-8") as turn:
        # Two runs at once take turns; the file is locked, not changed.
        fcntl.flock(turn, fcntl.LOCK_EX)
        stamp = modules / ".xl2-lock"
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == key:
            return
        say("installing solc-js, OpenZeppelin and forge-std by npm (once)")
        npm = subprocess.run(
            node.npm("ci", "--ignore-scripts", "--no-audit", "--no-fund"),
            cwd=CONTRACTS,
            env=node.environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            check=False,
        )
        if npm.returncode != 0:
            message = f"npm ci in {CONTRACTS} failed with exit code {npm.returncode}"
            raise Xl2Error(message, remedy="The reason is above. Check that npm reaches its registry; then try again.")
        stamp.write_text(key, encoding="utf-8")


def say(sentence: str) -> None:
    """Tell a waiting person; stdout is forge's."""
    print(f"set-up: {sentence}", file=sys.stderr, flush=True)


def main() -> int:
    """Run forge with this process's arguments."""
    try:
        line, environment = command(*sys.argv[1:])
    except Xl2Error as error:
        sys.stderr.write(f"{error}\n{error.remedy}\n")
        return 2
    return subprocess.call(line, cwd=CONTRACTS, env=environment)


if __name__ == "__main__":
    sys.exit(main())
