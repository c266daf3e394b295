"""
Toolchain: where `anvil` and `forge` are on this machine, fetched once where they are not.

A tool and the environment come in, the path of a native binary goes out. Looked for in this order: the path the
user names, our cache, PATH (that very version only), else the pinned npm package, fetched by `packages`. Promise: what
came over the network is run only if its sha512 is the one pinned here, and the cache never holds a half-written file.
npm's shims (`@foundry-rs/forge`'s `bin/forge`) are not used: that one exits 0 when tests fail. Starting the tools is
left to the devnet (`anvil`) and to `tools/forge.py` (`forge`).

`python -m xl2_devnet.toolchain anvil` prints the path.
"""

import errno
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from xl2.errors import ConfigInvalid, Refused, Xl2Error
from xl2_devnet.packages import IntegrityBroken, Package, Say, brought, cache, scratch_beside

VERSION_TIMEOUT_SECONDS = 20.0


class ToolMissing(Refused):
    """The tool is not here, and no package of it is pinned for this kind of machine."""


@frozen(kw_only=True)
class Tool:
    """A program of the Foundry suite, in one exact version."""

    name: str
    version: str
    #: sha512 of the npm tarball, in base64 as npm's `integrity` has it, for each platform we have seen it on.
    sha512: Mapping[str, str] = field(repr=False)
    #: How large a download is, for the person who waits.
    megabytes: int

    @property
    def variable(self) -> str:
        """Environment variable by which a user names his own binary."""
        return f"XL2_{self.name.upper()}"

    def package(self, platform_name: str) -> Package:
        """The npm package with the native binary."""
        return Package(
            name=f"@foundry-rs/{self.name}-{platform_name}",
            version=self.version,
            sha512=self.sha512[platform_name],
            megabytes=self.megabytes,
            licence="MIT OR Apache-2.0",
            purpose="to run it here",
            instead=f"put {self.name} {self.version} on PATH, or its path into {self.variable}",
        )


ANVIL = Tool(
    name="anvil",
    version="1.7.1",
    sha512={
        "linux-amd64": "+XmShybEaxfCrr0OUUZwYEy2OnYZt5pHH9TzBtLv3+VrK0O/ANuNSVEahqNhKHlgX7GRJ59383ofNhxkRWIYTg==",
    },
    megabytes=19,
)
FORGE = Tool(
    name="forge",
    version="1.7.1",
    sha512={
        "linux-amd64": "/HQddyTanVOJKgvilmZrf8VOf7mhvwrWb59W73w5W5flX7b6zNh9CR6hKZzJwiRRi5Sxk/JOFEYIeKsQx7Teqg==",
    },
    megabytes=35,
)


def find(
    tool: Tool, environ: Mapping[str, str], *, explicit: Path | None = None, say: Say = lambda _sentence: None
) -> Path:
    """
    Path of `tool`'s native binary, fetched into the user's cache if it is nowhere else.

    :param environ: the process environment: `XL2_ANVIL` or `XL2_FORGE`, `PATH`, `XDG_CACHE_HOME`, `HOME`.
    :param explicit: the binary the user named on the command line; wins over everything.
    :param say: told what takes time, and about each second while it does.
    :raises ConfigInvalid: the path that the user named is not this tool.
    :raises ToolMissing: not here, and not fetchable for this kind of machine, or what was fetched does not run here.
    :raises NodeMissing: it must be fetched, and there is no npm to do it.
    :raises FetchFailed: npm did not bring it.
    :raises IntegrityBroken: npm brought something else.
    """
    if named := explicit or (Path(environ[tool.variable]) if environ.get(tool.variable) else None):
        return _named(tool, named, say)
    cached = _cached(tool, environ)
    if cached.is_file():
        return cached
    on_path = shutil.which(tool.name, path=environ.get("PATH", ""))
    if on_path is not None and _version(tool, Path(on_path)) == tool.version:
        return Path(on_path)
    return _fetch(tool, environ, into=cached, on_path=on_path, say=say)


