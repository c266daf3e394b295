"""`xl2 claim`: how far a deposit or withdrawal is, and its next step done."""

from pathlib import Path

import click

from xl2.cli.crossing import drawn, drawn_advanced
from xl2.cli.options import client, signing
from xl2.cli.screen import answer, common
from xl2.ports import Move
from xl2.sdk.canonical_client import LONGEST_CROSSING_SECONDS


@click.command()
@click.argument("transaction")
@click.option("--look", is_flag=True, help="Show only; sign nothing.")
@click.option("--watch", is_flag=True, help="Go on until all has arrived.")
@click.option("--move", type=click.Choice([str(move) for move in Move]), help="This move, not the one that is due.")
@click.option("--index", type=int, default=0, show_default=True, help="Which, where the transaction began several.")
@click.option(
    "--timeout",
    "timeout_seconds",
    type=float,
    default=LONGEST_CROSSING_SECONDS,
    help="Longest wait of --watch, seconds (30 days).",
)
@signing
@common
def claim(
    *,
    transaction: str,
    look: bool,
    watch: bool,
    move: str | None,
    index: int,
    timeout_seconds: float,
    key: str | None,
    yes: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """
    Show how far a crossing is, and do its next step: prove, finalize, replay. Anybody may, for anybody.

    TRANSACTION is the hash of any of its transactions, on either chain.
    """
    if look and (watch or move):
        raise click.UsageError("--look goes with no --watch and no --move.")
    with client(config, "asking both chains", as_json=as_json, key=key, yes=yes) as (made, _):
        if look:
            seen = made.journey(transaction, index)
            answer(seen, as_json=as_json, draw=lambda: drawn(seen))
            return
        done = made.advance(transaction, index, move=move, until_over=watch, timeout_seconds=timeout_seconds)
    answer(done, as_json=as_json, draw=lambda: drawn_advanced(done))
