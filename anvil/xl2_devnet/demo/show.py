"""
Demo: messages and tokens move between two L2s over three kinds of evidence, and everything is checked.

A running devnet's file comes in, or none: then one is started and ended. An exit code goes out, and the tables.
Promise: 0 only if every check held. The routes run side by side, each with a key of its own; what each does is
`routes`'.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from pathlib import Path

import click
from attrs import evolve
from rich.console import Console

from xl2.errors import Xl2Error
from xl2_devnet.clocks import BRISK
from xl2_devnet.demo.ground import Say, ground
from xl2_devnet.demo.report import Check, Report
from xl2_devnet.demo.routes import LETTERS, SIDE_BY_SIDE, Route
from xl2_devnet.demo.scene import Scene, scene
from xl2_devnet.demo.tables import as_json as to_json
from xl2_devnet.demo.tables import draw
from xl2_devnet.options import Options


def show(file: Path | None, *, as_json: bool) -> int:
    """Run the demo and print it; 0 if everything was as it should be, else 1."""
    # The tables tell what happened; who wants the logs of a library configures them.
    logging.getLogger("xl2").addHandler(logging.NullHandler())
    console = Console(stderr=True)
    say: Say = (lambda _: None) if as_json else (lambda sentence: console.print(sentence, style="dim"))
    reports, seconds = asyncio.run(demonstrate(file, say))
    if as_json:
        click.echo(to_json(reports, seconds))
    else:
        draw(Console(), reports, seconds)
    return 0 if all(report.is_right for report in reports) else 1


async def demonstrate(file: Path | None, say: Say) -> tuple[list[Report], float]:
    """Every route's report, and how long they took together after set-up."""
    async with ground(file, Options(clocks=BRISK), say) as described, scene(described) as at_hand:
        say("the routes run side by side")
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(_in_turn(routes, at_hand, say)) for routes in SIDE_BY_SIDE]
        reports = [report for task in running for report in task.result()]
        return sorted(reports, key=lambda report: report.letter), time.monotonic() - began


async def _in_turn(routes: Sequence[Route], at_hand: Scene, say: Say) -> list[Report]:
    reports = []
    for route in routes:
        began = time.monotonic()
        report = evolve(await _reported(route, at_hand), seconds=time.monotonic() - began)
        say(f"({report.letter}) {report.title}: {'right' if report.is_right else 'NOT as it should be'}")
        reports.append(report)
    return reports


async def _reported(route: Route, at_hand: Scene) -> Report:
    """A route's report. One that fails is a report too, so that the others are still shown."""
    try:
        return await route(at_hand)
    except Xl2Error as error:
        letter, title = LETTERS[route], (route.__doc__ or "").strip().partition(") ")[2]
        came = Check(what="it came to its end", holds=False, found=f"{error.what} ({error.remedy})")
        return Report(letter=letter, title=title, rows=(), checks=(came,))
