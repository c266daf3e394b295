"""
Daemon: how long-running verbs log, and how they are asked to stop.

Promise: the first Ctrl-C or SIGTERM stops a daemon in good order, and the exit code is 0 then.
"""

import asyncio
import signal
from pathlib import Path
from typing import TextIO


def logging_as_configured(config: Path | None, *, stream: TextIO | None = None) -> None:
    """Render logs as the configuration says, with its secrets masked, on stderr or `stream`. Raises `ConfigInvalid`."""
    from xl2 import log  # noqa: PLC0415 - `--help` needs none of it
    from xl2.app.clients import configuration  # noqa: PLC0415
    from xl2.config import secrets_in  # noqa: PLC0415

    read = configuration(config)
    log.configure(level=read.log.level, form=read.log.form, secrets=secrets_in(read), stream=stream)


async def until_stopped(ended: asyncio.Event | None = None) -> None:
    """Return when the process is asked to stop. `ended`: set when it has ended by itself."""
    stop = ended or asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    try:
        await stop.wait()
    finally:
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(name)
