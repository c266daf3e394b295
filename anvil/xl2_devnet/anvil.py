"""
Anvil: one anvil process, from start to end.

A binary and arguments come in; a running node with its URL goes out. Promise: the process listens on loopback only and
never outlives this one: it is stopped at the end of the `async with`, and the kernel kills it if this process dies
in any other way. What is on the chain is left to others.
"""

import asyncio
import contextlib
import os
import re
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from attrs import frozen

from xl2.errors import Fatal, Retryable
from xl2_devnet.bound import bound

START_TIMEOUT_SECONDS = 20.0
STOP_TIMEOUT_SECONDS = 2.0
_POLL_SECONDS = 0.005
_LISTENING = re.compile(r"^Listening on (127\.0\.0\.1:\d+)", re.MULTILINE)


class AnvilFailed(Retryable):
    """anvil did not start, or ended by itself."""

    default_remedy = "Read what anvil said above; if a port is taken, choose another one or none."


class AnvilGone(Fatal):
    """An anvil of the running devnet ended by itself."""

    default_remedy = "The devnet was stopped. Start it again; its state is not kept."


@frozen(kw_only=True)
class Anvil:
    """A running anvil."""

    name: str
    url: str
    process: asyncio.subprocess.Process

    async def wait(self) -> None:
        """Return only by raising: an anvil that ends by itself is a fault.

        Raises:
            AnvilGone: it ended.
        """
        code = await self.process.wait()
        raise AnvilGone(f"the anvil of {self.name} ended by itself with exit code {code}")


@contextlib.asynccontextmanager
async def anvil(binary: Path, name: str, *, port: int, arguments: Sequence[str]) -> AsyncIterator[Anvil]:
    """Start anvil on `port` of 127.0.0.1 (0: a free one) and stop it at the end.

    Raises:
        AnvilFailed: it did not start; the error quotes what anvil said.
    """
    with tempfile.TemporaryFile("w+", prefix=f"anvil-{name}-") as said:
        process = await asyncio.create_subprocess_exec(
            *bound([str(binary), "--host", "127.0.0.1", "--port", str(port), *arguments]),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        try:
            url = await _listening(process, name, said.fileno())
            # anvil logs each call; nobody reads that, and it would grow without end.
            yield Anvil(name=name, url=url, process=process)
        finally:
            await _stop(process)


async def _listening(process: asyncio.subprocess.Process, name: str, said: int) -> str:
    try:
        async with asyncio.timeout(START_TIMEOUT_SECONDS):
            while True:
                text = os.pread(said, 1 << 16, 0).decode("utf-8", "replace")
                if found := _LISTENING.search(text):
                    return f"http://{found[1]}"
                if process.returncode is not None:
                    raise AnvilFailed(f"anvil for {name} ended with exit code {process.returncode}: {text[-600:]}")
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise AnvilFailed(f"anvil for {name} did not listen within {START_TIMEOUT_SECONDS:.0f} s") from None


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        # Nothing of its state is to be kept, so there is nothing to wait for.
        process.kill()
    async with asyncio.timeout(STOP_TIMEOUT_SECONDS):
        await process.wait()
