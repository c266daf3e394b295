"""
Command line: `xl2 devnet matrix`.

Words of a shell come in; the matrix is filled on a devnet of its own, or on one that runs, and printed. Exit code 1 if
a cell failed.
"""

import asyncio
import logging
import time
from pathlib import Path

import click
from rich.console import Console

from xl2_devnet.clocks import BRISK
from xl2_devnet.demo.ground import Say, ground
from xl2_devnet.demo.scene import scene
from xl2_devnet.matrix.cells import Cell, Outcome, fill
from xl2_devnet.matrix.tables import as_json as to_json
from xl2_devnet.matrix.tables import draw
from xl2_devnet.options import Options


def show(l2: tuple[str, ...], file: Path | None, *, as_json: bool) -> int:
    """Fill the matrix and print it; 0 if no cell failed, else 1."""
    logging.getLogger("xl2").addHandler(logging.NullHandler())
    console = Console(stderr=True)
    say: Say = (lambda _: None) if as_json else (lambda sentence: console.print(sentence, style="dim"))
    cells, seconds = asyncio.run(filled(l2, file, say))
    if as_json:
        click.echo(to_json(cells, seconds))
    else:
        draw(Console(), cells, seconds)
    return 1 if any(cell.outcome is Outcome.FAILED for cell in cells) else 0


async def filled(l2: tuple[str, ...], file: Path | None, say: Say) -> tuple[list[Cell], float]:
    """Every cell, and how long they took together after set-up."""
    async with ground(file, Options(l2=l2, clocks=BRISK, homes=len(l2)), say) as described, scene(described) as at_hand:
        began = time.monotonic()
        cells = await fill(at_hand, say)
        return cells, time.monotonic() - began
