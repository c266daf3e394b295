"""
Sequencer of one L2: L1 blocks come in, sealed L2 blocks go out, one by one.

Each L2 block is laid out as soon as the one before is sealed: its opening first, then what the block before calls for,
then the deposits of its L1 origin, then what users send through the `Gate` until its time is up. What L1 becomes is a
`Derivation`'s. Promise: every deposit is executed exactly once, in the order of L1; no L1 block is left out as an
origin; L1 hashes that L2 is told are L1's. Where somebody rolls the L2 back, it goes on from there; where L1 takes back
a block that it was derived from, it goes back to its last block whose origin stands, and what was derived is derived
again, users' transactions behind it. If anvil did anything else than was laid out, the sequencer stops aloud.

anvil differs from op-geth in what shapes this: it would run the same deposit twice if it were sent twice (so each is
sent once, by source hash), and holds one deposit a sender in its pool (so the second one of the same L1 block comes an
L2 block later, with the same origin).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from xl2.errors import Incident, RpcRejected
from xl2_adapters.rpc import Call, RpcClient
from xl2_adapters.rpc_wire import Json, mapping
from xl2_devnet.gate import Gate
from xl2_devnet.origin import L1Origin, Told
from xl2_devnet.rollup import Derivation
from xl2_devnet.safe_head import SafeHead
from xl2_devnet.system_transaction import SystemTransaction

log = logging.getLogger(__name__)

#: What a block keeps free for system transactions: the most that OP's portal sells in one L1 block, and an opening.
_DEPOSIT_GAS = 21_000_000
#: Of how many blocks it is remembered that they held something.
_BUSY_BLOCKS = 1024
#: How far back a follow-up may still wait when derivation is taken up.
_FOLLOWED_BLOCKS = 16


class Sequencer:
    """The sequencer of one L2; `start` once, then `run`."""

    def __init__(
        self,
        *,
        name: str,
        l1: RpcClient,
        l2: RpcClient,
        derivation: Derivation,
        gate: Gate,
        safe_head: SafeHead,
        turn: Callable[[], AbstractAsyncContextManager[None]],
        block_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        """
        `l1`, `l2`: the anvils themselves; `l2` must not repeat a call. `turn`: within it nobody else makes blocks of
        the L2 or takes some back. `clock`: seconds, monotonic.
        """
        self.name = name
        #: Transaction hash by every other hash that a real chain would know it by.
        self.aliases: dict[str, str] = {}
        self._l1, self._l2 = l1, l2
        self._derivation = derivation
        self._gate = gate
        self._safe_head = safe_head
        self._turn = turn
        self._block_seconds = block_seconds
        self._clock = clock
        self._origin = L1Origin(number=0, hash="", parent_hash="", timestamp=0, base_fee=0)
        self._following: L1Origin | None = None
        self._sequence_number = 0
        #: What has not been laid out: of the blocks before, and of the origin.
        self._follow_ups: deque[SystemTransaction] = deque()
        self._deposits: deque[SystemTransaction] = deque()
        self._done: set[bytes] = set()
        self._head: Mapping[str, Any] = {}
        self._first_origin = 0
        self._laid_out: list[SystemTransaction] = []
        #: The open block holds what the one before called for, which on a real chain would be in that block itself.
        self._hurries = False
        self._busy_blocks: deque[int] = deque(maxlen=_BUSY_BLOCKS)

    def busy_block(self, upto: int) -> int:
        """The last block up to `upto` that holds more than its opening; 0 if there is none."""
        return next((number for number in reversed(self._busy_blocks) if number <= upto), 0)

    async def start(self, first_origin: int) -> None:
        """Take up derivation where the L2 stands, at the L1 block `first_origin` on a chain that names none."""
        self._first_origin = first_origin
        async with self._gate.closed():
            await self._take_up(await self._block("latest"))
            await self._lay_out()

    async def run(self) -> None:
        """Seal a block whenever its time is up, at once while L1 is ahead or it hurries; returns only by raising.

        Raises:
            Incident: the L2 is not what was laid out, or L1 took back what the devnet was deployed in.
        """
        due = self._clock()
        while True:
            due = max(due + self._block_seconds, self._clock())
            await asyncio.sleep(due - self._clock())
            await self.seal()
            while self._hurries or self._deposits or await self._l1_is_ahead():
                await self.seal()

    async def seal(self) -> None:
        """Close the open block, check it, and lay out the next one."""
        async with self._turn(), self._gate.closed():
            head = await self._block("latest")
            if head["hash"] == self._head["hash"]:
                await self._l2.call("evm_mine")
                head = await self._block("latest")
            # Asked behind the mining: a rollback may have come between the look and it.
            if head["parentHash"] == self._head["hash"]:
                await self._check(head)
                await self._advance()
            else:
                log.warning("rolled back", extra={"fields": {"chain": self.name, "block": int(head["number"], 16)}})
                await self._l2.call("anvil_dropAllTransactions")
                await self._take_up(head)
            await self._safe_head.look()
            await self._lay_out()

    async def _check(self, block: Mapping[str, Any]) -> None:
        """The block that was sealed is the one that was laid out."""
        tx_hashes: list[str] = block["transactions"]
        expected = [laid.tx_hash for laid in self._laid_out]
        if tx_hashes[: len(expected)] != expected:
            raise Incident(
                f"block {block['number']} of {self.name} begins with {tx_hashes[: len(expected)]}; "
                f"laid out were {expected}"
            )
        self._head = block
        if len(tx_hashes) > 1:
            self._busy_blocks.append(int(block["number"], 16))
            self._follow_ups.extend(await self._derivation.follow_ups(block))
        if self._gate.sealed(tx_hashes):
            # What is left would stand before the next block's deposits; the gate sends it again behind them.
            await self._l2.call("anvil_dropAllTransactions")

    async def _advance(self) -> None:
        """The next L2 block's origin: the next L1 block if there is one and this one's deposits are done."""
        self._sequence_number += 1
        if not await self._origin_stands():
            await self._go_back()
            return
        if self._deposits or self._following is None:
            return
        deposits = await self._deposits_of(self._following)
        if deposits is not None:
            self._origin, self._sequence_number, self._deposits = self._following, 0, deposits

    async def _origin_stands(self) -> bool:
        """Whether L1 still has the origin; notes the L1 block behind it, if there is one."""
        here, following = await self._l1.batch(
            [Call("eth_getBlockByNumber", (hex(self._origin.number + ahead), False)) for ahead in (0, 1)]
        )
        self._following = None if following is None else L1Origin.of(mapping(following, self._l1.name))
        if here is None or mapping(here, self._l1.name)["hash"] != self._origin.hash:
            return False
        return self._following is None or self._following.parent_hash == self._origin.hash

    async def _deposits_of(self, origin: L1Origin) -> deque[SystemTransaction] | None:
        """What an L1 block asks for; None: L1 took it back while it was asked."""
        try:
            return deque(await self._derivation.deposits(origin))
        except RpcRejected:
            if await self._is_on_l1(origin.number, origin.hash):
                raise
            return None

    async def _l1_is_ahead(self) -> bool:
        return not await self._origin_stands() or self._following is not None

    async def _go_back(self) -> None:
        """Take back all blocks whose origin L1 took back, and derive from there on again."""
        tip = int(self._head["number"], 16)
        number, again = tip, deque[str]()
        while not await self._stands(block := await self._block(hex(number), full=True)):
            again.extendleft(reversed(_short(block)["transactions"]))
            number -= 1
        log.warning("L1 took back an origin", extra={"fields": {"chain": self.name, "block": tip, "back_to": number}})
        if number < tip:
            await self._l2.call("anvil_rollback", tip - number)
        await self._l2.call("anvil_dropAllTransactions")
        self._gate.take_back(again)
        await self._take_up(await self._block("latest"))

    async def _stands(self, block: Mapping[str, Any]) -> bool:
        """Whether L1 still has the origin of a block. What was deployed before derivation began stands."""
        told = self._told(block)
        return told is None or await self._is_on_l1(told.number, told.hash)

    async def _is_on_l1(self, number: int, block_hash: str) -> bool:
        found = await self._l1.call("eth_getBlockByNumber", hex(number), False)
        return found is not None and mapping(found, self._l1.name)["hash"] == block_hash

    async def _take_up(self, head: Mapping[str, Any]) -> None:
        """Go on behind `head`, which may not have been sealed here: at the start, or after a rollback."""
        tip = int(head["number"], 16)
        whole = await self._block(head["number"], full=True)
        told = self._told(whole)
        self._head, self._done = head, set()
        if not await self._stands(whole):
            await self._go_back()
            return
        self._origin = await self._l1_block(told.number if told else self._first_origin)
        self._sequence_number = told.sequence_number + 1 if told else 0
        deposits = await self._deposits_of(self._origin)
        if deposits is None:
            await self._take_up(head)
            return
        there: set[str] = set()
        follow_ups: list[SystemTransaction] = []
        # Newest first, so that `there` holds what stands behind the block that is looked at.
        for back in range(max(self._sequence_number, _FOLLOWED_BLOCKS) if told else 0):
            block = await self._block(hex(tip - back), full=True)
            if self._told(block) is None:
                break
            follow_ups = [
                f for f in await self._derivation.follow_ups(_short(block)) if f.tx_hash not in there
            ] + follow_ups
            there |= set(_short(block)["transactions"])
        self._follow_ups = deque(follow_ups)
        self._deposits = deque(deposit for deposit in deposits if deposit.tx_hash not in there)
        while self._busy_blocks and self._busy_blocks[-1] > tip:
            self._busy_blocks.pop()

    def _told(self, block: Mapping[str, Any]) -> Told | None:
        """What a block, with its transactions whole, tells of its origin."""
        return self._derivation.told(block["transactions"][0]) if block["transactions"] else None

    async def _lay_out(self) -> None:
        self._laid_out = [self._derivation.opening(self._origin, self._sequence_number)]
        self._hurries = bool(self._follow_ups)
        senders: set[str] = set()
        room = _DEPOSIT_GAS - self._laid_out[0].gas
        # Deposits of one sender come after what the block before calls for of the same.
        for queue in (self._follow_ups, self._deposits):
            # One that fits no such block is alone with what users send.
            while queue and queue[0].sender not in senders and (queue[0].gas <= room or not senders):
                entry = queue.popleft()
                room -= entry.gas
                if entry.source_hash in self._done:
                    raise Incident(f"{self.name} was about to execute {entry.tx_hash} twice")
                self._done.add(entry.source_hash)
                senders.add(entry.sender)
                self._laid_out.append(entry)
        await self._keep_up_with_l1_time()
        for laid in self._laid_out:
            self.aliases |= dict.fromkeys(laid.aliases, laid.tx_hash)
            # One by one: anvil handles the calls of a batch in no certain order.
            await self._l2.call("eth_sendRawTransaction", "0x" + laid.raw.hex())
        await self._gate.lay_out(deposit_gas=_DEPOSIT_GAS, holds_deposits=len(self._laid_out) > 1)

    async def _keep_up_with_l1_time(self) -> None:
        """No L2 block is older than its origin: where somebody turned L1's clock forward, turn L2's as well."""
        # A second may have passed since the last block; both clocks are this machine's otherwise.
        if self._origin.timestamp - int(self._head["timestamp"], 16) <= 1:
            return
        # The head may only be old: rolled back to, or of a snapshot. What counts is the time of a block made now.
        pending = await self._block("pending")
        behind = self._origin.timestamp - int(pending["timestamp"], 16)
        if behind > 1:
            await self._l2.call("evm_increaseTime", hex(behind))

    async def _block(self, tag: str, *, full: bool = False) -> Mapping[str, Any]:
        return mapping(await self._l2.call("eth_getBlockByNumber", tag, full), self._l2.name)

    async def _l1_block(self, number: int) -> L1Origin:
        found: Json = await self._l1.call("eth_getBlockByNumber", hex(number), False)
        if found is None:
            raise Incident(
                f"L1 took back its block {number}, which {self.name} was deployed in",
                remedy="A devnet cannot go back behind its own start; start a new one.",
            )
        return L1Origin.of(mapping(found, self._l1.name))


def _short(block: Mapping[str, Any]) -> Mapping[str, Any]:
    """A block with its transactions as hashes."""
    return {**block, "transactions": [entry["hash"] for entry in block["transactions"]]}
