"""
Daemons: relayer and attesters as processes, started as an operator starts them.

Promise: none outlives the block that started it. What it costs is read from the kernel, not from the process.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

import orjson
from attrs import field, frozen

from bench.ground import SIGNERS, Place, configuration
from xl2.errors import Retryable
from xl2_devnet.accounts import account

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 15.0
_TICK: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class DaemonFailed(Retryable):
    """A process did not start, or did not stop."""

    default_remedy = "Read its log, whose end stands above."


@frozen(kw_only=True)
class Daemon:
    """A process that runs."""

    pid: int
    #: What it said first, as JSON.
    told: dict[str, object]
    log: Path
    process: asyncio.subprocess.Process = field(repr=False)

    def cpu_seconds(self) -> float:
        """User and system time so far."""
        return cpu_seconds(self.pid)

    def rss_bytes(self) -> int:
        """Memory that it holds: the 2nd field of proc(5)'s statm."""
        return int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE

    async def stop(self) -> int:
        """End it as an operator does; its exit code. Raises `DaemonFailed` where it takes longer than it may."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                return await self.process.wait()
        except TimeoutError:
            raise DaemonFailed(f"process {self.pid} runs on {STOP_SECONDS:.0f} s after SIGTERM") from None


@contextlib.asynccontextmanager
async def daemon(file: Path, *words: str, profile: Path | None = None) -> AsyncIterator[Daemon]:
    """
    `xl2 WORDS --config FILE --json`, gone at the end of the block.

    `profile`: where cProfile writes what took its time, when it is stopped. Raises `DaemonFailed` where it does not
    start.
    """
    log = file.with_name(f"{'-'.join(words)}.log")
    profiled = ["-m", "cProfile", "-o", str(profile)] if profile else []
    command = [sys.executable, *profiled, "-m", "xl2.cli", *words, "--config", str(file), "--json"]
    with log.open("ab") as said:
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=said)
    try:
        told = await _first_answer(process, log)
        yield Daemon(pid=process.pid, told=told, log=log, process=process)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()


async def _first_answer(process: asyncio.subprocess.Process, log: Path) -> dict[str, object]:
    text = b""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(START_SECONDS):
            while process.stdout is not None and (line := await process.stdout.readline()):
                text += line
                with contextlib.suppress(orjson.JSONDecodeError):
                    found: dict[str, object] = orjson.loads(text)
                    return found
    raise DaemonFailed(f"{log.stem} did not start within {START_SECONDS:.0f} s: {_end_of(log)}")


def _end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-2000:]


@contextlib.asynccontextmanager
async def attesters(places: Sequence[Place], folder: Path) -> AsyncIterator[dict[str, str]]:
    """Every attester as a process of its own; their URLs by account."""
    async with contextlib.AsyncExitStack() as stack:
        urls = {}
        for one in SIGNERS:
            file = configuration(places, folder / one.role, keys={"attester": one.private_key})
            running = await stack.enter_async_context(daemon(file, "attester", "run"))
            urls[one.address] = str(running.told["url"])
        yield urls


def relayer_configuration(places: Sequence[Place], urls: dict[str, str], folder: Path, **settings: object) -> Path:
    """The file of a relayer that asks these attesters."""
    return configuration(
        places,
        folder / "relayer",
        keys={"relayer": account("relayer").private_key},
        # What it carries pays no fee: how fast it is carried is measured, not what that earns.
        relayer={"store": "relayer.sqlite", "policy": {"carry": "always"}, **settings},
        attester={"urls": urls},
        log={"level": "INFO", "form": "json"},
    )


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far: the 14th and 15th field of proc(5)'s stat."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK
