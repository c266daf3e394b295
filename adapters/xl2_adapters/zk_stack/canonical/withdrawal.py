"""
Canonical withdrawal: a message of the chain that lets ether or tokens out on L1, and the call that pays it out.

Promise: it is ready only once L1 has executed its batch; a proof leaves here only after it led to the root that L1
holds. Anybody may pay it out; L1 pays each place in a batch once.
"""

from collections.abc import Sequence

from attrs import frozen

from xl2.core.evidence import Finality
from xl2.core.hashing import keccak
from xl2.core.types import BlockNumber, Hash32, address
from xl2.errors import NotYet
from xl2.ports import Call, Cargo, Crossing, CrossingState, CrossingStep, Direction, Move, Place
from xl2_adapters import rpc_wire
from xl2_adapters.abi import Event, Method
from xl2_adapters.evm import Evm
from xl2_adapters.tx_logs import Included, included
from xl2_adapters.zk_stack import tokens as erc20
from xl2_adapters.zk_stack.batches import Batches
from xl2_adapters.zk_stack.eras import FINALIZE, FINALIZE_ETHER, IS_ETHER_FINALIZED
from xl2_adapters.zk_stack.logs import BASE_TOKEN, L1_MESSENGER
from xl2_adapters.zk_stack.messages import SENT, Message, messages_of, teller
from xl2_adapters.zk_stack.payouts import Payouts
from xl2_adapters.zk_stack.proofs import MessageProof
from xl2_adapters.zk_stack.tokens import Moved, Tokens

WITHDRAW = Method("withdraw(address)")
WITHDRAWN = Event("Withdrawal(address indexed,address indexed,uint256)")
PAID_OUT = Event("EthWithdrawalFinalized(address indexed,uint256)")

#: selector 4 ‖ recipient 20 ‖ amount 32
_ETHER_SIZE = 56
#: Batches are counted in so many bits; calldata that anybody may have written hold any word.
_BATCH_BITS = 32
#: How far back a payout is looked for, in L1 blocks: a week on Ethereum. Older ones are known to be paid, not where.
_LOOK_BACK_BLOCKS = 50_400


@frozen(kw_only=True)
class Withdrawal:
    """A message that takes something out, and what it takes."""

    message: Message
    moved: Moved
    place: Place

    @property
    def is_ether(self) -> bool:
        """Rather than tokens."""
        return self.moved.cargo.token is None

    @property
    def key(self) -> Hash32:
        """Its name here: two withdrawals of one block may say the same. L1 knows it by batch and place alone."""
        return keccak(self.message.tx_hash + self.message.log_index.to_bytes(8))


