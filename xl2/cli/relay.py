"""`xl2 relay`: one message carried by oneself."""

from pathlib import Path

import click

from xl2.cli.options import client, signing
from xl2.cli.screen import answer, common, entries
from xl2.core.types import hex_text
from xl2.sdk import Relayed


@click.command()
@click.argument("message")
@click.option(
    "--until",
    type=click.Choice(["delivered", "confirmed", "settled", "refunded"]),
    default="delivered",
    show_default=True,
    help="How far to carry it.",
)
@click.option(
    "--via", metavar="KIND", help="Evidence to use: attested, proven or routed. Else the fastest that serves."
)
@click.option(
    "--timeout", "timeout_seconds", type=float, default=600.0, show_default=True, help="Longest wait, seconds."
)
@signing
@common
def relay(
    *,
    message: str,
    until: str,
    via: str | None,
    timeout_seconds: float,
    key: str | None,
    yes: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """Carry MESSAGE (its id) by yourself: prove, deliver or retry it, or have it refunded. Anyone may."""
    with client(config, "relaying", as_json=as_json, key=key, yes=yes) as (made, _):
        relayed = made.relay(message, until, timeout_seconds, via=via)
    answer(relayed, as_json=as_json, draw=lambda: _drawn(relayed))


def _drawn(relayed: Relayed) -> object:
    rows = [
        (
            [act.what, str(act.chain), str(act.gas_used), act.evidence or ""],
            [hex_text(act.tx_hash), *(f"trusted: {who}" for who in act.trusted)],
        )
        for act in relayed.acts
    ]
    title = f"message {hex_text(relayed.status.id)} is {relayed.status.state}"
    return entries(title, ["what", "chain", "gas", "evidence"], rows)
