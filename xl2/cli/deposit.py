"""`xl2 deposit`: from the anchor to a rollup, by the rollup's own bridge."""

from pathlib import Path

import click

from xl2.cli.crossing import drawn
from xl2.cli.options import cargo, client, payload_of, signing
from xl2.cli.screen import answer, common
from xl2.sdk import Journey


@click.command()
@click.argument("rollup")
@click.argument("amount")
@click.argument("recipient", required=False)
@cargo
@signing
@common
def deposit(
    *,
    rollup: str,
    amount: str,
    recipient: str | None,
    token: str | None,
    token_there: str | None,
    data: str,
    gas_limit: int | None,
    direct: bool | None,
    key: str | None,
    yes: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """Send AMOUNT (whole ether, like 1.5; of a token its smallest units) to RECIPIENT (else yourself) on ROLLUP."""
    with client(config, "depositing", as_json=as_json, key=key, yes=yes) as (made, _):
        begun = made.deposit(
            rollup,
            amount,
            recipient,
            token=token,
            token_there=token_there,
            data=payload_of(data),
            gas_limit=gas_limit,
            direct=direct,
        )
    answer(begun, as_json=as_json, draw=lambda: drawn(Journey(first=begun, arrival_seconds=begun.arrival_seconds)))
