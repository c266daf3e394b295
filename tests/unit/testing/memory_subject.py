"""In-memory chains as a subject of the conformance suite."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from xl2.core.lane import Lane
from xl2.core.types import Address, BlockNumber
from xl2.flow.submit import JournalledSubmitter, SubmitPolicy
from xl2.ports import Call, Prover, Sent, TxReceipt
from xl2.store import SqliteStore
from xl2.testing import ManualClock, MemoryChain, MemoryProver, MemorySigner, World
from xl2.testing.conformance import Subject


class MemorySubject(Subject):
    """Chain 901 of a world, heard by 902."""

    patience = 20

    def __init__(self) -> None:
        self.world = World()
        self.store = SqliteStore(":memory:")
        self.signer = MemorySigner.named("payer")
        self.prover = MemoryProver(home=self.home)

    @property
    def home(self) -> MemoryChain:
        return self.world.chain(901)

    @property
    def reader(self) -> MemoryChain:
        return self.world.chain(902)

    @property
    def provers(self) -> Sequence[Prover]:
        return [self.prover]

    @property
    def kinds(self) -> Sequence[str]:
        return ["memory", "telepathy"]

    def why_not(self, kind: str) -> str | None:
        return None if kind == "memory" else "chains in memory do not read thoughts"

    @property
    def payer(self) -> Address:
        return self.signer.address

    async def send(self, lane: Lane, payload: bytes) -> Sent:
        return await self.home.put(lane, payload, sender=self.payer)

    async def make(self, call: Call) -> TxReceipt:
        chain = self.world.chain(call.chain)
        return await JournalledSubmitter(chain, self.signer, self.store, ManualClock(), SubmitPolicy()).submit(call)

    async def wait(self) -> None:
        self.home.mine()
        self.reader.mine()

    async def take_back(self, block: BlockNumber) -> None:
        tip = len(self.home._blocks) - 1
        self.home.reorg(tip - block + 1)

    @asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        self.home.is_down = True
        try:
            yield
        finally:
            self.home.is_down = False
