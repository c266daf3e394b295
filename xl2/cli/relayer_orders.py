"""
Orders: what is asked of a relayer, and what it is told: `xl2 relayer status|messages|pause|resume|retry|skip|drain`.

Promise: the running relayer is asked where there is one, else its store, with the same answer; each order says what it
did.
"""

import asyncio
import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Group
from rich.table import Table
from rich.text import Text

from xl2.cli.screen import answer, busy, common, entries, grid, moment, pairs
from xl2.errors import RpcUnavailable
from xl2.operator.routes import Asked

ETHER: Final = 10**18
_OPEN: Final = ["chain", "nonce", "attempts", "for"]
#: States by what is to be done with a message; all columns fit into eighty characters.
GROUPS: Final = (
    ("deliver", ("unsent", "sent", "observed", "proven")),
    ("fail", ("failed",)),
    ("late", ("overdue",)),
    ("confirm", ("delivered", "expired")),
    ("settle", ("confirmed", "refundable")),
    ("over", ("settled", "refunded")),
)


@click.command()
@common
def status(*, config: Path | None, as_json: bool) -> None:
    """Show how lanes stand, and whether the relayer is well. Works also while none runs."""
    found = asyncio.run(_status(config, as_json=as_json))
    answer(found, as_json=as_json, draw=lambda: _drawn(found))


@click.command()
@click.option("--lane", help="Of this lane only, such as 901-902-settled.")
@click.option("--state", "states", multiple=True, help="In this state only; may be repeated. `pending`: not over.")
@click.option("--after", help="`next` of the page before.")
@click.option("--limit", type=int, default=20, show_default=True, help="Most messages on the page.")
@common
def messages(
    *, lane: str | None, states: Sequence[str], after: str | None, limit: int, config: Path | None, as_json: bool
) -> None:
    """List messages by lane and nonce."""
    query = [("limit", str(limit)), *(("state", state) for state in states)]
    query += [(name, value) for name, value in (("lane", lane), ("after", after)) if value]
    found = _ask(config, "GET", "/messages", Asked(query=query), as_json=as_json)
    answer(found, as_json=as_json, draw=lambda: _listed(found))


@click.command()
@click.argument("lane")
@click.option("--why", default="", help="Kept with the pause.")
@common
def pause(*, lane: str, why: str, config: Path | None, as_json: bool) -> None:
    """Neither prove, deliver nor retry on LANE (901-902-settled). Refunds and settlements go on."""
    asked = Asked(path={"lane": lane}, body={"why": why} if why else {}, by=_me())
    _order(config, "/lanes/{lane}/pause", asked, as_json=as_json, before_any=True)


@click.command()
@click.argument("lane")
@common
def resume(*, lane: str, config: Path | None, as_json: bool) -> None:
    """Carry LANE again."""
    _order(config, "/lanes/{lane}/resume", Asked(path={"lane": lane}), as_json=as_json)


@click.command()
@click.argument("message")
@common
def retry(*, message: str, config: Path | None, as_json: bool) -> None:
    """Look at MESSAGE (its id) at once, also one that was skipped."""
    _order(config, "/messages/{id}/retry", Asked(path={"id": message}), as_json=as_json)


@click.command()
@click.argument("message")
@click.option("--why", default="", help="Kept with the message.")
@common
def skip(*, message: str, why: str, config: Path | None, as_json: bool) -> None:
    """Leave MESSAGE (its id) to others until it is retried."""
    asked = Asked(path={"id": message}, body={"why": why} if why else {})
    _order(config, "/messages/{id}/skip", asked, as_json=as_json)


@click.command()
@common
def drain(*, config: Path | None, as_json: bool) -> None:
    """Take up nothing new, carry what is observed, stop."""
    _order(config, "/drain", Asked(), as_json=as_json, running_only=True)


ORDERS: Final = (status, messages, pause, resume, retry, skip, drain)


def _order(config: Path | None, path: str, asked: Asked, *, as_json: bool, **reach: bool) -> None:
    done = _ask(config, "POST", path, asked, as_json=as_json, **reach)
    answer(done, as_json=as_json, draw=lambda: done["done"])


def _ask(config: Path | None, method: str, path: str, asked: Asked, *, as_json: bool, **reach: bool) -> Any:  # noqa: ANN401 - JSON
    from xl2.app.operating import operator  # noqa: PLC0415 - `--help` needs none of it

    async def ask() -> Any:  # noqa: ANN401 - JSON
        async with operator(config, **reach) as reached:
            return await reached.answers.ask(method, path, asked)

    with busy("asking the relayer", as_json=as_json):
        return asyncio.run(ask())


