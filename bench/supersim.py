"""
Supersim: the OP Stack's own simulator of chains that share interop, started for a bench or a test.

A pinned npm package comes in, running chains with their URLs go out. Promise: it listens on loopback at free ports,
and neither it nor the anvils that it starts outlive this process. It fetches nothing by itself; its licence is MIT.
"""

import asyncio
import contextlib
import os
import platform
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from attrs import frozen

from xl2.errors import Refused, Retryable
from xl2_devnet.packages import Package, fetched
from xl2_devnet.toolchain import ANVIL, find

PACKAGE: Final = Package(
    name="supersim",
    version="0.1.0-alpha.58",
    sha512="8YHo3j5AvhwDQNWuQvGnN12DBOV1pZYNl2XNM1IMgLydhe3oj9eaWay4F/ZSaSUOJiNPdAv9kDijepXeEAh+6A==",
    megabytes=27,
    licence="MIT",
    purpose="to run chains that share interop",
)
#: An ERC-20 that moves between its chains, at the same address on each; its owner `deployer` of `accounts` may mint.
ERC20: Final = "0x420beeF000000000000000000000000000000001"
START_TIMEOUT_SECONDS: Final = 60.0
STOP_TIMEOUT_SECONDS: Final = 10.0
_CHAIN: Final = re.compile(r"ChainID: (\d+)\s+RPC: (http://127\.0\.0\.1:\d+)")
_LISTENING: Final = re.compile(r"Listening on (127\.0\.0\.1:\d+)")
_POLL_SECONDS: Final = 0.05
#: prctl(PR_SET_PDEATHSIG, SIGTERM): asked so it ends its anvils as well.
_BIND: Final = """
import ctypes, os, sys
if ctypes.CDLL(None).prctl(1, 15) == 0 and os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
sys.exit("supersim could not be bound to the life of its starter")
"""


class SupersimFailed(Retryable):
    """supersim did not start."""

    default_remedy = "Read what it said above."


@frozen(kw_only=True)
class Supersim:
    """A running supersim."""

    pid: int
    #: URL of the L1, an anvil that lets anybody do anything.
    l1: str
    #: URLs of the L2s, by chain id, where each transaction is simulated and its use of other chains' logs checked.
    urls: Mapping[int, str]
    #: URLs of the anvils behind them, which check nothing.
    behind: Mapping[int, str]


def is_for_this_machine() -> bool:
    """Whether the package holds a binary that runs here."""
    return sys.platform == "linux" and platform.machine().lower() in ("x86_64", "amd64")


@contextlib.asynccontextmanager
async def supersim(
    *, chains: int = 2, autorelay: bool = False, say: Callable[[str], object] = lambda _sentence: None
) -> AsyncIterator[Supersim]:
    """
    Start supersim with an L1 and so many L2s (901, 902, ...), and stop it at the end.

    Raises `Refused` where no binary for this machine is published, `SupersimFailed` where it does not start, and as
    `fetched`.
    """
    if not is_for_this_machine():
        raise Refused(f"{PACKAGE.spec} holds a binary for Linux on x86-64 only", remedy="Run this on such a machine.")
    binary = await asyncio.to_thread(fetched, PACKAGE, os.environ, say) / "bin" / "supersim"
    anvil = find(ANVIL, os.environ, say=say)
    words = [
        str(binary), "--l1.port", "0", "--l2.starting.port", "0", "--admin.port", "0", "--l2.count", str(chains),
        *(["--interop.autorelay"] if autorelay else []),
    ]  # fmt: skip
    with (
        tempfile.TemporaryDirectory(prefix="xl2-supersim-") as folder,
        (Path(folder) / "log").open("w+", encoding="utf-8") as said,
    ):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", "-c", _BIND, str(os.getpid()), *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            # Its anvils are in a group with it, so that they can be ended together.
            start_new_session=True,
            # It leaves its genesis files in the temporary folder, and starts the anvil that it finds first.
            env={**os.environ, "TMPDIR": folder, "PATH": f"{anvil.parent}{os.pathsep}{os.environ.get('PATH', '')}"},
        )  # fmt: skip
        try:
            l1, urls = await _ready(process, said.fileno(), chains)
            yield Supersim(pid=process.pid, l1=l1, urls=urls, behind=_behind(Path(folder), urls))
        finally:
            await _stop(process)


async def _ready(process: asyncio.subprocess.Process, said: int, chains: int) -> tuple[str, Mapping[int, str]]:
    try:
        async with asyncio.timeout(START_TIMEOUT_SECONDS):
            while True:
                text = os.pread(said, 1 << 18, 0).decode("utf-8", "replace")
                urls = {int(chain): url for chain, url in _CHAIN.findall(text)}
                if "Interop!" in text and len(urls) == chains + 1:
                    l1 = urls.pop(min(urls))
                    return l1, urls
                if process.returncode is not None:
                    raise SupersimFailed(f"supersim ended with exit code {process.returncode}: {text[-800:]}")
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise SupersimFailed(f"supersim was not ready within {START_TIMEOUT_SECONDS:.0f} s") from None


def _behind(folder: Path, chains: Iterable[int]) -> Mapping[int, str]:
    """Where each chain's anvil listens, as it wrote itself."""
    found = {}
    for chain in chains:
        (log,) = folder.glob(f"anvil-chain-{chain}-*")
        listening = _LISTENING.search(log.read_text(encoding="utf-8", errors="replace"))
        if listening is None:
            raise SupersimFailed(f"the anvil of chain {chain} does not say where it listens")
        found[chain] = f"http://{listening[1]}"
    return found


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_TIMEOUT_SECONDS):
                await process.wait()
    # Whatever of its group is left, should it have ended without its anvils or not at all.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
