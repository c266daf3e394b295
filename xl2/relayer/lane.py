"""
Lane: one lane's messages in the store, and the rooms that move them; each method is one look into one room.

Promise: what is read from the chains is in the store before anything rests on it, so a look that is cut off anywhere
is made again without harm; a message that cannot go on is postponed with the reason, and holds up no other. When to
look is `pipeline`'s, how long to rest `retry`'s, what a room does `flow`'s.
"""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import takewhile
from typing import TypeVar

from attrs import define, evolve, field, frozen

from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.lifecycle import Event, State
from xl2.core.message import MAX_TX_GAS, Message
from xl2.core.receipt import Expired
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, ChainId, MessageId, Wei, hex_text
from xl2.errors import NotYet, Refused, Retryable, Reverted, Unaffordable, Xl2Error
from xl2.flow import confirm as confirming
from xl2.flow import deliver as delivering
from xl2.flow import observe as observing
from xl2.flow import prove as proving
from xl2.flow import settle as settling
from xl2.ports import Chain, Clock, Happening, Log, Needed, Observer, Prover, Record, Sent, Store, Submitter, Unobserved
from xl2.relayer.retry import RECIPIENT, UNPAID, delay, rest_seconds

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Earnings are paid out when they are so many times what paying them out costs; till then the outbox keeps them.
_CLAIM_MULTIPLE = 20
_CLAIM_GAS = 35_000
#: So often a better prover may be waiting before another one is paid for.
_PATIENT_LOOKS = 12
#: How often in a row a prover may ask for calls before the message rests.
_MAX_NEEDED = 3


@frozen(kw_only=True)
class LaneParts:
    """What it takes to carry a lane's messages."""

    lane: Lane
    origin: Chain
    destination: Chain
    #: Of the lane log for the destination, and of the receipt log for the origin; the first that is ready serves.
    provers: Sequence[Prover]
    receipt_provers: Sequence[Prover]
    #: By chain; also of the anchor where a prover routes through it.
    submitters: Mapping[ChainId, Submitter]
    store: Store
    clock: Clock
    payee: Address | None = None
    #: Messages whose fee is below this are left to others.
    min_fee: Wei = Wei(0)
    limits: proving.BatchLimits = field(factory=proving.BatchLimits)
    finality: Finality = Finality.FINALIZED
    observer: Observer = field(factory=Unobserved)


