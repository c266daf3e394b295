"""`python -m bench`: measure, write the results and the page, print the tables. Exit code 1 if a must is missed."""

import asyncio
import sys

from rich.console import Console
from rich.table import Table

from bench.figures import GOALS, Figure, load, missed, save
from bench.gas import measure_gas
from bench.page import write_page
from bench.times import measure_times
from xl2.errors import Xl2Error


def main() -> int:
    """Run what was asked for: `gas`, `times`, or both."""
    asked = sys.argv[1:] or ["gas", "times"]
    console, progress = Console(), Console(stderr=True)

    def say(sentence: str) -> None:
        progress.print(sentence, style="dim")

    try:
        if "gas" in asked:
            say("measuring gas on two anvils")
            figures = asyncio.run(measure_gas())
            save("gas", {key: figures[key] for key in GOALS})
        if "times" in asked:
            say("measuring the devnet and the demo")
            save("times", asyncio.run(measure_times(say)))
    except Xl2Error as error:
        progress.print(f"{error}\n{error.remedy}", style="red")
        return 2
    gas, times = load("gas"), load("times")
    write_page()
    console.print(_gas_table(gas))
    console.print(_times_table(times))
    for sentence in missed(gas):
        progress.print(sentence, style="red")
    return 1 if missed(gas) else 0


def _gas_table(figures: dict[str, Figure]) -> Table:
    table = Table("what", "gas", "must", "aim", title="gas")
    for key, goal in GOALS.items():
        must, aim = ("" if limit is None else f"{limit:,}" for limit in (goal.must, goal.aim))
        table.add_row(goal.what, f"{figures[key].value:,.0f}", must, aim)
    return table


def _times_table(figures: dict[str, Figure]) -> Table:
    table = Table("what", "value", "how", title="times")
    for key, figure in figures.items():
        table.add_row(key, f"{figure.value:g} {figure.unit}", figure.how)
    return table


if __name__ == "__main__":
    sys.exit(main())
