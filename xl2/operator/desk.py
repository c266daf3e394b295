"""
Desk: what an operator can ask and order of a relayer, over its store.

Promise: an answer is what the store holds now; an order is durable when it returns, and a running relayer follows it
from its next look on. Where no relayer runs, the same desk serves straight from the store. How a question arrives is
left to `routes`.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from itertools import groupby

from attrs import field, frozen

from xl2.core.lane import LANE_SIZE, Lane
from xl2.core.lifecycle import State, next_action
from xl2.core.types import Address, ChainId, MessageId, Nonce, hex_text
from xl2.errors import InvalidInput, NotFound
from xl2.operator.values import (
    AlarmStanding,
    ChainReading,
    Chains,
    Check,
    Done,
    Explained,
    Lanes,
    LaneStanding,
    Message,
    Messages,
    MessageStanding,
    OpenTransaction,
    OpenTransactions,
    Passed,
    Paused,
    Readiness,
    StandingAlarms,
)
from xl2.ports import Clock, Journalled, Pause, Record, Store

#: States of messages that are not over, or are on no chain.
PENDING = tuple(state for state in State if next_action(state) is not None)


@frozen(kw_only=True)
class Desk:
    """The operator's desk."""

    store: Store
    clock: Clock
    #: The configuration's word for a chain.
    name: Callable[[ChainId], str]
    #: Why a message is not further, asked of the chains. Raises `NotFound` for an unknown one.
    why: Callable[[Record], Awaitable[Explained]]
    #: What is alarmed and not over.
    standing: Callable[[], Awaitable[Sequence[AlarmStanding]]]
    #: Lanes that this very process carries, and lanes that the configuration names, open or not.
    carried: Callable[[], Collection[Lane]] = field(default=tuple)
    configured: Callable[[], Collection[Lane]] = field(default=tuple)
    #: Chains as they were read last.
    chains_read: Callable[[], Sequence[ChainReading]] = field(default=tuple)
    #: What has to hold for it to work.
    checks: Callable[[], Awaitable[Sequence[Check]]] | None = None
    #: Ends intake, carries what is observed, and stops the process; None where there is none.
    drain: Callable[[], None] | None = None
    #: Lets what rests look at once, after an order.
    hurry: Callable[[], None] | None = None
    #: When the process started.
    started: float = 0.0

    # --- questions

    async def readiness(self) -> Readiness:
        """Whether the relayer can work."""
        checks = () if self.checks is None else tuple(await self.checks())
        return Readiness(ready=all(one.ok for one in checks), checks=checks)

    async def lanes(self) -> Lanes:
        """Every lane that is carried, has messages, or is paused."""
        pauses = {pause.lane: pause for pause in await self.store.pauses()}
        standing: dict[Lane, dict[State, tuple[int, float]]] = {lane: {} for lane in (*self.carried(), *pauses)}
        for lane, state, count, since in await self.store.backlog():
            standing.setdefault(lane, {})[state] = (count, since)
        found = [self._lane(lane, states, pauses.get(lane)) for lane, states in standing.items()]
        return Lanes(lanes=tuple(sorted(found, key=lambda one: (one.name, one.lane))))

    async def alarms(self) -> StandingAlarms:
        """What is alarmed now."""
        return StandingAlarms(alarms=tuple(await self.standing()))

    async def chains(self) -> Chains:
        """Chains and balances as they were read last."""
        return Chains(chains=tuple(self.chains_read()))

    async def transactions(self) -> OpenTransactions:
        """What is signed and not known to be included."""
        found = groupby(await self.store.all_pending(), _nonce_of)
        return OpenTransactions(transactions=tuple(self._open(list(attempts)) for _, attempts in found))

    async def messages(
        self, *, lane: str | None, states: Sequence[State], after: tuple[Lane, Nonce] | None, limit: int
    ) -> Messages:
        """A page of messages. Raises `NotFound` for an unknown lane."""
        only = None if lane is None else await self.lane(lane)
        # One more than is asked for, to see whether there is a next page.
        found = await self.store.messages(lane=only, states=states, after=after, limit=limit + 1)
        page, more = found[:limit], len(found) > limit
        return Messages(messages=tuple(map(_standing, page)), next=_place(page[-1]) if more else None)

    async def message(self, message_id: MessageId) -> Message:
        """All that is known of a message. Raises `NotFound`."""
        record = await self._record(message_id)
        steps = [
            Passed(
                event=one.event.value,
                state=one.state.value,
                when=one.when,
                chain=one.chain,
                tx_hash=one.tx_hash,
                block=one.block,
            )
            for one in await self.store.steps(message_id)
        ]
        return Message(message=_standing(record), payload=record.sent.message.payload, steps=tuple(steps))

    async def explain(self, message_id: MessageId) -> Explained:
        """Why a message is not further. Raises `NotFound`."""
        return await self.why(await self._record(message_id))

    # --- orders

    async def pause(self, lane: str, why: str, by: str) -> Done:
        """Neither prove, deliver nor retry on a lane. Refunds on what is final go on."""
        known = await self.lane(lane)
        before = next((one for one in await self.store.pauses() if one.lane == known), None)
        if before is not None:
            # What paused it first may not be mended when somebody has a second reason.
            said = f"lane {known.name} was paused before, by {before.by}: {before.why}; that reason stays"
            return Done(done=f"{said}, and {why!r} is not kept: resume it first to give another")
        await self.store.pause(known, why, by, self.clock.now())
        return Done(done=f"lane {known.name} is paused; what is delivered or expired is still settled")

    async def resume(self, lane: str) -> Done:
        """Carry a lane again."""
        known = await self.lane(lane)
        was_paused = await self.store.resume(known)
        self._hurry()
        return Done(done=f"lane {known.name} " + ("is carried again" if was_paused else "was not paused"))

    async def retry(self, message_id: MessageId) -> Done:
        """Look at a message at once, also one that was skipped."""
        record = await self._record(message_id)
        if next_action(record.state) is None:
            raise InvalidInput(
                f"message {hex_text(message_id)} is {record.state}: there is nothing to try",
                field="id",
                value=message_id,
                remedy="Name a message that is not over.",
            )
        await self.store.unskip([message_id])
        await self.store.hurry([message_id], self.clock.now())
        self._hurry()
        return Done(done=f"message {hex_text(message_id)} ({record.state}) is looked at next")

    async def skip(self, message_id: MessageId, why: str) -> Done:
        """Leave a message to others until it is retried by hand."""
        record = await self._record(message_id)
        if next_action(record.state) is None:
            raise InvalidInput(
                f"message {hex_text(message_id)} is {record.state}: there is nothing to leave to others",
                field="id",
                value=message_id,
                remedy="Name a message that is not over.",
            )
        await self.store.skip([message_id], why)
        return Done(done=f"message {hex_text(message_id)} is left to others; retry takes it up again")

    async def drain_now(self) -> Done:
        """Take up nothing new, carry what is observed, then stop."""
        if self.drain is None:
            raise NotFound("no relayer runs here, so there is none to drain", remedy="Name its configuration.")
        self.drain()
        return Done(done="intake has ended; the relayer stops when nothing more can be done now")

    def _hurry(self) -> None:
        if self.hurry is not None:
            self.hurry()

    # --- names

    async def lane(self, named: str) -> Lane:
        """A lane by its 57 bytes in hex, or by its short name. Raises `NotFound`, `InvalidInput` for two of a name."""
        known = await self._known()
        found = [lane for lane in known if named.lower() in (lane.name, lane.encode().hex(), _hex(lane))]
        if len(found) > 1:
            whole = ", ".join(map(_hex, found))
            raise InvalidInput(
                f"{len(found)} lanes are called {named}",
                field="lane",
                value=named,
                remedy=f"Name one in full: {whole}.",
            )
        if not found and len(digits := named.lower().removeprefix("0x")) == 2 * LANE_SIZE:
            return Lane.parse(_bytes(digits))  # named in full, and seen nowhere yet
        if not found:
            found = [lane for lane in self.configured() if lane.name == named.lower()]
        if not found:
            names = ", ".join(sorted({one.name for one in (*known, *self.configured())})) or "none"
            raise NotFound(f"there is no lane {named!r} here", remedy=f"Lanes that are known: {names}.")
        return found[0]

    async def _known(self) -> set[Lane]:
        stored = [lane for lane, *_ in await self.store.backlog()]
        return {*self.carried(), *stored, *(pause.lane for pause in await self.store.pauses())}

    async def _record(self, message_id: MessageId) -> Record:
        record = await self.store.record(message_id)
        if record is None:
            raise NotFound(
                f"this relayer has not observed message {hex_text(message_id)}",
                remedy="Check the id; `xl2 explain ID` asks the chains.",
            )
        return record

    def _open(self, attempts: Sequence[Journalled]) -> OpenTransaction:
        """Attempts at one nonce, oldest first."""
        newest = attempts[-1]
        transaction = newest.signed.transaction
        return OpenTransaction(
            chain=transaction.chain,
            name=self.name(transaction.chain),
            account=newest.signed.sender,
            tx_nonce=transaction.tx_nonce,
            what=newest.what,
            tx_hash=newest.signed.hash,
            attempts=len(attempts),
            max_fee=transaction.max_fee,
        )

    def _lane(self, lane: Lane, states: dict[State, tuple[int, float]], pause: Pause | None) -> LaneStanding:
        pending = {state: states[state] for state in PENDING if state in states}
        return LaneStanding(
            lane=lane.encode(),
            name=lane.name,
            words=lane.words(self.name),
            origin=lane.origin,
            destination=lane.destination,
            assurance=lane.assurance,
            outbox=lane.outbox,
            inbox=lane.inbox,
            carried=lane in self.carried(),
            states={str(state): count for state, (count, _) in states.items()},
            pending=sum(count for count, _ in pending.values()),
            oldest_pending=min((since for _, since in pending.values()), default=None),
            paused=None if pause is None else Paused(why=pause.why, since=pause.since, by=pause.by),
        )


