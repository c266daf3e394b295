"""
Screen: values of ours to a terminal or to JSON.

In: frozen values and how to draw them. Out: one JSON value on stdout with `--json`, else a drawing on stdout; progress
and questions on stderr, so that stdout can be piped. Promise: JSON is the value itself (`xl2.plain`).
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.status import Status
from rich.table import Table
from rich.text import Text

from xl2.plain import plain

F = TypeVar("F", bound=Callable[..., Any])

STDOUT: Final = Console(soft_wrap=True)
STDERR: Final = Console(stderr=True)

#: A hash is 66 characters, and a terminal 80.
_MAX_INDENT: Final = 12


def common(command: F) -> F:
    """Options that every verb has."""
    file = click.option(
        "-c",
        "--config",
        "config",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Configuration; else XL2_CONFIG, xl2.toml or devnet.json in this folder.",
    )
    as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
    return file(as_json(command))


def answer(value: object, *, as_json: bool, draw: Callable[[], object]) -> None:
    """Print the answer of a command."""
    if as_json:
        click.echo(json.dumps(plain(value), indent=2))
        return
    drawn = draw()
    if drawn is not None:
        STDOUT.print(drawn)


def table(title: str, columns: list[str], rows: list[list[str]]) -> Table:
    """A table with a title."""
    drawn = Table(title=title, title_justify="left", title_style="bold", expand=False)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*row)
    return drawn


def entries(title: str, columns: list[str], rows: list[tuple[list[str], list[str]]]) -> Group:
    """
    A row of short cells each, and beneath it what is long (hashes, accounts, sentences), one a line.

    So nothing is broken in the middle: it can be copied whole, and lines can be searched.
    """
    heads = [columns, *(cells for cells, _ in rows)]
    widths = [max(map(len, column)) for column in zip(*heads, strict=True)]

    def in_line(cells: list[str]) -> str:
        return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()

    lines = [Text(title, style="bold"), Text(in_line(columns), style="dim")]
    for cells, beneath in rows:
        lines.append(Text(in_line(cells)))
        lines += [Text(" " * min(widths[0] + 2, _MAX_INDENT) + long) for long in beneath if long]
    return Group(*lines)


def grid(columns: list[str], rows: list[list[str]]) -> Table:
    """Numbers under each other, in as few lines and columns as there are; where there is no room, names give way."""
    drawn = Table(box=SIMPLE_HEAD, padding=0, expand=False)
    for place, column in enumerate(columns):
        width = max(len(column), *(len(row[place]) for row in rows)) if place and rows else None
        drawn.add_column(column, justify="right" if place else "left", no_wrap=True, min_width=width)
    for row in rows:
        drawn.add_row(*row)
    return drawn


def pairs(rows: list[tuple[str, str]]) -> Table:
    """Names and values, one pair a line."""
    drawn = Table.grid(padding=(0, 2))
    drawn.add_column(style="dim", no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, value in rows:
        drawn.add_row(name, value)
    return drawn


def moment(seconds: float | None) -> str:
    """Unix seconds as people read them, UTC."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def expiry(seconds: int) -> str:
    """The end of a message's lifetime as people read it; 0: it has none."""
    if seconds == 0:
        return "never"
    # A sender may name a moment that no calendar has.
    return f"{moment(seconds)} UTC" if seconds < 253_402_300_800 else str(seconds)


class Busy:
    """Shows that something is going on, and what."""

    def __init__(self, status: Status | None) -> None:
        """`status` None: nothing is shown."""
        self._status = status

    def now(self, what: str) -> None:
        """Change the words."""
        if self._status is not None:
            self._status.update(what)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the screen to something else."""
        if self._status is None:
            yield
            return
        self._status.stop()
        try:
            yield
        finally:
            self._status.start()


@contextmanager
def busy(what: str, *, as_json: bool) -> Iterator[Busy]:
    """Show that something is going on, while the block runs. Where nobody looks nothing is shown."""
    if as_json or not STDERR.is_terminal:
        yield Busy(None)
        return
    with STDERR.status(what) as status:
        yield Busy(status)
