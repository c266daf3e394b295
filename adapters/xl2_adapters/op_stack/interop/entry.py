"""
Entry: what a relayer believes of one message, and how that changes with what happens to it.

Pure: an entry and a happening in, the next entry out. Promise: a delivered message never becomes one to be sent unless
its delivery was taken back by a reorg, and every failure says why and rests longer than the one before.
"""

from enum import StrEnum
from typing import Final

from attrs import evolve, field, frozen
from tenacity import RetryCallState, wait_chain, wait_exponential, wait_fixed
from tenacity.wait import wait_base

from xl2.ports import Place
from xl2_adapters.op_stack.interop.messages import Sent

#: A relay that fails: the target's own state must change first, so look again soon, then ever more rarely.
FAILED: Final[wait_base] = wait_chain(*(wait_fixed(seconds) for seconds in (2, 4, 10, 30, 60, 300, 900, 3600)))
#: An endpoint that does not answer.
ENDPOINT: Final[wait_base] = wait_exponential(multiplier=0.5, max=30)


class State(StrEnum):
    """Where a message stands."""

    #: To be relayed at its time.
    WAITING = "waiting"
    #: In a transaction of ours that is not known to be in a block.
    SENT = "sent"
    #: The destination says so.
    DELIVERED = "delivered"
    #: Its log is too old to be used.
    EXPIRED = "expired"
    #: A reorg took its log back; it may come again.
    GONE = "gone"


@frozen(kw_only=True)
class Entry:
    """One message and its way."""

    sent: Sent
    state: State = State.WAITING
    #: Steady seconds of the process that counts them; not looked at before.
    due: float = 0.0
    #: Fruitless so far.
    attempts: int = 0
    #: Why it is not further; empty: nothing is wrong.
    cause: str = ""
    #: Most messages in one transaction with this one; 0: as many as the policy allows.
    width: int = 0
    #: Gas that its relay takes, where an estimate was needed; 0: as computed from its size.
    gas: int = 0
    #: Nonce of the transaction of ours that carries it.
    slot: int | None = field(default=None)
    #: Where the destination said that it was delivered; None for one that was found delivered.
    relayed: Place | None = None


def observed(known: Entry | None, sent: Sent) -> Entry:
    """Its log was seen, for the first time, or anew (resent, or after a reorg)."""
    if known is None:
        return Entry(sent=sent)
    if known.state in (State.DELIVERED, State.SENT):
        return evolve(known, sent=sent)
    return Entry(sent=sent)


def taken_back(known: Entry) -> Entry:
    """Its log is no longer on the chain."""
    if known.state is State.DELIVERED:
        return known
    return evolve(known, state=State.GONE, cause="a reorg took its log back")


def carried(known: Entry, slot: int) -> Entry:
    """It goes out in a transaction of ours."""
    return evolve(known, state=State.SENT, slot=slot)


def delivered(known: Entry, place: Place | None) -> Entry:
    """The destination says that it was delivered, by whomever."""
    return evolve(known, state=State.DELIVERED, cause="", relayed=place)


def undelivered(known: Entry) -> Entry:
    """A reorg took its delivery back: our transaction is in the pool again, or it must be sent."""
    state = State.WAITING if known.slot is None else State.SENT
    return evolve(known, state=state, relayed=None)


def dropped(known: Entry, now: float) -> Entry:
    """Our transaction will never be in a block, for no fault of the message."""
    return evolve(known, state=State.WAITING, slot=None, due=now)


def refused(known: Entry, companions: int, now: float, cause: str) -> Entry:
    """The node took no transaction with it and its companions: try with half of them, until it is clear whose fault."""
    if companions > 1:
        return evolve(known, state=State.WAITING, slot=None, due=now, width=max(1, companions // 2))
    return failed(known, now, cause)


def failed(known: Entry, now: float, cause: str, *, alone: bool = False) -> Entry:
    """Its relay fails: parked with the reason. `alone`: it may harm others in the same transaction."""
    attempts = known.attempts + 1
    width = 1 if alone else known.width
    due = now + delay(FAILED, attempts)
    return evolve(known, state=State.WAITING, slot=None, attempts=attempts, due=due, cause=cause, width=width)


def expired(known: Entry) -> Entry:
    """Its log is too old."""
    return evolve(known, state=State.EXPIRED, slot=None, cause="its log is too old to be used; resend it at its origin")


def delay(policy: wait_base, attempts: int) -> float:
    """What a policy says after so many attempts, from 1."""
    state = RetryCallState(retry_object=None, fn=None, args=(), kwargs={})  # type: ignore[arg-type]
    state.attempt_number = attempts
    return float(policy(state))
