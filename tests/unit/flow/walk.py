"""A message's walk through the rooms, step by step, for tests that begin somewhere on the way."""

import asyncio
from collections.abc import Callable, Sequence

from attrs import frozen

from tests.waiting import PATIENCE_SECONDS
from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.storage_proof import LogKind
from xl2.core.types import MessageId
from xl2.flow import confirm, deliver, observe, prove, settle
from xl2.flow.submit import JournalledSubmitter
from xl2.ports import Log, Needed, Record
from xl2.store import SqliteStore
from xl2.testing import ManualClock, MemoryChain, MemoryProver, MemorySigner, World

RELAYER = MemorySigner.named("relayer")


@frozen
class Walk:
    """Two chains, a lane, and a relayer with a store."""

    world: World
    store: SqliteStore
    clock: ManualClock

    @property
    def lane(self) -> Lane:
        return self.world.lane(901, 902)

    @property
    def origin(self) -> MemoryChain:
        return self.world.chain(901)

    @property
    def destination(self) -> MemoryChain:
        return self.world.chain(902)

    def submitter(self, chain: MemoryChain) -> JournalledSubmitter:
        return JournalledSubmitter(chain, RELAYER, self.store, self.clock)

    async def observed(self, count: int = 1, **fields: object) -> Sequence[Record]:
        """So many new messages, observed."""
        sent = [await self.origin.put(self.lane, f"message {n}".encode(), **fields) for n in range(count)]  # type: ignore[arg-type]
        self.origin.mine(2)
        await self.observe()
        return [await self.record(one.message.id) for one in sent]

    async def observe(self) -> None:
        log = Log(lane=self.lane, kind=LogKind.LANE)
        await observe.observe(self.origin, log, self.store, Finality.FINALIZED, self.clock.now())

    async def proven(self, records: Sequence[Record]) -> prove.Proven:
        proven = await prove.prove(records, self.store, MemoryProver(home=self.origin))
        assert not isinstance(proven, Needed)
        return proven

    async def delivered(self, records: Sequence[Record]) -> deliver.Outcome:
        proven = await self.proven(records)
        submitter = self.submitter(self.destination)
        outcome = await deliver.deliver(proven.segment, proven.shown.evidence, self.destination, submitter)
        await self.store.happen(outcome.happenings, self.clock.now())
        return outcome

    async def expired(self, record: Record) -> deliver.Outcome:
        outcome = await deliver.expire(record.sent.message, self.destination, self.submitter(self.destination))
        await self.store.happen(outcome.happenings, self.clock.now())
        return outcome

    async def confirmed(self, records: Sequence[Record]) -> None:
        self.destination.mine(2)
        log = Log(lane=self.lane, kind=LogKind.RECEIPTS)
        await observe.observe(self.destination, log, self.store, Finality.FINALIZED, self.clock.now())
        fresh = [await self.record(one.sent.message.id) for one in records]
        found = await confirm.confirm(fresh, self.store, self.destination) if fresh else []
        await self.store.happen(found, self.clock.now())

    async def owed(self, limit: int = 64) -> settle.Owed | None:
        return await settle.owed(self.lane, self.store, self.origin, limit, self.clock.now())

    async def settled(self, due: settle.Owed | None = None, *, limit: int = 64) -> settle.Settled:
        due = due or await self.owed(limit)
        assert due is not None
        call = await settle.prepare(due, self.store, self.origin, self.destination, MemoryProver(home=self.destination))
        assert not isinstance(call, Needed)
        done = await settle.settle(due, call, self.submitter(self.origin))
        await self.store.happen(done.happenings, self.clock.now())
        return done

    async def record(self, message_id: MessageId) -> Record:
        found = await self.store.record(message_id)
        assert found is not None
        return found

    async def states(self, records: Sequence[Record]) -> list[State]:
        return [(await self.record(one.sent.message.id)).state for one in records]


async def until(holds: Callable[[], bool]) -> None:
    """Let other tasks run until something holds; the test's own time limit is pytest's."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():  # noqa: ASYNC110 - another task makes it true
            await asyncio.sleep(0)
