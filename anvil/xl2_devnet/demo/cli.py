"""
Command line: `xl2 demo`.

Words of a shell come in; the demo runs, and its tables (or one JSON value) go out. Exit code 1 if anything was not as
it should be. Nothing but click is imported until the verb runs.
"""

from pathlib import Path

import click


@click.command()
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A running devnet's file; else a devnet is started for the demo, and ended after it.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON value on stdout, for programs.")
def demo(*, file: Path | None, as_json: bool) -> None:
    """Watch messages and tokens move between two L2s over three kinds of evidence, every proof checked."""
    from xl2_devnet.demo.show import show  # noqa: PLC0415 - see the module's promise

    raise click.exceptions.Exit(show(file, as_json=as_json))
