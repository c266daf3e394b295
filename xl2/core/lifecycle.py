"""
Lifecycle: the state of a message and something seen on a chain in, the next state and what is to be done out.

Promise: the same input gives the same output, so a restart that replays what was seen arrives where it was; an event
that cannot follow is an error, never ignored. The diagram in docs/explanation/lifecycle.md is printed from `decide`.
When an event is final enough to be told is left to the rooms that see it; who acts, and how often, to the pipeline.
"""

from enum import StrEnum
from functools import cache
from typing import assert_never

from xl2.errors import InvalidInput


class State(StrEnum):
    """What is believed of a message."""

    #: On no chain: not yet included, or taken back by a reorg.
    UNSENT = "unsent"
    #: Accepted by the outbox, in a block that may yet be taken back.
    SENT = "sent"
    #: Its block is as final as whoever carries it asks for.
    OBSERVED = "observed"
    #: A segment and its evidence are at hand, and verify.
    PROVEN = "proven"
    #: The inbox tried it and the recipient failed: retried while its time lasts.
    FAILED = "failed"
    #: The recipient took it, in a block that may yet be taken back.
    DELIVERED = "delivered"
    #: The delivery is final on the destination; its receipt can be shown.
    CONFIRMED = "confirmed"
    #: The receipt was proven back and the fee credited: over.
    SETTLED = "settled"
    #: Its expiry passed undelivered: it can only be refunded.
    OVERDUE = "overdue"
    #: The inbox recorded that, in a block that may yet be taken back.
    EXPIRED = "expired"
    #: The record is final on the destination; it can be shown.
    REFUNDABLE = "refundable"
    #: The record was proven back and fee and escrow credited to the sender: over.
    REFUNDED = "refunded"


class Event(StrEnum):
    """Something a chain was seen to say of one message."""

    #: Origin: the outbox accepted it.
    INCLUDED = "included"
    #: Origin: its block is final enough.
    ORIGIN_FINAL = "origin final"
    #: Origin: its block was taken back.
    ORIGIN_REORG = "origin reorg"
    #: Evidence for a head that covers it is at hand, and verifies.
    HEAD_SHOWN = "head shown"
    #: That evidence no longer counts: its verifier was suspended, its root fell, or its delivery is refused.
    HEAD_LOST = "head lost"
    #: Destination: the recipient took it.
    DELIVERY = "delivery"
    #: Destination: the recipient failed.
    FAILURE = "failure"
    #: Destination: the clock is past the expiry, and it was not delivered.
    EXPIRY_PASSED = "expiry passed"
    #: Destination: the inbox appended `expired(id)`.
    EXPIRY_RECORDED = "expiry recorded"
    #: Destination: the block of its delivery, or of its expiry's record, is final.
    DESTINATION_FINAL = "destination final"
    #: Destination: the block that its state rests on was taken back.
    DESTINATION_REORG = "destination reorg"
    #: Origin: its receipt was proven back.
    SETTLEMENT = "settlement"
    #: Origin: the block of that settlement was taken back.
    SETTLEMENT_REORG = "settlement reorg"


class Action(StrEnum):
    """What is to be done with a message: the room that it waits in, or a call for a person."""

    OBSERVE = "observe"
    PROVE = "prove"
    DELIVER = "deliver"
    RETRY = "retry"
    EXPIRE = "expire"
    CONFIRM = "confirm"
    SETTLE = "settle"
    #: A final block was taken back, or contradicts another chain: someone must look.
    ALARM = "alarm"


_WAITS_FOR = {
    State.SENT: Action.OBSERVE,
    State.OBSERVED: Action.PROVE,
    State.PROVEN: Action.DELIVER,
    State.FAILED: Action.RETRY,
    State.OVERDUE: Action.EXPIRE,
    State.DELIVERED: Action.CONFIRM,
    State.EXPIRED: Action.CONFIRM,
    State.CONFIRMED: Action.SETTLE,
    State.REFUNDABLE: Action.SETTLE,
}

#: Not tried yet by the inbox, as far as is known.
_UNDER_WAY = (State.SENT, State.OBSERVED, State.PROVEN)
#: Neither delivered nor recorded as expired. Anyone may deliver, retry and expire, on evidence we never saw.
_OPEN = (*_UNDER_WAY, State.FAILED, State.OVERDUE)
#: The last word was that the recipient took it, or that its time is over. Who hears late of what came before it, or of
#: that word again, hears nothing new: rooms tell of one message side by side.
_TAKEN = (State.DELIVERED, State.CONFIRMED, State.SETTLED)
_TIMED_OUT = (State.EXPIRED, State.REFUNDABLE, State.REFUNDED)
#: The inbox has spoken its last word, which the origin cannot take back.
_ANSWERED = (*_TAKEN, *_TIMED_OUT)
#: The origin paid.
_OVER = (State.SETTLED, State.REFUNDED)


