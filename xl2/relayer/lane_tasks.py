"""
Lane tasks: the tasks of one lane, one for each room, and what joins them: a bounded queue, and who wakes whom.

Promise: a room looks again at once while there is something to do, and rests else until it is woken, its time has come
or its last cause has passed; so one slow room keeps no other waiting, and one lane no other lane. What a look does is
`lane_rooms`'s, how long a cause rests `retry`'s, who starts and stops lanes `pipeline`'s.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial

from xl2.core.lifecycle import State
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber
from xl2.errors import Incident, NotYet, ProofInvalid, Refused, Retryable, StoreUnavailable
from xl2.flow.prove import Proven
from xl2.flow.resting import rest
from xl2.ports import Record
from xl2.relayer import incident
from xl2.relayer.flights import Flights, Start
from xl2.relayer.fresh import Fresh
from xl2.relayer.lane_parts import LaneParts
from xl2.relayer.lane_rooms import LaneRooms
from xl2.relayer.retry import InVain

log = logging.getLogger(__name__)

#: The room that observes a log, and the log that a room observes.
_OBSERVES = {LogKind.LANE: "observe", LogKind.RECEIPTS: "observe receipts"}
_OBSERVED = {room: kind for kind, room in _OBSERVES.items()}
#: Rooms that make transactions.
_PAYING_ROOMS = ("prove", "deliver", "settle")
#: Of five turns in the deliver room, four are for fresh messages and one for the backlog.
_FRESH_TURNS = 4
#: A room that finds nothing to do looks half as often each time, down to once in so many seconds; who is woken by news
#: alone rests so long at once, and so does every room while nothing stands that it takes up.
_WOKEN_BY_NEWS = ("observe", "observe receipts", "settle")
_IDLE_SECONDS = {
    "observe": 60.0,
    "observe receipts": 60.0,
    "prove": 10.0,
    "deliver": 10.0,
    "confirm": 10.0,
    "settle": 30.0,
}
#: What a room takes up. Where nothing of it stands, `stand` wakes the room as soon as something does, and it rests so
#: long; where the lane drains, it is waited for, and no room rests longer than so.
_TAKES_UP = {
    "prove": frozenset({State.OBSERVED}),
    "deliver": frozenset({State.FAILED, State.OVERDUE}),
    "confirm": frozenset({State.DELIVERED, State.EXPIRED}),
    "settle": frozenset({State.CONFIRMED, State.REFUNDABLE}),
}
_EMPTY_SECONDS = 30.0
_DRAINING_SECONDS = 2.0
#: Deliveries of a lane that are handed over and not included.
_MOST_FLIGHTS = 8

Supervised = Callable[[str, Callable[[], Awaitable[object]]], Callable[[], Coroutine[object, object, None]]]


class LaneTasks:
    """The tasks of one lane, and what joins them."""

    def __init__(
        self,
        rooms: LaneRooms,
        *,
        poll_seconds: float,
        queue_size: int,
        recovered: Callable[[], Awaitable[None]],
        told_quiet: Callable[[], None],
    ) -> None:
        """
        Nothing runs before `start`.

        `recovered`: returns when what was broadcast before the start is included. `told_quiet`: called when a room of a
        lane that drains found nothing to do.
        """
        self._rooms = rooms
        self._poll_seconds = poll_seconds
        self._recovered = recovered
        self._told_quiet = told_quiet
        self._proven: asyncio.Queue[Proven] = asyncio.Queue(maxsize=queue_size)
        self._looks: Mapping[str, Callable[[], Awaitable[bool]]] = {
            "observe": self._observe,
            "observe receipts": self._observe_receipts,
            "prove": self._prove,
            "deliver": self._deliver,
            "confirm": self._confirm,
            "settle": self._settle,
        }
        self._wakes = {name: asyncio.Event() for name in self._looks}
        #: What wakes a room also where it rests over what went wrong.
        self._orders = {name: asyncio.Event() for name in self._looks}
        self._fresh = Fresh(clock=rooms.parts.clock, ask=lambda kind: self._wakes[_OBSERVES[kind]].set())
        #: Blocks by which there was something new, by log.
        self._news: dict[LogKind, BlockNumber] = {}
        #: States in which messages of the lane stood at the last look at the store; None: it was not looked at yet.
        self._standing: frozenset[State] | None = None
        self._ending = asyncio.Event()
        self._draining = False
        #: Rooms that found nothing to do since anything was done.
        self._idle: set[str] = set()
        self._fresh_in_a_row = 0
        self._running: list[asyncio.Task[None]] = []
        self._flights = Flights(_MOST_FLIGHTS)
        self._mending = Flights(1)
        self._start: Start | None = None
        #: The store may have messages as proven whose evidence nobody here has: at a start, and when it failed.
        self._is_unsure = True

    @property
    def running(self) -> Sequence["asyncio.Task[None]"]:
        """Tasks that have not ended, deliveries under way among them."""
        rooms = (task for task in self._running if not task.done())
        return [*rooms, *self._flights.under_way, *self._mending.under_way]

    @property
    def quiet(self) -> bool:
        """Whether nothing more can be done now with what is observed."""
        rooms = self._looks.keys() - {"observe"}
        under_way = self._flights.under_way or self._mending.under_way
        return self._proven.empty() and not under_way and self._idle >= rooms

    def start(self, group: asyncio.TaskGroup, supervised: Supervised) -> None:
        """Start every room."""

        def begun(name: str, work: Callable[[], Awaitable[object]]) -> asyncio.Task[None]:
            title = f"{name} {self._rooms.name}"
            return group.create_task(supervised(title, work)(), name=title)

        self._start = begun
        self._running = [begun(name, self._room(name, look)) for name, look in self._looks.items()]

    def stop(self) -> None:
        """End intake: rooms end, the deliver room when what is proven is delivered."""
        self._ending.set()
        self._wake_all()

    def drain(self) -> None:
        """Observe no new messages; go on with what is observed."""
        self._draining = True
        self._idle.clear()
        self._wake_all()

    def forget(self) -> None:
        """The lane is carried here no more: what its rooms failed over is told no more."""
        self._rooms.troubles.forget()

    @property
    def parts(self) -> LaneParts:
        """What the lane is carried with."""
        return self._rooms.parts

    def news(self, kind: LogKind, block: BlockNumber) -> None:
        """A log of the lane is another one by this block than before: who observes it looks now."""
        self._news[kind] = block
        self._wakes[_OBSERVES[kind]].set()

    def stand(self, states: frozenset[State]) -> None:
        """Messages of the lane stand in these states: who takes up what stood nowhere before looks now."""
        new, self._standing = states - (self._standing or frozenset()), states
        for name, wanted in _TAKES_UP.items():
            if new & wanted:
                self._wakes[name].set()

    def wake(self) -> None:
        """Somebody gave an order: every room looks now."""
        self._wake_all()

    def _wake_all(self) -> None:
        for event in (*self._wakes.values(), *self._orders.values()):
            event.set()

    def _room(self, name: str, look: Callable[[], Awaitable[bool]]) -> Callable[[], Awaitable[None]]:
        """A room looks, and rests until it is woken, its time has come, or its last cause has passed."""
        observed = _OBSERVED.get(name)

        async def run() -> None:
            if name in _PAYING_ROOMS:
                await self._recovered()
            in_vain, idle = InVain(), 0
            while not self._is_over(name):
                wake, postponed = self._wakes[name], self._rooms.postponed
                try:
                    busy = await self._watched(name, look)
                    in_vain.over()
                    self._rooms.troubles.well(name)
                    idle = 0 if busy or self._rooms.postponed != postponed or self._is_behind(name) else idle + 1
                    seconds = self._idle_seconds(name, idle)
                except (Retryable, Refused) as cause:
                    busy = False
                    # News do not mend what went wrong; an order ends the rest.
                    seconds, wake = max(self._poll_seconds, in_vain.rest_seconds(cause)), self._orders[name]
                    self._rooms.parts.observer.rested(self._rooms.parts.lane, name, cause, seconds)
                    fields = {"lane": self._rooms.name, "room": name, "cause": cause.what, "rest_seconds": seconds}
                    log.debug("room rests", extra={"fields": fields})
                    self._tell_trouble(name, cause)
                self._note(name, busy)
                if observed is not None:
                    self._fresh.looked(observed, well=wake is self._wakes[name])
                if not busy and await self._rest(wake, seconds):
                    idle = 0

        return run

    def _tell_trouble(self, name: str, cause: Retryable | Refused) -> None:
        """A log with gaps is told by who looks for gaps."""
        if not (isinstance(cause, ProofInvalid) and name in _OBSERVED):
            self._rooms.troubles.failed(name, cause)

    async def _watched(self, name: str, look: Callable[[], Awaitable[bool]]) -> bool:
        """One look, told to the observer with how long it took."""
        since, busy = time.monotonic(), False
        try:
            busy = await look()
        except Incident as broken:
            await incident.meet(self._rooms.parts, broken)
            raise NotYet(broken.what) from broken
        finally:
            self._rooms.parts.observer.looked(self._rooms.parts.lane, name, busy=busy, seconds=time.monotonic() - since)
        return busy

    def _note(self, name: str, busy: bool) -> None:
        """Who did something may have given the others something to do."""
        if busy:
            self._idle.clear()
        else:
            self._idle.add(name)
        if self._draining and self.quiet:
            self._told_quiet()

    def _is_over(self, name: str) -> bool:
        """On a stop the deliver room goes on until the queue is empty; all others end at once."""
        if self._draining and name == "observe":
            return True
        return self._ending.is_set() and (name != "deliver" or self._proven.empty())

    async def _rest(self, wake: asyncio.Event, seconds: float) -> bool:
        """Return when woken, or when the time is over; whether it was woken."""
        was_woken = await rest(self._rooms.parts.clock, wake, seconds)
        wake.clear()
        return was_woken

    def _idle_seconds(self, name: str, idle: int) -> float:
        """How long a room rests that found nothing to do so often in a row; 0: something may be to do soon."""
        longest = max(self._poll_seconds, self._longest_idle_seconds(name))
        is_woken = name in _WOKEN_BY_NEWS or not (self._draining or self._may_have_to_do(name))
        if idle and is_woken:
            return longest
        return min(self._poll_seconds * (1 << min(idle, 30)), longest)

    def _longest_idle_seconds(self, name: str) -> float:
        if self._draining:
            return _DRAINING_SECONDS
        return _IDLE_SECONDS[name] if self._may_have_to_do(name) else _EMPTY_SECONDS

    def _may_have_to_do(self, name: str) -> bool:
        """Whether what a room takes up stands, as far as is known."""
        return self._standing is None or name not in _TAKES_UP or bool(self._standing & _TAKES_UP[name])

    def _is_behind(self, name: str) -> bool:
        """Whether a room that observes has heard of a block that its endpoint did not have when it looked."""
        kind = _OBSERVED.get(name)
        return kind is not None and self._rooms.observers.upto(kind) < self._news.get(kind, -1)

    async def _observe(self) -> bool:
        more = await self._rooms.observe()
        self._wakes["prove"].set()
        return more

    async def _observe_receipts(self) -> bool:
        more = await self._rooms.observe_receipts()
        self._wakes["confirm"].set()
        return more

    async def _prove(self) -> bool:
        if self._is_unsure:
            if not self._proven.empty() or self._flights.under_way:
                # Theirs is proven as well. Where one always follows another, what nobody has would wait for ever.
                return False
            await self._rooms.resume()
            self._is_unsure = False
        if self._may_have_to_do("prove"):
            await self._fresh.wanted(LogKind.LANE)
        try:
            proven = await self._rooms.prove()
        except StoreUnavailable:
            self._is_unsure = True
            raise
        if proven is None:
            return False
        await self._proven.put(proven)
        self._wakes["deliver"].set()
        return True

    async def _deliver(self) -> bool:
        """Fresh before backlog, four to one."""
        if not self._proven.empty() and self._fresh_in_a_row < _FRESH_TURNS:
            self._fresh_in_a_row += 1
            if self._start is not None:
                await self._flights.begin("delivery", partial(self._fly, self._proven.get_nowait()), self._start)
            return True
        self._fresh_in_a_row = 0
        return await self._mend() or not self._proven.empty()

    async def _mend(self) -> bool:
        """Begin to mend what is due, beside deliveries, unless that is under way."""
        if self._mending.under_way or self._start is None or not (due := await self._rooms.broken()):
            return False
        await self._mending.begin("mending", partial(self._mend_beside, due), self._start)
        return True

    async def _mend_beside(self, due: Sequence[Record]) -> None:
        await self._fresh.wanted(LogKind.LANE)
        try:
            await self._watched("deliver", partial(self._rooms.mend, due))
        except (Retryable, Refused) as cause:
            # What became of these could not be noted: they are due still, and looked at when there is a store again.
            self._tell_trouble("deliver", cause)
        self._idle.clear()
        self._wakes["deliver"].set()

    async def _fly(self, proven: Proven) -> None:
        """One delivery, from its simulation to what the store keeps of it."""
        try:
            await self._rooms.deliver(proven)
        except (Retryable, Refused) as cause:
            # It could not even be noted: the store does not answer, or the lane is another daemon's by now.
            self._is_unsure = True
            fields = {"lane": self._rooms.name, "cause": cause.what}
            log.debug("delivery not noted", extra={"fields": fields})
        self._idle.clear()
        # What it left to others may be due: a batch that was too much, a recipient that failed.
        for name in ("prove", "deliver"):
            self._wakes[name].set()
        # Before its block is observed it is not confirmed; whoever observes that wakes the room.
        if self._rooms.delivered_upto <= self._rooms.observers.upto(LogKind.RECEIPTS):
            self._wakes["confirm"].set()

    async def _settle(self) -> bool:
        if self._may_have_to_do("settle"):
            await self._fresh.wanted(LogKind.RECEIPTS)
        return await self._rooms.settle()

    async def _confirm(self) -> bool:
        if self._may_have_to_do("confirm"):
            await self._fresh.wanted(LogKind.RECEIPTS)
        confirmed = await self._rooms.confirm()
        if confirmed:
            self._wakes["settle"].set()
        return confirmed
