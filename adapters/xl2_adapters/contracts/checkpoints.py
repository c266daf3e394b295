"""
Checkpoints: what a chain has kept of its anchor's block hashes, as seen by itself or as sent to it.

The manuals are `ICheckpoints.sol` and `verifiers/op_stack/Checkpoints.sol`.
"""

from attrs import frozen

from xl2.core.types import Address, BlockNumber, Hash32
from xl2.ports import Call
from xl2_adapters.abi import Event, Method
from xl2_adapters.evm import Evm
from xl2_adapters.newest_logs import newest_logs

HASH_OF = Method("hashOf(uint64)", "(bytes32)")
METHODS = (HASH_OF,)
CHECKPOINTED = Event("Checkpointed(uint64 indexed,bytes32)")
EVENTS = (CHECKPOINTED,)
#: Of chains that see their anchor themselves.
CHECKPOINT = Method("checkpoint()", "(uint64,bytes32)")

#: A checkpoint takes about 58,000 gas where nothing stood in its slot.
_CHECKPOINT_GAS = 100_000


@frozen
class Checkpoints:
    """What a chain has kept of its anchor's block hashes."""

    evm: Evm
    address: Address

    async def kept(self, since: BlockNumber, upto: BlockNumber, most: int) -> list[tuple[BlockNumber, Hash32]]:
        """Number and hash of the anchor blocks that were kept last, at most so many, newest first."""
        found: set[tuple[int, bytes]] = set()
        async for log in newest_logs(self.evm, self.address, [[CHECKPOINTED.topic]], since, upto):
            number, block_hash = CHECKPOINTED.decode(log.topics, log.data, self.evm.endpoint)
            found.add((number, block_hash))
            if len(found) == most:
                break
        return [(BlockNumber(number), Hash32(block_hash)) for number, block_hash in sorted(found, reverse=True)]

    async def knows(self, number: BlockNumber) -> bool:
        """Whether it keeps a hash for a block of the anchor."""
        (kept,) = HASH_OF.decode(await self.evm.view(self.address, HASH_OF.encode(number)), self.evm.endpoint)
        return any(kept)

    def checkpoint_call(self) -> Call:
        """Keep the anchor's block that the chain sees now."""
        what = "keep the l1 block hash that the chain sees"
        # Not estimated: who asks while this L1 block is kept already is told too little for the next, which is not.
        data = CHECKPOINT.encode()
        return Call(chain=self.evm.chain, to=self.address, data=data, gas_limit=_CHECKPOINT_GAS, what=what)
