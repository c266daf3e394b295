"""
Canonical withdrawal: a send of the chain, how far it is on L1, and the call that pays it out.

Promise: it is ready only under a confirmed root that our own node of the chain has too; a proof leaves here only after
it was walked up to that root. Anybody may pay it out; the outbox pays once.
"""

from attrs import frozen

from xl2.core.evidence import Finality
from xl2.core.types import Hash32, checksum
from xl2.errors import NotYet, Refused
from xl2.ports import Call, Cargo, Crossing, CrossingState, CrossingStep, Direction, Move
from xl2_adapters.evm import Evm
from xl2_adapters.nitro.send import Send
from xl2_adapters.nitro.sends import PlacedSend, Sends
from xl2_adapters.nitro.tokens import Tokens


@frozen(kw_only=True)
class Withdrawals:
    """Withdrawals from one chain to its anchor."""

    anchor: Evm
    rollup: Evm
    sends: Sends
    tokens: Tokens | None

    async def crossing(self, placed: PlacedSend, index: int) -> Crossing:
        """How far a send is."""
        send = placed.send
        moved = await self.tokens.taken_by(send) if self.tokens is not None else None
        sent = CrossingStep(state=CrossingState.SENT, chain=self.rollup.chain, at=send.timestamp, place=placed.place)
        step, waits_for, wait = await self._found(send)
        return Crossing(
            direction=Direction.WITHDRAWAL,
            rollup=self.rollup.chain,
            anchor=self.anchor.chain,
            index=index,
            sent=placed.place,
            key=key_of(send),
            sender=send.caller if moved is None else moved.sender,
            cargo=_cargo(placed) if moved is None else moved.cargo,
            state=step.state,
            steps=(sent, step),
            waits_for=waits_for,
            wait_seconds=wait,
            arrival_seconds=wait,
            moves=(Move.FINALIZE,) if step.state is CrossingState.READY_TO_FINALIZE else (),
        )

    async def finalize_call(self, send: Send) -> Call:
        """
        Pay it out.

        Raises `NotYet` where no confirmed root covers it, `ProofInvalid` where our node lies, `Refused` for a send with
        data to an account without code: L1's bridge would refuse it.
        """
        if send.data and not await self.anchor.code(send.destination):
            raise Refused(
                f"send {send.position} is to call {checksum(send.destination)}, which has no code on l1",
                remedy="It can be paid out once a contract stands there; nothing is lost until then.",
            )
        return self.sends.outbox.execute_call(await self.sends.proof(send))

    async def _found(self, send: Send) -> tuple[CrossingStep, str, int | None]:
        """Its state on L1, what it waits for, and how long."""
        outbox = self.sends.outbox
        if await outbox.is_executed(send.position):
            place = await outbox.execution(send, (await self.anchor.head(Finality.LATEST)).number)
            at = None if place is None else (await self.anchor.block(place.block)).timestamp
            step = CrossingStep(state=CrossingState.ARRIVED, chain=self.anchor.chain, at=at, place=place)
            return step, "", None
        try:
            root = await self.sends.covering(send)
        except NotYet as not_yet:
            step = CrossingStep(state=CrossingState.WAITING_FOR_ROOT, chain=self.anchor.chain)
            # None left of the window, and not confirmed yet: that is a validator's to do, nobody knows when.
            return step, not_yet.what, await self.sends.seconds_to_confirm(send.block) or None
        step = CrossingStep(state=CrossingState.READY_TO_FINALIZE, chain=self.anchor.chain, detail=root.name)
        return step, "", 0


def key_of(send: Send) -> Hash32:
    """The outbox's name for a send: its position. Its hash would not do: two sends of a block may be the same."""
    return Hash32(send.position.to_bytes(32))


def _cargo(placed: PlacedSend) -> Cargo:
    send = placed.send
    return Cargo(recipient=send.destination, amount=send.value, data=send.data or placed.note, is_direct=True)
