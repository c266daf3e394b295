"""
Intake: which messages of a lane go out next, of those that are due and those that only wanted for company.

Comes in: messages that are due, in the order of their nonces. Goes out: those of the next delivery. Promise: what is
declined rests with its reason and holds up no other; whoever comes is judged together with the newest that rest, as far
back as one delivery reaches, so a look costs what one delivery carries, however many rest. What is remembered of them
is checked in the store before it is carried. What pays is `judging`'s to say, how long to wait `company`'s.
"""

from collections.abc import Sequence

from attrs import define, field

from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.message import MAX_PAYLOAD_SIZE
from xl2.core.storage_proof import LogKind
from xl2.core.types import MessageId, Nonce
from xl2.flow.prove import BatchLimits
from xl2.ports import Clock, Log, Record, Store
from xl2.relayer.choosing.company import LEAST_REST, LEAST_WAIT, next_look, waits_until
from xl2.relayer.choosing.judging import Judged, Judging
from xl2.relayer.choosing.prices import own_size
from xl2.relayer.rests import let_rest
from xl2.relayer.retry import DENIED, delay


@define(kw_only=True)
class Intake:
    """The intake of one lane."""

    lane: Lane
    store: Store
    clock: Clock
    judging: Judging
    #: The newest messages that rest as declined, by nonce: as many as one delivery carries. None: not looked for yet.
    _resting: list[Record] | None = field(default=None, init=False)

    async def next(self, due: Sequence[Record], limits: BatchLimits) -> Sequence[Record]:
        """Messages of the next delivery; none where all that are due are declined, or something moved meanwhile."""
        if self.judging.takes_all:
            return due
        fresh = {one.sent.message.id for one in due}
        if self._resting is None and self.judging.wants_cost:
            self._resting = await self._newest(limits)
        company = [one for one in self._resting or () if one.sent.message.id not in fresh]
        records = sorted([*company, *due], key=_nonce)
        judged = await self.judging.judge([one.sent.message for one in records], fresh, limits)
        now = self.clock.now()
        declined = [one for one in due if one.sent.message.id in judged.declined]
        await let_rest(self.store.decline, ((one.sent.message.id, *self._until(one, judged, now)) for one in declined))
        carried = {one.id for one in judged.carried}
        if self.judging.wants_cost:
            left = [one for one in records if one.sent.message.id not in carried]
            self._resting = _last([one for one in left if _may_join(one, fresh, judged)], limits)
        return await self._checked([one for one in records if one.sent.message.id in carried], fresh)

    async def _newest(self, limits: BatchLimits) -> list[Record]:
        """After a start: what rests at the end of the lane, whatever it rests for."""
        count = await self.store.count(Log(lane=self.lane, kind=LogKind.LANE))
        first = max(0, count - limits.messages)
        known = await self.store.range(self.lane, Nonce(first), Nonce(count - 1)) if count else ()
        return _last([one for one in known if one.state is State.OBSERVED and not one.skipped], limits)

    def _until(self, record: Record, judged: Judged, now: float) -> tuple[float, str]:
        message = record.sent.message
        declined = judged.declined[message.id]
        if not declined.may_change:
            return now + delay(DENIED, record.attempts + 1), declined.why
        end = waits_until(
            pays_for_itself=message.id in judged.lonely,
            since=record.since,
            now=now,
            expiry=message.expiry,
            longest_wait=self.judging.terms.wait_seconds,
        )
        if end is not None:
            return min(next_look(now, record.since, LEAST_WAIT), end), f"it waits for others to go with: {declined.why}"
        return next_look(now, record.since, LEAST_REST), declined.why

    async def _checked(self, records: Sequence[Record], fresh: set[MessageId]) -> Sequence[Record]:
        """These as the store has them, where some were only remembered; none where one of them is no longer there."""
        if all(one.sent.message.id in fresh for one in records):
            return records
        known = await self.store.range(self.lane, _nonce(records[0]), _nonce(records[-1]))
        ids = {one.sent.message.id for one in records}
        found = [one for one in known if one.sent.message.id in ids and one.state is State.OBSERVED and not one.skipped]
        return found if len(found) == len(records) else ()


def _may_join(record: Record, fresh: set[MessageId], judged: Judged) -> bool:
    """Whether it rests, and may go with whoever comes."""
    declined = judged.declined.get(record.sent.message.id)
    return record.sent.message.id not in fresh if declined is None else declined.may_change


def _last(records: Sequence[Record], limits: BatchLimits) -> list[Record]:
    """The newest of these, no more than one delivery carries."""
    found: list[Record] = []
    size = 0
    for one in reversed(records[-limits.messages :]):
        size += own_size(one.sent.message)
        if size > limits.size + MAX_PAYLOAD_SIZE:
            break
        found.append(one)
    return found[::-1]


def _nonce(record: Record) -> Nonce:
    return record.sent.message.nonce
