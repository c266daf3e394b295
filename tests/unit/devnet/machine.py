"""A machine with a home, a PATH and an npm: a script that serves one tarball, made by the test."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen


@frozen(kw_only=True)
class Machine:
    """It has a node of version 22, and an npm that packs `served`."""

    root: Path

    def __attrs_post_init__(self) -> None:
        put(self._bin / "node", '#!/bin/sh\n[ "$1" = --version ] && { echo v22.0.0; exit; }\nexec /bin/sh "$@"\n')
        serve = f"/bin/cp {self.served} . || {{ echo 'npm error: no such package'; exit 1; }}\n"
        put(self._bin / "npm-cli.js", serve)
        (self._bin / "npm").symlink_to("npm-cli.js")

    @property
    def environ(self) -> Mapping[str, str]:
        return {"PATH": str(self._bin), "HOME": str(self.root / "home")}

    @property
    def served(self) -> Path:
        return self.root / "served.tgz"

    @property
    def digest(self) -> str:
        """What npm brings, as a pin says it."""
        return base64.b64encode(hashlib.sha512(self.served.read_bytes()).digest()).decode()

    @property
    def cache(self) -> Path:
        """Where xl2 keeps what it fetched."""
        return self.root / "home" / ".cache" / "xl2"

    @property
    def _bin(self) -> Path:
        return self.root / "bin"


def put(path: Path, text: str) -> Path:
    """A program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path
