"""
Mending: messages that failed are retried, and those whose time is over are expired, many side by side.

Comes in: messages that are due and failed or are overdue. Promise: whether a message's time is over is asked before
anything else, also where the lane is paused or nobody would pay for a retry, so neither holds up its refund; what is
over is recorded by as many transactions at once as every node takes of one account; one that cannot go on is postponed
with the reason, and holds up no other. What may be spent on it is `stakes`' to say.
"""

import asyncio
from collections.abc import Coroutine, Sequence

from attrs import define, evolve

from xl2.core.lifecycle import Event, State
from xl2.errors import NotYet, Refused, Retryable, Reverted
from xl2.flow import deliver as delivering
from xl2.flow import prove as proving
from xl2.ports import Pause, Record
from xl2.relayer.choosing.judging import Judging
from xl2.relayer.choosing.stakes import Stakes
from xl2.relayer.expiry import recorded_expiries
from xl2.relayer.notes import Notes
from xl2.relayer.retry import RECIPIENT, delay
from xl2.relayer.showing import Showing

#: Messages that are mended side by side, each by its own transaction. geth's pool holds 16 of an account whatever
#: happens, and more while it is not full; what it drops is sent again.
AT_ONCE = 32
#: What failed on a paused lane rests so long; it is due at once when the pause ends.
PAUSED_SECONDS = 60.0


@define(kw_only=True)
class Mending:
    """Mends the messages of one lane."""

    notes: Notes
    judging: Judging
    stakes: Stakes
    showing: Showing

    async def due(self) -> Sequence[Record]:
        """What is to be mended now."""
        parts = self.notes.parts
        return await parts.store.due(parts.lane, [State.FAILED, State.OVERDUE], parts.clock.now(), AT_ONCE)

    async def mend(self, due: Sequence[Record], pause: Pause | None) -> None:
        """Mend these; returns when blocks hold what that took. `pause`: that of the lane; nothing is retried then."""
        await _all(
            self._retry_all([one for one in due if one.state is State.FAILED], pause),
            self._expire_all([one for one in due if one.state is State.OVERDUE]),
        )

    async def _retry_all(self, records: Sequence[Record], pause: Pause | None) -> None:
        if not records:
            return
        try:
            seen = await delivering.look([one.sent.message for one in records], self.notes.parts.destination)
        except (Retryable, Refused) as cause:
            await self.notes.postpone(records, cause)
            return
        over = [one for one in seen.happenings if one.event is not Event.FAILURE]
        await self.notes.happen(over)
        ids = {one.id for one in over}
        taken = {one.id for one in over if one.event is Event.DELIVERY}
        self.stakes.needless([one.sent.message for one in records if one.sent.message.id in taken])
        left = [one for one in records if one.sent.message.id not in ids]
        if pause is None:
            await _all(*(self._retry(one) for one in left))
        else:
            why = f"the lane is paused: {pause.why}"
            await self.notes.rest([(one.sent.message, PAUSED_SECONDS, why) for one in left])

    async def _retry(self, record: Record) -> None:
        try:
            await self._try_again(record)
        except (Retryable, Refused) as cause:
            await self.notes.postpone([record], cause)

    async def _try_again(self, record: Record) -> None:
        parts, message = self.notes.parts, record.sent.message
        gas = delivering.retry_gas(message, is_first=not record.attempts)
        submitter = parts.submitters[parts.lane.destination]
        patience = delay(RECIPIENT, record.attempts + 1)
        poor = await self.judging.alone(message, gas)
        if poor is not None:
            await self.notes.rest([(message, patience, poor.why)])
            return
        self.stakes.begin([message])
        try:
            try:
                outcome = await delivering.retry(message, gas, parts.destination, submitter, payee=parts.payee)
            except Reverted as reverted:
                self.stakes.wasted([message], reverted)
                if parts.destination.error_name(reverted.revert) != "VerifiersFell":
                    await self.notes.rest([(message, patience, reverted.what)])
                    return
                proven = await self.showing.first_ready(
                    parts.provers, lambda prover: proving.prove([record], parts.store, prover)
                )
                outcome = await delivering.deliver(
                    proven.segment, proven.shown.evidence, parts.destination, submitter, payee=parts.payee, anew=True
                )
            self.stakes.noted([message], outcome)
        finally:
            self.stakes.end([message])
        await self.notes.outcome(outcome)

    async def _expire_all(self, records: Sequence[Record]) -> None:
        waits = [(one, self.stakes.expiry(one.sent.message)) for one in records]
        await self.notes.rest([(one.sent.message, *wait) for one, wait in waits if wait])
        paid = [one for one, wait in waits if not wait]
        if not paid:
            return
        try:
            going = await self._still_open(paid)
        except (Retryable, Refused) as cause:
            await self.notes.postpone(paid, cause)
            return
        await _all(*(self._expire(one) for one in going))

    async def _still_open(self, records: Sequence[Record]) -> Sequence[Record]:
        """Those of which no block says that they are expired or delivered, and whose time the tip has past it."""
        parts = self.notes.parts
        messages = [one.sent.message for one in records]
        recorded = await recorded_expiries(messages, parts.store, parts.destination)
        await self.notes.happen(
            [
                evolve(self.notes.happening(one, Event.EXPIRY_RECORDED), place=recorded[one.sent.message.id].place)
                for one in records
                if one.sent.message.id in recorded
            ]
        )
        self.stakes.needless([one for one in messages if one.id in recorded])
        records = [one for one in records if one.sent.message.id not in recorded]
        seen = await delivering.look([one.sent.message for one in records], parts.destination, failed=False)
        events = {one.id: one.event for one in seen.happenings}
        await self.notes.happen([one for one in seen.happenings if one.event is Event.DELIVERY])
        self.stakes.needless([one for one in messages if events.get(one.id) is Event.DELIVERY])
        early = [one for one in records if one.sent.message.id not in events]
        why = NotYet(f"the clock of chain {parts.lane.destination} is not past its expiry")
        await self.notes.postpone(early, why)
        return [one for one in records if events.get(one.sent.message.id) is Event.EXPIRY_PASSED]

    async def _expire(self, record: Record) -> None:
        parts, message = self.notes.parts, record.sent.message
        try:
            outcome = await delivering.record_expiry(
                message, parts.destination, parts.submitters[parts.lane.destination]
            )
        except (Retryable, Refused) as cause:
            if isinstance(cause, Reverted) and cause.spent_gas:
                self.stakes.expired(message)
            await self.notes.postpone([record], cause)
            return
        self.stakes.expired(message)
        await self.notes.outcome(outcome)


async def _all(*works: Coroutine[object, object, None]) -> None:
    """Side by side, each to its end: what one of them is refused cuts off no transaction of another."""
    ended = await asyncio.gather(*works, return_exceptions=True)
    broken = [one for one in ended if isinstance(one, BaseException)]
    if broken:
        raise broken[0]