@frozen(kw_only=True)
class Withdrawals:
    """Withdrawals from one chain to its anchor."""

    anchor: Evm
    rollup: Evm
    batches: Batches
    payouts: Payouts
    tokens: Tokens | None

    async def of(self, transaction: Included) -> Sequence[Withdrawal]:
        """What a transaction of the chain withdraws, in its order."""
        found = []
        for message in messages_of(transaction, self.rollup.endpoint):
            moved = await self._moved(message, transaction)
            if moved is not None:
                place = Place(
                    block=transaction.block,
                    block_hash=transaction.block_hash,
                    tx_hash=transaction.tx_hash,
                    log_index=message.log_index,
                )
                found.append(Withdrawal(message=message, moved=moved, place=place))
        return found

    async def crossing(self, withdrawal: Withdrawal, index: int) -> Crossing:
        """How far it is."""
        begun = await self.rollup.block(withdrawal.place.block)
        sent = CrossingStep(
            state=CrossingState.SENT, chain=self.rollup.chain, at=begun.timestamp, place=withdrawal.place
        )
        step, waits_for = await self._found(withdrawal)
        ready = step.state is CrossingState.READY_TO_FINALIZE
        return Crossing(
            direction=Direction.WITHDRAWAL,
            rollup=self.rollup.chain,
            anchor=self.anchor.chain,
            index=index,
            sent=withdrawal.place,
            key=withdrawal.key,
            sender=withdrawal.moved.sender,
            cargo=withdrawal.moved.cargo,
            state=step.state,
            steps=(sent, step),
            waits_for=waits_for,
            wait_seconds=0 if ready else None,
            arrival_seconds=0 if ready else None,
            moves=(Move.FINALIZE,) if ready else (),
        )

    async def finalize_call(self, withdrawal: Withdrawal) -> Call:
        """Pay it out. Raises `NotYet` while its batch is not executed, `ProofInvalid` where the node's proof fails."""
        proof = await self._proof(withdrawal)
        if not withdrawal.is_ether and self.tokens is not None:
            return self.tokens.finalize_call(proof)
        to, data = (await self.payouts.era()).finalize_ether(proof)
        return Call(chain=self.anchor.chain, to=to, data=data, what="pay withdrawn ether out on l1")

    async def behind(self, transaction: Included) -> Sequence[Hash32]:
        """Transactions of the chain whose withdrawals a transaction of L1 paid out by a call of its own."""
        named = self._named(transaction.data)
        if named is None:
            return ()
        batch, message = named
        if batch >> _BATCH_BITS:
            return ()
        blocks = await self.rollup.ask("zks_getL1BatchBlockRange", batch)
        if not isinstance(blocks, list) or len(blocks) != 2:
            return ()
        first, last = (BlockNumber(rpc_wire.quantity(number, self.rollup.endpoint)) for number in blocks)
        said = await self.rollup.logs(L1_MESSENGER, [[SENT.topic], None, [keccak(message)]], first, last)
        return list(dict.fromkeys(log.place.tx_hash for log in said))

    async def _moved(self, message: Message, transaction: Included) -> Moved | None:
        if message.sender != BASE_TOKEN:
            return None if self.tokens is None else await self.tokens.taken_by(message, transaction)
        # Today's base token may add a note of the sender's, which changes nothing about who gets what.
        if len(message.data) < _ETHER_SIZE or message.data[:4] != FINALIZE_ETHER.selector:
            return None
        amount, sender = (
            int.from_bytes(message.data[24:_ETHER_SIZE]),
            teller(transaction, message, WITHDRAWN, self._name),
        )
        return Moved(sender=sender, cargo=Cargo(recipient=address(message.data[4:24]), amount=amount))

    @property
    def _name(self) -> str:
        return self.rollup.endpoint

    async def _proof(self, withdrawal: Withdrawal) -> MessageProof:
        message = withdrawal.message
        return await self.batches.message(message.tx_hash, message.sender, message.data, nth=message.nth)

    async def _found(self, withdrawal: Withdrawal) -> tuple[CrossingStep, str]:
        """Its state on L1, and what it waits for."""
        try:
            proof = await self._proof(withdrawal)
        except NotYet as not_yet:
            return CrossingStep(state=CrossingState.WAITING_FOR_ROOT, chain=self.anchor.chain), not_yet.what
        if not await self._is_finalized(withdrawal, proof):
            detail = f"in batch {proof.batch}"
            return CrossingStep(state=CrossingState.READY_TO_FINALIZE, chain=self.anchor.chain, detail=detail), ""
        place = await self._paid_out(withdrawal, proof) if withdrawal.is_ether else None
        at = None if place is None else (await self.anchor.block(place.block)).timestamp
        return CrossingStep(state=CrossingState.ARRIVED, chain=self.anchor.chain, at=at, place=place), ""

    async def _is_finalized(self, withdrawal: Withdrawal, proof: MessageProof) -> bool:
        if not withdrawal.is_ether and self.tokens is not None:
            return await self.tokens.is_finalized(proof)
        to, data = (await self.payouts.era()).is_ether_finalized(proof)
        return bool(IS_ETHER_FINALIZED.decode(await self.anchor.view(to, data), self.anchor.endpoint)[0])

    async def _paid_out(self, withdrawal: Withdrawal, proof: MessageProof) -> Place | None:
        """Where ether was paid out, if by a call of its own: the event names no withdrawal, only calldata does."""
        tip = (await self.anchor.head(Finality.LATEST)).number
        since = BlockNumber(max(0, tip - _LOOK_BACK_BLOCKS))
        recipient = withdrawal.moved.cargo.recipient.rjust(32, b"\0")
        diamond = self.batches.diamond.address
        begun = await self.rollup.block(withdrawal.place.block)
        for log in reversed(await self.anchor.logs(diamond, [[PAID_OUT.topic], [recipient]], since, tip)):
            if (await self.anchor.block(log.place.block)).timestamp < begun.timestamp:
                break
            transaction = await included(self.anchor, log.place.tx_hash)
            if transaction and self._named(transaction.data) == (proof.batch, proof.message):
                return log.place
        return None

    def _named(self, calldata: bytes) -> tuple[int, bytes] | None:
        """Batch and message of the withdrawal that a call to L1 pays out."""
        name = self.anchor.endpoint
        for method in (FINALIZE_ETHER, erc20.FINALIZE):
            if (values := method.arguments(calldata, name)) is not None:
                return values[0], values[3]
        if (values := FINALIZE.arguments(calldata, name)) is not None:
            return values[0][1], values[0][5]
        return None
