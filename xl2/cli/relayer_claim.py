"""`xl2 relayer claim`: fees that were earned, paid out now."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xl2.cli.options import signing
from xl2.cli.outcome import AnswerIsNo
from xl2.cli.screen import answer, busy, common, pairs
from xl2.core.amounts import wei_and_ether
from xl2.core.types import address, checksum, hex_text

if TYPE_CHECKING:
    from xl2.app.claiming import Claimed


@click.command()
@click.option("--chain", help="There only; else on every chain.")
@click.option("--account", help="Whose fees; else those of the relayer's payee, or of the account that pays for it.")
@signing
@common
def claim(
    *, chain: str | None, account: str | None, key: str | None, yes: bool, config: Path | None, as_json: bool
) -> None:
    """Have earned fees paid out to who earned them, now. Anybody may; the relayer does it when it is worth its gas."""
    from xl2.app.claiming import claim_fees  # noqa: PLC0415 - `--help` needs none of it
    from xl2.cli.review import TerminalHooks  # noqa: PLC0415

    earner = None if account is None else address(account)
    with busy("asking the chains", as_json=as_json) as turning:
        hooks = TerminalHooks(turning, yes=yes)
        paid_to, found = asyncio.run(claim_fees(config, hooks=hooks, account=earner, chain=chain, key=key))
    told = [
        {
            "chain": one.chain,
            "credit_wei": one.credit,
            "tx_hash": hex_text(one.receipt.tx_hash) if one.receipt else None,
            "why_not": one.why_not,
        }
        for one in found
    ]
    rows = [("account", checksum(paid_to)), *((one.name, _words(one)) for one in found)]
    answer({"account": checksum(paid_to), "claims": told}, as_json=as_json, draw=lambda: pairs(rows))
    if any(one.why_not for one in found):
        raise AnswerIsNo


def _words(one: "Claimed") -> str:
    if one.receipt is not None:
        return f"{wei_and_ether(one.credit)} paid out by {hex_text(one.receipt.tx_hash)}"
    return f"NOT CLAIMED: {one.why_not}" if one.why_not else "nothing to claim"
