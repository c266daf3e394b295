"""`xl2 explain`: why a message is not further."""

import asyncio
import time
from pathlib import Path
from typing import Any

import click

from xl2.cli.options import client
from xl2.cli.screen import answer, common, moment, pairs
from xl2.plain import plain
from xl2.sdk import Explanation


@click.command()
@click.argument("message")
@common
def explain(*, message: str, config: Path | None, as_json: bool) -> None:
    """Say why MESSAGE (its id) is not further, since when, and what would move it."""
    from xl2.app.operating import explained_by_relayer  # noqa: PLC0415 - `--help` needs none of it

    with client(config, "asking both chains", as_json=as_json) as (made, _):
        found = made.explain(message)
        relayer = asyncio.run(explained_by_relayer(config, message))
    told = {name: plain(getattr(found, name)) for name in ("id", "state", "cause", "since", "unblocks", "facts")}
    answer({**told, "relayer": relayer}, as_json=as_json, draw=lambda: pairs(_rows(found, relayer)))


def _rows(found: Explanation, relayer: dict[str, Any] | None) -> list[tuple[str, str]]:
    rows = [
        ("state", found.state),
        ("why", found.cause),
        ("since", moment(found.since)),
        ("what moves it", found.unblocks),
        *found.facts,
    ]
    if relayer is not None:
        if relayer["cause"] != found.cause:
            rows += [("this relayer", relayer["cause"]), ("what moves that", relayer["unblocks"])]
        rows.append(("it looks again", _looks(relayer, time.time())))
    return rows


def _looks(relayer: dict[str, Any], now: float) -> str:
    """When a relayer takes a message up again; the time at which it was due may have passed, while others go first."""
    due, attempts = relayer["next_attempt"], relayer["attempts"]
    if due is None:
        return "no"
    when = "with its lane's next look" if due <= now else moment(due)
    if not attempts:
        return when
    return f"{when}, after {attempts} attempt{'s' if attempts > 1 else ''} in vain"
