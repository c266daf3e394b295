"""
Explaining: what a relayer believes of a message in, why it is not further out.

Promise: the chains are asked as `xl2 explain` asks them (`xl2.sdk.explain`), and what the relayer itself knows stands
over it: a message that is left out, or whose lane is paused, is not further for that. Endpoints that do not answer hide
nothing of what the store knows.
"""

from xl2.core.lane import Lane
from xl2.core.lifecycle import State, next_action
from xl2.core.types import hex_text
from xl2.errors import Xl2Error
from xl2.operator.values import Explained, Fact
from xl2.ports import Pause, Record
from xl2.sdk import Explanation, Parts
from xl2.sdk.explain import explain
from xl2.sdk.status import Statuses

#: States whose next step a pause stops.
_PAUSABLE = (State.OBSERVED, State.PROVEN, State.FAILED)


async def why(parts: Parts, record: Record) -> Explained:
    """Why a message is not further."""
    lane = Lane.of(record.sent.message)
    pause = next((one for one in await parts.store.pauses() if one.lane == lane), None)
    try:
        told = await _ask(parts, record)
    except Xl2Error as unreachable:
        told = Explanation(
            id=record.sent.message.id,
            state=record.state,
            cause=f"the chains could not be asked: {unreachable.what}",
            since=None,
            unblocks=unreachable.remedy,
        )
    cause, unblocks = _first(told, record, pause)
    facts = [Fact(name=name, said=said) for name, said in told.facts]
    if cause != told.cause:
        facts.append(Fact(name="the chains say", said=told.cause))
    facts.append(Fact(name="the relayer takes it for", said=record.state))
    is_looked_at = next_action(record.state) is not None and not record.skipped
    return Explained(
        id=told.id,
        state=told.state,
        cause=cause,
        since=record.since if told.since is None else float(told.since),
        unblocks=unblocks,
        next_attempt=record.due if is_looked_at and not _is_held(record, pause) else None,
        attempts=record.attempts,
        facts=tuple(facts),
    )


async def _ask(parts: Parts, record: Record) -> Explanation:
    statuses = Statuses(parts.chains)
    statuses.remember(record.sent)
    return await explain(parts, await statuses.of(record.sent.message.id))


def _first(told: Explanation, record: Record, pause: Pause | None) -> tuple[str, str]:
    """What holds it up first of all, and what to do about that."""
    if record.skipped and next_action(told.state) is not None:
        retry = f"xl2 relayer retry {hex_text(record.sent.message.id)}"
        return f"it is left out by hand: {record.skipped}", f"Take it up again: `{retry}`."
    if pause is not None and told.state in _PAUSABLE:
        name = Lane.of(record.sent.message).name
        return (
            f"its lane {name} is paused by {pause.by}: {pause.why}",
            f"`xl2 relayer resume {name}`, once the reason is gone. Anyone else may deliver it meanwhile.",
        )
    if record.cause and record.state is told.state:
        return f"it is {record.state}: {record.cause}", told.unblocks
    return told.cause, told.unblocks


def _is_held(record: Record, pause: Pause | None) -> bool:
    return pause is not None and record.state in _PAUSABLE
