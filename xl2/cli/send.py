"""`xl2 send`: a message to another chain."""

from pathlib import Path

import click

from xl2.cli.options import CLASSES, client, expiring, payload_of, signing
from xl2.cli.screen import answer, common, expiry, pairs
from xl2.core.amounts import wei_and_ether
from xl2.core.types import hex_text


@click.command()
@click.argument("origin")
@click.argument("destination")
@click.argument("recipient")
@click.argument("payload", default="")
@click.option(
    "--class",
    "assurance",
    type=click.Choice(CLASSES),
    default="settled",
    show_default=True,
    help="Evidence to rest on.",
)
@click.option("--gas-limit", type=int, help="Gas that the recipient is called with (200,000).")
@click.option("--allow-no-code", is_flag=True, help="The recipient may be an account without code.")
@expiring
@signing
@common
def send(
    *,
    origin: str,
    destination: str,
    recipient: str,
    payload: str,
    assurance: str,
    gas_limit: int | None,
    allow_no_code: bool,
    fee_wei: int | None,
    expires_in: int | None,
    key: str | None,
    yes: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """Send PAYLOAD (text, or 0x and hex) from ORIGIN to RECIPIENT on DESTINATION."""
    with client(config, "sending", as_json=as_json, key=key, yes=yes) as (made, _):
        sent = made.send(
            origin,
            destination,
            recipient,
            payload_of(payload),
            assurance=assurance,
            fee_wei=fee_wei,
            gas_limit=gas_limit,
            expires_in=expires_in,
            allow_no_code=allow_no_code,
        )
    answer(
        sent,
        as_json=as_json,
        draw=lambda: pairs(
            [
                ("message", hex_text(sent.id)),
                ("transaction", hex_text(sent.tx_hash)),
                ("block", str(sent.block)),
                ("fee", wei_and_ether(sent.fee_wei)),
                ("expires", expiry(sent.message.expiry)),
                ("next", f"xl2 status {hex_text(sent.id)}"),
            ]
        ),
    )
