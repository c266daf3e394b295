"""
Sends: what a Nitro chain said to L1, how far it is, and the proof by which the outbox pays it out.

Comes in: a transaction of the chain, or a send. Goes out: sends, the confirmed root that covers one, a proof under it,
and how long that will take. Promise: a send's fields hash to what the chain announced; a proof was walked up to the
root that the outbox holds before it is handed out, whoever made its nodes. Source: nitro-contracts 3.2.0; documentation
of ArbOS.
"""

from attrs import field, frozen

from xl2.core.evidence import Finality
from xl2.core.header import Header
from xl2.core.types import Address, BlockNumber, Hash32, Timestamp, Wei, address, hex_text
from xl2.errors import NotYet, RpcUnavailable
from xl2.ports import Place
from xl2_adapters.abi import Event, Method
from xl2_adapters.evm import Evm, Log
from xl2_adapters.nitro.outbox import Outbox
from xl2_adapters.nitro.precompiles import ARB_SYS, NODE_INTERFACE, OUTBOX_PROOF, SENT_TO_L1, WITHDRAW_ETHER
from xl2_adapters.nitro.roots import NitroRoot, Roots
from xl2_adapters.nitro.send import Send, SendProof
from xl2_adapters.tx_logs import Included, included

CONFIRM_PERIOD = Method("confirmPeriodBlocks()", "(uint64)")
ASSERTED = Event(
    "AssertionCreated(bytes32 indexed,bytes32 indexed,((bytes32,bytes32,(bytes32,uint256,address,uint64,uint64)),"
    "((bytes32[2],uint64[2]),uint8,bytes32),((bytes32[2],uint64[2]),uint8,bytes32)),bytes32,uint256,bytes32,uint256,"
    "address,uint64)"
)

#: Selector and account of `withdrawEth(address)`.
_WITHDRAW_SIZE = 4 + 32
#: Blocks of L1 over which its pace is measured, or all where there are fewer.
_PACE_BLOCKS = 50


@frozen(kw_only=True)
class PlacedSend:
    """A send, and where the chain announced it."""

    send: Send
    place: Place
    #: Bytes that whoever withdrew ether put behind the call: L1 does not see them, and nobody is called with them.
    note: bytes = field(default=b"", repr=False)