@cache
def decide(state: State, event: Event) -> tuple[State, tuple[Action, ...]]:
    """
    State after an event, and what is to be done.

    Raises `InvalidInput` for an event that cannot follow on the state: what was seen before it is missing.
    """
    then = _moves(event).get(state)
    if then is None:
        raise InvalidInput(
            f"a message that is {state} cannot see: {event}",
            field="event",
            value=event,
            remedy="Observe the chains again from a block before this one; an event is missing.",
        )
    alarm = (Action.ALARM,) if _is_alarming(state, event) else ()
    waits_for = next_action(then)
    return then, (*alarm, *((waits_for,) if waits_for else ()))


def next_action(state: State) -> Action | None:
    """What a message in this state waits for; None when it is over, or on no chain."""
    return _WAITS_FOR.get(state)


def transitions() -> dict[tuple[State, Event], State]:
    """Every transition there is."""
    return {(state, event): then for event in Event for state, then in _moves(event).items()}


def diagram() -> str:
    """Draw the transitions as a Mermaid state diagram; what changes nothing is left out."""
    arrows: dict[tuple[State, State], list[Event]] = {}
    for (state, event), then in transitions().items():
        if then is not state:
            arrows.setdefault((state, then), []).append(event)
    lines = ["stateDiagram-v2", f"    [*] --> {State.UNSENT}"]
    lines += [f"    {a} --> {b}: {', '.join(events)}" for (a, b), events in arrows.items()]
    lines += [f"    {over} --> [*]" for over in _OVER]
    return "\n".join(lines)


def _moves(event: Event) -> dict[State, State]:  # noqa: C901, PLR0911, PLR0912 - one case an event, all in one place
    """From where an event leads where; from anywhere else it cannot follow."""
    match event:
        case Event.INCLUDED:
            return {State.UNSENT: State.SENT}
        case Event.ORIGIN_FINAL:
            return {State.SENT: State.OBSERVED}
        case Event.ORIGIN_REORG:
            return {**dict.fromkeys(_OPEN, State.UNSENT), **{state: state for state in _ANSWERED}}
        case Event.HEAD_SHOWN:
            return {State.OBSERVED: State.PROVEN}
        case Event.HEAD_LOST:
            return {State.PROVEN: State.OBSERVED}
        case Event.DELIVERY:
            # Of one that is unsent: it was under way when its origin took it back.
            return {**dict.fromkeys((State.UNSENT, *_OPEN), State.DELIVERED), **{state: state for state in _TAKEN}}
        case Event.FAILURE:
            unmoved = (State.UNSENT, State.OVERDUE, *_ANSWERED)
            return {**dict.fromkeys((*_UNDER_WAY, State.FAILED), State.FAILED), **{state: state for state in unmoved}}
        case Event.EXPIRY_PASSED:
            return dict.fromkeys((*_UNDER_WAY, State.FAILED), State.OVERDUE)
        case Event.EXPIRY_RECORDED:
            return {**dict.fromkeys((State.UNSENT, *_OPEN), State.EXPIRED), **{state: state for state in _TIMED_OUT}}
        case Event.DESTINATION_FINAL:
            return {State.DELIVERED: State.CONFIRMED, State.EXPIRED: State.REFUNDABLE}
        case Event.DESTINATION_REORG:
            return {
                **dict.fromkeys((State.FAILED, State.DELIVERED, State.CONFIRMED), State.OBSERVED),
                **dict.fromkeys((State.EXPIRED, State.REFUNDABLE), State.OVERDUE),
                # Paid, for what is no longer there: nothing brings it back.
                **{state: state for state in _OVER},
            }
        case Event.SETTLEMENT:
            return {
                **dict.fromkeys((State.DELIVERED, State.CONFIRMED), State.SETTLED),
                **dict.fromkeys((State.EXPIRED, State.REFUNDABLE), State.REFUNDED),
            }
        case Event.SETTLEMENT_REORG:
            return {State.SETTLED: State.CONFIRMED, State.REFUNDED: State.REFUNDABLE}
    assert_never(event)


def _is_alarming(state: State, event: Event) -> bool:
    """Whether a block was taken back that was final, or that another chain has acted on."""
    match event:
        case Event.ORIGIN_REORG:
            return state is not State.SENT
        case Event.DELIVERY:
            return state is State.UNSENT
        case Event.DESTINATION_REORG:
            return state in (State.CONFIRMED, State.REFUNDABLE, *_OVER)
        case _:
            return False
