"""
Events: what a relayer does, told to whoever listens, as it happens.

Promise: telling never waits: each listener has a bounded queue, and one that does not keep up is dropped, never the
relayer. The last events are kept, so that a listener who comes back can go on where he was, if that was not long ago;
the store, not this, is the memory. What is kept weighs little, however many messages moved at once.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from attrs import define, field, frozen

from xl2.core.lane import Lane
from xl2.core.types import HASH_SIZE, ChainId, hex_text
from xl2.errors import NotYet, Xl2Error
from xl2.ports import Alarm, Call, Happening, TxReceipt

#: Events that are kept, and messages that all of them name.
_KEPT: Final = 1_000
_KEPT_MESSAGES: Final = 50_000
_QUEUE: Final = 256
_MAX_LISTENERS: Final = 32


@frozen(kw_only=True)
class Event:
    """Something that happened. Rendered only when somebody is told."""

    #: Counts up from 1 while the process runs.
    number: int
    kind: str
    at: float
    #: Its data, as JSON has it.
    data: Callable[[], dict[str, Any]] = field(repr=False)
    #: How many messages it names.
    messages: int


class Listener:
    """One who listens. Iterates over events until he is dropped."""

    def __init__(self, size: int) -> None:
        self._queue: asyncio.Queue[Event] = asyncio.Queue(maxsize=size)
        self._dropped = asyncio.Event()

    @property
    def is_dropped(self) -> bool:
        """Whether he did not keep up, or the relayer stops."""
        return self._dropped.is_set()

    def tell(self, event: Event) -> None:
        """Hand over; drop him where his queue is full."""
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            self.drop()

    def drop(self) -> None:
        """Tell him nothing more."""
        self._dropped.set()

    async def next(self, seconds: float) -> Event | None:
        """The next event; None where there is none for so long, or he was dropped."""
        if self.is_dropped:
            return None
        waiting = asyncio.ensure_future(self._queue.get())
        dropped = asyncio.ensure_future(self._dropped.wait())
        try:
            await asyncio.wait((waiting, dropped), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return waiting.result() if waiting.done() and not self.is_dropped else None
        finally:
            waiting.cancel()
            dropped.cancel()


@define
class Events:
    """Tells listeners. Implements `xl2.ports.Observer`."""

    now: Callable[[], float]
    _kept: deque[Event] = field(factory=deque, init=False)
    #: Messages that what is kept names.
    _named: int = field(default=0, init=False)
    _listeners: list[Listener] = field(factory=list, init=False)
    _count: int = field(default=0, init=False)

    def looked(self, lane: Lane, room: str, *, busy: bool, seconds: float) -> None:
        """Too often to be told."""

    def rested(self, lane: Lane, room: str, cause: Xl2Error, seconds: float) -> None:
        """A room rests."""
        self._tell(
            "rested",
            lambda: {
                "lane": lane.name, "room": room, "code": cause.code, "cause": cause.what, "seconds": seconds
            },
        )  # fmt: skip

    def moved(self, lane: Lane, happenings: Sequence[Happening]) -> None:
        """Messages moved: one event for all that moved at once."""
        if not happenings:
            return
        # Not the happenings themselves: a hundred thousand values that live on are looked through by each collection
        # of garbage, so that all else slows down with them.
        ids, seen = b"".join(one.id for one in happenings), tuple(one.event for one in happenings)
        self._tell(
            "moved",
            lambda: {
                "lane": lane.name,
                "messages": [
                    {"id": hex_text(ids[at : at + HASH_SIZE]), "event": str(event)}
                    for at, event in zip(range(0, len(ids), HASH_SIZE), seen, strict=True)
                ],
            },
            len(seen),
        )

    def submitted(self, call: Call, receipt: TxReceipt) -> None:
        """A transaction of ours was included."""
        self._tell(
            "submitted",
            lambda: {
                "chain": call.chain,
                "what": call.what,
                "tx_hash": hex_text(receipt.tx_hash),
                "block": receipt.block,
                "succeeded": receipt.succeeded,
                "gas_used": receipt.gas_used,
                "cost": receipt.cost,
            },
        )

    def replaced(self, chain: ChainId, what: str) -> None:
        """A stuck transaction was replaced."""
        self._tell("replaced", lambda: {"chain": chain, "what": what})

    def alarmed(self, alarm: Alarm) -> None:
        """A person should look."""
        self._tell("alarm", lambda: alarm_data(alarm))

    @contextmanager
    def listening(self, after: int | None = None) -> Iterator[Listener]:
        """
        Listen until the block ends; first to what is kept of the events after number `after`.

        Raises `NotYet` where too many listen already.
        """
        if len(self._listeners) >= _MAX_LISTENERS:
            raise NotYet(f"{_MAX_LISTENERS} listen already", remedy="Close another listener, or ask /messages.")
        # What he missed does not count against his queue.
        missed = [] if after is None or after > self._count else [one for one in self._kept if one.number > after]
        listener = Listener(_QUEUE + len(missed))
        for event in missed:
            listener.tell(event)
        self._listeners.append(listener)
        try:
            yield listener
        finally:
            if listener in self._listeners:
                self._listeners.remove(listener)

    def close(self) -> None:
        """Drop every listener: the relayer stops."""
        for listener in self._listeners:
            listener.drop()

    def _tell(self, kind: str, data: Callable[[], dict[str, Any]], messages: int = 0) -> None:
        self._count += 1
        event = Event(number=self._count, kind=kind, at=self.now(), data=data, messages=messages)
        self._kept.append(event)
        self._named += messages
        while len(self._kept) > _KEPT or self._named > _KEPT_MESSAGES:
            self._named -= self._kept.popleft().messages
        for listener in self._listeners:
            listener.tell(event)
        self._listeners[:] = [one for one in self._listeners if not one.is_dropped]


def alarm_data(alarm: Alarm) -> dict[str, Any]:
    """An alarm as JSON has it."""
    return {
        "alarm": alarm.kind.value,
        "what": alarm.what,
        "lane": None if alarm.lane is None else alarm.lane.name,
        "chain": alarm.chain,
        "ids": [hex_text(one) for one in alarm.ids],
        "value": alarm.value,
    }
