"""
Command line: `xl2 devnet matrix`.

Words of a shell come in; the matrix is filled on a devnet of its own, or on one that runs, and printed. Exit code 1 if
a cell failed.
"""

import asyncio
import contextlib
import logging
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import click
from rich.console import Console

from xl2_devnet.clocks import BRISK
from xl2_devnet.demo.scene import scene
from xl2_devnet.devnet import up
from xl2_devnet.matrix.cells import Cell, Outcome, fill
from xl2_devnet.matrix.tables import as_json as to_json
from xl2_devnet.matrix.tables import draw
from xl2_devnet.options import Options

#: Told one plain sentence about each thing that takes time.
Say = Callable[[str], object]


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
    async with _devnet(l2, file, say) as described, scene(described) as at_hand:
        began = time.monotonic()
        cells = await fill(at_hand, say)
        return cells, time.monotonic() - began


@contextlib.asynccontextmanager
async def _devnet(l2: tuple[str, ...], file: Path | None, say: Say) -> AsyncIterator[Path]:
    """The devnet of a file, or one of our own on which each L2 is home to tokens."""
    if file is not None:
        yield file
        return
    with tempfile.TemporaryDirectory(prefix="xl2-matrix-") as folder:
        own = Path(folder) / "devnet.json"
        say(f"starting an L1 and {len(l2)} L2s")
        async with up(Options(l2=l2, clocks=BRISK, file=own, homes=len(l2)), say=say) as described:
            say(f"they are ready after {described.ready_seconds:.1f} s")
            yield own
