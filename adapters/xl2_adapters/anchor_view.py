"""
Anchor view: how a reader comes to know blocks of its anchor, and which it knows.

Promise: a block is named only while the reader's own contract vouches for its hash. Whether that hash is still on the
anchor is left to whoever uses it: reorgs of the anchor reach the reader with its next blocks.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

from attrs import frozen

from xl2.core.evidence import Finality
from xl2.core.types import BlockNumber, Hash32, Wei, address
from xl2.errors import NotYet
from xl2.ports import Call
from xl2_adapters.abi import Method
from xl2_adapters.contracts.anchor_blocks import ACCEPT_GAS, ACCEPT_SIZE, AnchorBlocks, SentCheckpoints
from xl2_adapters.contracts.checkpoints import Checkpoints
from xl2_adapters.evm import Evm

#: Predeploy in which every block of an OP-Stack chain names its L1 origin.
_L1_BLOCK = address("0x4200000000000000000000000000000000000015")
_NUMBER = Method("number()", "(uint64)")

#: A deposit that has not arrived after so many L1 blocks is sent again: twelve minutes on Ethereum.
DEPOSIT_BLOCKS = 60
_LEAST_SHARE = 3


def may_arrive(paid: Wei, asked: Wei) -> bool:
    """
    Whether a deposit counts as on its way: it paid a third of what one costs now, margins included.

    Else it may have bought too little gas to arrive, and whoever wants a chain to hear of nothing could keep all others
    waiting for it.
    """
    return paid * _LEAST_SHARE >= asked


class AnchorView(Protocol):
    """What a chain knows of its anchor's blocks."""

    async def newest(self) -> BlockNumber:
        """Newest block of the anchor that the reader could come to know now."""
        ...

    async def kept(self, most: int) -> list[tuple[BlockNumber, Hash32]]:
        """Blocks of the anchor that the reader came to know last, at most so many, newest first."""
        ...

    async def keep(self) -> Call:
        """The call that makes it know one more. Raises `NotYet` while such a block is on its way."""
        ...


@frozen(kw_only=True)
class OwnView:
    """The reader sees the anchor's newest block itself, and keeps it when told to."""

    checkpoints: Checkpoints
    #: First block of xl2's contracts on the reader.
    start: BlockNumber

    @property
    def _reader(self) -> Evm:
        return self.checkpoints.evm

    async def newest(self) -> BlockNumber:
        """L1 origin of the reader's tip."""
        answer = await self._reader.view(_L1_BLOCK, _NUMBER.encode())
        return BlockNumber(_NUMBER.decode(answer, self._reader.endpoint)[0])

    async def kept(self, most: int) -> list[tuple[BlockNumber, Hash32]]:
        """By the events of its checkpoints."""
        tip = (await self._reader.head(Finality.LATEST)).number
        return await self.checkpoints.kept(self.start, tip, most)

    async def keep(self) -> Call:
        """A checkpoint on the reader."""
        return self.checkpoints.checkpoint_call()


@frozen(kw_only=True)
class SentView:
    """The reader sees no block of the anchor: hashes are sent to it from there, by its canonical bridge."""

    checkpoints: SentCheckpoints
    anchor: Evm
    #: First block of xl2's contracts on the reader.
    start: BlockNumber
    #: The reader's price of a deposit: anchor, bytes of calldata, gas limit.
    deposit_value: Callable[[Evm, int, int], Awaitable[Wei]]

    async def newest(self) -> BlockNumber:
        """The anchor's tip: the next block can send its hash."""
        return (await self.anchor.head(Finality.LATEST)).number

    async def kept(self, most: int) -> list[tuple[BlockNumber, Hash32]]:
        """What has arrived."""
        reader = self.checkpoints.evm
        tip = (await reader.head(Finality.LATEST)).number
        return await self.checkpoints.kept(self.start, tip, most)

    async def keep(self) -> Call:
        """A deposit on the anchor. Raises `NotYet` while an earlier one is on its way; one that stays away is lost."""
        reader = self.checkpoints.evm
        blocks = AnchorBlocks(self.anchor, await self.checkpoints.anchor_blocks())
        tip = await self.newest()
        value = await self.deposit_value(self.anchor, ACCEPT_SIZE, ACCEPT_GAS)
        since = BlockNumber(max(0, tip - DEPOSIT_BLOCKS))
        every = await blocks.sent(reader.chain, self.checkpoints.address, since, tip)
        sent = [one for one in every if may_arrive(one.value, value)]
        if sent and not await self.checkpoints.knows(sent[0].number):
            raise NotYet(
                f"the hash of l1 block {sent[0].number} is on its way to chain {reader.chain}",
                remedy="Wait for the canonical bridge; another is sent when it stays away.",
            )
        return blocks.send_call(reader.chain, self.checkpoints.address, value)