async def _status(config: Path | None, *, as_json: bool) -> dict[str, Any]:
    from xl2.app.operating import operator  # noqa: PLC0415 - `--help` needs none of it

    with busy("asking the relayer", as_json=as_json):
        async with operator(config) as reached:
            told: dict[str, Any] = {"running": reached.running is not None, "url": None, "ready": False, "checks": []}
            for path in ("/alarms", "/chains", "/transactions", "/lanes"):
                told |= await reached.answers.ask("GET", path, Asked())
            if reached.running is not None:
                told["url"] = reached.running.url
                told |= await _of_the_process(config)
            return told


async def _of_the_process(config: Path | None) -> dict[str, Any]:
    """What only the running process knows; a shared store does not."""
    from xl2.app.operating import operator  # noqa: PLC0415 - `--help` needs none of it

    told: dict[str, Any] = {}
    try:
        async with operator(config, running_only=True) as reached:
            for path in ("/readyz", "/alarms", "/chains"):
                told |= await reached.answers.ask("GET", path, Asked())
    except RpcUnavailable as silent:
        return {"checks": [{"what": "answer", "ok": False, "said": silent.what, "remedy": silent.remedy}]}
    return told


def _drawn(found: dict[str, Any]) -> Group:
    is_running = found["running"]
    said = f"running, answers at {found['url']}" if is_running else "not running here; this is what its store holds"
    head = [("relayer", said)]
    if is_running:
        head.append(("ready", "yes" if found["ready"] else "NO"))
    head += [(one["what"], f"{one['said']}. {one['remedy']}") for one in found["checks"] if not one["ok"]]
    head += [(f"ALARM {one['kind']}", _alarm(one)) for one in found["alarms"]]
    if is_running and not found["alarms"]:
        head.append(("alarms", "none stands"))
    head += [*_accounts(found["chains"]), _open(found["transactions"], is_running=is_running)]
    rows, paused = [], []
    for lane in found["lanes"]:
        counts = [str(sum(lane["states"].get(state, 0) for state in states) or "") for _, states in GROUPS]
        rows.append([lane["name"], *counts, moment(lane["oldest_pending"])])
        if lane["paused"]:
            by, since, why = (lane["paused"][name] for name in ("by", "since", "why"))
            paused.append((f"PAUSED {lane['name']}", f"by {by}, {moment(since)}: {why}"))
    lanes = grid(["lane", *(name for name, _ in GROUPS), "oldest since (UTC)"], rows)
    return Group(pairs(head + paused), *_chains(found["chains"]), lanes, *_listed_open(found["transactions"]))


def _alarm(one: dict[str, Any]) -> str:
    since = f"since {moment(one['since'])}: " if one["since"] is not None else ""
    return f"{since}{one['what']} ({one['runbook']})"


def _accounts(chains: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Who pays and who earns: mostly one account on all chains."""
    rows = []
    for said, name in (("pays", "account"), ("earns", "earner")):
        accounts = list(dict.fromkeys(one[name] for one in chains if one[name]))
        rows += [(said, account) for account in accounts]
    if any(one["claimable"] for one in chains):
        rows.append(("claimable", "paid out when it is 20 times what that costs; now: `xl2 relayer claim`"))
    return rows


def _open(transactions: list[dict[str, Any]], *, is_running: bool) -> tuple[str, str]:
    """How many there are; they stand beneath."""
    said = str(len(transactions) or "none")
    if transactions and not is_running:
        said += "; those that were included since it stopped are counted too: `xl2 doctor` asks the chains"
    return "open transactions", said


def _listed_open(transactions: list[dict[str, Any]]) -> list[Group]:
    """Each nonce, with the whole hash to look it up by."""
    rows = [
        ([one["name"], str(one["tx_nonce"]), str(one["attempts"]), one["what"]], [one["tx_hash"]])
        for one in transactions
    ]
    return [entries("open transactions, each with its newest attempt", _OPEN, rows)] if rows else []


def _chains(chains: list[dict[str, Any]]) -> list[Table]:
    rows = [
        [
            one["name"],
            str(one["heads"]["latest"]),
            f"{one['head_age_seconds']:.0f} s",
            f"{one['balance'] / ETHER:.6f}",
            f"{one['claimable'] / ETHER:.6f}",
            str(one["open_nonces"]),
        ]
        for one in chains
    ]
    return [grid(["chain", "block", "age", "balance, ether", "claimable", "open tx"], rows)] if rows else []


def _listed(found: dict[str, Any]) -> Group:
    """One line a message, so that ids can be copied and lines be searched."""
    lines = []
    for one in found["messages"]:
        why = f"skipped: {one['skipped']}" if one["skipped"] else one["cause"]
        lines.append(
            f"{one['id']}  {one['lane']} {one['nonce']}  {one['state']} {moment(one['since'])}  {why}".rstrip()
        )
    if found["next"]:
        lines.append(f"next page: --after {found['next']}")
    return Group(*(Text(line, no_wrap=True, overflow="ignore") for line in lines or ["no messages"]))


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        return "operator"
