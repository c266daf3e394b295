"""`xl2 relayer run`: carry everybody's messages, and earn their fees."""

import asyncio
from pathlib import Path

import click

from xl2.cli.daemon import logging_as_configured, until_stopped
from xl2.cli.screen import answer, common, pairs
from xl2.core.types import checksum


@click.group()
def relayer() -> None:
    """Carry messages of every lane between the configuration's chains. It needs no trust, and no permission."""


@relayer.command()
@click.option("--key", help="Who pays gas: a name under [keys] of the configuration.")
@common
def run(*, key: str | None, config: Path | None, as_json: bool) -> None:
    """Carry until Ctrl-C. It can be killed at any moment and started again."""
    logging_as_configured(config)
    asyncio.run(_run(config, key, as_json=as_json))


async def _run(config: Path | None, key: str | None, *, as_json: bool) -> None:
    from xl2.app import relayer as running  # noqa: PLC0415 - `--help` needs none of it

    async with running(config, key=key) as carrying:
        told = {"address": checksum(carrying.address), "lanes": list(carrying.lanes)}
        rows = [("pays", checksum(carrying.address)), *(("lane", lane) for lane in carrying.lanes)]
        answer(told, as_json=as_json, draw=lambda: pairs(rows))
        await until_stopped()
