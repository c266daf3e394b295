"""`xl2 transfer`: an ERC-20 to another chain."""

from pathlib import Path

import click

from xl2.cli.options import client, expiring, signing
from xl2.cli.screen import answer, common, expiry, pairs
from xl2.core.amounts import wei_and_ether
from xl2.core.types import hex_text


@click.command()
@click.argument("origin")
@click.argument("destination")
@click.argument("token")
@click.argument("amount")
@click.argument("recipient")
@expiring
@signing
@common
def transfer(
    *,
    origin: str,
    destination: str,
    token: str,
    amount: str,
    recipient: str,
    fee_wei: int | None,
    expires_in: int | None,
    key: str | None,
    yes: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """Move AMOUNT (whole tokens, like 1.5) of TOKEN from ORIGIN to RECIPIENT on DESTINATION."""
    with client(config, "transferring", as_json=as_json, key=key, yes=yes) as (made, _):
        sent = made.transfer(origin, destination, token, amount, recipient, fee_wei=fee_wei, expires_in=expires_in)
    answer(
        sent,
        as_json=as_json,
        draw=lambda: pairs(
            [
                ("message", hex_text(sent.id)),
                ("transaction", hex_text(sent.tx_hash)),
                ("fee", wei_and_ether(sent.fee_wei)),
                ("expires", expiry(sent.message.expiry)),
                ("next", f"xl2 status {hex_text(sent.id)}"),
            ]
        ),
    )
