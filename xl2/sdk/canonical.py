"""
Canonical: crossings by rollups' own bridges: begun, found again by a transaction hash, moved on.

Promise: what is said of a crossing is read from the chains, whichever of them the transaction was on; a bridge that
does not answer is an error, never "not found"; a move is made only if the chains allow it now, and by whom is free:
the value goes to the crossing's recipient. What is to follow a crossing is `journey`'s.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from attrs import evolve

from xl2.core.types import ChainId, Hash32, hex_text
from xl2.errors import ConfigInvalid, NotFound, NotYet, Refused, Retryable, Xl2Error
from xl2.ports import Call, CanonicalBridge, Cargo, Crossing, Direction, Move, TxReceipt
from xl2.sdk.parts import Parts
from xl2.sdk.values import Act

log = logging.getLogger(__name__)

Submit = Callable[[Call], Awaitable[TxReceipt]]

#: Longest that an included transaction is asked for before its hash is given back instead.
_READ_BACK_SECONDS = 600.0


class Crossings:
    """Crossings over all canonical bridges of one configuration."""

    def __init__(self, parts: Parts, submit: Submit) -> None:
        """`submit`: checks the balance, signs by the wallet's leave, returns when included."""
        self._parts = parts
        self._submit = submit

    def bridge(self, rollup: str | int) -> CanonicalBridge:
        """A rollup's own bridge. Raises `NotFound`, `InvalidInput` for an anchor, `ConfigInvalid`."""
        return self._parts.bridges(self._parts.rollup(rollup))

    async def begin(self, bridge: CanonicalBridge, direction: Direction, cargo: Cargo, *, words: str = "") -> Crossing:
        """Send cargo, and return when it is in a block. `words`: kept in the journal with the transaction."""
        is_down = direction is Direction.DEPOSIT
        account = self._parts.account(bridge.anchor if is_down else bridge.rollup)
        calls = await (bridge.deposit_calls if is_down else bridge.withdraw_calls)(cargo, account)
        for call in calls[:-1]:
            await self._submit(call)
        last = evolve(calls[-1], what=f"{calls[-1].what} {words}".strip())
        receipt = await self._submit(last)
        return await self._read_back(receipt, bridge, calls[-1])

    async def find(self, tx_hash: Hash32, index: int = 0) -> Crossing:
        """
        A crossing that a transaction began or moved on.

        Raises `NotFound` when every bridge answered that it knows none.
        """
        found, failures = await self._all(tx_hash)
        if 0 <= index < len(found):
            return found[index]
        if failures:
            raise failures[0]
        there = f"holds {len(found)} crossings, none at {index}" if found else "is of no canonical bridge"
        asked = ", ".join(self._parts.name(chain) for chain in self._parts.rollups)
        raise NotFound(
            f"transaction {hex_text(tx_hash)} {there} (asked: {asked})",
            remedy="Check the hash and the configuration; a transaction in no block yet has begun nothing.",
        )

    async def move(self, crossing: Crossing, move: Move | None = None) -> Act | None:
        """
        Make a move, or the one that is due; None where none is due.

        Raises `Refused` for a move that is not possible now, `NotYet` where the chains moved away from it.
        """
        wanted = move or next(iter(crossing.moves), None)
        if wanted is None:
            return None
        bridge = self._parts.bridges(crossing.rollup)
        chain = self._chain_of(crossing, wanted)
        receipt: TxReceipt | None = None
        calls = await bridge.calls(crossing, wanted, self._parts.account(chain))
        for call in calls:
            receipt = await self._submit(call)
        if receipt is None:
            raise Refused(f"{wanted} takes no call")
        return Act(
            what=calls[-1].what,
            chain=calls[-1].chain,
            tx_hash=receipt.tx_hash,
            block=receipt.block,
            gas_used=receipt.gas_used,
            cost_wei=receipt.cost,
        )

    @staticmethod
    def _chain_of(crossing: Crossing, move: Move) -> ChainId:
        """Chain that a move is made on: the arrival's, but for what is taken back."""
        return crossing.anchor if move is Move.RECLAIM else crossing.destination

    async def _all(self, tx_hash: Hash32) -> tuple[Sequence[Crossing], Sequence[Xl2Error]]:
        """What any of the bridges knows of a transaction, and why others gave no answer."""
        failures: list[Xl2Error] = []

        async def ask(chain: ChainId) -> Sequence[Crossing]:
            try:
                return await self._parts.bridges(chain).crossings(tx_hash)
            except ConfigInvalid as unknown:
                # A chain whose own bridge is not known hides no other's answer.
                log.info("no canonical bridge", extra={"fields": {"chain": chain, "cause": unknown.what}})
            except Xl2Error as failed:
                failures.append(failed)
            return ()

        async with asyncio.TaskGroup() as asking:
            tasks = [asking.create_task(ask(chain)) for chain in self._parts.rollups]
        return [crossing for task in tasks for crossing in task.result()], failures

    async def _read_back(self, receipt: TxReceipt, bridge: CanonicalBridge, call: Call) -> Crossing:
        """Read what an included transaction began, asking again while an endpoint fails: it must be told."""
        end = self._parts.clock.steady() + _READ_BACK_SECONDS
        cause = "no answer"
        while self._parts.clock.steady() < end:
            try:
                found = await bridge.crossings(receipt.tx_hash)
                if found:
                    return found[-1]
                cause = "no crossing is seen in it yet"
            except Retryable as failed:
                cause = failed.what
            await self._parts.clock.sleep(self._parts.config.relayer.poll_seconds)
        raise NotYet(
            f"{call.what}: transaction {hex_text(receipt.tx_hash)} was in block {receipt.block} of chain "
            f"{self._parts.name(call.chain)}, and what it did cannot be read: {cause}",
            remedy="Do not repeat it; look for this transaction first (`xl2 claim`).",
        )
