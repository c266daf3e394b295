"""`xl2 relayer`: carry everybody's messages, and earn their fees; see how they stand, and give orders."""

import asyncio
from pathlib import Path

import click

from xl2.cli.daemon import Started, keep_what_started, logging_as_configured, stoppable
from xl2.cli.relayer_claim import claim
from xl2.cli.relayer_orders import ORDERS
from xl2.cli.screen import answer, common, pairs
from xl2.core.types import checksum


@click.group()
def relayer() -> None:
    """Carry messages of every lane between the configuration's chains. It needs no trust, and no permission."""


for _order in (*ORDERS, claim):
    relayer.add_command(_order)


@relayer.command()
@click.option("--key", help="Who pays gas: a name under [keys] of the configuration.")
@click.option("--live", is_flag=True, help="Show lanes, chains and alarms as they stand, until Ctrl-C.")
@common
def run(*, key: str | None, live: bool, config: Path | None, as_json: bool) -> None:
    """Carry until Ctrl-C. It can be killed at any moment and started again."""
    if live and as_json:
        raise click.UsageError("--live draws for a person, --json is for programs: choose one")
    if live:
        from xl2.cli.relayer_live import run_live  # noqa: PLC0415 - `--help` needs none of it

        run_live(config, key)
        return
    started = logging_as_configured(config)
    asyncio.run(_run(config, key, started, as_json=as_json))


async def _run(config: Path | None, key: str | None, started: Started, *, as_json: bool) -> None:
    from xl2.app import relayer as running  # noqa: PLC0415 - `--help` needs none of it

    async with stoppable() as stop, running(config, key=key) as carrying:
        told = started.told | {
            "address": checksum(carrying.address),
            "earner": checksum(carrying.earner),
            "url": carrying.url,
            "lanes": [words for _, words in carrying.lanes],
        }
        rows = [*started.rows, ("pays", checksum(carrying.address)), ("earns", checksum(carrying.earner))]
        rows.append(("answers at", carrying.url))
        rows += [("lane", f"{name} ({words})") for name, words in carrying.lanes]
        answer(told, as_json=as_json, draw=lambda: pairs(rows))
        keep_what_started()
        await stop.wait(carrying.ended)
