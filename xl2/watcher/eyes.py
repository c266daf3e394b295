"""
Eyes: one endpoint of one chain, and the logs as it has shown them.

Promise: what one endpoint said never mixes with what another said; a log is recomputed once for each of them and then
only continued, by one question at a time.
"""

import asyncio
from collections import defaultdict

from attrs import define, field

from xl2.core.evidence import Finality
from xl2.core.lane import extend
from xl2.core.receipt import parse_receipt
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, ChainId, Hash32
from xl2.errors import NotYet
from xl2.flow.recompute import Recomputed
from xl2.ports import Block, Chain, Log, LogState
from xl2.watcher.facts import At, LogStands


@define(kw_only=True)
class Eye:
    """A chain as one endpoint shows it."""

    #: What people call the endpoint; no path, no key.
    name: str
    chain: Chain
    _logs: dict[Log, Recomputed] = field(factory=dict, init=False)
    _turns: dict[Log, asyncio.Lock] = field(factory=lambda: defaultdict(asyncio.Lock), init=False)

    @property
    def id(self) -> ChainId:
        """EIP-155 id of the chain."""
        return self.chain.chain

    async def at(self, finality: Finality) -> At:
        """Newest block of that finality."""
        block = await self.chain.head(finality)
        return At.of(self.id, block, is_final=finality >= Finality.FINALIZED)

    async def log_by(self, log: Log, at: At, count: int) -> LogStands:
        """
        The log by a block, and its head after `count` entries.

        Raises `ProofInvalid` where events and storage differ, `NotYet` where the endpoint has another block there, or
        none, `Incident` where a block that was final is gone.
        """
        async with self._turns[log]:
            block = await self.chain.block(at.number)
            if block.hash != at.hash:
                raise NotYet(f"{self.name} has another block {at.number} of chain {self.id}")
            if at.is_final:
                final = block
            else:
                # The newest final block may be younger than one that was not final when it was read.
                final = await self.chain.head(Finality.FINALIZED)
                final = block if final.number > block.number else final
            recomputed = self._logs.setdefault(log, Recomputed(self.chain, log))
            state = await recomputed.at(final)
            head = recomputed.after(count) if count <= state.count else None
            if block.number > final.number:
                heads = await self._beyond(log, final, state, block)
                state, head = heads[-1], next((one.head for one in heads if one.count == count), head)
        return LogStands(at=at, log=log, entries=state.count, count=count, head=head)

    def forget_logs(self) -> None:
        """Read all logs anew from their beginnings: a chain took back what was final."""
        self._logs.clear()

    async def _beyond(self, log: Log, final: Block, state: LogState, block: Block) -> list[LogState]:
        """The log at the final block and after each entry up to a newer one; nothing of it is kept."""
        first = BlockNumber(final.number + 1)
        if log.kind is LogKind.LANE:
            sent = await self.chain.sent(log.lane, first, block.number)
            entries = [(int(one.message.nonce), Hash32(one.message.id)) for one in sent]
        else:
            receipts = await self.chain.receipts(log.lane, first, block.number)
            entries = [(one.index, parse_receipt(one.data).hash) for one in receipts]
        states = [state]
        for index, entry in entries:
            if index != states[-1].count:
                raise NotYet(f"{self.name} left out an entry of a log of chain {self.id}, in blocks not final yet")
            states.append(LogState(head=extend(states[-1].head, entry), count=index + 1))
        if await self.chain.log_state(log, block.number) != states[-1]:
            raise NotYet(f"events and storage of {self.name} differ above the final blocks of chain {self.id}")
        if (await self.chain.block(block.number)).hash != block.hash:
            raise NotYet(f"block {block.number} of chain {self.id} changed while it was read")
        return states