def _named(tool: Tool, path: Path, say: Say) -> Path:
    version = _version(tool, path)
    if version is None:
        message = f"{path} was named as {tool.name}, but is not a native {tool.name}, or does not run here"
        raise ConfigInvalid(message, remedy=f"Name a native {tool.name} binary, or unset {tool.variable}.")
    if version != tool.version:
        say(f"using {path}, {tool.name} {version}, as you asked; xl2 is tested with {tool.version}")
    return path


def _cached(tool: Tool, environ: Mapping[str, str]) -> Path:
    return cache(environ) / f"{tool.name}-{tool.version}" / tool.name


#: A file that was just written cannot run while a process that another thread started meanwhile has it open, too.
_not_while_busy = Retrying(
    retry=retry_if_exception(lambda error: isinstance(error, OSError) and error.errno == errno.ETXTBSY),
    wait=wait_fixed(0.05),
    stop=stop_after_delay(5),
    reraise=True,
)


def _version(tool: Tool, path: Path) -> str | None:
    """What `path --version` states as its version (`anvil Version: 1.7.1-stable`); None if it is not the tool."""
    try:
        with path.open("rb") as program:
            if b"node" in program.readline(128) and path.resolve().suffix in {".js", ".mjs", ".cjs"}:
                return None  # npm's shim: states the version, and hides that tests fail
        answer = _not_while_busy(
            subprocess.run,
            [path, "--version"],
            capture_output=True,
            text=True,
            timeout=VERSION_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    stated = re.match(rf"{tool.name}(?: Version:)? (\d+\.\d+\.\d+)", answer.stdout)
    return stated[1] if stated and answer.returncode == 0 else None


def _fetch(tool: Tool, environ: Mapping[str, str], *, into: Path, on_path: str | None, say: Say) -> Path:
    platform_name = _platform_name()
    if platform_name not in tool.sha512:
        there = f"the one on PATH ({on_path}) is another version" if on_path else "there is none on PATH"
        message = f"no {tool.name} {tool.version} for {platform_name} is pinned here, and {there}"
        remedy = f"Install Foundry {tool.version}, and put {tool.name} on PATH or its path into {tool.variable}."
        raise ToolMissing(message, remedy=remedy)
    with scratch_beside(into) as scratch:
        tarball = brought(tool.package(platform_name), environ, scratch, say)
        unpacked = _unpack(tool, tarball, scratch)
        if _version(tool, unpacked) != tool.version:
            message = f"{tool.name} {tool.version} was fetched and is genuine, but does not run on this machine"
            raise ToolMissing(message, remedy=f"Build Foundry {tool.version} for it and name it in {tool.variable}.")
        unpacked.replace(into)
    say(f"{tool.name} {tool.version} is in {into.parent}")
    return into


def _platform_name() -> str:
    machine = platform.machine().lower()
    return f"{platform.system().lower()}-{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(machine, machine) }"


def _unpack(tool: Tool, tarball: Path, scratch: Path) -> Path:
    unpacked = scratch / tool.name
    with tarfile.open(tarball) as archive:
        # One member by name: nothing else of the archive touches the disk.
        member = archive.extractfile(f"package/bin/{tool.name}")
        if member is None:
            message = f"the package of {tool.name} {tool.version} has the pinned hash, and no file bin/{tool.name}"
            raise IntegrityBroken(message)
        with member, unpacked.open("wb") as binary:
            shutil.copyfileobj(member, binary)
            binary.flush()
            os.fsync(binary.fileno())
    unpacked.chmod(0o755)
    return unpacked


def main() -> int:
    """Print the path of the tool named as the one argument; 2 if there is no way to have it."""
    tools = {tool.name: tool for tool in (ANVIL, FORGE)}
    if len(sys.argv) != 2 or sys.argv[1] not in tools:
        sys.stderr.write(f"usage: python -m xl2_devnet.toolchain {'|'.join(tools)}\n")
        return 2
    try:
        path = find(tools[sys.argv[1]], os.environ, say=lambda sentence: sys.stderr.write(f"{sentence}\n"))
    except Xl2Error as error:
        sys.stderr.write(f"{error}\n{error.remedy}\n")
        return 2
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
