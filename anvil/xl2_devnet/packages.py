"""
Packages: what others publish at npm, in one exact version, in the user's cache.

A package with its pinned sha512 and the environment come in, the folder that it is unpacked in goes out; the user's own
npm brings it, once. Promise: bytes that came over the network are unpacked only if their sha512 is the one pinned here,
nothing of them is run on the way, and the cache never shows a half-written package. What is done with them, and what
their licence allows, is left to whoever names a package: nothing that is fetched here is distributed by us.
"""

import base64
import contextlib
import hashlib
import os
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from attrs import field, frozen

from xl2.errors import Fatal, Retryable
from xl2_devnet.node import find_node

FETCH_TIMEOUT_SECONDS = 600.0
#: npm's own patience is a minute and more; a machine without a network is to be told soon.
_PATIENCE = ("--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=4000")

#: Called with one plain sentence whenever there is something to tell a waiting person.
Say = Callable[[str], object]


class FetchFailed(Retryable):
    """npm did not bring the package."""

    default_remedy = "Check that npm reaches its registry (`npm ping`), and try again."


class IntegrityBroken(Fatal):
    """The package's bytes are not the ones pinned."""

    default_remedy = "Nothing was installed. Do not work around it: find out who serves other bytes under this version."


@frozen(kw_only=True)
class Package:
    """One exact version of an npm package."""

    name: str
    version: str
    #: Of the tarball, in base64 as npm's `integrity` has it, without the prefix `sha512-`.
    sha512: str = field(repr=False)
    #: How large a download is, for the person who waits.
    megabytes: float
    #: SPDX name, said to the user before it is fetched.
    licence: str
    #: What it is fetched for, in words that end a sentence: `to deploy ... on the local devnet`.
    purpose: str
    #: What one can do without it, as a clause; told when it cannot be had.
    instead: str = ""

    @property
    def spec(self) -> str:
        """As npm names it: `@scope/name@1.2.3`."""
        return f"{self.name}@{self.version}"


def cache(environ: Mapping[str, str]) -> Path:
    """
    xl2's folder in the user's cache; it may not exist yet.

    :param environ: `XDG_CACHE_HOME` and `HOME` are read; the XDG base directory specification wants relative paths
        ignored.
    """
    named = Path(environ.get("XDG_CACHE_HOME", ""))
    base = named if named.is_absolute() else Path(environ.get("HOME") or Path.home()) / ".cache"
    return base / "xl2"


def place(package: Package, environ: Mapping[str, str]) -> Path:
    """Where `fetched` puts the package. Another pin is another place, so that what is there was checked against it."""
    # Of the digest, not of its base64, which may hold a slash.
    pin = base64.b64decode(package.sha512)[:8].hex()
    return cache(environ) / "npm" / f"{package.name.strip('@').replace('/', '+')}-{package.version}-{pin}"


def fetched(package: Package, environ: Mapping[str, str], say: Say = lambda _sentence: None) -> Path:
    """
    The folder that holds the package's files, fetched if it is not in the cache.

    :param environ: the process environment: `PATH`, `XDG_CACHE_HOME`, `HOME`.
    :param say: told what is fetched, under which licence and for what, and about each second while it takes.
    :raises NodeMissing: it must be fetched, and there is no npm to do it.
    :raises FetchFailed: npm did not bring it.
    :raises IntegrityBroken: npm brought something else.
    """
    into = place(package, environ)
    if into.is_dir():
        return into
    with scratch_beside(into) as scratch:
        unpacked = _unpack(package, brought(package, environ, scratch, say), scratch / "unpacked")
        try:
            unpacked.rename(into)
        except OSError:
            # A folder takes the place of an empty one only: another process was first, with the same bytes.
            if not into.is_dir():
                raise
    say(f"{package.spec} is in {into}")
    return into


@contextlib.contextmanager
def scratch_beside(path: Path) -> Iterator[Path]:
    """A folder that ends with the block, in the file system of `path`, so that the last step to it is a rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=path.parent) as scratch:
        yield Path(scratch)


def brought(package: Package, environ: Mapping[str, str], scratch: Path, say: Say) -> Path:
    """
    The package's tarball, fetched into the empty folder `scratch` and checked.

    :raises NodeMissing: there is no npm.
    :raises FetchFailed: npm did not bring it.
    :raises IntegrityBroken: npm brought something else.
    """
    tarball = _pack(package, environ, scratch, say)
    with tarball.open("rb") as file:
        found = base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()
    if found != package.sha512:
        message = f"the package {package.spec} has sha512 {found}; pinned is {package.sha512}"
        raise IntegrityBroken(message)
    return tarball


def _pack(package: Package, environ: Mapping[str, str], scratch: Path, say: Say) -> Path:
    node = find_node(environ)
    say(f"fetching {package.spec} ({package.megabytes:g} MB, {package.licence}) by npm, {package.purpose}")
    started = time.monotonic()
    with (scratch / "npm.log").open("w+", encoding="utf-8") as log:
        npm = subprocess.Popen(
            node.npm("pack", package.spec, "--ignore-scripts", "--no-update-notifier", *_PATIENCE),
            cwd=scratch,
            env=node.environment(environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            while npm.poll() is None:
                elapsed = time.monotonic() - started
                if elapsed > FETCH_TIMEOUT_SECONDS:
                    raise _failed(package, f"npm did not bring {package.spec} within {FETCH_TIMEOUT_SECONDS:.0f} s")
                try:
                    npm.wait(timeout=1)
                except subprocess.TimeoutExpired:
                    say(f"fetching {package.spec}: {elapsed + 1:.0f} s")
        finally:
            npm.kill()
            npm.wait()
        log.seek(0)
        told = log.read().strip()
    tarballs = sorted(scratch.glob("*.tgz"))
    if npm.returncode != 0 or len(tarballs) != 1:
        raise _failed(package, f"npm could not bring {package.spec} (exit {npm.returncode}): {told[-600:]}")
    return tarballs[0]


def _failed(package: Package, what: str) -> FetchFailed:
    remedy = FetchFailed.default_remedy
    return FetchFailed(what, remedy=f"{remedy.removesuffix('.')}; or {package.instead}." if package.instead else remedy)


def _unpack(package: Package, tarball: Path, into: Path) -> Path:
    """Unpack all of it below `into`; the one folder that npm's tarballs hold (`package`, mostly)."""
    try:
        with tarfile.open(tarball) as archive:
            # Refuses what would leave `into`, links that do, and devices.
            archive.extractall(into, filter="data")
    except tarfile.TarError as error:
        raise IntegrityBroken(f"{package.spec} has the pinned hash, and is no tarball to unpack: {error}") from error
    tops = list(into.iterdir())
    if len(tops) != 1 or not tops[0].is_dir():
        message = f"{package.spec} has the pinned hash, and not the one folder that npm packs"
        raise IntegrityBroken(message)
    for file in tops[0].rglob("*"):
        if file.is_file():
            _on_disk(file)
    return tops[0]


def _on_disk(file: Path) -> None:
    """Have its bytes on the disk before its name is: a machine that stops must not leave an empty file behind."""
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
