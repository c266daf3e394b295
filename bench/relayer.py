"""
Relayer: how many messages a second the daemon carries, what each costs it, and how it bears load.

`python -m bench.relayer [rates] [...]` measures what is named, or all, and keeps it in `results/relayer.json`; what was
not measured stays as it was. Promise: the daemon is the one that users run, as a process of its own, with its journal,
its checks for reorgs and real attestations on; messages are counted by what the destination's inbox says. Exit code 1
if a must is missed.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from statistics import median
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.burden import measure_chains, measure_peer, measure_pending, measure_restart
from bench.carried import Run, Say, bench
from bench.figures import Figure, figure, load, save
from bench.ground import BLOCK_SECONDS
from bench.lasting import measure_lasting
from bench.page import write_page
from bench.trips import measure_round_trips
from xl2.errors import Xl2Error

RESULT: Final = "relayer"
RUNS: Final = 3
AT_LEAST: Final[Mapping[str, float]] = {
    "messages_per_s_1000": 500,
    "messages_per_s_10000": 900,
    "eight_chains_ratio": 0.7,
}
AT_MOST: Final[Mapping[str, float]] = {
    "cpu_ms_per_message": 0.5,
    "latency_p50_blocks": 1,
    "latency_p95_blocks": 2,
    "cpu_10k_over_1k": 1.3,
    "cpu_lasting_over_first": 1.15,
    "idle_8_chains_percent": 3,
    "round_trips_per_batch": 6,
    "pending_1m_rss_mb": 600,
    "pending_1m_ready_s": 30,
    "restart_10k_first_delivery_s": 2,
}


async def measure_rates(say: Say) -> dict[str, Figure]:
    """Messages a second, CPU and latency at 1,000 and 10,000 messages."""
    load_before = os.getloadavg()[0]
    runs: dict[int, list[Run]] = {1_000: [], 10_000: []}
    for messages, found in runs.items():
        for number in range(RUNS):
            async with bench() as one:
                run = await one.run(messages, after_block=number * BLOCK_SECONDS / RUNS)
            found.append(run)
            say(
                f"{messages} messages in {run.seconds:.2f} s, {run.rate:.0f}/s, {run.cpu_ms:.3f} ms of CPU each, "
                f"{run.transactions} deliveries, blocks p50 {run.wait(50):.0f}, p95 {run.wait(95):.0f}"
            )
    small, large = runs[1_000], runs[10_000]
    how = (
        f"32-byte payloads, one recipient, 1 s blocks that are final as they are made, median of {RUNS} runs, "
        f"begun 0, 1/3 and 2/3 of a block after one, load {load_before:.1f} before them"
    )
    cpu = {messages: median(run.cpu_ms for run in found) for messages, found in runs.items()}
    return {
        "messages_per_s_1000": figure(median(run.rate for run in small), "messages/s", f"1,000 messages; {how}"),
        "messages_per_s_10000": figure(median(run.rate for run in large), "messages/s", f"10,000 messages; {how}"),
        "cpu_ms_per_message": figure(cpu[1_000], "ms", "user and system time of the daemon, 1,000 messages"),
        "cpu_ms_per_message_10k": figure(cpu[10_000], "ms", "the same, 10,000 messages"),
        "cpu_10k_over_1k": figure(cpu[10_000] / cpu[1_000], "x", "CPU for a message at 10,000 over that at 1,000"),
        "latency_p50_blocks": figure(median(run.wait(50) for run in small), "blocks", f"of the destination; {how}"),
        "latency_p95_blocks": figure(median(run.wait(95) for run in small), "blocks", f"of the destination; {how}"),
        "latency_p95_blocks_10k": figure(median(run.wait(95) for run in large), "blocks", "10,000 messages"),
    }


PARTS: Final[Mapping[str, Callable[[Say], Coroutine[object, object, dict[str, Figure]]]]] = {
    "rates": measure_rates,
    "lasting": measure_lasting,
    "chains": measure_chains,
    "trips": measure_round_trips,
    "restart": measure_restart,
    "pending": measure_pending,
    "peer": measure_peer,
}


def missed(figures: Mapping[str, Figure]) -> list[str]:
    """One sentence for each must that is not met, of what was measured."""
    below = [
        f"{key} is {figures[key].value:g}; it must be {least:g} at least"
        for key, least in AT_LEAST.items()
        if key in figures and figures[key].value < least
    ]
    above = [
        f"{key} is {figures[key].value:g}; it must be {most:g} at most"
        for key, most in AT_MOST.items()
        if key in figures and figures[key].value > most
    ]
    return below + above


def main() -> int:
    """Measure and keep the figures."""
    console, progress = Console(), Console(stderr=True)
    figures = load(RESULT)
    for part in sys.argv[1:] or PARTS:
        progress.print(f"measuring {part}", style="dim")
        try:
            figures |= asyncio.run(PARTS[part](lambda sentence: progress.print(sentence, style="dim")))
        except Xl2Error as error:
            progress.print(f"{error}\n{error.remedy}", style="red")
            return 2
        save(RESULT, figures)
    write_page()
    table = Table("what", "value", "how", title="relayer")
    for key, one in figures.items():
        table.add_row(key, f"{one.value:g} {one.unit}", one.how)
    console.print(table)
    for sentence in missed(figures):
        progress.print(sentence, style="red")
    return 1 if missed(figures) else 0


if __name__ == "__main__":
    sys.exit(main())
