"""
Options: what several verbs take, and how they come to a client.

Promise: every verb that may sign asks before, unless `--yes`; a value that is none of its kind is click's own error.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from xl2.cli.screen import Busy, busy
from xl2.errors import InvalidInput
from xl2.sdk import Client

F = TypeVar("F", bound=Callable[..., Any])

CLASSES = ("settled", "optimistic", "attested")


def signing(command: F) -> F:
    """Options of verbs that sign."""
    key = click.option("--key", help="Who signs: a name under [keys] of the configuration.")
    yes = click.option("-y", "--yes", is_flag=True, help="Sign without asking.")
    return key(yes(command))


def expiring(command: F) -> F:
    """Options of verbs that send something with an expiry and a fee."""
    fee = click.option(
        "--fee-wei", type=int, help="Fee for whoever delivers; else the quote. 0: you relay it yourself."
    )
    expires = click.option("--expires-in", type=int, metavar="SECONDS", help="Time until it is refunded; 0: never.")
    return fee(expires(command))


def cargo(command: F) -> F:
    """Options of verbs that send something over a rollup's own bridge."""
    options = (
        click.option("--token", metavar="ADDRESS", help="ERC-20 on the chain that it leaves; else ether."),
        click.option("--token-there", metavar="ADDRESS", help="What stands for it where it arrives."),
        click.option("--data", default="", help="What the recipient is called with: text, or 0x and hex."),
        click.option("--gas-limit", type=int, help="Gas for that call; else estimated."),
        click.option(
            "--direct/--by-messenger",
            default=None,
            help="By the rollup's lowest contract, or by a messenger that keeps failed calls for another try.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@contextmanager
def client(
    config: Path | None, what: str, *, as_json: bool, key: str | None = None, yes: bool = False
) -> Iterator[tuple[Client, Busy]]:
    """A client whose transactions are reviewed at the terminal, and what turns meanwhile."""
    from xl2.app import connect  # noqa: PLC0415 - `--help` needs none of it
    from xl2.cli.review import TerminalHooks  # noqa: PLC0415

    with (
        busy(what, as_json=as_json) as turning,
        connect(config, key=key, hooks=TerminalHooks(turning, yes=yes)) as made,
    ):
        yield made, turning


def payload_of(text: str) -> bytes:
    """0x and hex digits are bytes; anything else is text."""
    if not text.startswith("0x"):
        return text.encode()
    try:
        return bytes.fromhex(text[2:])
    except ValueError as bad:
        raise InvalidInput(
            f"payload {text!r} begins with 0x and is no hex",
            field="payload",
            value=text,
            remedy="Give 0x and an even number of hex digits; text must not begin with 0x.",
        ) from bad
