"""
Anchor blocks: L1 block hashes that are sent to chains which see none, and where these arrive.

The manuals are `verifiers/AnchorBlocks.sol` (on L1) and `verifiers/SentCheckpoints.sol` (on the chain that reads).
"""

from collections.abc import Sequence

from attrs import frozen

from xl2.core.types import Address, BlockNumber, ChainId, Wei, address
from xl2.ports import Call
from xl2_adapters.abi import Event, Method
from xl2_adapters.contracts.alias import behind
from xl2_adapters.contracts.checkpoints import Checkpoints
from xl2_adapters.evm import Evm

SEND = Method("send(uint64,address)")
METHODS = (SEND,)
BLOCK_SENT = Event("BlockSent(uint64 indexed,uint64 indexed,address indexed,bytes32,uint256)")
EVENTS = (BLOCK_SENT,)

ANCHOR_BLOCKS = Method("anchorBlocks()", "(address)")
SENT_METHODS = (ANCHOR_BLOCKS,)

#: What `AnchorBlocks` gives the call on the chain that reads: `accept(uint64,bytes32)`.
ACCEPT_SIZE, ACCEPT_GAS = 4 + 2 * 32, 60_000

#: Deposits burn gas on L1 by a price that moves with each block: an estimate is good for its own block only.
_SEND_MARGIN_PERCENT = 100


@frozen(kw_only=True)
class SentBlock:
    """An L1 block whose hash was sent."""

    number: BlockNumber
    #: What went along to buy gas on the chain.
    value: Wei
    #: Block of L1 that sent it.
    block: BlockNumber


@frozen
class SentCheckpoints(Checkpoints):
    """What a chain was told of its anchor's block hashes."""

    async def anchor_blocks(self) -> Address:
        """The contract on L1 that it listens to, from its alias."""
        answer = await self.evm.view(self.address, ANCHOR_BLOCKS.encode())
        return behind(address(ANCHOR_BLOCKS.decode(answer, self.evm.endpoint)[0]))


@frozen
class AnchorBlocks:
    """The contract on L1 that sends block hashes."""

    evm: Evm
    address: Address

    async def sent(
        self, chain: ChainId, checkpoints: Address, since: BlockNumber, upto: BlockNumber
    ) -> list[SentBlock]:
        """Blocks that were sent to a contract on a chain, newest first."""
        topics: Sequence[Sequence[bytes] | None] = (
            [BLOCK_SENT.topic],
            [chain.to_bytes(32)],
            None,
            [checkpoints.rjust(32, b"\0")],
        )
        logs = await self.evm.logs(self.address, topics, since, upto)
        told = [(BLOCK_SENT.decode(log.topics, log.data, self.evm.endpoint), log.place.block) for log in reversed(logs)]
        return [
            SentBlock(number=BlockNumber(number), value=Wei(value), block=block)
            for (_, number, _, _, value), block in told
        ]

    def send_call(self, chain: ChainId, checkpoints: Address, value: Wei) -> Call:
        """Send the hash of the block before the one that takes this call; `value` goes along with the deposit."""
        return Call(
            chain=self.evm.chain,
            to=self.address,
            data=SEND.encode(chain, checkpoints),
            value=value,
            margin_percent=_SEND_MARGIN_PERCENT,
            what=f"send an l1 block hash to chain {chain}",
        )
