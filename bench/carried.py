"""
Carried: a daemon between bare chains, and one run of messages through it.

Comes in: how many chains, how many messages. Goes out: how long they took, what each cost the daemon, how many blocks
each waited. Promise: the clock runs from when the first signed send is handed over until a block holds the last
delivery; what was delivered is what the destination's inbox says. What is measured is `relayer`'s and `burden`'s.
"""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import permutations
from pathlib import Path
from statistics import quantiles
from typing import Final

from attrs import frozen

from bench.daemons import Daemon, attesters, daemon, relayer_configuration
from bench.ground import Place, ground
from bench.traffic import Delivery, called, delivered, hand_over, next_block, signed, until_called
from xl2.config import load as load_configuration
from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.types import Assurance, ChainId
from xl2_adapters.op_stack import OpStack
from xl2_adapters.op_stack.chain import OpChain
from xl2_devnet.accounts import account

#: Seconds between two looks of the measured daemon at a chain's head.
POLL_SECONDS: Final = 0.1
#: Who sends, by lane in turn, so that lanes from one origin need no common nonce.
_SENDERS: Final = ("alice", "bob", "carol", "dave", "erin", "frank", "grace")

Say = Callable[[str], object]
Through = Callable[[Sequence[Place]], Awaitable[Sequence[Place]]]


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

    async def run(self, messages: int, *, after_block: float = 0.0) -> Run:
        """Carry so many messages, spread over all lanes, from so many seconds after a block of the first chain on."""
        each = messages // len(self.lanes)
        senders = {lane: account(_SENDERS[place % len(_SENDERS)]) for place, lane in enumerate(self._by_origin())}
        ready = [await signed(self._end(lane.origin), lane, each, sender) for lane, sender in senders.items()]
        tips = {chain: (await one.head(Finality.LATEST)).number for chain, one in self.chains.items()}
        wanted = {
            chain: (self.chains[chain], await called(self.chains[chain]) + each * lanes)
            for chain, lanes in Counter(lane.destination for lane in self.lanes).items()
        }
        await next_block(next(iter(self.chains.values())))
        await asyncio.sleep(after_block)
        cpu, began = -self.relayer.cpu_seconds(), time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for one in ready:
                tasks.create_task(hand_over(one))
            waiting = tasks.create_task(until_called(wanted))
        ended = waiting.result()
        cpu += self.relayer.cpu_seconds()
        await asyncio.gather(*(next_block(chain) for chain in self.chains.values()))
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
async def bench(
    *, chains: int = 2, one_way: bool = True, profile: Path | None = None, through: Through | None = None
) -> AsyncIterator[Bench]:
    """
    Everything that a run needs, new. `one_way`: only the lane from the first chain to the second is used.

    `profile`: where cProfile writes; `through`: the places as the daemon is to reach them.
    """
    with tempfile.TemporaryDirectory(prefix="xl2-bench-") as name:
        folder = Path(name)
        async with ground(chains) as places, attesters(places, folder) as urls:
            reached = await through(places) if through else places
            file = relayer_configuration(reached, urls, folder, poll_seconds=POLL_SECONDS)
            async with opened(file, places) as known, daemon(file, "relayer", "run", profile=profile) as relayer:
                pairs = list(permutations(known, 2))
                lanes = [await known[a].lane_to(b, Assurance.ATTESTED) for a, b in (pairs[:1] if one_way else pairs)]
                yield Bench(chains=known, lanes=lanes, relayer=relayer, file=file)


@asynccontextmanager
async def opened(file: Path, places: Sequence[Place]) -> AsyncIterator[Mapping[ChainId, OpChain]]:
    """The chains as the bench itself sees them."""
    config = load_configuration(file).reached_by({one.name: one.url for one in places})
    family = OpStack()
    chains = {ChainId(one.chain_id): family.chain(config.chain(one.name)) for one in places}
    try:
        yield chains
    finally:
        for chain in chains.values():
            await chain.close()
