"""
Live: a running relayer, drawn as it stands: lanes by states and rates, chains with balances, what rests, alarms.

Promise: a terminal shows one picture that moves, with the log above it; where none is, each change is one plain line;
Ctrl-C ends it like any other run, and leaves the last picture. Drawing reads what is there and asks no endpoint.
"""

import asyncio
import contextlib
import io
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO, cast

import click
from attrs import frozen
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from xl2.cli.daemon import logging_as_configured, stoppable
from xl2.cli.relayer_orders import GROUPS
from xl2.cli.screen import grid, moment, pairs
from xl2.core.lifecycle import Event
from xl2.core.types import checksum
from xl2.operator.values import ChainReading, LaneStanding

if TYPE_CHECKING:
    from xl2.app.relaying import RunningRelayer

_FRAME_SECONDS: Final = 1.0
_SHOWN_ALARMS: Final = 5
_ETHER: Final = 10**18


@frozen(kw_only=True)
class Frame:
    """What one picture shows."""

    address: str
    url: str
    now: float
    ready: bool
    #: What is not as it should be.
    ill: tuple[str, ...]
    lanes: tuple[LaneStanding, ...]
    #: By name of the lane: messages observed and delivered a second.
    rates: dict[str, tuple[float, float]]
    chains: tuple[tuple[str, ChainReading], ...]
    #: Lane, room, and why it rests.
    resting: tuple[tuple[str, str, str], ...]
    #: Time, kind and words, newest last.
    alarms: tuple[tuple[float, str, str], ...]


def run_live(config: Path | None, key: str | None) -> None:
    """Run a relayer and show it until it is stopped."""
    asyncio.run(_run(config, key, Console()))


def drawn(frame: Frame) -> Group:
    """A picture."""
    parts: list[Any] = [
        pairs(
            [
                ("relayer", f"{frame.address}, answers at {frame.url}"),
                ("now (UTC)", f"{moment(frame.now)}, {'ready' if frame.ready else 'NOT READY'}"),
                *(("not well", one) for one in frame.ill),
            ]
        ),
        _lanes(frame),
        _chains(frame.chains),
    ]
    paused = [(lane.name, lane.paused) for lane in frame.lanes if lane.paused]
    if paused:
        parts.append(pairs([(f"PAUSED {name}", f"by {one.by}: {one.why}") for name, one in paused]))
    if frame.resting:
        parts.append(pairs([(f"{room} {lane}", f"rests: {why}") for lane, room, why in frame.resting]))
    alarms = [(f"ALARM {moment(at)}", f"{kind}: {what}") for at, kind, what in frame.alarms[-_SHOWN_ALARMS:]]
    parts.append(pairs(alarms) if alarms else Text("no alarms", style="dim"))
    return Group(*parts)


def line(frame: Frame) -> str:
    """The same in one line, for where nothing can be drawn over."""
    lanes = [
        f"{lane.name}: {lane.pending} pending, {frame.rates[lane.name][1]:.1f}/s" + (" PAUSED" if lane.paused else "")
        for lane in frame.lanes
        if lane.states or lane.paused
    ]
    parts = ["ready" if frame.ready else "NOT READY: " + " ".join(frame.ill), *lanes]
    parts += [f"ALARM {kind}: {what}" for _, kind, what in frame.alarms[-1:]]
    return " | ".join(parts)


def _lanes(frame: Frame) -> Table:
    rows = []
    for lane in frame.lanes:
        counts = [str(sum(lane.states.get(state, 0) for state in states) or "") for _, states in GROUPS]
        age = "" if lane.oldest_pending is None else f"{max(0.0, frame.now - lane.oldest_pending):.0f} s"
        rows.append([lane.name, *counts, *(f"{rate:.1f}" for rate in frame.rates[lane.name]), age])
    return grid(["lane", *(name for name, _ in GROUPS), "in/s", "out/s", "oldest"], rows)


def _chains(chains: Sequence[tuple[str, ChainReading]]) -> Table:
    rows = [
        [
            name,
            str(one.heads["latest"]),
            f"{one.head_age_seconds:.0f} s",
            f"{one.balance / _ETHER:.6f}",
            f"{one.claimable / _ETHER:.6f}",
            str(one.open_nonces),
        ]
        for name, one in chains
    ]
    return grid(["chain", "block", "age", "balance, ether", "claimable", "open tx"], rows)


async def _run(config: Path | None, key: str | None, console: Console) -> None:
    from xl2.app import relayer as running  # noqa: PLC0415 - `--help` needs none of it

    async with _screen(console) as show:
        logging_as_configured(config, stream=cast("TextIO", _CurrentStderr()))
        async with stoppable() as stop, running(config, key=key) as carrying:
            drawing = asyncio.create_task(_draw(carrying, show))
            try:
                await stop.wait(carrying.ended)
            finally:
                drawing.cancel()
                await asyncio.gather(drawing, return_exceptions=True)
                show(await frame_of(carrying))


async def _draw(carrying: "RunningRelayer", show: Callable[[Frame], None]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        show(await frame_of(carrying))
        # A long queue takes longer to count: then pictures come more rarely, and cost the relayer no more.
        await asyncio.sleep(max(_FRAME_SECONDS, 10 * (loop.time() - began)))


async def frame_of(carrying: "RunningRelayer") -> Frame:
    """What there is to see now."""
    readiness, lanes = await carrying.desk.readiness(), (await carrying.desk.lanes()).lanes
    glance = carrying.watched.glance
    return Frame(
        address=checksum(carrying.address),
        url=carrying.url,
        now=carrying.desk.clock.now(),
        ready=readiness.ready,
        ill=tuple(f"{one.what}: {one.said}. {one.remedy}" for one in readiness.checks if not one.ok),
        lanes=lanes,
        rates={
            lane.name: (glance.rate(lane.name, Event.ORIGIN_FINAL), glance.rate(lane.name, Event.DELIVERY))
            for lane in lanes
        },
        chains=tuple((carrying.readings.name(one.chain), one) for one in carrying.readings.last),
        resting=tuple((lane, room, why) for (lane, room), why in sorted(glance.resting.items())),
        alarms=tuple((at, alarm.kind.value, alarm.what) for at, alarm in glance.alarms),
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
        yield lambda frame: live.update(drawn(frame), refresh=True)


class _CurrentStderr(io.TextIOBase):
    """Writes to what stderr is now: the picture puts itself there, to move out of the way of other lines."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()

    def isatty(self) -> bool:
        return False
