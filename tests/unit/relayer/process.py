"""Process: a relayer between two chains in memory, with a store on the disk and all that dies with it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from attrs import field, frozen

from tests.waiting import PATIENCE_SECONDS
from xl2.core.lifecycle import State
from xl2.core.types import Address, Wei
from xl2.flow.inclusion import Patience
from xl2.flow.submit import JournalledSubmitter, SubmitPolicy
from xl2.ports import Observer, Signer, Unobserved
from xl2.relayer import LaneParts, Pipeline, PipelineSettings
from xl2.store import SqliteStore
from xl2.testing import MemoryProver, MemorySigner, World

RECIPIENT = Address(b"\x77" * 20)
FEE = Wei(10**9)
#: Nobody is cut off at a stop: the drain is by the loop's own time, which a busy machine lets pass.
SETTINGS = PipelineSettings(poll_seconds=0.005, drain_seconds=PATIENCE_SECONDS)
#: Nothing is replaced: by a clock that hurries, twenty seconds are over whenever a busy machine waits.
POLICY = SubmitPolicy(patience=Patience(stuck_seconds=1e9))


class FastClock:
    """Real order, hurried time: a rest of ten seconds is over in ten milliseconds."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def now(self) -> float:
        return 1_000_000 + self.steady()

    def steady(self) -> float:
        return (time.monotonic() - self._start) * 1_000

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 1_000)


@frozen
class Relayer:
    """One process: a store on the disk, and all that dies with it."""

    world: World
    path: Path
    clock: FastClock = field(factory=FastClock)
    provers: dict[int, MemoryProver] = field(factory=dict)
    more_provers: list[MemoryProver] = field(factory=list)
    observer: Observer = field(factory=Unobserved)
    signer: Signer = MemorySigner.named("relayer")  # noqa: RUF009 - frozen, and named anew it is equal

    def pipeline(self, store: SqliteStore) -> Pipeline:
        parts = self.parts(store)
        return Pipeline([parts], list(self.submitters(parts)), SETTINGS)

    def submitters(self, parts: LaneParts) -> list[JournalledSubmitter]:
        return [one for one in parts.submitters.values() if isinstance(one, JournalledSubmitter)]

    def parts(self, store: SqliteStore) -> LaneParts:
        chains = {chain: self.world.chain(chain) for chain in (901, 902)}
        submitters = {
            one.chain: JournalledSubmitter(one, self.signer, store, self.clock, POLICY) for one in chains.values()
        }
        provers = {chain: self.provers.get(chain) or MemoryProver(home=chains[chain]) for chain in chains}
        return LaneParts(
            lane=self.world.lane(901, 902),
            origin=chains[901],
            destination=chains[902],
            provers=[provers[901], *self.more_provers],
            receipt_provers=[provers[902]],
            submitters=submitters,
            store=store,
            clock=self.clock,
            observer=self.observer,
        )

    async def run_until(self, *wanted: State) -> dict[State, int]:
        """Run until every message is in one of these states; the states."""
        stop = asyncio.Event()
        async with SqliteStore(self.path) as store, asyncio.timeout(PATIENCE_SECONDS):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.pipeline(store).run(stop))
                while not await self._are(store, wanted):
                    for chain in (901, 902):
                        self.world.chain(chain).mine()
                    await asyncio.sleep(0.005)
                stop.set()
            return {state: count for _, state, count, _ in await store.backlog()}

    @asynccontextmanager
    async def running(self, pipeline: Pipeline) -> AsyncIterator[asyncio.Event]:
        """Run a pipeline while both chains advance; the event that stops it, which the end of the block sets."""
        stop = asyncio.Event()

        async def advance() -> None:
            while True:
                for chain in (901, 902):
                    self.world.chain(chain).mine()
                await asyncio.sleep(0.005)

        async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as tasks:
            run = tasks.create_task(pipeline.run(stop))
            advancing = tasks.create_task(advance())
            yield stop
            stop.set()
            await run
            advancing.cancel()

    async def _are(self, store: SqliteStore, wanted: tuple[State, ...]) -> bool:
        backlog = await store.backlog()
        sent = len(self.world.chain(901).state.sent)
        return sum(count for _, _, count, _ in backlog) == sent and all(state in wanted for _, state, _, _ in backlog)


async def put(relayer: Relayer, count: int, **fields: object) -> None:
    world = relayer.world
    for number in range(count):
        given = {"fee": FEE, **fields}
        await world.chain(901).put(world.lane(901, 902), f"message {number}".encode(), **given)  # type: ignore[arg-type]
