"""`xl2 doctor`: what is well, and what is not."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.table import Table
from rich.text import Text

from xl2.cli.outcome import AnswerIsNo
from xl2.cli.screen import answer, busy, common

if TYPE_CHECKING:
    from xl2.app.doctor import Diagnosis

#: Characters of what was looked at; longer names go over several lines.
_LONGEST_NAME: Final = 34


@click.command()
@common
def doctor(*, config: Path | None, as_json: bool) -> None:
    """Look at configuration, chains, contracts, lanes, keys and clocks. Exit code 1 if something is not well."""
    from xl2.app.doctor import doctor as look  # noqa: PLC0415 - `--help` needs none of it

    with busy("looking", as_json=as_json):
        found = asyncio.run(look(config))
    answer(found, as_json=as_json, draw=lambda: drawn(found))
    if not found.is_well:
        raise AnswerIsNo


def drawn(found: "Diagnosis") -> Table:
    """One thing a line; what to do stands beneath what is ill."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    # A whole address would leave no room for what is said of it.
    table.add_column(overflow="fold", max_width=_LONGEST_NAME)
    table.add_column(overflow="fold")
    for check in found.checks:
        said = Text(check.said)
        if not check.ok:
            said.append(f"\n{check.remedy}", style="bold")
        table.add_row(Text("well", style="dim") if check.ok else Text("ILL", style="bold red"), Text(check.what), said)
    return table
