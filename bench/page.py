"""
Page: the figures that are kept become `docs/benchmarks.md`.

Promise: the page says what the JSON files say and nothing else; a test compares them.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.figures import GOALS, Figure, load

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"

_INTRODUCTION = """\
# Benchmarks

Written by `make bench`; do not edit. The numbers stand in `bench/results`, each with how it was measured.

## Gas

Whole transactions, as the receipt's `gasUsed` says, on anvil under the rules of Prague; in steady state, so every slot
that is written was not zero before; fee 0 where nothing else is said. The recipient adds one to a slot, for 5,048 gas,
which is part of each delivery. Gas is exact: a test measures it again, and fails if a *must* is missed or a figure
rises. *Aim* is what prototypes without this or that check came to. Peers were measured with their own bytecode on the
same anvil.
"""

_TIMES = """\
## Times

Of one machine with two cores; they move with the machine and its load.
"""


_ROLLUPS = """\
## Rollup families

Written by `make bench-rollups`, on the same machine: a devnet of four L2s of three families, ether over the rollups'
own bridges, and our relayer of OP interop beside supersim's on the same chains.
"""


_RELAYER = """\
## Relayer

Written by `make bench-relayer`: the daemon as users run it, with journal, checks for reorgs and attestations by two of
three attesters on, between bare anvils with a block a second, all of them on one machine with two cores.
"""


def write_page() -> None:
    """Write the page from the figures that are kept."""
    text = page(load("gas"), load("times"), load("rollups"), load("relayer"))
    PAGE.write_text(text, encoding="utf-8")


def page(
    gas: Mapping[str, Figure],
    times: Mapping[str, Figure],
    rollups: Mapping[str, Figure],
    relayer: Mapping[str, Figure],
) -> str:
    """Render the whole page."""
    tables = (
        _INTRODUCTION,
        *_gas_table(gas),
        "",
        _TIMES,
        *_times_table(times),
        "",
        _ROLLUPS,
        *_times_table(rollups),
        "",
        _RELAYER,
        *_times_table(relayer),
        "",
    )
    return "\n".join(tables)


def _gas_table(figures: Mapping[str, Figure]) -> Iterator[str]:
    yield "| key | what | gas | must | aim | peers |"
    yield "|---|---|---:|---:|---:|---|"
    for key, goal in GOALS.items():
        cells = (f"`{key}`", goal.what, _number(figures[key].value), _limit(goal.must), _limit(goal.aim), goal.peers)
        yield f"| {' | '.join(cells)} |"


def _times_table(figures: Mapping[str, Figure]) -> Iterator[str]:
    yield "| key | value | how |"
    yield "|---|---:|---|"
    for key, figure in figures.items():
        yield f"| `{key}` | {figure.value:g} {figure.unit} | {figure.how} |"


def _number(value: float) -> str:
    return f"{value:,.0f}"


def _limit(value: int | None) -> str:
    return "" if value is None else _number(value)
