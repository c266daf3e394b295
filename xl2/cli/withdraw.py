"""`xl2 withdraw`: from a rollup to its anchor, by the rollup's own bridge, and on to another rollup."""

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
@click.option("--on-to", metavar="ROLLUP", help="Withdraw to yourself, then deposit to RECIPIENT on this rollup.")
@cargo
@signing
@common
def withdraw(
    *,
    rollup: str,
    amount: str,
    recipient: str | None,
    on_to: str | None,
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
    """Send AMOUNT (whole ether, like 1.5; of a token its smallest units) from ROLLUP to RECIPIENT (else yourself)."""
    if on_to is not None and (data or gas_limit is not None or direct is not None):
        raise click.UsageError("--on-to goes with no --data, --gas-limit or --direct.")
    with client(config, "withdrawing", as_json=as_json, key=key, yes=yes) as (made, _):
        if on_to is not None:
            begun = made.travel(rollup, on_to, amount, recipient, token=token, token_there=token_there)
        else:
            first = made.withdraw(
                rollup,
                amount,
                recipient,
                token=token,
                token_there=token_there,
                data=payload_of(data),
                gas_limit=gas_limit,
                direct=direct,
            )
            begun = Journey(first=first, arrival_seconds=first.arrival_seconds)
    answer(begun, as_json=as_json, draw=lambda: drawn(begun))
