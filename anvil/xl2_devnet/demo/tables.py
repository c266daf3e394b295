"""
Demo tables: reports to a terminal, or to one JSON value.

Promise: one table a route; what was not as it should be is said in a sentence each, after the tables.
"""

from collections.abc import Sequence

import attrs
import orjson
from rich import box
from rich.console import Console
from rich.table import Table

from xl2_devnet.demo.report import Report, Row, failures


def as_json(reports: Sequence[Report], seconds: float) -> str:
    """All of it as one JSON value."""
    value = {
        "is_right": all(report.is_right for report in reports),
        "seconds": round(seconds, 1),
        "failures": list(failures(reports)),
        "routes": [{**attrs.asdict(report), "is_right": report.is_right} for report in reports],
    }
    return orjson.dumps(value, default=_hex, option=orjson.OPT_INDENT_2).decode()


def draw(console: Console, reports: Sequence[Report], seconds: float) -> None:
    """Print one table a route, then what was checked."""
    for report in reports:
        console.print(_table(report))
        right = sum(check.holds for check in report.checks)
        console.print(f"    {right} of {len(report.checks)} checks hold, {report.seconds:.0f} s", style="dim")
        for check in report.checks:
            console.print(
                f"    {'✓' if check.holds else '✗'} {check.what}: {check.found}", highlight=False, markup=False
            )
        console.print()
    wrong = list(failures(reports))
    for sentence in wrong:
        console.print(f"[red]not as it should be[/red] {sentence}", highlight=False)
    verdict = "everything is as it should be" if not wrong else f"not as it should be: {len(wrong)}"
    console.print(f"[bold]{verdict}[/bold], {seconds:.0f} s after set-up", highlight=False)


def _table(report: Report) -> Table:
    table = Table(
        title=f"({report.letter}) {report.title}",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for name in ("room", "chain", "time"):
        table.add_column(name, no_wrap=True)
    table.add_column("tx", no_wrap=True)
    table.add_column("gas", justify="right", no_wrap=True)
    # A class to a line, so that a whole row fits a terminal of 80 columns.
    table.add_column("evidence", max_width=9)
    table.add_column("who was trusted", min_width=16)
    before = ""
    for row in report.rows:
        if row.message != before:
            table.add_row(f"[bold]{row.message}[/bold]")
        table.add_row(*_cells(row))
        before = row.message
    return table


def _cells(row: Row) -> list[str]:
    # Whole hashes are in the JSON; here a line must fit.
    tx = "" if row.tx_hash is None else f"0x{row.tx_hash.hex()[:6]}…"
    gas = "" if row.gas is None else f"{row.gas:,}"
    return [f"  {row.room}", row.chain, row.time, tx, gas, row.evidence, row.trusted]


def _hex(value: object) -> object:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    raise TypeError(f"{type(value).__name__} has no place in JSON")
