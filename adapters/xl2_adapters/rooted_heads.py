"""
Rooted heads: heads for an `IRollup` on L1, read under the state roots that the rollup's contracts hold there.

Promise: what is handed out was verified under the claimed root, which our own node of the rollup confirms. What names a
root is the family's (`ClaimedRoots`); the proof below it is the same for all (`StateRooted.sol`).
"""

from typing import Any

from attrs import frozen

from xl2.core.storage_proof import pack_nodes
from xl2.core.types import BlockNumber, Hash32
from xl2.ports import Block, Log, Needed
from xl2_adapters.chain import EvmChain
from xl2_adapters.log_head import place_of, prove_head
from xl2_adapters.rollup import ClaimedRoots, Pushable


@frozen(kw_only=True)
class RootedHeads:
    """Heads of one rollup. Implements `xl2_adapters.rollup.HeadSource`."""

    home: EvmChain
    roots: ClaimedRoots[Any]

    async def newest(self, log: Log, count: int, tip: Block, upto: BlockNumber) -> Pushable | Needed:
        """A head under the newest root that is settled at `tip`."""
        root = await self.roots.newest_settled(tip, upto)
        place, shown_count = await place_of(self.home, log, count, root.number)
        head = await prove_head(
            self.home, log, place=place, count=shown_count, at=root.number, state_root=root.state_root
        )
        account = place.account + pack_nodes(head.account_nodes)
        proof = self.roots.claim(root) + account + place.encode() + pack_nodes(head.storage_nodes)
        return Pushable(number=root.number, proof=proof)

    async def covered(self, log: Log, count: int, head: Hash32, at: BlockNumber) -> int | None:
        """By the state of that block: the current head there, or the one that closed the page of entry `count`."""
        state = await self.home.log_state(log, at)
        if state.count < count:
            return 0
        if head == state.head:
            return state.count
        place, page_count = await place_of(self.home, log, count, at)
        return page_count if head == await self.home.storage(place.account, place.slot, at) else None
