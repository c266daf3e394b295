"""`xl2 watcher`: recompute heads and backing from the chains, and pause what broke; go through its evidence."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xl2.cli.daemon import logging_as_configured, stoppable
from xl2.cli.outcome import AnswerIsNo
from xl2.cli.screen import STDOUT, answer, common, pairs, table
from xl2.cli.watcher_pause import pause, pauses
from xl2.core.types import checksum

if TYPE_CHECKING:
    from xl2.watcher import Watcher


@click.group()
def watcher() -> None:
    """Recompute from the chains alone what must hold on them, and pause what broke it."""


watcher.add_command(pause)
watcher.add_command(pauses)


@watcher.command()
@click.option("--key", help="Who pauses: a name under [keys] of the configuration; a guardian and nothing else.")
@click.option("--dry-run", is_flag=True, help="Tell of contradictions and pause nothing; needs no key.")
@click.option("--once", is_flag=True, help="Look at everything once; exit code 1 if something contradicts.")
@common
def run(*, key: str | None, dry_run: bool, once: bool, config: Path | None, as_json: bool) -> None:
    """Watch until Ctrl-C. It can be killed at any moment and started again."""
    logging_as_configured(config)
    asyncio.run(_run(config, key, dry_run=dry_run, once=once, as_json=as_json))


@watcher.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@common
def verify(*, file: Path, config: Path | None, as_json: bool) -> None:
    """Check each fact of a watcher's evidence with the endpoints of this configuration."""
    asyncio.run(_verify(config, file, as_json=as_json))


async def _run(config: Path | None, key: str | None, *, dry_run: bool, once: bool, as_json: bool) -> None:
    from xl2.app.watching import watcher as running  # noqa: PLC0415 - `--help` needs none of it

    def tell(evidence: Mapping[str, Any]) -> None:
        if as_json:
            # A line each, so that whoever reads along need not wait for the end.
            click.echo(json.dumps(evidence))
        else:
            STDOUT.print(pairs([("kind", evidence["kind"]), ("what", evidence["what"]), *_paused(evidence)]))

    found = False
    async with (
        stoppable() as stop,
        running(config, key=key, dry_run=dry_run, once=once, tell=tell) as watching,
    ):
        rights = watching.rights
        account, may = (checksum(rights.account), list(rights.sentences)) if rights else (None, [])
        told = {
            "account": account,
            "may": may,
            "endpoints": {str(chain): list(names) for chain, names in watching.endpoints.items()},
            "logs": watching.logs,
            "tokens": list(watching.tokens),
            "url": watching.url,
            "dry_run": dry_run,
        }
        rows = [("key", account or "none: a dry run pauses nothing"), *(("may", sentence) for sentence in may)]
        rows += [("watches", name) for names in watching.endpoints.values() for name in names]
        rows += [("logs", str(watching.logs)), ("tokens", ", ".join(watching.tokens)), ("answers at", watching.url)]
        if as_json:
            click.echo(json.dumps(told))
        else:
            STDOUT.print(pairs(rows))
        if once:
            await watching.watcher.look()
            if not (as_json or stop.was_asked):
                STDOUT.print(pairs(verdict(watching.watcher)))
        else:
            await stop.wait()
        found = any(case.is_confirmed for case in watching.watcher.cases.values())
    if once and stop.was_asked:
        # It has not looked at everything, so there is no answer.
        raise click.Abort
    if found:
        raise AnswerIsNo


async def _verify(config: Path | None, file: Path, *, as_json: bool) -> None:
    from xl2.app.verifying import verify as verified  # noqa: PLC0415 - `--help` needs none of it

    found = await verified(file, config)
    told = {
        "stands": found.stands,
        "why": found.why,
        "facts": [{"fact": type(fact).__name__, "endpoint": eye, "says": says.value} for fact, eye, says in found.said],
    }
    rows = [[type(fact).__name__, str(fact.at.number), eye, says.value] for fact, eye, says in found.said]
    title = found.why or "These facts do not contradict each other."
    answer(told, as_json=as_json, draw=lambda: table(title, ["fact", "block", "endpoint", "says"], rows))
    if not found.stands:
        raise AnswerIsNo


def verdict(watcher: "Watcher") -> list[tuple[str, str]]:
    """What one look came to; what contradicts has been told already."""
    if watcher.lagging:
        return [("not seen", name) for name in watcher.lagging]
    return [] if watcher.cases else [("found", "nothing that contradicts")]


def _paused(evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(one["outcome"], f"{one['pause']} {one['tx_hash'] or one['detail']}") for one in evidence["paused"]]
