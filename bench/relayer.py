"""
Relayer: how many messages a second the daemon carries, what each costs it, and how it bears load.

`python -m bench.relayer [rates] [...]` measures what is named, or all, and keeps it in `results/relayer.json`; what was
not measured stays as it was. Promise: the daemon is the one that users run, as a process of its own, with its journal,
its checks for reorgs and real attestations on; messages are counted by what the destination's inbox says. Exit code 1
if a must is missed.
"""

import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import permutations
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from attrs import frozen
from rich.console import Console
from rich.table import Table

from bench.daemons import Daemon, attesters, daemon, relayer_configuration
from bench.figures import Figure, load, save
from bench.ground import Place, ground
from bench.traffic import Delivery, called, delivered, hand_over, signed, until_called
from xl2.config import load as load_configuration
from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.types import Assurance, ChainId
from xl2.errors import Xl2Error
from xl2_adapters.op_stack import OpStack
from xl2_adapters.op_stack.chain import OpChain
from xl2_devnet.accounts import account

RESULT: Final = "relayer"
RUNS: Final = 3
#: Seconds between two looks of the measured daemon at a chain's head.
POLL_SECONDS: Final = 0.1
#: Who sends, by lane in turn, so that lanes from one origin need no common nonce.
_SENDERS: Final = ("alice", "bob", "carol", "dave", "erin", "frank", "grace")

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
    "idle_8_chains_percent": 3,
    "round_trips_per_batch": 6,
    "pending_1m_rss_mb": 600,
    "pending_1m_ready_s": 30,
    "restart_10k_first_delivery_s": 2,
}

Say = Callable[[str], object]


@frozen(kw_only=True)
class Run:
    """One run."""

    messages: int
    seconds: float
    cpu_seconds: float
    deliveries: tuple[Delivery, ...]

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds

    @property
    def cpu_ms(self) -> float:
        """The daemon's time for a message."""
        return 1e3 * self.cpu_seconds / self.messages

    def wait(self, percent: int) -> float:
        """Blocks that so many of a hundred messages waited at most."""
        return quantiles([blocks for one in self.deliveries for blocks in one.waits], n=100)[percent - 1]

    @property
    def transactions(self) -> int:
        """Deliveries that were paid for."""
        return sum(one.transactions for one in self.deliveries)


@frozen(kw_only=True)
class Bench:
    """Chains, who signs their heads, and a daemon between them."""

    chains: Mapping[ChainId, OpChain]
    lanes: Sequence[Lane]
    relayer: Daemon
    file: Path

    async def run(self, messages: int) -> Run:
        """Carry so many messages, spread over all lanes."""
        each = messages // len(self.lanes)
        senders = {lane: account(_SENDERS[place % len(_SENDERS)]) for place, lane in enumerate(self._by_origin())}
        ready = [await signed(self._end(lane.origin), lane, each, sender) for lane, sender in senders.items()]
        tips = {chain: (await one.head(Finality.LATEST)).number for chain, one in self.chains.items()}
        wanted = {
            chain: (self.chains[chain], await called(self.chains[chain]) + each * lanes)
            for chain, lanes in Counter(lane.destination for lane in self.lanes).items()
        }
        cpu, began = -self.relayer.cpu_seconds(), time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for one in ready:
                tasks.create_task(hand_over(one))
            waiting = tasks.create_task(until_called(wanted))
        ended = waiting.result()
        cpu += self.relayer.cpu_seconds()
        found = [
            await delivered(self._end(lane.origin), self._end(lane.destination), lane, tips) for lane in self.lanes
        ]
        return Run(messages=each * len(self.lanes), seconds=ended - began, cpu_seconds=cpu, deliveries=tuple(found))

    def _end(self, chain: ChainId) -> OpChain:
        return self.chains[chain]

    def _by_origin(self) -> list[Lane]:
        """Lanes so that those of one origin stand together: each has another sender then."""
        return sorted(self.lanes, key=lambda lane: (lane.origin, lane.destination))


