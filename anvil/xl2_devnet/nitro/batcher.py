"""
Nitro batcher: puts on L1 what the sequencer made of the L2, batch by batch.

The L2's finalized blocks come in; batches in the SequencerInbox go out, each with the delayed messages that its
blocks hold. Promise: batches come in order, and count blocks as a real chain counts messages: a block is one message.
While the L2 is quiet, batches come more seldom. A batch here says which block it ends with, its hash and its root of
sends (`BatchEnd`), not the transactions, which nobody derives from: the devnet's L2 has one sequencer.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Self

import rlp
from attrs import frozen
from eth_abi import decode

from xl2.errors import Fatal, NotYet, RpcRejected
from xl2_adapters.rpc import RpcClient
from xl2_adapters.rpc_wire import Json, data, mapping, quantity, sequence
from xl2_devnet.abi import Contract, stand_in
from xl2_devnet.controls import BATCHES
from xl2_devnet.l1_account import L1Account, Transaction
from xl2_devnet.nitro.genesis import PRECOMPILES
from xl2_devnet.rollup import Berth

log = logging.getLogger(__name__)

_INBOX = stand_in("SequencerInboxStandIn")
_BRIDGE = stand_in("BridgeStandIn")
_ARB_OS, _ARB_SYS = stand_in("ArbOS"), stand_in("ArbSys")

#: How often the L2 is looked at.
LOOK_SECONDS = 0.2
_BATCH_GAS = 1_000_000
#: Says on a real chain that what follows is compressed with Brotli; the contract wants a format that it knows.
_FORMAT = b"\x00"
_NOBODY = "0x" + "00" * 20
_SELECTOR = 4
#: Arguments of addSequencerL2BatchFromOrigin.
_BATCH = ("uint256", "bytes", "uint256", "address", "uint256", "uint256")


class PostingFailed(Fatal):
    """L1 did not take what the devnet has to say of an L2."""

    default_remedy = "The devnet's own parts do not fit together: this is a defect of xl2, please report it."


@frozen(kw_only=True)
class BatchEnd:
    """The block that a batch ends with."""

    number: int
    block_hash: bytes
    #: Root of all sends up to it.
    send_root: bytes

    def encode(self) -> bytes:
        """As the data of a batch."""
        number = self.number.to_bytes((self.number.bit_length() + 7) // 8)
        listed: bytes = rlp.encode([number, self.block_hash, self.send_root])
        return _FORMAT + listed

    @classmethod
    def parse(cls, batch: bytes) -> Self:
        """What `encode` made."""
        number, block_hash, send_root = rlp.decode(batch[len(_FORMAT) :])
        return cls(number=int.from_bytes(number), block_hash=block_hash, send_root=send_root)


async def end_at(l2: RpcClient, number: int) -> BatchEnd:
    """A block of the L2, as a batch that ends with it says.

    Raises:
        NotYet: the L2 has no such block, or no longer.
        RpcRejected: the node no longer keeps the state of that block.
    """
    found = await l2.call("eth_getBlockByNumber", hex(number), False)
    if found is None:
        raise NotYet(f"{l2.name} has no block {number}")
    block = mapping(found, l2.name)
    if number == 0:
        # The precompiles come behind anvil's own first block.
        return BatchEnd(number=0, block_hash=data(block["hash"], l2.name), send_root=bytes(32))
    _, root, _ = await _view(l2, PRECOMPILES["ArbSys"], _ARB_SYS, "sendMerkleTreeState", hex(number))
    return BatchEnd(number=number, block_hash=data(block["hash"], l2.name), send_root=root)


async def end_of(l1: RpcClient, sequencer_inbox: str, position: int) -> BatchEnd | None:
    """What the last batch of ours among the first `position` ends with; None: there is none among them."""
    for index in range(position - 1, -1, -1):
        query: Json = {
            "address": sequencer_inbox,
            "fromBlock": "0x0",
            "topics": [_INBOX.topic("SequencerBatchDelivered"), f"0x{index:064x}"],
        }
        for found in sequence(await l1.call("eth_getLogs", query), l1.name):
            made_by = mapping(found, l1.name)["transactionHash"]
            transaction = mapping(await l1.call("eth_getTransactionByHash", made_by), l1.name)
            calldata = data(transaction["input"], l1.name)
            # A batch that somebody forced has no data: it brings delayed messages that the L2 holds anyway.
            if (
                calldata[:_SELECTOR]
                == _INBOX.call("addSequencerL2BatchFromOrigin", 0, b"", 0, _NOBODY, 0, 0)[:_SELECTOR]
            ):
                return BatchEnd.parse(decode(_BATCH, calldata[_SELECTOR:])[1])
    return None


class NitroBatcher:
    """Batch poster of one L2; `start` once, then `run`."""

    name = "batcher"

    def __init__(self, berth: Berth, *, busy_block: Callable[[int], int]) -> None:
        """`busy_block(n)`: the last L2 block up to n that holds more than its opening, 0 if there is none."""
        self._chain = berth.site.name
        self._l1, self._l2 = berth.l1, berth.l2
        self._bridge, self._inbox = berth.rollup["bridge"], berth.rollup["sequencer_inbox"]
        self._poster: L1Account = berth.l1_account("proposer")
        self._clocks, self._clock, self._controls = berth.clocks, berth.clock, berth.controls
        self._busy_block = busy_block
        self._posted_at = self._clock()

    async def start(self) -> None:
        """Nothing to take up: what was posted is asked of L1 each time, which may take it back."""

    async def run(self) -> None:
        """Post; returns only by raising."""
        while True:
            try:
                await self._post_if_due()
            except (NotYet, RpcRejected) as error:
                # L1 took blocks back, and the L2 with it, behind what was just looked at.
                log.warning("no batch", extra={"fields": {"chain": self._chain, "reason": error.what}})
            await asyncio.sleep(LOOK_SECONDS)

    async def _post_if_due(self) -> None:
        final = mapping(await self._l2.call("eth_getBlockByNumber", "finalized", False), self._l2.name)
        number = quantity(final["number"], self._l2.name)
        posted = await self._bridge_view("sequencerReportedSubMessageCount") - 1
        news = self._busy_block(number) > posted
        wait = self._clocks.proposal_seconds if news else self._clocks.idle_proposal_seconds
        due = self._clock() >= self._posted_at + wait and number > posted
        if not due or self._controls.withholds(BATCHES, self._chain):
            return
        await self._post(await end_at(self._l2, number))
        self._posted_at = self._clock()

    async def _post(self, end: BatchEnd) -> None:
        count = await self._bridge_view("sequencerMessageCount")
        reported = await self._bridge_view("sequencerReportedSubMessageCount")
        delayed = await self._delayed_messages(end.number)
        batch = _INBOX.call(
            "addSequencerL2BatchFromOrigin", count, end.encode(), delayed, _NOBODY, reported, end.number + 1
        )
        (receipt,) = await self._poster.send(Transaction(to=self._inbox, data=batch, gas=_BATCH_GAS))
        # Somebody who forced a message in meanwhile took the number; L1 took it back: both are told by the next look.
        after = await self._bridge_view("sequencerMessageCount")
        if quantity(receipt["status"], self._l1.name) != 1 and after == count:
            raise PostingFailed(f"L1 refused the batch of {self._chain} that ends with block {end.number}")

    async def _delayed_messages(self, number: int) -> int:
        """Messages of the delayed inbox that the L2 holds at a block; those that were forced count in any case."""
        (origin,) = await _view(self._l2, PRECOMPILES["ArbOS"], _ARB_OS, "l1BlockNumber", hex(number))
        (derived,) = await _view(self._l1, self._bridge, _BRIDGE, "delayedMessageCount", hex(origin))
        (read,) = await _view(self._l1, self._inbox, _INBOX, "totalDelayedMessagesRead", "latest")
        return max(int(derived), int(read))

    async def _bridge_view(self, function: str) -> int:
        (found,) = await _view(self._l1, self._bridge, _BRIDGE, function, "latest")
        return int(found)


async def _view(rpc: RpcClient, to: str, contract: Contract, function: str, tag: str) -> tuple[Any, ...]:
    request: Json = {"from": _NOBODY, "to": to, "data": "0x" + contract.call(function).hex()}
    answer = data(await rpc.call("eth_call", request, tag), rpc.name)
    if not answer:
        # A block of the L2 from before its derivation names L1's block 0, where nothing is deployed.
        raise NotYet(f"{rpc.name} has no contract {to} at block {tag}")
    return contract.result(function, answer)
