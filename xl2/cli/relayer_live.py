"""
Live: a relayer, drawn as it stands from its start on.

Promise: a terminal shows one picture that moves, with the log above it; where none is, each change is one plain line;
Ctrl-C ends it like any other run, and leaves the last picture. Looking asks no endpoint. What is drawn is left to
`live_picture`.
"""

import asyncio
import contextlib
import io
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO, cast

import click
from rich.console import Console
from rich.live import Live

from xl2.cli.daemon import logging_as_configured, stoppable
from xl2.cli.live_picture import Frame, Picture, line
from xl2.cli.screen import moment
from xl2.core.lifecycle import Event
from xl2.core.types import checksum
from xl2.errors import Retryable

if TYPE_CHECKING:
    from xl2.app.relaying import BegunRelayer

_FRAME_SECONDS: Final = 1.0


def run_live(config: Path | None, key: str | None) -> None:
    """Run a relayer and show it until it is stopped."""
    asyncio.run(_run(config, key, Console()))


async def _run(config: Path | None, key: str | None, console: Console) -> None:
    from xl2.app import relayer as running  # noqa: PLC0415 - `--help` needs none of it

    async with _screen(console) as show:
        logging_as_configured(config, stream=cast("TextIO", _CurrentStderr()))
        drawing: list[asyncio.Task[None]] = []

        def draw(begun: "BegunRelayer") -> None:
            drawing.append(asyncio.create_task(_draw(begun, show)))

        async def end() -> None:
            for task in drawing:
                task.cancel()
            await asyncio.gather(*drawing, return_exceptions=True)

        try:
            async with stoppable() as stop, running(config, key=key, begun=draw) as carrying:
                try:
                    await stop.wait(carrying.ended)
                finally:
                    await end()
                    await _show(carrying, show)
        finally:
            await end()


async def _draw(begun: "BegunRelayer", show: Callable[[Frame], None]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        await _show(begun, show)
        # A long queue takes longer to count: then pictures come more rarely, and cost the relayer no more.
        await asyncio.sleep(max(_FRAME_SECONDS, 10 * (loop.time() - began)))


async def _show(begun: "BegunRelayer", show: Callable[[Frame], None]) -> None:
    """Draw it; where its store does not answer, which the log tells, the picture stays."""
    with contextlib.suppress(Retryable):
        show(await frame_of(begun))


async def frame_of(begun: "BegunRelayer") -> Frame:
    """What there is to see now."""
    desk, glance = begun.desk, begun.watched.glance
    readiness, lanes = await desk.readiness(), (await desk.lanes()).lanes
    return Frame(
        address=checksum(begun.address),
        earner=checksum(begun.earner),
        url=begun.url,
        now=desk.clock.now(),
        ready=readiness.ready,
        ill=tuple(f"{one.what}: {one.said}. {one.remedy}" for one in readiness.checks if not one.ok),
        lanes=lanes,
        rates={
            lane.name: (glance.rate(lane.name, Event.ORIGIN_FINAL), glance.rate(lane.name, Event.DELIVERY))
            for lane in lanes
        },
        chains=(await desk.chains()).chains,
        resting=tuple((lane, room, why) for (lane, room), why in sorted(glance.resting.items())),
        alarms=(await desk.alarms()).alarms,
    )


@contextlib.asynccontextmanager
async def _screen(console: Console) -> AsyncIterator[Callable[[Frame], None]]:
    """Where pictures go."""
    if not console.is_terminal or console.is_dumb_terminal:
        last: list[str] = []

        def write(frame: Frame) -> None:
            text = line(frame)
            if last[-1:] != [text]:
                click.echo(f"{moment(frame.now)} {text}")
                last[:] = [text]

        yield write
        return
    # Drawn by us alone, so that no other thread writes while the log does.
    with Live(console=console, auto_refresh=False, vertical_overflow="ellipsis") as live:
        yield lambda frame: live.update(Picture(frame), refresh=True)


class _CurrentStderr(io.TextIOBase):
    """Writes to what stderr is now: the picture puts itself there, to move out of the way of other lines."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()

    def isatty(self) -> bool:
        return False
