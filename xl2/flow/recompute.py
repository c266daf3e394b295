"""
Recompute: the events of a log's home in, the head and count of the log at any final block out.

Promise: a head that comes out was hashed here from every entry since the first, and is what the contract's storage
holds at that block, in one and the same chain of blocks. An endpoint that left an event out, made one up or mixes two
forks is caught, because head and storage then differ, and what was read since the last confirmation is forgotten. A
question that is cut off is taken up where it was. Which blocks are final is left to whoever asks.
"""

from bisect import bisect_left, bisect_right

from attrs import define, field

from xl2.core.lane import extend
from xl2.core.receipt import parse_receipt
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, Hash32, hex_text
from xl2.errors import Incident, NotYet, ProofInvalid
from xl2.ports import Block, Chain, Log, LogState

#: Blocks read in one go: what a question that is cut off loses.
BLOCKS_AT_ONCE = 10_000


@define
class Recomputed:
    """One log, as far as it was recomputed."""

    chain: Chain
    log: Log
    #: Block and head of each entry below `_next`, in order.
    _blocks: list[BlockNumber] = field(factory=list, init=False)
    _heads: list[Hash32] = field(factory=list, init=False)
    #: First block that was not read.
    _next: BlockNumber = field(default=BlockNumber(0), init=False)
    #: Final block up to which entries are confirmed.
    _upto: Block | None = field(default=None, init=False)

    async def at(self, block: Block) -> LogState:
        """
        Head and count at a final block.

        Raises `ProofInvalid` where events and storage differ, `NotYet` where the block changed meanwhile, `Incident`
        where a block that was final is gone.
        """
        upto = self._upto
        if upto is not None and (await self.chain.block(upto.number)).hash != upto.hash:
            raise Incident(
                f"block {upto.number} of chain {self.log.home} was final, and is another block now",
                remedy="Stop; find out whether the endpoint or the chain broke its word.",
            )
        try:
            await self._read_upto(block)
            count = bisect_right(self._blocks, block.number)
            state = LogState(head=self._heads[count - 1] if count else self.log.id, count=count)
            await self._check_storage(state, block)
        except (ProofInvalid, NotYet):
            self._forget_unconfirmed()
            raise
        if upto is None or block.number > upto.number:
            self._upto = block
        return state

    async def read(self, block: Block) -> None:
        """Take up the entries up to a final block, to be confirmed by `at`. Raises as that does."""
        try:
            await self._read_upto(block)
        except (ProofInvalid, NotYet):
            self._forget_unconfirmed()
            raise

    def after(self, count: int) -> Hash32 | None:
        """Head after the first `count` entries, None where `at` has not confirmed so many."""
        if count == 0:
            return self.log.id
        confirmed = bisect_left(self._blocks, self._upto.number + 1) if self._upto else 0
        return self._heads[count - 1] if count <= confirmed else None

    def _forget_unconfirmed(self) -> None:
        self._next = BlockNumber(self._upto.number + 1 if self._upto else 0)
        confirmed = bisect_left(self._blocks, self._next)
        del self._blocks[confirmed:], self._heads[confirmed:]

    async def _check_storage(self, state: LogState, block: Block) -> None:
        stored, read_at = await self.chain.log_state_beside(self.log, block.number)
        if stored != state:
            raise ProofInvalid(
                f"at block {block.number} of chain {self.log.home} the events of log {hex_text(self.log.id)} lead to "
                f"head {hex_text(state.head)} of {state.count} entries, "
                f"storage holds {hex_text(stored.head)} of {stored.count}",
                remedy="Ask another endpoint; this one leaves events out, or mixes forks.",
            )
        if read_at.hash != block.hash:
            raise NotYet(f"block {block.number} of chain {self.log.home} changed while it was read")

    async def _read_upto(self, block: Block) -> None:
        while self._next <= block.number:
            await self._read(BlockNumber(min(self._next + BLOCKS_AT_ONCE - 1, block.number)))

    async def _read(self, last: BlockNumber) -> None:
        """Append block and head of each entry up to a block."""
        for index, entry, at in await self._entries(self._next, last):
            if index != len(self._heads):
                raise ProofInvalid(
                    f"entry {len(self._heads)} of log {hex_text(self.log.id)} is missing from the events up to "
                    f"block {last}",
                    remedy="Ask another endpoint; this one leaves events out.",
                )
            self._heads.append(extend(self._heads[-1] if self._heads else self.log.id, entry))
            self._blocks.append(at)
        self._next = BlockNumber(last + 1)

    async def _entries(self, first: BlockNumber, last: BlockNumber) -> list[tuple[int, Hash32, BlockNumber]]:
        """Index, hash and block of each entry in a range of blocks."""
        if self.log.kind is LogKind.LANE:
            sent = await self.chain.sent(self.log.lane, first, last)
            return [(one.message.nonce, one.message.id, one.place.block) for one in sent]
        receipts = await self.chain.receipts(self.log.lane, first, last)
        return [(one.index, parse_receipt(one.data).hash, one.place.block) for one in receipts]
