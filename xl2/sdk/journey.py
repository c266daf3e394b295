"""
Journey: a crossing and the one after it: from a rollup to oneself on the anchor, and on to another rollup.

Promise: both crossings are found again from the first one's hash and the chains alone, since each carries a note that
says what it belongs to (`core.onward`); where a bridge takes no note, the journal of whoever began the journey holds
it. The second is sent once: one caller at a time looks for it and sends it; before, chains and journal are asked for
it, and what a crash left in the journal is finished. Only who sent the first to himself sends it on.
"""

import asyncio
from collections.abc import Sequence

from attrs import evolve

from xl2.core.evidence import Finality
from xl2.core.onward import Onward, comes_from, in_words, note_in, onward_in
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, Wei, checksum, hex_text
from xl2.errors import InvalidInput, NotFound, NotYet, Refused, Retryable
from xl2.ports import CanonicalBridge, Cargo, Crossing, CrossingState, CrossingStep, Direction, Move
from xl2.sdk.canonical import Crossings
from xl2.sdk.parts import Parts
from xl2.sdk.values import Act, Advanced, Journey
from xl2.wallet import StatusEvent

#: A rollup's clock may lag its anchor's, or lead it, by so much.
_CLOCK_SKEW_SECONDS = 3_600


class Journeys:
    """Crossings, and those that go on, of one configuration."""

    def __init__(self, parts: Parts, crossings: Crossings) -> None:
        """Both are the client's."""
        self._parts = parts
        self._crossings = crossings
        #: Held from the look for a second crossing until it is in a block: two at once would each find none.
        self._turn = asyncio.Lock()

    async def begin(self, origin: str | int, cargo: Cargo, onward: Onward) -> Journey:
        """Withdraw to oneself, to go on from there. Raises as the bridges do, before anything is sent."""
        first, second = self._crossings.bridge(origin), self._parts.bridges(onward.destination)
        account = self._parts.account(first.rollup)
        if first.anchor != second.anchor:
            raise InvalidInput(
                f"chain {self._parts.name(first.rollup)} and chain {self._parts.name(second.rollup)} settle on "
                "different chains",
                field="destination",
                value=second.rollup,
                remedy="Name two rollups of one anchor.",
            )
        if first.rollup == second.rollup:
            raise InvalidInput("origin and destination are the same chain", field="destination", value=second.rollup)
        if await self._parts.anchors[first.anchor].code(account):
            raise InvalidInput(
                f"{checksum(account)} is a contract on the anchor, which would be called with the note",
                field="account",
                value=checksum(account),
                remedy="Travel with an account without code, or make the two crossings by yourself.",
            )
        return await self._after(await self._send(first, Direction.WITHDRAWAL, cargo))

    async def find(self, tx_hash: Hash32, index: int = 0) -> Journey:
        """A crossing by its transaction, and where it goes on, what became of that."""
        return await self._after(await self._crossings.find(tx_hash, index))

    async def advance(self, tx_hash: Hash32, index: int, move: Move | None) -> Advanced:
        """Make what move is due now, if one is; else say what is waited for."""
        journey = await self.find(tx_hash, index)
        if move is not None or journey.current.moves:
            act = await self._crossings.move(journey.current, move)
        elif journey.is_to_go_on:
            async with self._turn:
                act = await self._go_on(await self.find(tx_hash, index))
        else:
            act = None
        if act is None:
            return Advanced(journey=journey, acts=())
        return Advanced(journey=await self.find(tx_hash, index), acts=(act,))

    async def carry(self, tx_hash: Hash32, index: int, timeout_seconds: float) -> Advanced:
        """Make every move as it comes due, until all has arrived. Raises `NotYet` where the time is over before."""
        end = self._parts.clock.steady() + timeout_seconds
        acts: Sequence[Act] = ()
        told: CrossingStep | None = None
        while True:
            try:
                advanced = await self.advance(tx_hash, index, None)
                if advanced.journey.current.steps[-1] != told:
                    told = advanced.journey.current.steps[-1]
                    await self._tell(told)
                acts = (*acts, *advanced.acts)
                if advanced.journey.is_over:
                    return Advanced(journey=advanced.journey, acts=tuple(acts))
                waits = advanced.journey.current.waits_for or "its next move"
                if advanced.acts:
                    continue
            except Retryable as waiting:
                # Not only what the chains wait for: an endpoint that fails now is no answer either.
                waits = waiting.what
            if self._parts.clock.steady() >= end:
                raise NotYet(
                    f"crossing {hex_text(tx_hash)} has not arrived after {timeout_seconds:g} s; it waits for {waits}",
                    remedy=f"Nothing is lost: `xl2 claim {hex_text(tx_hash)}` goes on from here, at any time.",
                )
            await self._parts.clock.sleep(self._parts.config.relayer.poll_seconds)

    async def _tell(self, step: CrossingStep) -> None:
        tx_hash = None if step.place is None else step.place.tx_hash
        event = StatusEvent(stage=step.state, chain_id=step.chain, tx_hash=tx_hash, at=step.at)
        await self._parts.hooks.on_status(event)

    async def _after(self, first: Crossing) -> Journey:
        onward = await self._onward(first)
        if onward is None:
            return Journey(first=first, arrival_seconds=first.arrival_seconds)
        if first.state is not CrossingState.ARRIVED:
            then = await self._bridge_to(onward.destination).duration(Direction.DEPOSIT)
            both = (first.arrival_seconds, then)
            total = None if None in both else sum(seconds for seconds in both if seconds is not None)
            return Journey(first=first, onward=onward, arrival_seconds=total)
        second = await self._second(first, onward)
        if second is None:
            then = await self._bridge_to(onward.destination).duration(Direction.DEPOSIT)
            return Journey(first=first, onward=onward, arrival_seconds=then)
        return Journey(first=first, onward=onward, second=second, arrival_seconds=second.arrival_seconds)

    async def _second(self, first: Crossing, onward: Onward) -> Crossing | None:
        """The crossing that goes on, found by its note."""
        bridge, note = self._bridge_to(onward.destination), comes_from(first.key)
        tx_hash = await bridge.deposit_noted(note, first.cargo.recipient, await self._since(first))
        if tx_hash is None:
            made = await self._parts.store.made_for(in_words(note))
            tx_hash = made[-1].signed.hash if made else None
        found = await bridge.crossings(tx_hash) if tx_hash is not None else ()
        return next((one for one in found if one.cargo.data in (note, b"")), None)

    async def _since(self, first: Crossing) -> BlockNumber:
        """Block of the anchor before which it cannot have gone on: the arrival's, or by the time it was sent."""
        arrived, began = first.steps[-1].place, first.steps[0].at
        if arrived is not None:
            return arrived.block
        if began is None:
            raise NotYet(f"when {hex_text(first.sent.tx_hash)} was sent is not told")
        anchor = self._parts.anchors[first.anchor]
        low, high = 0, int((await anchor.head(Finality.LATEST)).number)
        while low < high:
            middle = (low + high) // 2
            if (await anchor.block(BlockNumber(middle))).timestamp < began - _CLOCK_SKEW_SECONDS:
                low = middle + 1
            else:
                high = middle
        return BlockNumber(low)

    async def _onward(self, first: Crossing) -> Onward | None:
        """Where a crossing goes on to: only one that its sender sent to himself does."""
        if first.direction is not Direction.WITHDRAWAL or first.sender != first.cargo.recipient:
            return None
        kept = await self._parts.store.words(first.sent.tx_hash)
        return onward_in(first.cargo.data) or onward_in(note_in(kept or ""))

    async def _send(
        self, bridge: CanonicalBridge, direction: Direction, cargo: Cargo, *, began_here: bool = True
    ) -> Crossing:
        """Send cargo with its note, or where the bridge takes none, with the note in the journal alone."""
        words = in_words(cargo.data)
        try:
            return await self._crossings.begin(bridge, direction, cargo, words=words)
        except InvalidInput as refused:
            if refused.field != "data":
                raise
            if not began_here:
                raise Refused(
                    f"whether it was sent on to chain {self._parts.name(bridge.rollup)} already cannot be told: that "
                    "bridge takes no note, and the journal here did not begin the journey",
                    remedy="Go on where it was begun, or deposit by yourself once you are sure.",
                ) from refused
        return await self._crossings.begin(bridge, direction, evolve(cargo, data=b""), words=words)

    async def _go_on(self, journey: Journey) -> Act | None:
        """Send the second crossing, if it is still to be sent."""
        first, onward = journey.first, journey.onward
        if onward is None or not journey.is_to_go_on:
            return None
        owner = first.cargo.recipient
        if self._parts.account(first.anchor) != owner:
            raise Refused(
                f"what arrived belongs to {checksum(owner)}, who alone can send it on to chain {onward.destination}",
                remedy="Sign with the key of that account.",
            )
        if await self._finished_earlier(first.anchor, owner):
            # What an earlier run had signed may be the very crossing: it is looked for anew.
            return None
        await self._check_not_sent(first)
        cargo = Cargo(
            recipient=onward.recipient,
            amount=first.cargo.amount,
            token=first.cargo.token_there,
            token_there=onward.token,
            data=comes_from(first.key),
        )
        began_here = await self._parts.store.words(first.sent.tx_hash) is not None
        begun = await self._send(self._bridge_to(onward.destination), Direction.DEPOSIT, cargo, began_here=began_here)
        receipt = await self._parts.anchors[first.anchor].tx_receipt(begun.sent.tx_hash)
        return Act(
            what=f"send it on to {checksum(onward.recipient)} on chain {self._parts.name(onward.destination)}",
            chain=first.anchor,
            tx_hash=begun.sent.tx_hash,
            block=begun.sent.block,
            gas_used=receipt.gas_used if receipt else 0,
            cost_wei=receipt.cost if receipt else Wei(0),
        )

    async def _finished_earlier(self, chain: ChainId, account: Address) -> bool:
        """Whether the journal held something of an earlier run, which is included now."""
        if not await self._parts.store.pending(chain, account):
            return False
        await self._parts.journalled(chain).recover()
        return True

    async def _check_not_sent(self, first: Crossing) -> None:
        """
        Raises `NotYet` where the journal knows of a second crossing that no chain shows.

        A node that lags does not show it, nor does L1 after a reorg: neither is a reason to pay twice.
        """
        anchor = self._parts.anchors[first.anchor]
        for made in await self._parts.store.made_for(in_words(comes_from(first.key))):
            receipt = await anchor.tx_receipt(made.signed.hash)
            if receipt is None or receipt.succeeded:
                raise NotYet(
                    f"it was sent on by transaction {hex_text(made.signed.hash)}, which chain "
                    f"{self._parts.name(first.anchor)} does not show",
                    remedy="Wait; if that transaction never comes back, deposit by yourself.",
                )

    def _bridge_to(self, chain: ChainId) -> CanonicalBridge:
        if chain not in self._parts.rollups:
            raise NotFound(
                f"the journey goes on to chain {chain}, which the configuration does not have",
                remedy="Add the chain to the configuration.",
            )
        return self._parts.bridges(chain)
