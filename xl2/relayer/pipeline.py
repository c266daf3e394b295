"""
Pipeline: one task a room and lane, joined by bounded queues, under one supervisor. Read this file to see it all.

```
observe --wakes--> prove ==queue==> deliver --wakes--> confirm --wakes--> settle
observe receipts --wakes---------------------------------^
```

Promise: the store is the queue; what stands in memory can be lost at any moment and is made again from the store, so
a killed relayer that starts again loses nothing and doubles nothing. A room that fails by a known cause rests by its
policy; a broken promise (`Fatal`) or a defect stops all of them aloud. Stopping has two steps: intake ends and what
is proven is delivered; what takes longer than the drain is cancelled.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence

from attrs import field, frozen, validators

from xl2.errors import Fatal, Refused, Retryable
from xl2.flow.prove import Proven
from xl2.flow.submit import JournalledSubmitter
from xl2.relayer.lane import LaneParts, LaneRooms
from xl2.relayer.retry import rest_seconds

log = logging.getLogger(__name__)

#: Rooms that make transactions.
_PAYING_ROOMS = ("prove", "deliver", "settle")
#: Of five turns in the deliver room, four are for fresh messages and one for the backlog.
_FRESH_TURNS = 4


@frozen(kw_only=True)
class PipelineSettings:
    """How often rooms look, and how they stop."""

    poll_seconds: float = field(default=1.0, validator=validators.gt(0))
    #: Proven deliveries that wait for their turn, a lane.
    queue_size: int = field(default=2, validator=validators.gt(0))
    #: After a stop, what is proven is delivered within this time, or left to the next start.
    drain_seconds: float = field(default=10.0, validator=validators.ge(0))


class Pipeline:
    """Carries the messages of lanes until it is told to stop."""

    def __init__(
        self,
        lanes: Sequence[LaneParts],
        submitters: Sequence[JournalledSubmitter],
        settings: PipelineSettings | None = None,
    ) -> None:
        """`submitters`: every nonce owner that the lanes use, so that each is taken up where a crash left it."""
        self._submitters = submitters
        self._settings = settings or PipelineSettings()
        self._stopping = False
        self._recovered = asyncio.Event()
        self._lanes = [_LaneTasks(LaneRooms(parts=parts), self._settings, self) for parts in lanes]

    @property
    def stopping(self) -> bool:
        """Whether intake has ended."""
        return self._stopping

    async def recovered(self) -> None:
        """Return when what was broadcast before the start is included."""
        await self._recovered.wait()

    async def run(self, stop: asyncio.Event) -> None:
        """
        Run until `stop` is set.

        Raises an `ExceptionGroup` with the `Fatal` error, or the defect, that stopped it.
        """
        async with asyncio.TaskGroup() as tasks:
            rooms = [tasks.create_task(_supervised("recover", self._recover)(), name="recover")]
            rooms += [tasks.create_task(room(), name=name) for lane in self._lanes for name, room in lane.rooms()]
            tasks.create_task(self._stop_in_two_steps(stop, rooms), name="stop")
        log.info("relayer stopped")

    async def _recover(self) -> None:
        """What was broadcast before a crash is included first: else a message would be paid for twice."""
        for submitter in self._submitters:
            await submitter.recover()
        self._recovered.set()

    async def _stop_in_two_steps(self, stop: asyncio.Event, rooms: Sequence["asyncio.Task[None]"]) -> None:
        await stop.wait()
        self._stopping = True
        log.info("relayer stops", extra={"fields": {"drain_seconds": self._settings.drain_seconds}})
        for lane in self._lanes:
            lane.wake_all()
        _, late = await asyncio.wait(rooms, timeout=self._settings.drain_seconds)
        for room in late:
            room.cancel()


class _LaneTasks:
    """The tasks of one lane, and what joins them."""

    def __init__(self, rooms: LaneRooms, settings: PipelineSettings, pipeline: Pipeline) -> None:
        self._rooms = rooms
        self._settings = settings
        self._pipeline = pipeline
        self._proven: asyncio.Queue[Proven] = asyncio.Queue(maxsize=settings.queue_size)
        names = ("observe", "observe receipts", "prove", "deliver", "confirm", "settle")
        self._wakes = {name: asyncio.Event() for name in names}
        self._ending = asyncio.Event()
        self._fresh_in_a_row = 0

    def rooms(self) -> list[tuple[str, Callable[[], Coroutine[object, object, None]]]]:
        """Each room by name."""
        looks: dict[str, Callable[[], Awaitable[bool]]] = {
            "observe": self._observe,
            "observe receipts": self._observe_receipts,
            "prove": self._prove,
            "deliver": self._deliver,
            "confirm": self._confirm,
            "settle": self._rooms.settle,
        }
        return [
            (f"{name} {self._rooms.name}", _supervised(name, self._room(name, look))) for name, look in looks.items()
        ]

    def wake_all(self) -> None:
        """Let every room look at once: there is a stop to be seen."""
        for wake in (*self._wakes.values(), self._ending):
            wake.set()

    def _room(self, name: str, look: Callable[[], Awaitable[bool]]) -> Callable[[], Awaitable[None]]:
        """A room looks, and rests until it is woken, its time has come, or its last cause has passed."""

        async def run() -> None:
            if name in _PAYING_ROOMS:
                await self._pipeline.recovered()
            if name == "prove":
                await self._rooms.resume()
            fruitless = 0
            while not self._is_over(name):
                rest, wake = self._settings.poll_seconds, self._wakes[name]
                try:
                    busy = await look()
                    fruitless = 0
                except (Retryable, Refused) as cause:
                    busy = False
                    fruitless += 1
                    # News do not mend what went wrong; a stop ends the rest.
                    rest, wake = max(rest, rest_seconds(cause, fruitless)), self._ending
                    fields = {"lane": self._rooms.name, "room": name, "cause": cause.what, "rest_seconds": rest}
                    log.log(_level(cause), "room rests", extra={"fields": fields})
                if not busy:
                    await self._rest(wake, rest)

        return run

    def _is_over(self, name: str) -> bool:
        """On a stop the deliver room goes on until the queue is empty; all others end at once."""
        return self._pipeline.stopping and (name != "deliver" or self._proven.empty())

    async def _rest(self, wake: asyncio.Event, seconds: float) -> None:
        """Return when woken, or when the time is over."""
        sleeping = asyncio.ensure_future(self._rooms.parts.clock.sleep(seconds))
        waking = asyncio.ensure_future(wake.wait())
        try:
            await asyncio.wait((sleeping, waking), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            waking.cancel()
        if wake is not self._ending:
            wake.clear()

    async def _observe(self) -> bool:
        more = await self._rooms.observe()
        self._wakes["prove"].set()
        return more

    async def _observe_receipts(self) -> bool:
        more = await self._rooms.observe_receipts()
        self._wakes["confirm"].set()
        return more

    async def _prove(self) -> bool:
        proven = await self._rooms.prove()
        if proven is None:
            return False
        await self._proven.put(proven)
        self._wakes["deliver"].set()
        return True

    async def _deliver(self) -> bool:
        """Fresh before backlog, four to one."""
        if not self._proven.empty() and self._fresh_in_a_row < _FRESH_TURNS:
            self._fresh_in_a_row += 1
            await self._rooms.deliver(self._proven.get_nowait())
            self._wakes["confirm"].set()
            return True
        self._fresh_in_a_row = 0
        return await self._rooms.mend() or not self._proven.empty()

    async def _confirm(self) -> bool:
        confirmed = await self._rooms.confirm()
        if confirmed:
            self._wakes["settle"].set()
        return confirmed


def _supervised(name: str, work: Callable[[], Awaitable[object]]) -> Callable[[], Coroutine[object, object, None]]:
    """The supervisor: what no room expects is logged, and stops the relayer."""

    async def run() -> None:
        try:
            await work()
        except Fatal as fatal:
            log.error("relayer stops: a promise broke", extra={"fields": {"room": name, "cause": fatal.what}})  # noqa: TRY400
            raise
        except Exception:
            log.exception("relayer stops: defect", extra={"fields": {"room": name}})
            raise

    return run


def _level(cause: Retryable | Refused) -> int:
    """Waiting is normal; what is refused, someone should look at."""
    return logging.DEBUG if isinstance(cause, Retryable) else logging.WARNING