@define(kw_only=True)
class LaneRooms:
    """The rooms of one lane. Each look returns whether there may be more to do at once."""

    parts: LaneParts
    #: How often each prover could have been paid for while a better one was waiting.
    _waits: Counter[str] = field(factory=Counter, init=False)
    #: Messages that a recipient's policy did not take on the evidence of a prover.
    _refused_evidence: set[tuple[MessageId, str]] = field(factory=set, init=False)
    #: How often the size of a batch was halved, because it did not fit a transaction.
    _halvings: int = field(default=0, init=False)

    @property
    def name(self) -> str:
        """The lane in words."""
        lane = self.parts.lane
        return f"{lane.origin}>{lane.destination} {lane.assurance.name.lower()}"

    async def resume(self) -> None:
        """After a start: evidence that was at hand went with the process."""
        parts = self.parts
        held = await parts.store.due(parts.lane, [State.PROVEN], float("inf"), -1)
        await self._happen([self._happening(one, Event.HEAD_LOST) for one in held])

    async def observe(self) -> bool:
        """New messages, as far as the origin is final enough."""
        return await self._observe(self.parts.origin, LogKind.LANE, self.parts.finality)

    async def observe_receipts(self) -> bool:
        """New receipts, from final blocks of the destination only: a refund stands beside no delivery."""
        return await self._observe(self.parts.destination, LogKind.RECEIPTS, Finality.FINALIZED)

    async def prove(self) -> proving.Proven | None:
        """Evidence for the next messages that are due; None where nothing is."""
        parts, now = self.parts, self.parts.clock.now()
        waiting = await parts.store.due(parts.lane, [State.OBSERVED], now, parts.limits.messages)
        waiting = await self._drop_poor(waiting)
        if not waiting:
            return None
        # Somebody else may have delivered them, or their time may be over: then nothing needs a proof.
        seen = await delivering.look([one.sent.message for one in waiting], parts.destination)
        await self._happen(seen.happenings)
        over = {happening.id for happening in seen.happenings}
        chosen = self._batch([one for one in waiting if one.sent.message.id not in over])
        if not chosen:
            return None
        provers = self._provers_for(chosen[0])
        try:
            proven = await self._first_ready(provers, lambda prover: proving.prove(chosen, parts.store, prover))
        except (Retryable, Refused) as cause:
            await self._postpone(chosen, cause)
            return None
        await self._happen([self._happening(one, Event.HEAD_SHOWN) for one in chosen])
        return proven

    async def deliver(self, proven: proving.Proven) -> None:
        """Deliver what was proven, or send it back to be proven again."""
        parts = self.parts
        submitter = parts.submitters[parts.lane.destination]
        try:
            outcome = await delivering.deliver(
                proven.segment, proven.shown.evidence, parts.destination, submitter, payee=parts.payee
            )
        except (Retryable, Refused) as cause:
            self._learn(proven, cause)
            await self._send_back(proven.segment.messages, cause)
            return
        self._halvings = max(0, self._halvings - 1)
        await self._note(outcome)
        done = {happening.id for happening in outcome.happenings}
        left = [message for message in proven.segment.messages if message.id not in done]
        self._refused_evidence.update((message.id, proven.by) for message in left)
        await self._send_back(left, NotYet("the inbox skipped it: its recipient accepts other evidence"))

    async def mend(self) -> bool:
        """One message that failed is retried, or one whose time is over is expired."""
        parts = self.parts
        due = await parts.store.due(parts.lane, [State.FAILED, State.OVERDUE], parts.clock.now(), 1)
        for record in due:
            try:
                await (self._expire(record) if record.state is State.OVERDUE else self._retry(record))
            except (Retryable, Refused) as cause:
                await self._postpone([record], cause)
        return bool(due)

    async def confirm(self) -> bool:
        """Deliveries and expiries that final blocks of the destination hold, or do not."""
        parts, now = self.parts, self.parts.clock.now()
        due = await parts.store.due(parts.lane, [State.DELIVERED, State.EXPIRED], now, parts.limits.messages)
        if not due:
            return False
        happenings = await confirming.confirm(due, parts.store, parts.destination)
        await self._happen(happenings)
        final = {happening.id for happening in happenings}
        waiting = [one for one in due if one.sent.message.id not in final]
        await self._postpone(waiting, NotYet(f"its block on chain {parts.lane.destination} is not final yet"))
        return bool(happenings)

    async def settle(self) -> bool:
        """Receipts proven back, and what they earned paid out."""
        parts = self.parts
        due = await settling.owed(parts.lane, parts.store, parts.origin, settling.MAX_SETTLED, parts.clock.now())
        if due is None:
            return False
        submitter = parts.submitters[parts.lane.origin]

        call = await self._first_ready(
            parts.receipt_provers, lambda prover: settling.prepare(due, parts.store, parts.origin, prover)
        )
        done = await settling.settle(due, call, submitter)
        await self._happen(done.happenings)
        log.info("settled", extra={"fields": {"lane": self.name, "entries": len(due.entries)}})
        fees = await parts.origin.fees()
        worth_it = Wei(_CLAIM_MULTIPLE * _CLAIM_GAS * (fees.base_fee + fees.priority_fee))
        await settling.claim(parts.origin, submitter, worth_it)
        return True

    def _batch(self, waiting: Sequence[Record]) -> Sequence[Record]:
        """The next messages for one delivery, all to be shown by the same provers."""
        if not waiting:
            return ()
        alike = list(takewhile(lambda one: self._provers_for(one) == self._provers_for(waiting[0]), waiting))
        limits = self.parts.limits
        return proving.batch(alike, evolve(limits, messages=max(1, limits.messages >> self._halvings)))

    def _provers_for(self, record: Record) -> list[Prover]:
        """Provers whose evidence the recipient has not refused; all of them again when it has refused each."""
        message_id = record.sent.message.id
        left = [one for one in self.parts.provers if (message_id, one.name) not in self._refused_evidence]
        return left or list(self.parts.provers)

    def _learn(self, proven: proving.Proven, cause: Xl2Error) -> None:
        """What a refused delivery says of the next one."""
        name = self.parts.destination.error_name(cause.revert) if isinstance(cause, Reverted) else None
        if name == "GasTooLow" or (isinstance(cause, Unaffordable) and cause.available == MAX_TX_GAS):
            self._halvings += 1
        elif name == "NoProgress":
            self._refused_evidence.update((message.id, proven.by) for message in proven.segment.messages)

    async def _send_back(self, messages: Sequence[Message], cause: Xl2Error) -> None:
        """What was proven and not delivered is proven again later."""
        found = [await self.parts.store.record(message.id) for message in messages]
        records = [one for one in found if one is not None and one.state is State.PROVEN]
        await self._happen([self._happening(one, Event.HEAD_LOST) for one in records])
        await self._postpone(records, cause)

    async def _observe(self, chain: Chain, kind: LogKind, finality: Finality) -> bool:
        seen = Log(lane=self.parts.lane, kind=kind)
        found = await observing.observe(chain, seen, self.parts.store, finality, self.parts.clock.now())
        if found is not None and found.entries:
            fields = {
                "lane": self.name,
                "log": kind.name.lower(),
                "entries": found.entries,
                "block": found.cursor.block,
            }
            log.info("observed", extra={"fields": fields})
            self.parts.observer.moved(self.parts.lane, [_observed(sent) for sent in found.sent])
        return found is not None and found.more

    async def _retry(self, record: Record) -> None:
        parts, message = self.parts, record.sent.message
        gas = message.gas_limit * (delivering.RETRY_GAS_PERCENT if record.attempts else 100) // 100
        submitter = parts.submitters[parts.lane.destination]
        try:
            outcome = await delivering.retry(message, gas, parts.destination, submitter, payee=parts.payee)
        except Reverted as reverted:
            if parts.destination.error_name(reverted.revert) != "VerifiersFell":
                until = parts.clock.now() + delay(RECIPIENT, record.attempts + 1)
                await parts.store.postpone([message.id], until, reverted.what)
                return
            proven = await self._first_ready(parts.provers, lambda prover: proving.prove([record], parts.store, prover))
            outcome = await delivering.deliver(
                proven.segment, proven.shown.evidence, parts.destination, submitter, payee=parts.payee, anew=True
            )
        await self._note(outcome)

    async def _expire(self, record: Record) -> None:
        parts, message = self.parts, record.sent.message
        entry = await parts.store.entry(parts.lane, Expired(id=message.id).encode())
        if entry is not None:
            await self._happen([self._happening(record, Event.EXPIRY_RECORDED)])
            return
        await self._note(await delivering.expire(message, parts.destination, parts.submitters[parts.lane.destination]))

    async def _first_ready(self, provers: Sequence[Prover], ask: Callable[[Prover], Awaitable[T | Needed]]) -> T:
        """What the first prover that is ready makes; the calls it needs are made. Raises the first one's error."""
        first: Xl2Error | None = None
        for prover in provers:
            try:
                for _ in range(_MAX_NEEDED):
                    found = await ask(prover)
                    if not isinstance(found, Needed):
                        self._waits.clear()
                        return found
                    if first is not None and self._waits[prover.name] < _PATIENT_LOOKS:
                        # A better prover is only waiting: do not pay for this one yet.
                        self._waits[prover.name] += 1
                        break
                    await self._make(found, prover)
            except (Retryable, Refused) as cause:
                first = first or cause
        raise first or NotYet(f"no verifier of chain {self.parts.lane.destination} serves lane {self.name}")

    async def _make(self, needed: Needed, prover: Prover) -> None:
        for call in needed.calls:
            submitter = self.parts.submitters.get(call.chain)
            if submitter is None:
                raise NotYet(f"{needed.why}; nobody here pays on chain {call.chain} to {call.what}")
            receipt = await submitter.submit(call)
            fields = {"lane": self.name, "prover": prover.name, "what": call.what, "tx_hash": hex_text(receipt.tx_hash)}
            log.info("prepared evidence", extra={"fields": fields})

    async def _drop_poor(self, records: Sequence[Record]) -> Sequence[Record]:
        """Postpone what pays less than this relayer wants."""
        least = self.parts.min_fee
        poor = [one for one in records if one.sent.message.fee < least]
        until = self.parts.clock.now() + delay(UNPAID, 1)
        cause = f"its fee is below the {least} wei that this relayer asks for"
        await self.parts.store.postpone([one.sent.message.id for one in poor], until, cause)
        return [one for one in records if one.sent.message.fee >= least]

    async def _note(self, outcome: delivering.Outcome) -> None:
        await self._happen(outcome.happenings)
        for message_id, reason in outcome.reasons.items():
            until = self.parts.clock.now() + delay(RECIPIENT, 1)
            await self.parts.store.postpone([message_id], until, f"the recipient failed: {reason}")
        if outcome.receipt is not None:
            fields = {
                "lane": self.name,
                "tx_hash": hex_text(outcome.receipt.tx_hash),
                "gas_used": outcome.receipt.gas_used,
                "messages": len(outcome.happenings),
                "failed": len(outcome.reasons),
            }
            log.info("delivered", extra={"fields": fields})

    async def _happen(self, happenings: Sequence[Happening]) -> None:
        if happenings:
            await self.parts.store.happen(happenings, self.parts.clock.now())
            self.parts.observer.moved(self.parts.lane, happenings)

    async def _postpone(self, records: Sequence[Record], cause: Xl2Error) -> None:
        for record in records:
            rest = rest_seconds(cause, record.attempts + 1)
            await self.parts.store.postpone([record.sent.message.id], self.parts.clock.now() + rest, cause.what)
            fields = {"message_id": hex_text(record.sent.message.id), "cause": cause.what, "rest_seconds": rest}
            log.debug("postponed", extra={"fields": fields})

    def _happening(self, record: Record, event: Event) -> Happening:
        return Happening(
            id=record.sent.message.id, event=event, chain=self.parts.lane.destination, seen_in=record.state
        )


def _observed(sent: Sent) -> Happening:
    """What the origin is seen to say of a new message."""
    message = sent.message
    return Happening(id=message.id, event=Event.ORIGIN_FINAL, chain=message.origin, place=sent.place)
