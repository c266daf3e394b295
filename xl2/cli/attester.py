"""`xl2 attester run`: sign final heads for those who trust this key."""

import asyncio
from pathlib import Path

import click

from xl2.cli.daemon import Started, keep_what_started, logging_as_configured, stoppable
from xl2.cli.screen import answer, common, pairs
from xl2.core.types import checksum


@click.group()
def attester() -> None:
    """Sign final heads of lanes, each recomputed from the chain's own events."""


@attester.command()
@click.option("--key", help="Who signs: a name under [keys] of the configuration.")
@click.option("--listen", metavar="HOST:PORT", help="Where to answer; port 0 is a free one.")
@common
def run(*, key: str | None, listen: str | None, config: Path | None, as_json: bool) -> None:
    """Answer for signed heads until Ctrl-C."""
    started = logging_as_configured(config)
    asyncio.run(_run(config, key, listen, started, as_json=as_json))


async def _run(config: Path | None, key: str | None, listen: str | None, started: Started, *, as_json: bool) -> None:
    from xl2.app import attester as running  # noqa: PLC0415 - `--help` needs none of it

    async with stoppable() as stop, running(config, key=key, listen=listen) as answering:
        told = {"address": checksum(answering.address), "url": answering.url}
        answer(started.told | told, as_json=as_json, draw=lambda: pairs([*started.rows, *told.items()]))
        keep_what_started()
        await stop.wait()
