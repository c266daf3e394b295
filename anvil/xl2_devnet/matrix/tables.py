"""
Matrix tables: cells to a terminal, or to one JSON value.

Promise: one table a route, one line a pair, one column a kind; why a cell cannot be, or failed, stands in a note
below, each sentence once.
"""

from collections.abc import Sequence

import attrs
import orjson
from rich import box
from rich.console import Console
from rich.table import Table

from xl2_devnet.matrix.cells import ROUTES, Cell, Kind, Outcome


def as_json(cells: Sequence[Cell], seconds: float) -> str:
    """All of it as one JSON value."""
    counted = {outcome.value: sum(cell.outcome is outcome for cell in cells) for outcome in Outcome}
    value = {"seconds": round(seconds, 1), **counted, "cells": [attrs.asdict(cell) for cell in cells]}
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def draw(console: Console, cells: Sequence[Cell], seconds: float) -> None:
    """Print one table a route, and the notes."""
    notes: dict[str, int] = {}
    for route in ROUTES:
        table = Table(title=route, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
        for name in ("from", "to", *Kind):
            table.add_column(name, no_wrap=True)
        mine = [cell for cell in cells if cell.route == route]
        for pair in dict.fromkeys((cell.origin, cell.destination) for cell in mine):
            signs = [_sign(cell, notes) for cell in mine if (cell.origin, cell.destination) == pair]
            table.add_row(*pair, *signs)
        console.print(table)
    for why, number in notes.items():
        console.print(f"  ({number}) {why}", highlight=False, markup=False)
    works, cannot, failed = (sum(cell.outcome is outcome for cell in cells) for outcome in Outcome)
    verdict = f"{works} work, {cannot} cannot be and say why" + (f", {failed} FAILED" if failed else "")
    console.print(f"[bold]{verdict}[/bold], {seconds:.0f} s after set-up", highlight=False)


def _sign(cell: Cell, notes: dict[str, int]) -> str:
    if cell.outcome is Outcome.WORKS:
        return f"[green]✓[/green] {cell.seconds:.0f} s"
    number = notes.setdefault(cell.why, len(notes) + 1)
    return f"[dim]cannot ({number})[/dim]" if cell.outcome is Outcome.CANNOT else f"[red]✗ FAILED ({number})[/red]"
