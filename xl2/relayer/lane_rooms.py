"""
Lane rooms: one lane's messages in the store, and the rooms that move them; each method is one look into one room.

Promise: what is read from the chains is in the store before anything rests on it, so a look that is cut off anywhere
is made again without harm; a message that cannot go on is postponed with the reason, and holds up no other. When to
look is `lane_tasks`'s, how long to rest `retry`'s, what a room does `flow`'s.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from itertools import takewhile

from attrs import define, evolve, field

from xl2.core.lifecycle import Event, State
from xl2.core.message import MAX_TX_GAS, Message
from xl2.core.segment import Segment
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber
from xl2.errors import NotYet, Refused, Retryable, Reverted, TooExpensive, Unaffordable, Xl2Error
from xl2.flow import confirm as confirming
from xl2.flow import deliver as delivering
from xl2.flow import prove as proving
from xl2.flow import settle as settling
from xl2.ports import Pause, Record
from xl2.relayer.choosing.batching import Batching
from xl2.relayer.choosing.intake import Intake
from xl2.relayer.choosing.judging import Judging
from xl2.relayer.choosing.settlements import Settlements
from xl2.relayer.choosing.stakes import Stakes
from xl2.relayer.lane_parts import LaneParts
from xl2.relayer.mending import PAUSED_SECONDS, Mending
from xl2.relayer.notes import Notes
from xl2.relayer.observers import Observers
from xl2.relayer.showing import Showing
from xl2.relayer.troubles import Troubles, endpoint_of

log = logging.getLogger(__name__)

#: For so long it is taken for true that nobody else has delivered what was looked at; a delivery that came too late is
#: seen by its simulation.
_FRESH_SECONDS = 5.0
#: Messages that one look into the confirm room asks about.
_CONFIRMED_AT_ONCE = 1_000
#: Messages that are taken up again in one write after a start.
_RESUMED_AT_ONCE = 1_000


@define(kw_only=True)
class LaneRooms:
    """The rooms of one lane. Each look returns whether there may be more to do at once."""

    parts: LaneParts
    observers: Observers = field(init=False)
    #: Block of the delivery that was made last.
    delivered_upto: BlockNumber = field(default=BlockNumber(0), init=False)
    _batching: Batching = field(init=False)
    _judging: Judging = field(init=False)
    _intake: Intake = field(init=False)
    _stakes: Stakes = field(init=False)
    _settlements: Settlements = field(init=False)
    _showing: Showing = field(init=False)
    _notes: Notes = field(init=False)
    _mending: Mending = field(init=False)
    #: Whether the lane was paused at the last look; a pause of before the start is over for what it held up.
    _was_paused: bool = field(default=False, init=False)
    #: What rooms fail over.
    troubles: Troubles = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """What is learned begins with the lane."""
        parts = self.parts
        self.observers = Observers(parts=parts)
        self._batching = Batching(most=parts.limits)
        self._judging = Judging.of(parts.lane, parts.origin, parts.destination, parts.policy, parts.clock)
        self._intake = Intake(lane=parts.lane, store=parts.store, clock=parts.clock, judging=self._judging)
        self._stakes = Stakes(judging=self._judging)
        self._settlements = Settlements(
            lane=parts.lane,
            origin=parts.origin,
            store=parts.store,
            clock=parts.clock,
            terms=self._judging.terms,
            account=parts.claims.account,
        )
        self._showing = Showing(name=self.name, submitters=self.parts.submitters)
        self._notes = Notes(parts=parts)
        self._mending = Mending(notes=self._notes, judging=self._judging, stakes=self._stakes, showing=self._showing)
        self.troubles = Troubles(self.parts.lane, self.parts.alarms)

    @property
    def name(self) -> str:
        """What people call the lane."""
        return self.parts.lane.name

    @property
    def postponed(self) -> int:
        """How many messages were told to wait so far."""
        return self._notes.postponed

    async def resume(self) -> None:
        """After a start: evidence that was at hand went with the process."""
        parts = self.parts
        after = None
        # Also what is skipped now: nobody would look at it as proven when it is taken up again.
        while held := await parts.store.messages(
            lane=parts.lane, states=[State.PROVEN], after=after, limit=_RESUMED_AT_ONCE
        ):
            await self._notes.happen([self._notes.happening(one, Event.HEAD_LOST) for one in held])
            after = parts.lane, held[-1].sent.message.nonce

    async def observe(self) -> bool:
        """New messages, as far as the origin is final enough."""
        return await self.observers.look(LogKind.LANE)

    async def observe_receipts(self) -> bool:
        """New receipts, from final blocks of the destination only."""
        return await self.observers.look(LogKind.RECEIPTS)

    async def prove(self) -> proving.Proven | None:
        """Evidence for the next messages that are due; None where nothing is, or the lane is paused."""
        parts = self.parts
        chosen, looked_at = await self._next()
        if not chosen:
            return None
        provers = self._showing.provers_for(chosen[0], parts.provers)
        try:
            proven = await self._showing.first_ready(provers, lambda prover: proving.prove(chosen, parts.store, prover))
        except (Retryable, Refused) as cause:
            self.troubles.failed("proving", cause)
            await self._notes.postpone(chosen, cause)
            return None
        self.troubles.well("proving")
        poor = self._judging.as_known(proven.segment.messages, len(proven.segment.suffix))
        if poor is not None:
            await self._notes.postpone(chosen, TooExpensive(poor.why))
            return None
        await self._notes.happen([self._notes.happening(one, Event.HEAD_SHOWN) for one in chosen])
        self._stakes.begin(proven.segment.messages)
        return evolve(proven, looked_at=looked_at)

    async def deliver(self, proven: proving.Proven) -> None:
        """Deliver what was proven, or send it back to be proven again; returns when a block holds it."""
        try:
            await self._deliver(proven)
        finally:
            self._stakes.end(proven.segment.messages)

    async def _deliver(self, proven: proving.Proven) -> None:
        parts = self.parts
        pause = await self._pause()
        if pause is not None:
            await self._send_back(proven.segment.messages, NotYet(f"the lane is paused: {pause.why}"))
            return
        submitter = parts.submitters[parts.lane.destination]
        is_fresh = parts.clock.steady() - proven.looked_at <= _FRESH_SECONDS
        try:
            if not is_fresh:
                # Gas may have risen since it was taken.
                await self._refuse_loss(proven.segment)
            outcome = await delivering.deliver(
                proven.segment,
                proven.shown.evidence,
                parts.destination,
                submitter,
                payee=parts.payee,
                gas_limit=self._batching.gas_limit(proven.segment.messages),
                is_fresh=is_fresh,
                failed=any(one.id in self._notes.doubtful for one in proven.segment.messages),
            )
        except (Retryable, Refused) as cause:
            self._stakes.wasted(proven.segment.messages, cause)
            if endpoint_of(cause):
                self.troubles.failed("delivering", cause)
            await self._send_back(proven.segment.messages, self._learned(proven, cause))
            return
        self.troubles.well("delivering")
        self._stakes.noted(proven.segment.messages, outcome)
        if outcome.receipt is not None:
            self.delivered_upto = outcome.receipt.block
            self._batching.delivered(len(proven.segment.messages), outcome.receipt.gas_used)
        await self._notes.outcome(outcome)
        done = {happening.id for happening in outcome.happenings}
        left = [message for message in proven.segment.messages if message.id not in done]
        if left:
            self._showing.refused((message.id for message in left), proven.by)
            await self._send_back(left, NotYet("the inbox skipped it: its recipient accepts other evidence"))

    async def broken(self) -> Sequence[Record]:
        """Messages that failed and are to be retried, or whose time is over and are to be expired, a few of them."""
        # What a pause held is due as soon as it is seen to be over.
        await self._pause()
        return await self._mending.due()

    async def mend(self, due: Sequence[Record]) -> bool:
        """Retry and expire these side by side; returns when blocks hold what that took."""
        await self._mending.mend(due, await self._pause())
        return bool(due)

    async def confirm(self) -> bool:
        """Deliveries and expiries that final blocks of the destination hold, or do not."""
        parts, now = self.parts, self.parts.clock.now()
        due = await parts.store.due(parts.lane, [State.DELIVERED, State.EXPIRED], now, _CONFIRMED_AT_ONCE)
        if not due:
            return False
        happenings = await confirming.confirm(due, parts.store, parts.destination)
        await self._notes.happen(happenings)
        final = {happening.id for happening in happenings}
        waiting = [one for one in due if one.sent.message.id not in final]
        await self._notes.wait(waiting, NotYet(f"its block on chain {parts.lane.destination} is not final yet"))
        return bool(happenings)

    async def settle(self) -> bool:
        """Receipts proven back where that is worth it, and what they earned paid out; one refused holds up no other."""
        due = await self._settlements.next()
        if due is None:
            return False
        try:
            await self._prove_back(due)
        except Refused as refused:
            if not isinstance(refused, Unaffordable):
                await self._settle_behind(due)
            raise
        return True

    async def _settle_behind(self, refused: settling.Owed) -> None:
        """The next settlement behind one that was refused; why that is not done either is told at its own turn."""
        with suppress(Retryable, Refused):
            due = await self._settlements.next(behind=refused)
            if due is not None:
                await self._prove_back(due)

    async def _prove_back(self, due: settling.Owed) -> None:
        parts = self.parts
        call = await self._showing.first_ready(
            parts.receipt_provers,
            lambda prover: settling.prepare(due, parts.store, parts.origin, parts.destination, prover),
        )
        done = await settling.settle(due, call, parts.submitters[parts.lane.origin])
        await self._notes.happen(done.happenings)
        log.info("settled", extra={"fields": {"lane": self.name, "entries": len(due.entries)}})
        await parts.claims.look()

    def _batch(self, waiting: Sequence[Record], limits: proving.BatchLimits) -> Sequence[Record]:
        """The next messages for one delivery, all to be shown by the same provers."""
        if not waiting:
            return ()
        wanted = self._showing.provers_for(waiting[0], self.parts.provers)
        alike = takewhile(lambda one: self._showing.provers_for(one, self.parts.provers) == wanted, waiting)
        return proving.batch(list(alike), limits)

    def _learned(self, proven: proving.Proven, cause: Xl2Error) -> Xl2Error:
        """What a refused delivery says of the next one; the cause for which its messages rest."""
        name = self.parts.destination.error_name(cause.revert) if isinstance(cause, Reverted) else None
        out_of_gas = isinstance(cause, Reverted) and not cause.revert
        if name == "GasTooLow" or out_of_gas or (isinstance(cause, Unaffordable) and cause.available == MAX_TX_GAS):
            self._batching.too_much(proven.segment)
        elif name == "NoProgress":
            ids = {message.id for message in proven.segment.messages}
            self._notes.doubtful |= ids
            self._showing.refused(ids, proven.by)
        return cause

    async def _pause(self) -> Pause | None:
        """Why nothing is delivered on this lane now, None where it is; what a pause held is roused when it is over."""
        parts = self.parts
        pause = next((one for one in await parts.store.pauses() if one.lane == parts.lane), None)
        if pause is None and self._was_paused:
            await parts.store.rouse(parts.lane, parts.clock.now())
        self._was_paused = pause is not None
        return pause

    async def _send_back(self, messages: Sequence[Message], cause: Xl2Error) -> None:
        """What was proven and not delivered is proven again later."""
        if not messages:
            return
        known = await self.parts.store.range(self.parts.lane, messages[0].nonce, messages[-1].nonce)
        ids = {message.id for message in messages}
        records = [one for one in known if one.state is State.PROVEN and one.sent.message.id in ids]
        await self._notes.happen([self._notes.happening(one, Event.HEAD_LOST) for one in records])
        await self._notes.postpone(records, cause)

    async def _next(self) -> tuple[Sequence[Record], float]:
        """Messages of the next delivery, none of them over, and when that was looked at; none where nothing is due."""
        parts, limits = self.parts, self._batching.limits
        while True:
            pause = await self._pause()
            due = await parts.store.due(parts.lane, [State.OBSERVED], parts.clock.now(), limits.messages)
            looked_at = parts.clock.steady()
            if not due:
                return (), looked_at
            # What is declined rests, so that the next look sees what comes after it.
            candidates = proving.batch(await self._intake.next(due, limits), limits)
            if not candidates:
                continue
            # Somebody else may have delivered them, or their time may be over: then nothing needs a proof.
            doubtful = any(one.sent.message.id in self._notes.doubtful for one in candidates)
            seen = await delivering.look([one.sent.message for one in candidates], parts.destination, failed=doubtful)
            await self._notes.happen(seen.happenings)
            over = {happening.id for happening in seen.happenings}
            self._notes.doubtful -= over
            left = [one for one in candidates if one.sent.message.id not in over]
            if pause is not None:
                # Also on a paused lane it is seen when their time is over.
                why = f"the lane is paused: {pause.why}"
                await self._notes.rest([(one.sent.message, PAUSED_SECONDS, why) for one in left])
                continue
            if over and self._judging.wants_cost:
                # They paid for the others.
                continue
            return self._batch(left, limits), looked_at

    async def _refuse_loss(self, segment: Segment) -> None:
        """Raises `TooExpensive` where it no longer pays: its messages are judged again before the next proof."""
        poor = await self._judging.anew(segment.messages, len(segment.suffix))
        if poor is not None:
            raise TooExpensive(poor.why)