@frozen(kw_only=True)
class Sends:
    """Sends of one chain."""

    rollup: Evm
    outbox: Outbox
    #: The rollup's own contract on L1, which is asked for its times.
    core: Address

    @property
    def roots(self) -> Roots:
        """Confirmed blocks of the chain."""
        return Roots(rollup=self.rollup, outbox=self.outbox)

    def sends_of(self, transaction: Included) -> list[PlacedSend]:
        """Sends of a transaction of the chain, in order."""
        note = _note_of(transaction)
        return [
            self._placed(one.log, note)
            for one in transaction.logs
            if one.contract == ARB_SYS and one.log.topics[:1] == (SENT_TO_L1.topic,)
        ]

    async def send_at(self, position: int, block: BlockNumber) -> PlacedSend | None:
        """The send at a place among all, announced in a block of the chain."""
        topics = [[SENT_TO_L1.topic], None, None, [position.to_bytes(32)]]
        for log in await self.rollup.logs(ARB_SYS, topics, block, block):
            transaction = await included(self.rollup, log.place.tx_hash)
            found = [] if transaction is None else self.sends_of(transaction)
            return next((one for one in found if one.send.position == position), None)
        return None

    async def covering(self, send: Send) -> NitroRoot:
        """Newest confirmed root, if this send is under it. Raises `NotYet` where it is not."""
        tip = await self.outbox.l1.head(Finality.LATEST)
        known = await self.rollup.head(Finality.LATEST)
        root = await self.roots.newest_settled(tip, known.number)
        if root.sends <= send.position:
            raise NotYet(
                f"send {send.position} of chain {self.rollup.chain} is in block {send.block}, confirmed is the chain "
                f"up to block {root.number} with {root.sends} sends"
            )
        return root

    async def proof(self, send: Send) -> SendProof:
        """
        Proof of a send under the newest confirmed root.

        Raises `NotYet` while no such root covers it, `ProofInvalid` where the nodes that our endpoint made for it do
        not lead there.
        """
        root = await self.covering(send)
        answer = await self.rollup.view(NODE_INTERFACE, OUTBOX_PROOF.encode(root.sends, send.position))
        _, _, nodes = OUTBOX_PROOF.decode(answer, self.rollup.endpoint)
        return SendProof(send=send, root=root.send_root, nodes=tuple(Hash32(node) for node in nodes))

    async def seconds_to_confirm(self, block: BlockNumber) -> int | None:
        """
        Seconds until a block can be confirmed at the earliest: what is left of the window of the assertion that covers
        it, or a whole window where none does yet. By the rollup's own number of L1 blocks and L1's pace; None where L1
        has only one block. A challenge takes longer.
        """
        l1 = self.outbox.l1
        tip = await l1.head(Finality.LATEST)
        measured = min(_PACE_BLOCKS, tip.number)
        if not measured:
            return None
        (window,) = CONFIRM_PERIOD.decode(await l1.view(self.core, CONFIRM_PERIOD.encode()), l1.endpoint)
        # Somewhat further back than a window: what is overdue is no younger for that.
        asserted = await self._asserted_at(block, BlockNumber(max(0, tip.number - window * 5 // 4)), tip.number)
        left = max(0, (asserted if asserted is not None else tip.number) + window - tip.number)
        earlier = await l1.block(BlockNumber(tip.number - measured))
        # Rounded up: nobody is told that it is there before it is.
        seconds: int = -(left * (earlier.timestamp - tip.timestamp) // measured)
        return seconds

    async def _asserted_at(self, block: BlockNumber, first: BlockNumber, last: BlockNumber) -> BlockNumber | None:
        """L1 block of the oldest assertion in a range that covers a block of the chain."""
        l1 = self.outbox.l1
        covered: BlockNumber | None = None
        for log in reversed(await l1.logs(self.core, [[ASSERTED.topic]], first, last)):
            _, _, assertion, *_ = ASSERTED.decode(log.topics, log.data, l1.endpoint)
            ((hashes, _), _, _) = assertion[2]
            found = await self.rollup.ask("eth_getBlockByHash", hex_text(hashes[0]), False)
            if not isinstance(found, dict):
                # A false assertion, or one about blocks that our node has not got yet.
                continue
            if Header.of_block(found).number < block:
                break
            covered = log.place.block
        return covered

    def _placed(self, log: Log, note: bytes) -> PlacedSend:
        """Raises `RpcUnavailable` for fields that do not hash to what was announced."""
        values = SENT_TO_L1.decode(log.topics, log.data, self.rollup.endpoint)
        caller, destination, announced, position, block, l1_block, timestamp, value, data = values
        send = Send(
            position=position,
            caller=address(caller),
            destination=address(destination),
            block=BlockNumber(block),
            l1_block=BlockNumber(l1_block),
            timestamp=Timestamp(timestamp),
            value=Wei(value),
            data=data,
        )
        if int.from_bytes(send.hash) != announced:
            raise RpcUnavailable(
                f"{self.rollup.endpoint} sent other fields for send {position} than the chain announced",
                endpoint=self.rollup.endpoint,
                remedy="Ask another endpoint.",
            )
        return PlacedSend(send=send, place=log.place, note=note)


def withdraw_data(recipient: Address, note: bytes) -> bytes:
    """Calldata by which ether goes to an account; a note behind it costs its bytes, and `ArbSys` reads past it."""
    return WITHDRAW_ETHER.encode(recipient) + note


def _note_of(transaction: Included) -> bytes:
    is_plain = transaction.to == ARB_SYS and transaction.data[: len(WITHDRAW_ETHER.selector)] == WITHDRAW_ETHER.selector
    return transaction.data[_WITHDRAW_SIZE:] if is_plain else b""