@asynccontextmanager
async def bench(*, chains: int = 2, one_way: bool = True, profile: Path | None = None) -> AsyncIterator[Bench]:
    """Everything that a run needs, new. `one_way`: only the lane from the first chain to the second is used."""
    with tempfile.TemporaryDirectory(prefix="xl2-bench-") as name:
        folder = Path(name)
        async with ground(chains) as places, attesters(places, folder) as urls:
            file = relayer_configuration(places, urls, folder, poll_seconds=POLL_SECONDS)
            async with opened(file, places) as known, daemon(file, "relayer", "run", profile=profile) as relayer:
                pairs = list(permutations(known, 2))
                lanes = [await known[a].lane_to(b, Assurance.ATTESTED) for a, b in (pairs[:1] if one_way else pairs)]
                yield Bench(chains=known, lanes=lanes, relayer=relayer, file=file)


@asynccontextmanager
async def opened(file: Path, places: Sequence[Place]) -> AsyncIterator[Mapping[ChainId, OpChain]]:
    """The chains as the bench itself sees them."""
    config, family = load_configuration(file), OpStack()
    chains = {ChainId(one.chain_id): family.chain(config.chain(one.name)) for one in places}
    try:
        yield chains
    finally:
        for chain in chains.values():
            await chain.close()


async def measure_rates(say: Say) -> dict[str, Figure]:
    """Messages a second, CPU and latency at 1,000 and 10,000 messages."""
    runs: dict[int, list[Run]] = {1_000: [], 10_000: []}
    for messages, found in runs.items():
        for _ in range(RUNS):
            async with bench() as one:
                run = await one.run(messages)
            found.append(run)
            say(
                f"{messages} messages in {run.seconds:.2f} s, {run.rate:.0f}/s, {run.cpu_ms:.3f} ms of CPU each, "
                f"{run.transactions} deliveries, blocks p50 {run.wait(50):.0f}, p95 {run.wait(95):.0f}"
            )
    small, large = runs[1_000], runs[10_000]
    how = f"32-byte payloads, one recipient, 1 s blocks that are final as they are made, median of {RUNS} runs"
    cpu = {messages: median(run.cpu_ms for run in found) for messages, found in runs.items()}
    return {
        "messages_per_s_1000": _figure(median(run.rate for run in small), "messages/s", f"1,000 messages; {how}"),
        "messages_per_s_10000": _figure(median(run.rate for run in large), "messages/s", f"10,000 messages; {how}"),
        "cpu_ms_per_message": _figure(cpu[1_000], "ms", "user and system time of the daemon, 1,000 messages"),
        "cpu_ms_per_message_10k": _figure(cpu[10_000], "ms", "the same, 10,000 messages"),
        "cpu_10k_over_1k": _figure(cpu[10_000] / cpu[1_000], "x", "CPU for a message at 10,000 over that at 1,000"),
        "latency_p50_blocks": _figure(median(run.wait(50) for run in small), "blocks", f"of the destination; {how}"),
        "latency_p95_blocks": _figure(median(run.wait(95) for run in small), "blocks", f"of the destination; {how}"),
        "latency_p95_blocks_10k": _figure(median(run.wait(95) for run in large), "blocks", "10,000 messages"),
    }


PARTS: Final[Mapping[str, Callable[[Say], Coroutine[object, object, dict[str, Figure]]]]] = {"rates": measure_rates}


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
    table = Table("what", "value", "how", title="relayer")
    for key, figure in figures.items():
        table.add_row(key, f"{figure.value:g} {figure.unit}", figure.how)
    console.print(table)
    for sentence in missed(figures):
        progress.print(sentence, style="red")
    return 1 if missed(figures) else 0


def _figure(value: float, unit: str, how: str) -> Figure:
    return Figure(value=round(value, 3), unit=unit, how=how)


if __name__ == "__main__":
    sys.exit(main())
