"""
Daemon: how long-running verbs log, and how they are asked to stop.

Promise: Ctrl-C or SIGTERM stops a daemon in good order, also while it starts, and the exit code is 0 then.
"""

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path
from typing import Final, TextIO

from attrs import asdict, frozen


@frozen(kw_only=True)
class Started:
    """What runs, and by which file."""

    version: str
    configuration: str

    @property
    def told(self) -> dict[str, str]:
        """For programs."""
        return asdict(self)

    @property
    def rows(self) -> list[tuple[str, str]]:
        """For people."""
        return [("xl2", self.version), ("by", self.configuration)]


def logging_as_configured(config: Path | None, *, stream: TextIO | None = None) -> Started:
    """
    Render logs as the configuration says, with its secrets masked, on stderr or `stream`.

    :returns: what starts. It is the first line of the log, at INFO.
    :raises ConfigInvalid: the configuration cannot be used.
    """
    from xl2 import log  # noqa: PLC0415 - `--help` needs none of it
    from xl2.app.clients import configuration  # noqa: PLC0415
    from xl2.config import secrets_in  # noqa: PLC0415

    read = configuration(config)
    log.configure(level=read.log.level, form=read.log.form, secrets=secrets_in(read), stream=stream)
    started = Started(version=version("xl2"), configuration=str(read.source.resolve()))
    logging.getLogger(__name__).info("xl2 starts", extra={"fields": started.told})
    return started


#: New values after which the collector of garbage looks through them: a batch of messages makes some thousand, and most
#: are gone when it is done.
_COLLECTED_AFTER: Final = 10_000


def keep_what_started() -> None:
    """What a start has made lives as long as the process: the collector of garbage need not walk it ever again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECTED_AFTER)


class Stop:
    """
    How a daemon is asked to stop, from its start on.

    While it starts, being asked cancels the start; once it waits, that it was asked ends the wait, so that what runs
    then is stopped in good order.
    """

    def __init__(self, starting: "asyncio.Task[object] | None") -> None:
        """`starting`: the task that starts the daemon, and waits then."""
        self._task = starting
        self._event = asyncio.Event()
        self._is_up = False

    @property
    def was_asked(self) -> bool:
        """Whether it was."""
        return self._event.is_set()

    def ask(self) -> None:
        """Ask it."""
        self._event.set()
        if not self._is_up and self._task is not None:
            self._task.cancel()

    async def wait(self, ended: asyncio.Event | None = None) -> None:
        """Return when it was asked. `ended`: set when it has ended by itself."""
        self._is_up = True
        waits = [asyncio.ensure_future(event.wait()) for event in (self._event, ended) if event is not None]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()


@contextlib.asynccontextmanager
async def stoppable() -> AsyncIterator[Stop]:
    """SIGINT and SIGTERM ask what starts and runs in the block to stop; the block is left without an error then."""
    task = asyncio.current_task()
    stop, loop = Stop(task), asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.ask)
    try:
        yield stop
    except asyncio.CancelledError:
        if not stop.was_asked or task is None:
            raise
        task.uncancel()
    finally:
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(name)
