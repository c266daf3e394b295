"""
Watch: one chain's blocks become what its messenger said in them, block by block, with every reorg noticed.

In: a trail of blocks seen before. Out: `Seen`, with the trail after it. Promise: a log counts only if its block is the
one whose header links, parent by parent, to the trail; what a reorg took back is told before anything new. Keeping
trail and messages together is left to `journal`, what becomes of them to `relay`.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from attrs import field, frozen, validators

from xl2.core.evidence import Finality
from xl2.core.types import BlockNumber, Hash32, Timestamp, hash32
from xl2.errors import Incident, NotYet, RpcUnavailable
from xl2.ports import Block
from xl2_adapters import rpc_wire
from xl2_adapters.evm import Evm, Log
from xl2_adapters.op_stack.interop.contracts import MESSENGER, RELAYED, SENT
from xl2_adapters.op_stack.interop.messages import Relayed, Sent, relayed_of, sent_of
from xl2_adapters.rpc import Call as Request
from xl2_adapters.rpc import Json

#: Blocks that are read in one look, each with its header.
_MOST_BLOCKS: Final = 200


@frozen(kw_only=True)
class Step:
    """A block of the trail."""

    number: BlockNumber
    hash: Hash32


@frozen(kw_only=True)
class Seen:
    """What one look at a chain brought."""

    #: Blocks above this one are no longer what they were; None: no reorg.
    undone_above: BlockNumber | None = None
    sent: tuple[Sent, ...] = ()
    relayed: tuple[Relayed, ...] = ()
    trail: tuple[Step, ...]
    #: On the chain's own clock.
    timestamp: Timestamp

    @property
    def upto(self) -> BlockNumber:
        """Last block that was read."""
        return self.trail[-1].number


@frozen(kw_only=True)
class WatchPolicy:
    """How a chain is watched."""

    #: Blocks that must stand on one before its messages count. The destination's own node sees to it that no block of
    #: its chain outlives the log that it rests on, so 0 loses nothing but gas.
    confirmations: int = field(default=0, validator=validators.ge(0))
    #: Blocks that are remembered, so that a reorg of so many is followed.
    trail: int = field(default=256, validator=validators.ge(2))


class Watcher:
    """One chain, read in order."""

    def __init__(self, evm: Evm, policy: WatchPolicy | None = None) -> None:
        """Nothing is read yet."""
        self._evm = evm
        self._policy = policy or WatchPolicy()

    async def begin(self, blocks_back: int) -> Seen:
        """A trail that begins so many blocks before the tip: what stands after that block is seen."""
        head = await self._evm.head(Finality.LATEST)
        first = BlockNumber(max(0, head.number - blocks_back))
        block = head if first == head.number else await self._evm.block(first)
        return Seen(trail=(Step(number=block.number, hash=block.hash),), timestamp=block.timestamp)

    async def look(self, trail: Sequence[Step]) -> Seen | None:
        """
        What is new since the trail; None: nothing.

        Raises `NotYet` where the chain moved during the look, `Incident` for a reorg that is longer than the trail.
        """
        head = await self._evm.head(Finality.LATEST)
        tip = trail[-1]
        if head.number < tip.number or (head.number == tip.number and head.hash != tip.hash):
            return await self._undone(trail)
        last = min(head.number - self._policy.confirmations, tip.number + _MOST_BLOCKS)
        if last <= tip.number:
            return None
        blocks = await self._blocks(tip.number + 1, last)
        if blocks[0].parent_hash != tip.hash:
            return await self._undone(trail)
        for parent, block in pairwise(blocks):
            if block.parent_hash != parent.hash:
                raise NotYet(f"chain {self._evm.chain} moved while block {block.number} was read")
        logs = await self._evm.logs(MESSENGER, [[SENT.topic, RELAYED.topic]], blocks[0].number, blocks[-1].number)
        steps = [*trail, *(Step(number=block.number, hash=block.hash) for block in blocks)]
        return self._seen(blocks, logs, tuple(steps[-self._policy.trail :]))

    def _seen(self, blocks: Sequence[Block], logs: Sequence[Log], trail: tuple[Step, ...]) -> Seen:
        by_number = {block.number: block for block in blocks}
        sent: list[Sent] = []
        relayed: list[Relayed] = []
        for log in logs:
            block = by_number[log.place.block]
            if log.place.block_hash != block.hash:
                raise NotYet(f"chain {self._evm.chain} moved while the logs of block {block.number} were read")
            if log.topics[0] == SENT.topic:
                sent.append(sent_of(log, self._evm.chain, block.timestamp))
            else:
                relayed.append(relayed_of(log))
        return Seen(sent=tuple(sent), relayed=tuple(relayed), trail=trail, timestamp=blocks[-1].timestamp)

    async def _undone(self, trail: Sequence[Step]) -> Seen:
        """Go back to the newest block of the trail that still stands."""
        for place in range(len(trail) - 1, -1, -1):
            step = trail[place]
            try:
                block = await self._evm.block(step.number)
            except NotYet:
                continue
            if block.hash == step.hash:
                return Seen(undone_above=step.number, trail=tuple(trail[: place + 1]), timestamp=block.timestamp)
        raise Incident(
            f"chain {self._evm.chain} has none of the {len(trail)} blocks that were seen, from {trail[0].number} on",
            remedy="Check that the endpoint serves the chain it served before; if so, begin with a new journal.",
        )

    async def _blocks(self, first: int, last: int) -> list[Block]:
        numbers = range(first, last + 1)
        answers = await self._evm.ask_many([Request("eth_getBlockByNumber", (hex(n), False)) for n in numbers])
        return [self._block(answer, number) for answer, number in zip(answers, numbers, strict=True)]

    def _block(self, answer: Json, number: int) -> Block:
        endpoint = self._evm.endpoint
        if answer is None:
            raise NotYet(f"chain {self._evm.chain} has no block {number} yet")
        fields = rpc_wire.mapping(answer, endpoint)
        if rpc_wire.quantity(fields.get("number"), endpoint) != number:
            raise RpcUnavailable(f"{endpoint} sent another block for block {number}", endpoint=endpoint)
        return Block(
            number=BlockNumber(number),
            hash=hash32(rpc_wire.data(fields.get("hash"), endpoint)),
            parent_hash=hash32(rpc_wire.data(fields.get("parentHash"), endpoint)),
            timestamp=Timestamp(rpc_wire.count(fields.get("timestamp"), endpoint)),
            gas_limit=rpc_wire.quantity(fields.get("gasLimit"), endpoint),
        )
