"""`xl2 keys`: private keys into keystores, and what the configuration says of each."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.markup import escape

from xl2.cli.screen import answer, common, pairs, table
from xl2.core.types import checksum
from xl2.errors import InvalidInput

F = TypeVar("F", bound=Callable[..., Any])


@click.group()
def keys() -> None:
    """Make keystores, and see which keys a configuration has. No private key and no password is a word of a command."""


def _writing(command: F) -> F:
    """What verbs that write a keystore take."""
    path = click.Path(path_type=Path, dir_okay=False)
    options = (
        click.argument("file", type=path),
        click.option("--password-file", type=path, help="Holds the password; else it is asked for."),
        click.option("--password-fd", type=int, help="File descriptor that gives the password."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON value."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@keys.command()
@_writing
def new(*, file: Path, password_file: Path | None, password_fd: int | None, as_json: bool) -> None:
    """Make a private key, and write it to FILE as a keystore."""
    _make(file, password_file, password_fd, None, as_json=as_json)


@keys.command(name="import")
@_writing
def bring(*, file: Path, password_file: Path | None, password_fd: int | None, as_json: bool) -> None:
    """Write a private key that is asked for, or that stands on stdin, to FILE as a keystore."""
    asked = sys.stdin.isatty()
    key = click.prompt("Private key", hide_input=True, err=True) if asked else sys.stdin.readline()
    _make(file, password_file, password_fd, key, as_json=as_json)


@keys.command(name="list")
@common
def listed(*, config: Path | None, as_json: bool) -> None:
    """Keys of the configuration: who keeps each, and its account where that is told without opening it."""
    from xl2.app.clients import configuration  # noqa: PLC0415 - `--help` needs none of it
    from xl2.app.keys import account_of  # noqa: PLC0415
    from xl2.config.keys import opened_by  # noqa: PLC0415

    read = configuration(config)
    rows = [(name, opened_by(key)[0], account_of(read, name)) for name, key in read.keys.items()]
    found = [{"name": name, "kept": kept, "account": account and checksum(account)} for name, kept, account in rows]
    drawn = [[name, kept, checksum(account) if account else "told when opened"] for name, kept, account in rows]
    answer(found, as_json=as_json, draw=lambda: table("keys", ["name", "kept", "account"], drawn))


def _make(file: Path, password_file: Path | None, password_fd: int | None, key: str | None, *, as_json: bool) -> None:
    from xl2.app.edges import edge  # noqa: PLC0415 - `--help` needs none of it
    from xl2.config.keys import is_key  # noqa: PLC0415

    if is_key(file.name):
        raise InvalidInput(
            "a private key was given where a file belongs (its value is not shown here)",
            field="file",
            remedy="Others could read it there: use it no more. `xl2 keys import FILE` asks for one.",
        )
    making = edge("keystores")
    if password_file is not None or password_fd is not None:
        password = making.password_from(file=password_file, descriptor=password_fd)
    elif sys.stdin.isatty():
        password = click.prompt("Password of the keystore", hide_input=True, confirmation_prompt=True, err=True)
    else:
        raise InvalidInput(
            "there is no terminal to ask for the password at", remedy="Name --password-file or --password-fd."
        )
    account = checksum(making.make(file, password, key))
    by = f'password_file = "{password_file}"' if password_file else "prompt = true"
    entry = f'[keys.NAME]\nkeystore = "{file}"\naddress = "{account}"\n{by}'
    rows = [("account", account), ("file", str(file)), ("in xl2.toml", escape(entry))]
    answer({"account": account, "file": str(file)}, as_json=as_json, draw=lambda: pairs(rows))
