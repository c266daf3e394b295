"""
Review: a person at the terminal decides over each transaction.

In: a `Review`. Out: approval by `y`, refusal by anything else. Promise: without a terminal and without `--yes` nothing
is signed; the questions stand on stderr, so stdout stays the command's answer.
"""

import asyncio
import sys

import click

from xl2.cli.screen import STDERR, Busy, pairs
from xl2.wallet import Approve, Decision, Refuse, Review, StatusEvent, WalletHooks


class TerminalHooks(WalletHooks):
    """Shows each transaction and asks."""

    def __init__(self, busy: Busy, *, yes: bool) -> None:
        """`busy`: what is turning on the screen, to be stopped while a question stands there."""
        self._busy = busy
        self._yes = yes

    async def on_review(self, review: Review) -> Decision:
        """Approve with `--yes`, else ask."""
        if self._yes:
            return Approve()
        if not sys.stdin.isatty():
            return Refuse("there is no terminal to ask at; pass --yes to approve beforehand")
        with self._busy.paused():
            STDERR.print(f"\n[bold]{review.summary}[/bold]")
            STDERR.print(pairs(review.lines()))
            agreed = await asyncio.to_thread(click.confirm, "Sign and send?", err=True)
        return Approve() if agreed else Refuse("you declined")

    async def on_status(self, event: StatusEvent) -> None:
        """Say what was reached, beside what turns."""
        self._busy.now(f"{event.stage} (chain {event.chain_id})")
