"""
Ready: how long a person waits for a devnet, by a clock outside of it.

Kinds of L2s come in, seconds go out. Promise: the time is that of the whole command, from the start of its process to
the line that says that everything answers; with packages and tools in the user's cache, and no snapshot or one. The
devnet is ended before this returns.
"""

import asyncio
import contextlib
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import orjson

from xl2_devnet.anvil import AnvilFailed

_STOP_SECONDS = 20.0


async def ready_seconds(kinds: Sequence[str], *, cold: bool) -> float:
    """Start and end a devnet; seconds until it was ready. `cold`: from nothing, else from a snapshot.

    Raises:
        AnvilFailed: it did not come up, and what it said is quoted; or the start before it left no snapshot.
    """
    took, from_snapshot = await _start(kinds, cold=cold)
    if not cold and not from_snapshot:
        # There was no snapshot; now there is.
        took, from_snapshot = await _start(kinds, cold=cold)
        if not from_snapshot:
            raise AnvilFailed(f"a devnet of {', '.join(kinds)} leaves no snapshot that the next one takes")
    return took


async def _start(kinds: Sequence[str], *, cold: bool) -> tuple[float, bool]:
    """Seconds until it was ready, and whether it began from a snapshot."""
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryDirectory(prefix="xl2-ready-") as folder:
        words = ["--l2", ",".join(kinds), "--file", str(Path(folder) / "devnet.json"), "--json"]
        began = loop.time()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "xl2_devnet", "up", *words, "--no-cache" if cold else "--cache",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            # One line tells all of a devnet.
            limit=1 << 22,
        )  # fmt: skip
        assert process.stdout is not None  # noqa: S101 - asked for above
        assert process.stderr is not None  # noqa: S101
        try:
            line = await process.stdout.readline()
            took = loop.time() - began
            if not line:
                said = (await process.stderr.read()).decode("utf-8", "replace")
                raise AnvilFailed(f"the devnet of {', '.join(kinds)} did not come up: {said[-800:]}")
            return took, bool(orjson.loads(line)["devnet"]["from_snapshot"])
        finally:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(_STOP_SECONDS):
        await process.wait()
