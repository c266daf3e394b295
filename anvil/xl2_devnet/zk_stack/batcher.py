"""
ZK batcher: the validator of one ZK-stack L2, which commits, proves and executes its batches on L1.

The L2's finalized blocks come in, executed batches go out. Promise: every batch that is executed here is true, though
nothing but this node says so: the verifier is a stand-in. What L1 took back is posted again; what the L2 took back, or
what is committed and false, is reverted before it could be executed. While the L2 is quiet, batches come more seldom.
"""

import asyncio
import logging
from bisect import bisect_left
from collections.abc import Callable
from operator import attrgetter

from attrs import define, evolve, field

from xl2.errors import Incident
from xl2_adapters.rpc_wire import mapping, quantity
from xl2_devnet.controls import BATCHES, ROOTS
from xl2_devnet.rollup import Berth
from xl2_devnet.zk_stack.batch import GENESIS, Batch, build, false
from xl2_devnet.zk_stack.executor import BatchRefused, Executor, Progress
from xl2_devnet.zk_stack.operations import Operations

log = logging.getLogger(__name__)

_NOTHING = Progress(committed=0, proven=0, executed=0)
#: How often chains are looked at; L1 has a block a second.
_LOOK_SECONDS = 0.2
#: Most L2 blocks of a batch.
_MOST_BLOCKS = 256
#: How often in a row L1 may refuse before that is a fault: a clock that was turned forward is followed in blocks.
_MOST_REFUSALS = 20


@define(kw_only=True)
class Ledger:
    """The batches of one rollup that stand on L1, and how they got there; others read it."""

    #: Number 0, the genesis, first.
    batches: list[Batch] = field(factory=lambda: [GENESIS])
    progress: Progress = _NOTHING
    #: Transaction hashes on L1 by batch number: commit, prove, execute.
    commits: dict[int, str] = field(factory=dict)
    proofs: dict[int, str] = field(factory=dict)
    executions: dict[int, str] = field(factory=dict)

    @property
    def last(self) -> Batch:
        """The newest one."""
        return self.batches[-1]

    def holding(self, block: int) -> Batch | None:
        """The batch that an L2 block is in, if it is in one."""
        place = bisect_left(self.batches, block, lo=1, key=attrgetter("last_block"))
        return self.batches[place] if place < len(self.batches) else None


class ZkBatcher:
    """Validator of one L2. Implements `rollup.Poster`."""

    name = "batcher"

    def __init__(
        self, berth: Berth, operations: Operations, ledger: Ledger, *, busy_block: Callable[[int], int]
    ) -> None:
        """`busy_block(n)`: the last L2 block up to n that holds more than an opening, 0 if there is none."""
        self._berth = berth
        self._operations = operations
        self._ledger = ledger
        self._busy_block = busy_block
        self._executor = Executor(berth.l1, berth.rollup["diamond"], berth.l1_account("proposer"))
        self._committed_at = berth.clock()

    async def start(self) -> None:
        """Take up the batches that L1 holds; their blocks are read again from L2."""
        progress = await self._executor.progress()
        known = await self._operations.by_tx_hash()
        self._ledger.batches = [GENESIS]
        for stands in await self._executor.committed(progress.committed):
            batch = await build(self._berth.l2, known, self._ledger.last, stands.last_block)
            if batch.state_root != stands.state_root:
                raise Incident(f"batch {batch.number} on L1 is not what {self._berth.site.name} holds")
            self._ledger.batches.append(evolve(batch, commitment=stands.commitment))
            self._ledger.commits[batch.number] = stands.tx_hash
        self._ledger.progress = progress

    async def run(self) -> None:
        """Post; returns only by raising.

        Raises:
            BatchRefused: L1 refused time and again. Once it may: what stood there may have been taken back meanwhile.
        """
        refused = 0
        while True:
            try:
                await self.step()
                refused = 0
            except BatchRefused as refusal:
                refused += 1
                if refused > _MOST_REFUSALS:
                    raise
                log.warning("refused", extra={"fields": {"chain": self._berth.site.name, "what": refusal.what}})
            await asyncio.sleep(_LOOK_SECONDS)

    async def step(self) -> None:
        """Look at both chains, and do what is due."""
        progress = self._ledger.progress = await self._executor.progress()
        if progress.committed + 1 < len(self._ledger.batches):
            log.warning("L1 took back batches", extra={"fields": self._fields(self._ledger.last)})
            del self._ledger.batches[progress.committed + 1 :]
        standing = await self._standing()
        controls, name = self._berth.controls, self._berth.site.name
        if standing < progress.committed:
            await self._revert(standing, progress)
        elif progress.executed < progress.committed and not controls.withholds(ROOTS, name):
            await self._execute(progress)
        elif not controls.withholds(BATCHES, name):
            await self._commit_if_due()

    async def _standing(self) -> int:
        """Number of the last batch that is true of the L2 as it is now; batches that are executed are not looked at."""
        executed = self._ledger.progress.executed
        # A rollback of blocks that L1 has executed is none that a chain can make: what they said to L1 stays said.
        for batch in self._ledger.batches[executed + 1 :]:
            block = await self._berth.l2.call("eth_getBlockByNumber", hex(batch.last_block), False)
            if block is None or mapping(block, self._berth.l2.name)["stateRoot"] != batch.state_root:
                return batch.number - 1
        return len(self._ledger.batches) - 1

    async def _revert(self, standing: int, progress: Progress) -> None:
        keep = self._ledger.batches[max(standing, progress.executed)]
        log.warning("a committed batch is not true of the L2", extra={"fields": self._fields(self._ledger.last)})
        await self._executor.revert(keep)
        del self._ledger.batches[keep.number + 1 :]

    async def _execute(self, progress: Progress) -> None:
        number = progress.executed + 1
        before, batch = self._ledger.batches[number - 1 : number + 1]
        if progress.proven < number:
            proof, execution = await self._executor.prove_and_execute(before, batch)
            self._ledger.proofs[number] = proof
        else:
            execution = await self._executor.execute(batch)
        self._ledger.executions[number] = execution

    async def _commit_if_due(self) -> None:
        berth, last = self._berth, self._ledger.last
        final = mapping(await berth.l2.call("eth_getBlockByNumber", "finalized", False), berth.l2.name)
        upto = quantity(final["number"], berth.l2.name)
        news = self._busy_block(upto) > last.last_block
        wait = berth.clocks.proposal_seconds if news else berth.clocks.idle_proposal_seconds
        if upto <= last.last_block or berth.clock() < self._committed_at + wait:
            return
        self._committed_at = berth.clock()
        upto = min(upto, last.last_block + _MOST_BLOCKS)
        batch = await build(berth.l2, await self._operations.by_tx_hash(), last, upto)
        if berth.controls.takes_false(berth.site.name):
            batch = false(batch)
        commitment, tx_hash = await self._executor.commit(last, batch)
        self._ledger.batches.append(evolve(batch, commitment=commitment))
        self._ledger.commits[batch.number] = tx_hash

    def _fields(self, batch: Batch) -> dict[str, object]:
        return {"chain": self._berth.site.name, "batch": batch.number, "last_block": batch.last_block}
