"""
Rollups: how long a devnet of all families takes to be ready, how long hops take on it, what a proven head costs there.

`python -m bench.rollups [starts] [heads] [hops] [interop]` measures what is named, or all, and keeps it in
`results/rollups.json`; what was not measured stays as it was. Exit code 1 if a must is missed.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.figures import Figure, load, save
from bench.heads import measure_heads
from bench.hops import measure_hops
from bench.interop import measure_interop
from bench.page import write_page
from xl2.errors import Xl2Error
from xl2_devnet.ready import ready_seconds

#: Four L2s of three families.
KINDS: Final = ("op", "base", "arbitrum", "zk")
RESULT: Final = "rollups"
_STARTS: Final = 3

#: What must be reached: at most, or for ratios to others at least.
AT_MOST: Final[Mapping[str, float]] = {
    "devnet_4_ready_s": 15,
    "devnet_4_snapshot_s": 3,
    "proven_head_op": 260_000,
    "proven_head_arbitrum": 260_000,
    "amortised_100_each": 2_500,
    "interop_p95_vs_supersim": 0.5,
}
AT_LEAST: Final[Mapping[str, float]] = {"interop_vs_supersim": 3, "interop_cpu_vs_supersim": 10}

Say = Callable[[str], object]


async def measure_starts(say: Say) -> dict[str, Figure]:
    """`devnet_4_ready_s` and `devnet_4_snapshot_s`: the median of some starts each."""
    figures = {}
    for name, cold, words in (
        ("devnet_4_ready_s", True, "from nothing, packages in the cache"),
        ("devnet_4_snapshot_s", False, "from a snapshot"),
    ):
        took = sorted([await ready_seconds(KINDS, cold=cold) for _ in range(_STARTS)])
        say(f"{name}: {', '.join(f'{seconds:.2f}' for seconds in took)} s")
        how = f"`xl2 devnet up --l2 {','.join(KINDS)}` {words}, from process start to ready, median of {_STARTS}"
        figures[name] = Figure(value=round(took[_STARTS // 2], 2), unit="s", how=how)
    return figures


def missed(figures: Mapping[str, Figure]) -> list[str]:
    """One sentence for each must that is not met, of what was measured."""
    above = [
        f"{name} is {figures[name].value:g}; it must be {most:g} at most"
        for name, most in AT_MOST.items()
        if name in figures and figures[name].value > most
    ]
    below = [
        f"{name} is {figures[name].value:g}; it must be {least:g} at least"
        for name, least in AT_LEAST.items()
        if name in figures and figures[name].value < least
    ]
    return above + below


MEASURES: Final[Mapping[str, Callable[[Say], Coroutine[Any, Any, dict[str, Figure]]]]] = {
    "starts": measure_starts,
    "heads": measure_heads,
    "hops": measure_hops,
    "interop": measure_interop,
}


def main() -> int:
    """Measure what is asked for."""
    progress = Console(stderr=True)

    def say(sentence: str) -> None:
        progress.print(sentence, style="dim", highlight=False)

    for name in sys.argv[1:] or MEASURES:
        if name not in MEASURES:
            progress.print(f"{name!r} is none of {', '.join(MEASURES)}", style="red")
            return 2
        try:
            say(f"measuring {name}")
            save(RESULT, load(RESULT) | asyncio.run(MEASURES[name](say)))
        except Xl2Error as error:
            progress.print(f"{error}\n{error.remedy}", style="red")
            return 2
    figures = load(RESULT)
    write_page()
    table = Table("key", "value", "how")
    for key, figure in figures.items():
        table.add_row(key, f"{figure.value:g} {figure.unit}", figure.how)
    Console().print(table)
    for sentence in missed(figures):
        progress.print(sentence, style="red")
    return 1 if missed(figures) else 0


if __name__ == "__main__":
    sys.exit(main())
