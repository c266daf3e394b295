"""
Canonical deposit: a priority operation, how far it is on the chain, and how the value of a failed one comes back.

Promise: its name on the chain, the canonical hash, is L1's own, so nobody is asked where it went. Ether of a failed one
is with its refund recipient on the chain, and that is said; tokens of a failed one are on L1 still, and can be taken
back there once the batch that says so is executed.
"""

from attrs import frozen

from xl2.core.amounts import wei_and_ether
from xl2.core.types import BlockNumber, checksum
from xl2.errors import NotYet
from xl2.ports import Call, Cargo, Crossing, CrossingState, CrossingStep, Direction, Move, Place, TxReceipt
from xl2_adapters.evm import Evm
from xl2_adapters.tx_logs import Included
from xl2_adapters.zk_stack.batches import Batches
from xl2_adapters.zk_stack.requests import Requested
from xl2_adapters.zk_stack.tokens import Moved, Tokens


@frozen(kw_only=True)
class _Found:
    """What the chain tells of a deposit."""

    state: CrossingState
    receipt: TxReceipt | None = None
    detail: str = ""
    waits_for: str = ""
    moves: tuple[Move, ...] = ()


@frozen(kw_only=True)
class Deposits:
    """Deposits from one anchor to one chain."""

    anchor: Evm
    rollup: Evm
    batches: Batches
    #: None: the chain has no token bridge that we speak.
    tokens: Tokens | None

    async def crossing(self, transaction: Included, asked: Requested, index: int) -> Crossing:
        """How far an operation is; `transaction` asked L1 for it."""
        moved = await self._moved(transaction, asked)
        begun = await self.anchor.block(asked.place.block)
        sent = CrossingStep(state=CrossingState.SENT, chain=self.anchor.chain, at=begun.timestamp, place=asked.place)
        found = await self._found(asked, moved)
        waits = found.state is CrossingState.FAILED and bool(found.moves)
        return Crossing(
            direction=Direction.DEPOSIT,
            rollup=self.rollup.chain,
            anchor=self.anchor.chain,
            index=index,
            sent=asked.place,
            key=asked.canonical_hash,
            sender=asked.sender if moved is None else moved.sender,
            cargo=_cargo(asked) if moved is None else moved.cargo,
            state=found.state,
            steps=(sent, await self._step(found)),
            waits_for=found.waits_for,
            wait_seconds=0 if waits else None,
            moves=found.moves,
        )

    async def reclaim_call(self, transaction: Included, asked: Requested) -> Call:
        """Take a failed deposit's tokens back. Raises `NotYet` where L1 cannot be shown the failure yet."""
        moved = await self._moved(transaction, asked)
        if moved is None or self.tokens is None:
            raise NotYet("this deposit is none of tokens any more")
        return self.tokens.reclaim_call(moved, await self.batches.outcome(asked.canonical_hash))

    async def _moved(self, transaction: Included, asked: Requested) -> Moved | None:
        return None if self.tokens is None else await self.tokens.brought_by(transaction, asked.canonical_hash)

    async def _found(self, asked: Requested, moved: Moved | None) -> _Found:
        receipt = await self.rollup.tx_receipt(asked.canonical_hash)
        if receipt is None:
            waits_for = (
                f"chain {self.rollup.chain} to read l1 block {asked.place.block}; when is its sequencer's choice"
            )
            return _Found(state=CrossingState.ON_ITS_WAY, waits_for=waits_for)
        if receipt.succeeded:
            return _Found(state=CrossingState.ARRIVED, receipt=receipt)
        if moved is None or self.tokens is None:
            recipient = checksum(asked.refund_recipient)
            held = f"; its {wei_and_ether(asked.value)} are with {recipient} on the rollup" if asked.value else ""
            return _Found(state=CrossingState.IMPOSSIBLE, receipt=receipt, detail=f"the call failed{held}")
        on_l1 = "the call failed; the tokens are in the bridge on l1"
        try:
            proof = await self.batches.outcome(asked.canonical_hash)
        except NotYet as not_yet:
            return _Found(state=CrossingState.FAILED, receipt=receipt, detail=on_l1, waits_for=not_yet.what)
        if await self.tokens.is_reclaimed(moved, proof):
            back = f"the call failed; {checksum(moved.sender)} has the tokens back on l1"
            return _Found(state=CrossingState.IMPOSSIBLE, receipt=receipt, detail=back)
        return _Found(state=CrossingState.FAILED, receipt=receipt, detail=on_l1, moves=(Move.RECLAIM,))

    async def _step(self, found: _Found) -> CrossingStep:
        receipt = found.receipt
        return CrossingStep(
            state=found.state,
            chain=self.rollup.chain,
            at=None if receipt is None else (await self.rollup.block(BlockNumber(receipt.block))).timestamp,
            place=None if receipt is None else _place(receipt),
            detail=found.detail,
        )


def _cargo(asked: Requested) -> Cargo:
    return Cargo(recipient=asked.to, amount=asked.value, data=asked.data, gas_limit=asked.gas_limit, is_direct=True)


def _place(receipt: TxReceipt) -> Place:
    return Place(block=receipt.block, block_hash=receipt.block_hash, tx_hash=receipt.tx_hash, log_index=0)
