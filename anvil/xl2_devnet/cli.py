"""
Command line: `xl2 devnet up | down | status`.

Words of a shell come in; one function is called, and what it told goes out (one JSON value with `--json`). Promise:
`up` ends with its devnet gone, whether by Ctrl-C, by `down` or by a fault in it, and says which. Nothing but click is
imported until a verb runs.
"""

from pathlib import Path

import click

from xl2_devnet.demo.cli import demo

__all__ = ["demo", "devnet"]

_FILE = click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("devnet.json"),
    show_default=True,
    help="The devnet's file.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON value on stdout, for programs.")


@click.group()
def devnet() -> None:
    """A local L1 and L2s with the rollups' own contracts, on anvil."""


@devnet.command("up")
@click.option(
    "--l2", default="op,op", show_default=True, help="Kinds of the L2s, with commas between: op, base, arbitrum, zk."
)
@_FILE
@click.option("--port", "ports", multiple=True, metavar="CHAIN=PORT", help="A port, where not any free one will do.")
@click.option("--anvil", type=click.Path(path_type=Path, dir_okay=False), help="The anvil to use.")
@click.option("--l1-block-seconds", type=float, default=1.0, show_default=True, help="Time between two L1 blocks.")
@click.option("--l2-block-seconds", type=float, default=1.0, show_default=True, help="Time between two L2 blocks.")
@click.option("--cache/--no-cache", default=True, help="Start from a snapshot, and keep one.")
@click.option("--detach", is_flag=True, help="Return when it is ready, and leave it running.")
@_JSON
def up(
    *,
    l2: str,
    file: Path,
    ports: tuple[str, ...],
    anvil: Path | None,
    l1_block_seconds: float,
    l2_block_seconds: float,
    cache: bool,
    detach: bool,
    as_json: bool,
) -> None:
    """Start a devnet, and keep it up until Ctrl-C."""
    from xl2_devnet.clocks import Clocks  # noqa: PLC0415 - see the module's promise
    from xl2_devnet.foreground import detached, foreground  # noqa: PLC0415
    from xl2_devnet.options import Options  # noqa: PLC0415

    options = Options(
        l2=_kinds(l2),
        clocks=Clocks(l1_block_seconds=l1_block_seconds, l2_block_seconds=l2_block_seconds),
        file=file.absolute(),
        anvil=anvil.absolute() if anvil else None,
        cache=cache,
        ports=_ports(ports),
    )
    if detach:
        detached(options, as_json=as_json)
    else:
        foreground(options, as_json=as_json)


@devnet.command("down")
@_FILE
@_JSON
def down(*, file: Path, as_json: bool) -> None:
    """End the devnet that a file describes. Exit code 1 if it was not running."""
    from xl2_devnet.foreground import end  # noqa: PLC0415

    raise click.exceptions.Exit(0 if end(file, as_json=as_json) else 1)


@devnet.command("status")
@_FILE
@_JSON
def status(*, file: Path, as_json: bool) -> None:
    """Tell how far each chain is. Exit code 1 if the devnet is not running."""
    from xl2_devnet.foreground import tell  # noqa: PLC0415

    raise click.exceptions.Exit(0 if tell(file, as_json=as_json) else 1)


@devnet.command("matrix")
@click.option("--l2", default="op,base,arbitrum,zk", show_default=True, help="Kinds of the L2s, with commas between.")
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A running devnet's file, each of its L2s home to tokens; else one is started, and ended after it.",
)
@_JSON
def matrix(*, l2: str, file: Path | None, as_json: bool) -> None:
    """Carry a message, a transfer and a refund from each L2 to each other by every route. Exit code 1 if one fails."""
    from xl2_devnet.matrix.cli import show  # noqa: PLC0415 - see the module's promise

    raise click.exceptions.Exit(show(_kinds(l2), file, as_json=as_json))


def _kinds(words: str) -> tuple[str, ...]:
    return tuple(kind.strip() for kind in words.split(","))


def _ports(words: tuple[str, ...]) -> dict[str, int]:
    ports = {}
    for word in words:
        name, _, port = word.partition("=")
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16):
            raise click.BadParameter(f"{word!r} is not CHAIN=PORT, like op-a=9545", param_hint="--port")
        ports[name] = int(port)
    return ports
