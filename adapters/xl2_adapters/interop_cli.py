"""
Command line: `xl2 interop send | transfer | relay | status`.

Words of a shell come in; chains and keys are those of the configuration. Promise: whatever signs asks before, unless
`--yes`; a message is found again by the hash of the transaction that sent it and by nothing else. Nothing but click is
imported until a verb runs, which is why this module stands beside the families and not in one.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from xl2_adapters.interop_desk import Desk

F = TypeVar("F", bound=Callable[..., Any])


def _shared(command: F) -> F:
    """Options of every verb."""
    config = click.option(
        "-c",
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar="XL2_CONFIG",
        default=Path("xl2.toml"),
        show_default=True,
        help="Configuration.",
    )
    return config(click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")(command))


def _signing(command: F) -> F:
    """Options of verbs that sign one transaction."""
    key = click.option("--key", help="Who signs: a name under [keys] of the configuration.")
    return key(click.option("-y", "--yes", is_flag=True, help="Sign without asking.")(command))


@click.group()
def interop() -> None:
    """Messages and tokens between OP chains that share interop."""


@interop.command()
@click.argument("origin")
@click.argument("destination")
@click.argument("target")
@click.argument("payload", default="")
@_signing
@_shared
def send(
    *, origin: str, destination: str, target: str, payload: str, key: str | None, yes: bool, config: Path, as_json: bool
) -> None:
    """Say PAYLOAD (text, or 0x and hex) from ORIGIN to TARGET on DESTINATION."""
    _ask(yes, f"Send a message of {len(payload)} characters from {origin} to {target} on {destination}?")
    _run(config, key, lambda desk: desk.send(origin, destination, target, payload, _told), as_json=as_json)


@interop.command()
@click.argument("origin")
@click.argument("destination")
@click.argument("token")
@click.argument("recipient")
@click.argument("amount", type=int)
@_signing
@_shared
def transfer(
    *,
    origin: str,
    destination: str,
    token: str,
    recipient: str,
    amount: int,
    key: str | None,
    yes: bool,
    config: Path,
    as_json: bool,
) -> None:
    """Move AMOUNT (in its smallest unit) of the ERC-7802 token at address TOKEN to RECIPIENT on DESTINATION."""
    _ask(yes, f"Burn {amount} of {token} on {origin}, to be minted to {recipient} on {destination}?")

    async def work(desk: "Desk") -> object:
        from xl2_adapters.op_stack.interop.tokens import Move  # noqa: PLC0415 - see the module's promise

        return await desk.transfer(origin, destination, Move(token=token, to=recipient, amount=amount), _told)

    _run(config, key, work, as_json=as_json)


@interop.command()
@click.argument("tx_hash")
@_shared
def status(*, tx_hash: str, config: Path, as_json: bool) -> None:
    """What became of the messages that transaction TX_HASH sent."""
    _run(config, None, lambda desk: desk.status(tx_hash), as_json=as_json)


@interop.command()
@click.argument("tx_hash", required=False)
@click.option("--chain", "chains", multiple=True, help="A chain to carry to and from; else all of the family op.")
@click.option("--sender", "senders", multiple=True, help="Carry messages of this account only; may be repeated.")
@click.option("--target", "targets", multiple=True, help="Carry messages to this account only; may be repeated.")
@click.option(
    "--journal",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("xl2-interop.sqlite"),
    show_default=True,
    help="File that holds what was seen and what was sent.",
)
@click.option(
    "--blocks-back", type=click.IntRange(min=0), default=1_800, show_default=True, help="Where a new journal begins."
)
@_signing
@_shared
def relay(
    *,
    tx_hash: str | None,
    chains: tuple[str, ...],
    senders: tuple[str, ...],
    targets: tuple[str, ...],
    journal: Path,
    blocks_back: int,
    key: str | None,
    yes: bool,
    config: Path,
    as_json: bool,
) -> None:
    """Carry everybody's messages until Ctrl-C; or, with TX_HASH, those that one transaction sent, and end.

    Relays earn nothing: whoever carries for everybody pays for everybody. It can be killed and started again.
    """
    if tx_hash is not None:
        _ask(yes, f"Relay the messages of transaction {tx_hash}?")
        _run(config, key, lambda desk: desk.relay(tx_hash, _told), as_json=as_json)
        return

    async def work(desk: "Desk") -> None:
        from xl2.core.types import address  # noqa: PLC0415 - see the module's promise
        from xl2_adapters.op_stack.interop import RelayPolicy, Scope  # noqa: PLC0415

        scope = Scope(senders=frozenset(map(address, senders)), targets=frozenset(map(address, targets)))
        policy = RelayPolicy(scope=scope, blocks_back=blocks_back)
        await desk.carry(chains, policy, journal, lambda told: _answer(told, as_json))

    _run(config, key or "relayer", work, as_json=as_json)


def _run(config: Path, key: str | None, work: "Callable[[Desk], Awaitable[object]]", *, as_json: bool) -> None:
    from xl2_adapters.interop_desk import desk  # noqa: PLC0415 - see the module's promise

    async def run() -> object:
        async with desk(config, key) as opened:
            return await work(opened)

    told = asyncio.run(run())
    if told is not None:
        _answer(told, as_json)


def _ask(yes: bool, question: str) -> None:
    if not yes:
        click.confirm(question, abort=True, err=True)


def _told(tx_hash: bytes) -> None:
    click.echo(f"sending transaction 0x{tx_hash.hex()}", err=True)


def _answer(told: Any, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    for row in told if isinstance(told, list) else [told]:
        width = max(map(len, row))
        click.echo("\n".join(f"{name.replace('_', ' '):<{width}}  {value}" for name, value in row.items()))