def place_of(text: str) -> tuple[Lane, Nonce]:
    """Where a page begins, from the text that the page before it gave. Raises `InvalidInput`."""
    lane, _, nonce = text.partition(".")
    try:
        return Lane.parse(bytes.fromhex(lane)), Nonce(int(nonce))
    except ValueError as bad:
        raise InvalidInput(
            f"{text!r} is no place in the list", field="after", value=text, remedy="Give `next` of the page before."
        ) from bad


def states_of(words: Iterable[str]) -> list[State]:
    """States by their words; `pending` is all that are not over. Raises `InvalidInput`."""
    found: list[State] = []
    for word in words:
        if word == "pending":
            found += PENDING
        elif word in list(State):
            found.append(State(word))
        else:
            known = ", ".join(State)
            raise InvalidInput(
                f"{word!r} is no state", field="state", value=word, remedy=f"Name one of: pending, {known}."
            )
    return found


def _bytes(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError as bad:
        raise InvalidInput(f"{digits} are no hex digits", field="lane", value=digits) from bad


def _nonce_of(one: Journalled) -> tuple[ChainId, Address, int]:
    transaction = one.signed.transaction
    return transaction.chain, one.signed.sender, transaction.tx_nonce


def _hex(lane: Lane) -> str:
    return hex_text(lane.encode())


def _place(record: Record) -> str:
    message = record.sent.message
    return f"{Lane.of(message).encode().hex()}.{message.nonce}"


def _standing(record: Record) -> MessageStanding:
    message, place = record.sent.message, record.sent.place
    return MessageStanding(
        id=message.id,
        lane=Lane.of(message).name,
        nonce=message.nonce,
        sender=message.sender,
        recipient=message.recipient,
        gas_limit=message.gas_limit,
        expiry=message.expiry,
        fee=message.fee,
        state=record.state.value,
        since=record.since,
        due=record.due,
        attempts=record.attempts,
        cause=record.cause,
        skipped=record.skipped,
        tx_hash=place.tx_hash,
        block=place.block,
    )
