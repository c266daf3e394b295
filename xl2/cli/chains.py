"""`xl2 chains`: the public networks that xl2 knows."""

from collections.abc import Mapping
from pathlib import Path

import click
from rich.console import Group, RenderableType

from xl2.cli.screen import answer, common, pairs, table
from xl2.core.types import Address, checksum
from xl2.networks import Network, Source, network, networks


@click.command()
@click.argument("name", required=False)
@common
def chains(*, name: str | None, config: Path | None, as_json: bool) -> None:
    """List known networks, or show all that is known of the one called NAME (or of that chain id)."""
    del config  # what is known depends on no configuration
    if name is None:
        known = tuple(networks().values())
        answer(known, as_json=as_json, draw=lambda: listed(known))
    else:
        one = network(name)
        answer(one, as_json=as_json, draw=lambda: shown(one))


def listed(known: tuple[Network, ...]) -> object:
    """A table of networks."""
    rows = [
        [one.name, str(one.chain_id), one.family, one.anchor, "test" if one.testnet else "", _hours(one)]
        for one in known
    ]
    return table(
        'known networks (a configuration names one by network = "...")',
        ["network", "chain id", "family", "settles on", "", "settled after"],
        rows,
    )


def shown(one: Network) -> object:
    """Everything of one network."""
    windows = [(name, f"{value:,}" + ("" if "blocks" in name else " s")) for name, value in one.windows.items()]
    finality = [(f"{name} after about", f"{value:,} s") for name, value in one.finality.items()]
    return Group(
        f"{one.name}: {one.title}, chain id {one.chain_id}, family {one.family}",
        f"settles on {one.anchor}" if one.anchor else "an anchor: others settle on it",
        *_section("times", [("block every", f"{one.block_seconds:g} s"), *windows, *finality]),
        *_section(f"contracts on {one.anchor}", _contracts(one.rollup)),
        *_section(f"contracts on {one.name}", _contracts(one.predeploys)),
        *_section("sources", [(source.of, _words(source)) for source in one.sources]),
    )


def _section(title: str, rows: list[tuple[str, str]]) -> list[RenderableType]:
    return [f"\n[bold]{title}[/bold]", pairs(rows)] if rows else []


def _contracts(named: Mapping[str, Address]) -> list[tuple[str, str]]:
    return [(name, checksum(contract)) for name, contract in named.items()]


def _words(source: Source) -> str:
    return f"{source.what}, {source.date}" + ("" if source.checked else " (not checked by a test)")


def _hours(one: Network) -> str:
    seconds = one.finality.get("settled")
    if seconds is None:
        return ""
    return f"{seconds / 86_400:.1f} days" if seconds >= 172_800 else f"{seconds / 3_600:.0f} hours"
