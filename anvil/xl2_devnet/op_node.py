"""
OP node: the sequencer of one L2. L1 blocks come in, sealed L2 blocks go out, one by one.

Each L2 block is laid out as soon as the one before is sealed: L1Info first, then the deposits of its L1 origin, then
what users send through the `Gate` until its time is up. Promise: every deposit of the portal is executed exactly once,
in the order of L1; no L1 block is left out as an origin; L1 hashes of L2's L1Block are L1's. Where somebody rolls the
L2 back, it goes on from there, and what was derived is derived again. If anvil did anything else than was laid out, or
L1 took a derived block back, the node stops aloud.

anvil differs from op-geth in what shapes this: it would run the same deposit twice if it were sent twice (so each is
sent once, by source hash), and holds one deposit a sender in its pool (so the second one of the same L1 block comes an
L2 block later, with the same origin).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from xl2.errors import Incident
from xl2_adapters.rpc import RpcClient
from xl2_adapters.rpc_wire import Json, mapping, quantity, sequence
from xl2_devnet.abi import op_stack
from xl2_devnet.accounts import account
from xl2_devnet.gate import Gate
from xl2_devnet.op_derive import DEPOSIT_TOPIC, Deposit, L1Origin, l1_attributes, user_deposit
from xl2_devnet.op_genesis import PREDEPLOYS
from xl2_devnet.op_l1 import batcher_hash

log = logging.getLogger(__name__)

_L1_BLOCK = op_stack("L1Block")
#: What a block keeps free for L1Info and deposits: the most that the portal sells in one L1 block, and L1Info itself.
_DEPOSIT_GAS = 21_000_000
#: Of how many blocks it is remembered that they held something.
_BUSY_BLOCKS = 1024


class OpNode:
    """The sequencer of one L2; `start` once, then `run`."""

    def __init__(
        self,
        *,
        name: str,
        l1: RpcClient,
        l2: RpcClient,
        portal: str,
        gate: Gate,
        block_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        """`l1`, `l2`: the anvils themselves; `l2` must not repeat a call. `clock`: seconds, monotonic."""
        self.name = name
        self._l1, self._l2 = l1, l2
        self._portal = portal
        self._gate = gate
        self._block_seconds = block_seconds
        self._clock = clock
        self._batcher_hash = batcher_hash(account("proposer").address)
        self._origin = L1Origin(number=0, hash="", parent_hash="", timestamp=0, base_fee=0)
        self._sequence_number = 0
        #: Deposits of the origin that have not been laid out.
        self._deposits: deque[Deposit] = deque()
        self._done: set[bytes] = set()
        self._head: Mapping[str, Any] = {}
        self._first_origin = 0
        self._laid_out: list[Deposit] = []
        self._busy_blocks: deque[int] = deque(maxlen=_BUSY_BLOCKS)

    def busy_block(self, upto: int) -> int:
        """The last block up to `upto` that holds more than L1Info; 0 if there is none."""
        return next((number for number in reversed(self._busy_blocks) if number <= upto), 0)

    async def start(self, first_origin: int) -> None:
        """Take up derivation where the L2 stands, at the L1 block `first_origin` on a chain that names none."""
        self._first_origin = first_origin
        async with self._gate.closed():
            await self._take_up(await self._block())
            await self._lay_out()

    async def run(self) -> None:
        """Seal a block whenever its time is up, at once while L1 is ahead; returns only by raising.

        Raises:
            Incident: the L2 is not what was laid out, or L1 took back a block that L2 was derived from.
        """
        due = self._clock()
        while True:
            due = max(due + self._block_seconds, self._clock())
            await asyncio.sleep(due - self._clock())
            await self.seal()
            while self._deposits or await self._l1_is_ahead():
                await self.seal()

    async def seal(self) -> None:
        """Close the open block, check it, and lay out the next one."""
        async with self._gate.closed():
            head = await self._block()
            if head["hash"] == self._head["hash"]:
                await self._l2.call("evm_mine")
                await self._check(await self._block())
                await self._advance()
            else:
                log.warning("rolled back", extra={"fields": {"chain": self.name, "block": int(head["number"], 16)}})
                await self._l2.call("anvil_dropAllTransactions")
                await self._take_up(head)
            await self._lay_out()

    async def _check(self, block: Mapping[str, Any]) -> None:
        """The block that was sealed is the one that was laid out."""
        tx_hashes: list[str] = block["transactions"]
        expected = [deposit.tx_hash for deposit in self._laid_out]
        if tx_hashes[: len(expected)] != expected:
            raise Incident(
                f"block {block['number']} of {self.name} begins with {tx_hashes[: len(expected)]}; "
                f"laid out were {expected}"
            )
        self._head = block
        if len(tx_hashes) > 1:
            self._busy_blocks.append(int(block["number"], 16))
        if self._gate.sealed(tx_hashes):
            # What is left would stand before the next block's deposits; the gate sends it again behind them.
            await self._l2.call("anvil_dropAllTransactions")

    async def _take_up(self, head: Mapping[str, Any]) -> None:
        """Go on behind `head`, which this node may not have sealed: at the start, or after a rollback by anvil."""
        number, sequence_number = await self._told("number"), await self._told("sequenceNumber")
        self._head, self._done = head, set()
        self._origin = await self._l1_block(number or self._first_origin)
        self._deposits = await self._deposits_of(self._origin)
        self._sequence_number = sequence_number + 1 if number else 0
        tip = int(head["number"], 16)
        for sealed in range(tip - self._sequence_number + 1, tip + 1):
            there = (await self._block(hex(sealed)))["transactions"]
            self._deposits = deque(deposit for deposit in self._deposits if deposit.tx_hash not in there)
        while self._busy_blocks and self._busy_blocks[-1] > tip:
            self._busy_blocks.pop()

    async def _told(self, function: str) -> int:
        """What the L2's L1Block says of its origin."""
        request: Json = {
            "from": account("deployer").address,
            "to": PREDEPLOYS["L1Block"],
            "data": "0x" + _L1_BLOCK.call(function).hex(),
        }
        return int(str(await self._l2.call("eth_call", request, "latest")), 16)

    async def _l1_is_ahead(self) -> bool:
        return quantity(await self._l1.call("eth_blockNumber"), self._l1.name) > self._origin.number

    async def _advance(self) -> None:
        """The next L2 block's origin: the next L1 block if there is one and this one's deposits are done."""
        self._sequence_number += 1
        if self._deposits or not await self._l1_is_ahead():
            return
        following = await self._l1_block(self._origin.number + 1)
        if following.parent_hash != self._origin.hash:
            raise Incident(
                f"L1 took back its block {self._origin.number} ({self._origin.hash}); {self.name} was derived from it",
                remedy="A devnet's L2 does not follow a reorg of L1; start a new devnet.",
            )
        self._origin, self._sequence_number = following, 0
        self._deposits = await self._deposits_of(following)

    async def _lay_out(self) -> None:
        self._laid_out = [l1_attributes(self._origin, self._sequence_number, self._batcher_hash)]
        senders: set[str] = set()
        while self._deposits and self._deposits[0].sender not in senders:
            deposit = self._deposits.popleft()
            if deposit.source_hash in self._done:
                raise Incident(f"{self.name} was about to execute deposit {deposit.tx_hash} twice")
            self._done.add(deposit.source_hash)
            senders.add(deposit.sender)
            self._laid_out.append(deposit)
        await self._keep_up_with_l1_time()
        for deposit in self._laid_out:
            # One by one: anvil handles the calls of a batch in no certain order.
            await self._l2.call("eth_sendRawTransaction", "0x" + deposit.raw.hex())
        await self._gate.lay_out(deposit_gas=_DEPOSIT_GAS, holds_deposits=len(self._laid_out) > 1)

    async def _keep_up_with_l1_time(self) -> None:
        """No L2 block is older than its origin: where somebody turned L1's clock forward, turn L2's as well."""
        behind = self._origin.timestamp - int(self._head["timestamp"], 16)
        # A second may have passed since the last block; both clocks are this machine's otherwise.
        if behind > 1:
            await self._l2.call("evm_increaseTime", hex(behind))

    async def _block(self, tag: str = "latest") -> Mapping[str, Any]:
        return _object(await self._l2.call("eth_getBlockByNumber", tag, False), self._l2.name)

    async def _l1_block(self, number: int) -> L1Origin:
        return L1Origin.of(_object(await self._l1.call("eth_getBlockByNumber", hex(number), False), self._l1.name))

    async def _deposits_of(self, origin: L1Origin) -> deque[Deposit]:
        found = await self._l1.call(
            "eth_getLogs", {"blockHash": origin.hash, "address": self._portal, "topics": [DEPOSIT_TOPIC]}
        )
        logs = sequence(found, self._l1.name)
        if logs:
            log.debug("deposits", extra={"fields": {"chain": self.name, "l1_block": origin.number, "count": len(logs)}})
        return deque(user_deposit(_object(entry, self._l1.name)) for entry in logs)


def _object(value: Json, endpoint: str) -> Mapping[str, Any]:
    return mapping(value, endpoint)
