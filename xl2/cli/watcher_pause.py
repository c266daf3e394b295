"""
Pause by hand: `xl2 watcher pause lane|verifier|asset NAME`, and `xl2 watcher pauses`.

Promise: what will be called, where and with which key is shown before anything is signed, and whether the pause is in
force afterwards, by what most of the chain's endpoints say. Nothing here resumes: the owner's call is shown.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Group
from rich.text import Text

from xl2.cli.options import signing
from xl2.cli.outcome import AnswerIsNo
from xl2.cli.screen import STDERR, answer, busy, common
from xl2.core.types import checksum, hex_text
from xl2.errors import NotAccepted

if TYPE_CHECKING:
    from xl2.app.pausing import Lever, Pausing, Planned
    from xl2.watcher import Pulled


@click.command()
@click.argument("kind", type=click.Choice(["lane", "verifier", "asset"]))
@click.argument("name")
@click.option("--chain", help="There only; else a lane where it arrives, a verifier or token on every chain of it.")
@click.option("--why", default="", help="Kept with the transaction in the journal.")
@click.option("--check", is_flag=True, help="Show what would be called, and how it stands; sign nothing.")
@signing
@common
def pause(
    *,
    kind: str,
    name: str,
    chain: str | None,
    why: str,
    check: bool,
    key: str | None,
    yes: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """
    Pause a lane (901-902-attested), a verifier (its number) or an asset (its symbol), with a guardian's key.

    Also while a watcher runs. Refunds on settled evidence go on. Only the owner resumes.
    """
    asyncio.run(_pause(config, (kind, name, chain), why, key, check=check, yes=yes, as_json=as_json))


@click.command()
@click.option("--all", "everything", is_flag=True, help="Also what is not paused.")
@common
def pauses(*, everything: bool, config: Path | None, as_json: bool) -> None:
    """Show what is paused now, and what its owner calls to resume it. Exit code 1 where that could not be seen."""
    levers = asyncio.run(_standing(config, as_json=as_json))
    shown = [one for one in levers if everything or one.in_force is not False]
    answer([_told(one) for one in shown], as_json=as_json, draw=lambda: _drawn(shown))
    if any(one.in_force is None for one in levers):
        raise AnswerIsNo


async def _standing(config: Path | None, *, as_json: bool) -> "list[Lever]":
    from xl2.app.pausing import pausing  # noqa: PLC0415 - `--help` needs none of it

    with busy("asking the chains", as_json=as_json):
        async with pausing(config) as at:
            return await at.everything()


async def _pause(
    config: Path | None,
    named: tuple[str, str, str | None],
    why: str,
    key: str | None,
    *,
    check: bool,
    yes: bool,
    as_json: bool,
) -> None:
    from xl2.app.pausing import pausing  # noqa: PLC0415 - `--help` needs none of it

    async with pausing(config, key=key) as at:
        wanted = at.named(*named)
        with busy("asking the chains", as_json=as_json):
            planned = await at.planned(wanted)
        due = [one.lever.pause for one in planned if one.is_due]
        if not as_json:
            STDERR.print(_plan(at, planned), soft_wrap=True)
        pulled: list[Pulled] = []
        levers = [one.lever for one in planned]
        if due and not check:
            await _agreed(at, due, yes=yes)
            with busy("pausing", as_json=as_json):
                pulled = await at.pull(due, why)
                levers = await at.look(wanted)
    done = {one.pause: one for one in pulled}
    told = [
        {**_told(lever), "called": _called(one), "done": _done(done.get(lever.pause))}
        for lever, one in zip(levers, planned, strict=True)
    ]
    answer(told, as_json=as_json, draw=lambda: None if check else Group(_results(pulled), _drawn(levers)))
    if not check and any(one.in_force is not True for one in levers):
        raise AnswerIsNo


async def _agreed(at: "Pausing", due: Sequence[Any], *, yes: bool) -> None:
    """Return where the operator agrees. Raises `NotAccepted`, and `ConfigInvalid` for a key that cannot pause."""
    if at.account is not None:
        # Before the question: in an incident nobody should agree to what cannot be done.
        await at.require_guardian(at.account, due)
    if yes:
        return
    if not sys.stdin.isatty():
        raise NotAccepted(
            "there is no terminal to ask at, so nothing was signed", remedy="Pass --yes to approve beforehand."
        )
    if not await asyncio.to_thread(click.confirm, "Sign and pause?", err=True):
        raise NotAccepted("you declined; nothing was signed", remedy="Nothing is paused by this.")


def _plan(at: "Pausing", planned: "Sequence[Planned]") -> Group:
    """What will be called, on which chain, with which key."""
    rows = []
    for one in planned:
        rows += [("pauses", f"{one.lever.what} on {one.lever.where}"), ("now", _standing_of(one.lever))]
        if one.call is None:
            rows.append(("NOT REACHED", one.why_not))
        else:
            rows += [("calls", f"Guard {checksum(one.call.to)}"), ("calldata", hex_text(one.call.data))]
    who = "its account is told when it is opened" if at.account is None else checksum(at.account)
    return _whole([*rows, ("key", f"{at.key}, {who}")])


def _results(pulled: "Sequence[Pulled]") -> Group:
    return _whole([(one.outcome.value, hex_text(one.tx_hash) if one.tx_hash else one.detail) for one in pulled])


def _drawn(levers: "Sequence[Lever]") -> Group:
    rows = []
    for one in levers:
        rows.append((_standing_of(one), f"{one.what} on {one.where}"))
        if one.in_force:
            back = one.resuming
            rows += [
                ("resumed by", f"the owner of {back.contract} {checksum(back.to)} calling {back.call}"),
                ("calldata", hex_text(back.data)),
            ]
    return _whole(rows or [("paused", "nothing")])


def _whole(rows: Sequence[tuple[str, str]]) -> Group:
    """Names and values, a line each however long: calldata is copied whole."""
    width = max((len(name) for name, _ in rows), default=0)
    return Group(*(Text(f"{name.ljust(width)}  {value}", no_wrap=True, overflow="ignore") for name, value in rows))


def _standing_of(lever: "Lever") -> str:
    match lever.in_force:
        case True:
            return "PAUSED"
        case False:
            return "not paused"
        case None:
            return "NOT KNOWN"


def _told(lever: "Lever") -> dict[str, Any]:
    back = lever.resuming
    call = {"contract": back.contract, "to": checksum(back.to), "call": back.call, "data": hex_text(back.data)}
    return {"what": lever.what, "chain": lever.pause.chain, "in_force": lever.in_force, "resumed_by": call}


def _called(one: "Planned") -> dict[str, str]:
    if one.call is None:
        return {"why_not": one.why_not}
    return {"to": checksum(one.call.to), "data": hex_text(one.call.data), "what": one.call.what}


def _done(pulled: "Pulled | None") -> dict[str, str | None] | None:
    if pulled is None:
        return None
    tx_hash = None if pulled.tx_hash is None else hex_text(pulled.tx_hash)
    return {"outcome": pulled.outcome.value, "tx_hash": tx_hash, "detail": pulled.detail}
