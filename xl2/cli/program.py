"""
Command line: `xl2 <verb>`.

In: words of a shell. Out: an answer on stdout (one JSON value with `--json`), everything else on stderr, and an exit
code that a script can use (docs/reference/cli.md). Promise: no traceback reaches the user, and a verb's module is
imported when the verb runs, so that `xl2 --help` stays quick. Verbs of other packages: entry point `xl2.commands`.
"""

import importlib
import sys
from importlib.metadata import EntryPoint, entry_points
from typing import Final

import click

from xl2.cli.outcome import guarded
from xl2.errors import ConfigInvalid

#: Verb, module, and the line of `--help`, which is known without importing the module.
VERBS: Final[dict[str, tuple[str, str]]] = {
    "send": ("xl2.cli.send", "Send a message to another chain."),
    "transfer": ("xl2.cli.transfer", "Move an ERC-20 to another chain."),
    "deposit": ("xl2.cli.deposit", "Ether, tokens or a call to a rollup, by the rollup's own bridge."),
    "withdraw": ("xl2.cli.withdraw", "The same from a rollup, and on to another."),
    "claim": ("xl2.cli.claim", "How far a deposit or withdrawal is, and its next step done."),
    "status": ("xl2.cli.status", "Every room that a message has passed, with time and transaction."),
    "explain": ("xl2.cli.explain", "Why a message is not further, and what would move it."),
    "relay": ("xl2.cli.relay", "Carry one message through by yourself."),
    "relayer": ("xl2.cli.relayer", "Carry everybody's messages, and earn their fees."),
    "attester": ("xl2.cli.attester", "Sign final heads of lanes for those who trust you."),
    "watcher": ("xl2.cli.watcher", "Recompute heads and backing from the chains, and pause what broke."),
    "keys": ("xl2.cli.keys", "Make keystores, and see which keys a configuration has."),
    "chains": ("xl2.cli.chains", "Public chains that are known by name: ids, contracts, windows, sources."),
    "doctor": ("xl2.cli.doctor", "Look at configuration, chains, keys and clocks."),
}


class Verbs(click.Group):
    """A group that knows its verbs by name and imports each when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Our verbs in the order of use, then those of other packages."""
        del ctx
        return [*VERBS, *sorted(entry.name for entry in entry_points(group="xl2.commands"))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb, or None where there is none of that name."""
        del ctx
        if cmd_name in VERBS:
            return _command(importlib.import_module(VERBS[cmd_name][0]), cmd_name)
        for entry in entry_points(group="xl2.commands", name=cmd_name):
            return _loaded(entry)
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs. Ours are not imported for that; those of others bring their own line."""
        rows = [(name, line) for name, (_, line) in VERBS.items()]
        for name in self.list_commands(ctx):
            if name not in VERBS:
                command = self.get_command(ctx, name)
                rows.append((name, command.get_short_help_str(limit=100) if command else "(does not load)"))
        with formatter.section("Verbs"):
            formatter.write_dl(rows)


def _loaded(entry: EntryPoint) -> click.Command:
    """A verb of another package. One that does not load is no reason for the others not to."""
    try:
        loaded = entry.load()
    except (ImportError, AttributeError) as broken:
        what = f"the verb {entry.name} ({entry.value}) does not load: {broken}"

        def complain() -> None:
            raise ConfigInvalid(what, remedy="Install the package that brings it anew.")

        return click.Command(entry.name, callback=complain, short_help="(does not load)", add_help_option=False)
    if not isinstance(loaded, click.Command):
        raise ConfigInvalid(
            f"the verb {entry.name} ({entry.value}) is no click command", remedy="Mend its entry point."
        )
    return loaded


def _command(module: object, name: str) -> click.Command:
    command = getattr(module, name)
    if not isinstance(command, click.Command):
        raise TypeError(f"the module of verb {name} holds no click command of that name")
    return command


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Every verb takes --json and -c/--config. Exit codes: docs/reference/cli.md.",
)
@click.version_option(package_name="xl2", prog_name="xl2")
def xl2() -> None:
    """Messages and assets from one L2 to another: verified, delivered or refunded by a known time."""


def main() -> None:
    """Entry point of the program."""
    sys.exit(guarded(xl2))
