"""
Pipeline: one task a room and lane, joined by bounded queues, under one supervisor. Read this file to see it all.

```
heads --wake--> observe --wakes--> prove ==queue==> deliver --wakes--> confirm --wakes--> settle
heads --wake--> observe receipts --wakes---------------------------------^
```

Promise: the store is the queue; what stands in memory can be lost at any moment and is made again from the store, so
a killed relayer that starts again loses nothing and doubles nothing. A room that fails by a known cause rests by its
policy; a broken promise (`Fatal`) or a defect stops all of them aloud. Stopping has two steps: intake ends and what
is proven is delivered; what takes longer than the drain is cancelled. What the tasks of one lane do is `lane_tasks`'.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial

from attrs import field, frozen, validators

from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.storage_proof import LogKind
from xl2.core.types import ChainId
from xl2.errors import Fatal
from xl2.flow.submit import JournalledSubmitter
from xl2.ports import Chain, Clock, Log
from xl2.relayer.backlog_watch import BacklogWatch
from xl2.relayer.claims import Claims
from xl2.relayer.heads import HeadWatch
from xl2.relayer.lane_parts import LaneParts
from xl2.relayer.lane_rooms import LaneRooms
from xl2.relayer.lane_tasks import LaneTasks
from xl2.relayer.recovery import Recovery

log = logging.getLogger(__name__)

_CANCELLED_AGAIN_SECONDS = 0.1


@frozen(kw_only=True)
class PipelineSettings:
    """How often rooms look, and how they stop."""

    poll_seconds: float = field(default=1.0, validator=validators.gt(0))
    #: Proven deliveries that wait for their turn, a lane.
    queue_size: int = field(default=2, validator=validators.gt(0))
    #: After a stop, what is proven is delivered within this time, or left to the next start; a process that is told to
    #: stop is gone within ten seconds.
    drain_seconds: float = field(default=8.0, validator=validators.ge(0))


class Pipeline:
    """Carries the messages of lanes until it is told to stop."""

    def __init__(
        self,
        lanes: Sequence[LaneParts],
        submitters: Sequence[JournalledSubmitter],
        settings: PipelineSettings | None = None,
        claims: Sequence[Claims] = (),
    ) -> None:
        """
        `submitters`: every nonce owner that the lanes use, so that each is taken up where a crash left it. `claims`:
        looked after for as long as this runs, whichever lanes are carried.
        """
        self._recovery = Recovery(submitters)
        self._settings = settings or PipelineSettings()
        self._claims = tuple(claims)
        self._ending = asyncio.Event()
        self._draining = False
        #: Where the rooms of lanes run, while this runs.
        self._group: asyncio.TaskGroup | None = None
        self._lanes: dict[Lane, LaneTasks] = {}
        self._watches: dict[tuple[ChainId, Finality], HeadWatch] = {}
        self._backlog: BacklogWatch | None = None
        self._watching: list[asyncio.Task[None]] = []
        for parts in lanes:
            self.carry(parts)

    @property
    def lanes(self) -> Sequence[Lane]:
        """Lanes that are carried now."""
        return tuple(self._lanes)

    @property
    def is_recovered(self) -> bool:
        """Whether what was broadcast before the start is included."""
        return self._recovery.is_done

    def carry(self, parts: LaneParts) -> None:
        """Carry a lane from now on, also while this runs; one that is carried already is left as it is."""
        if parts.lane in self._lanes:
            return
        tasks = LaneTasks(
            LaneRooms(parts=parts),
            poll_seconds=self._settings.poll_seconds,
            queue_size=self._settings.queue_size,
            recovered=partial(self._recovery.of, parts.lane),
            told_quiet=self._look_whether_drained,
        )
        self._lanes[parts.lane] = tasks
        for log_, chain, finality in _followed(parts):
            self._watch(chain, finality, parts.clock).follow(log_, partial(tasks.news, log_.kind))
        if self._backlog is None:
            self._backlog = BacklogWatch(store=parts.store, clock=parts.clock, told=self._stand)
            if self._group is not None:
                self._start_backlog_watch(self._group, self._backlog)
        if self._draining:
            tasks.drain()
        if self._group is not None:
            tasks.start(self._group, _supervised)

    async def drop(self, lane: Lane) -> None:
        """Carry a lane no more: what is proven is delivered within the drain's time, all else is left in the store."""
        tasks = self._lanes.pop(lane, None)
        if tasks is not None:
            for log_, chain, finality in _followed(tasks.parts):
                self._watches[chain.chain, finality].forget(log_)
            tasks.stop()
            await _ended([tasks], self._settings.drain_seconds)
            tasks.forget()
            self._look_whether_drained()

    def wake(self, chain: ChainId) -> None:
        """A chain has a new block: it is looked at now, and not when its time has come."""
        for (of, _), watch in self._watches.items():
            if of == chain:
                watch.poke()

    def hurry(self) -> None:
        """An order was given: every room looks now, and not when its time has come."""
        for tasks in self._lanes.values():
            tasks.wake()

    def drain(self) -> None:
        """Observe no new messages, carry what is observed until nothing more can be done now; then `run` returns."""
        self._draining = True
        for tasks in self._lanes.values():
            tasks.drain()
        self._look_whether_drained()

    async def run(self, stop: asyncio.Event) -> None:
        """
        Run until `stop` is set, or until all is drained.

        Raises an `ExceptionGroup` with the `Fatal` error, or the defect, that stopped it.
        """
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                recovering = group.create_task(_supervised("recover", self._recovery.run)(), name="recover")
                for key, watch in self._watches.items():
                    self._start_watch(group, key[0], watch)
                if self._backlog is not None:
                    self._start_backlog_watch(group, self._backlog)
                for claims in self._claims:
                    self._start_claims(group, claims)
                for tasks in self._lanes.values():
                    tasks.start(group, _supervised)
                await self._until_told(stop)
                await self._stop_in_two_steps(recovering)
        except BaseExceptionGroup as group:
            _tell_fatal(group)
            raise
        finally:
            self._group = None
        log.info("relayer stopped")

    async def _until_told(self, stop: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in (stop, self._ending)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _stop_in_two_steps(self, recovering: "asyncio.Task[None]") -> None:
        log.info("relayer stops", extra={"fields": {"drain_seconds": self._settings.drain_seconds}})
        lanes = list(self._lanes.values())
        for tasks in lanes:
            tasks.stop()
        await _ended(lanes, self._settings.drain_seconds)
        await _cancelled([recovering, *self._watching])

    def _watch(self, chain: Chain, finality: Finality, clock: Clock) -> HeadWatch:
        """The one watch of a chain at a finality."""
        key = chain.chain, finality
        if key not in self._watches:
            watch = HeadWatch(chain=chain, finality=finality, clock=clock, poll_seconds=self._settings.poll_seconds)
            self._watches[key] = watch
            if self._group is not None:
                self._start_watch(self._group, chain.chain, watch)
        return self._watches[key]

    def _start_watch(self, group: asyncio.TaskGroup, chain: ChainId, watch: HeadWatch) -> None:
        self._start_beside(group, f"heads of {chain}", watch.run)

    def _start_backlog_watch(self, group: asyncio.TaskGroup, backlog: BacklogWatch) -> None:
        self._start_beside(group, "what stands", backlog.run)

    def _start_claims(self, group: asyncio.TaskGroup, claims: Claims) -> None:
        async def recovered() -> None:
            # A claim of before the start may be under way.
            await self._recovery.on(claims.origin.chain)
            await claims.run()

        self._start_beside(group, f"claims on {claims.origin.chain}", recovered)

    def _start_beside(self, group: asyncio.TaskGroup, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """What runs beside the rooms until the last of them has ended."""
        self._watching.append(group.create_task(_supervised(name, work)(), name=name))

    def _stand(self, states: Mapping[Lane, frozenset[State]]) -> None:
        for lane, tasks in self._lanes.items():
            tasks.stand(states.get(lane, frozenset()))

    def _look_whether_drained(self) -> None:
        if self._draining and all(tasks.quiet for tasks in self._lanes.values()):
            self._ending.set()


def _followed(parts: LaneParts) -> tuple[tuple[Log, Chain, Finality], ...]:
    """The two logs of a lane, each with its home and how final its blocks are to be."""
    return (
        (Log(lane=parts.lane, kind=LogKind.LANE), parts.origin, parts.finality),
        (Log(lane=parts.lane, kind=LogKind.RECEIPTS), parts.destination, Finality.FINALIZED),
    )


async def _ended(lanes: Sequence[LaneTasks], seconds: float) -> None:
    """Return when the rooms of these lanes have ended, and what they began yet; what takes longer is cancelled."""
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    while (running := [task for tasks in lanes for task in tasks.running]) and clock() < end:
        await asyncio.wait(running, timeout=end - clock())
    while running := [task for tasks in lanes for task in tasks.running]:
        for task in running:
            task.cancel()
        await asyncio.wait(running)


async def _cancelled(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Cancel these until they have ended: who waits for the end of what he began hears of it once more."""
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=_CANCELLED_AGAIN_SECONDS)


def _tell_fatal(group: BaseExceptionGroup[BaseException]) -> None:
    """The first broken promise of a group, if there is one."""
    found: BaseException | None = group.subgroup(Fatal)
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    if isinstance(found, Fatal):
        room = ", ".join(getattr(found, "__notes__", ()))
        fields = {"room": room, "cause": found.what, "remedy": found.remedy}
        log.error("relayer stops: a promise broke", extra={"fields": fields})


def _supervised(name: str, work: Callable[[], Awaitable[object]]) -> Callable[[], Coroutine[object, object, None]]:
    """The supervisor: what no room expects is logged, and stops the relayer."""

    async def run() -> None:
        try:
            await work()
        except Fatal as fatal:
            # Others may meet the same before they are cancelled: it is told once, at the end.
            fatal.add_note(name)
            raise
        except Exception:
            log.exception("relayer stops: defect", extra={"fields": {"room": name}})
            raise

    return run
