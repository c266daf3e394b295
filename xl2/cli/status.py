"""`xl2 status`: every room that a message has passed."""

from pathlib import Path

import click

from xl2.cli.options import client
from xl2.cli.screen import answer, common, entries, moment
from xl2.core.types import hex_text
from xl2.sdk import Status


@click.command()
@click.argument("message")
@click.option(
    "--wait", "until", type=click.Choice(["delivered", "confirmed", "settled", "refunded"]), help="Wait for it."
)
@click.option(
    "--timeout", "timeout_seconds", type=float, default=600.0, show_default=True, help="Longest wait, seconds."
)
@common
def status(*, message: str, until: str | None, timeout_seconds: float, config: Path | None, as_json: bool) -> None:
    """Show where MESSAGE (its id) is, and when and by which transaction it came there."""
    with client(config, "asking both chains", as_json=as_json) as (made, _):
        found = made.wait(message, until, timeout_seconds) if until else made.status(message)
    answer(found, as_json=as_json, draw=lambda: drawn(found))


def drawn(found: Status) -> object:
    """Rooms, one after the other."""
    rows = [
        (
            [step.state, str(step.chain), moment(step.at), "" if step.block is None else str(step.block)],
            ["" if step.tx_hash is None else hex_text(step.tx_hash), step.detail],
        )
        for step in found.steps
    ]
    return entries(f"message {hex_text(found.id)} is {found.state}", ["room", "chain", "time (UTC)", "block"], rows)
