"""`xl2 doctor`: what is well, and what is not."""

import asyncio
from pathlib import Path

import click

from xl2.cli.outcome import AnswerIsNo
from xl2.cli.screen import answer, busy, common, table


@click.command()
@common
def doctor(*, config: Path | None, as_json: bool) -> None:
    """Look at configuration, chains, contracts, lanes, keys and clocks. Exit code 1 if something is not well."""
    from xl2.app.doctor import doctor as look  # noqa: PLC0415 - `--help` needs none of it

    with busy("looking", as_json=as_json):
        found = asyncio.run(look(config))
    rows = [["well" if check.ok else "ILL", check.what, check.said, check.remedy] for check in found.checks]
    answer(found, as_json=as_json, draw=lambda: table("xl2 doctor", ["", "what", "found", "what to do"], rows))
    if not found.is_well:
        raise AnswerIsNo
