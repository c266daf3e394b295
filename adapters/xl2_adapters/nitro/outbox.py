"""
Outbox: the contract on L1 that knows which blocks of a Nitro chain are confirmed, and pays sends out.

Promise: a root is handed out only while the contract itself holds it at the L1 block asked for: what an event said may
have been overwritten since. Whether a confirmed root is true is left to `roots`. Source: nitro-contracts 3.2.0,
`AbsOutbox.sol`.
"""

from collections.abc import AsyncIterator, Sequence

from attrs import frozen

from xl2.core.hashing import keccak
from xl2.core.types import Address, BlockNumber, Hash32
from xl2.ports import Call, Place
from xl2_adapters.abi import Event, Method
from xl2_adapters.evm import Evm, Log, topic_of
from xl2_adapters.newest_logs import newest_logs
from xl2_adapters.nitro.send import Send, SendProof
from xl2_adapters.tx_logs import Included

ROOTS = Method("roots(bytes32)", "(bytes32)")
ALLOWED = Method("allowedOutboxes(address)", "(bool)")
IS_SPENT = Method("isSpent(uint256)", "(bool)")
EXECUTE = Method("executeTransaction(bytes32[],uint256,address,address,uint256,uint256,uint256,uint256,bytes)")
ROOT_UPDATED = Event("SendRootUpdated(bytes32 indexed,bytes32 indexed)")
EXECUTED = Event("OutBoxTransactionExecuted(address indexed,address indexed,uint256 indexed,uint256)")

#: `mapping(bytes32 => bytes32) roots`: the one slot of the outbox that others prove.
ROOTS_SLOT = 3
#: `mapping(address => (uint256 index, bool allowed)) allowedOutboxesMap`: of the bridge.
OUTBOXES_SLOT = 2

#: How far back confirmed roots are looked for, in L1 blocks: two weeks of Ethereum, where chains confirm about hourly.
_LOOK_BACK_BLOCKS = 100_000
#: What a send calls may do more by the time it is called.
_EXECUTE_MARGIN_PERCENT = 50


@frozen(kw_only=True)
class ConfirmedRoot:
    """What the outbox holds: a root of sends, and the block of the chain after which it was that."""

    send_root: Hash32
    block_hash: Hash32
    #: L1 block that confirmed it.
    at: BlockNumber


@frozen
class Outbox:
    """The outbox of one chain."""

    l1: Evm
    address: Address

    async def confirmed(self, upto: BlockNumber) -> AsyncIterator[ConfirmedRoot]:
        """Roots that the outbox holds at an L1 block, those confirmed last first."""
        seen: set[bytes] = set()
        since = BlockNumber(max(0, upto - _LOOK_BACK_BLOCKS))
        async for log in newest_logs(self.l1, self.address, [[ROOT_UPDATED.topic]], since, upto):
            send_root, block_hash = ROOT_UPDATED.decode(log.topics, log.data, self.l1.endpoint)
            if send_root in seen:
                # A later block has its place.
                continue
            seen.add(send_root)
            if await self.block_of(send_root, upto) == block_hash:
                yield ConfirmedRoot(send_root=Hash32(send_root), block_hash=Hash32(block_hash), at=log.place.block)

    async def block_of(self, send_root: Hash32, at: BlockNumber) -> Hash32:
        """Block hash that the outbox holds for a root, zero for none."""
        return Hash32(ROOTS.decode(await self.l1.view(self.address, ROOTS.encode(send_root), at), self.l1.endpoint)[0])

    async def is_executed(self, position: int) -> bool:
        """Whether a send was paid out."""
        answer = await self.l1.view(self.address, IS_SPENT.encode(position))
        return bool(IS_SPENT.decode(answer, self.l1.endpoint)[0])

    async def execution(self, send: Send, upto: BlockNumber) -> Place | None:
        """Where a send was paid out, by an L1 block; None where it was not."""
        topics: list[Sequence[bytes] | None] = [[EXECUTED.topic], [topic_of(send.destination)], [topic_of(send.caller)]]
        logs = await self.l1.logs(self.address, topics, min(send.l1_block, upto), upto)
        return next((log.place for log in logs if self._position(log) == send.position), None)

    def executed_in(self, included: Included) -> list[tuple[int, BlockNumber]]:
        """
        Sends that a transaction of L1 paid out, by position and block of the chain.

        Only where it called the outbox itself: the block stands in its calldata, in no log.
        """
        arguments = EXECUTE.arguments(included.data, self.l1.endpoint) if included.to == self.address else None
        if arguments is None:
            return []
        spoken = [
            self._position(one.log)
            for one in included.logs
            if one.contract == self.address and one.log.topics[:1] == (EXECUTED.topic,)
        ]
        return [(arguments[1], BlockNumber(arguments[4]))] if arguments[1] in spoken else []

    def execute_call(self, proof: SendProof) -> Call:
        """Pay a send out; anybody may."""
        send = proof.send
        data = EXECUTE.encode(
            list(proof.nodes),
            send.position,
            send.caller,
            send.destination,
            send.block,
            send.l1_block,
            send.timestamp,
            send.value,
            send.data,
        )
        return Call(
            chain=self.l1.chain,
            to=self.address,
            data=data,
            margin_percent=_EXECUTE_MARGIN_PERCENT,
            what=f"pay out send {send.position} on l1",
        )

    def _position(self, log: Log) -> int:
        position: int = EXECUTED.decode(log.topics, log.data, self.l1.endpoint)[3]
        return position


def root_slot(send_root: Hash32) -> Hash32:
    """Slot in which the outbox keeps the block hash of a root."""
    return keccak(send_root + ROOTS_SLOT.to_bytes(32))


def allowed_slot(outbox: Address) -> Hash32:
    """Slot in which the bridge keeps whether it pays out for an outbox."""
    info = int.from_bytes(keccak(outbox.rjust(32, b"\0") + OUTBOXES_SLOT.to_bytes(32)))
    return Hash32((info + 1).to_bytes(32))
