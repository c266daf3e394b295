"""`xl2 explain`: why a message is not further."""

from pathlib import Path

import click

from xl2.cli.options import client
from xl2.cli.screen import answer, common, moment, pairs


@click.command()
@click.argument("message")
@common
def explain(*, message: str, config: Path | None, as_json: bool) -> None:
    """Say why MESSAGE (its id) is not further, since when, and what would move it."""
    with client(config, "asking both chains", as_json=as_json) as (made, _):
        found = made.explain(message)
    answer(
        found,
        as_json=as_json,
        draw=lambda: pairs(
            [
                ("state", found.state),
                ("why", found.cause),
                ("since", moment(found.since)),
                ("what moves it", found.unblocks),
                *found.facts,
            ]
        ),
    )
