"""
Watch: endpoints, logs and tokens in; contradictions found, confirmed, told and paused.

Each *column* is one endpoint of every chain and watches everything by itself: a lie in one column is contradicted by
the others, and a dead endpoint blinds its own column only. Promise: an error of an endpoint is never a contradiction;
what one column finds is checked again by every endpoint of the chains concerned, and only what more than half of each
chain's confirm (or as many as the settings ask for) is acted upon. Nothing is kept that the chains do not hold: a
watcher that is killed finds the same again.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from attrs import define, field, frozen

from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, ChainId, Hash32, hex_text
from xl2.errors import Incident, NotYet, ProofInvalid, Refused, Retryable, WrongChain, Xl2Error
from xl2.ports import Alarm, AlarmKind, Clock, Log, Observer
from xl2.watcher.assets import AssetWatch
from xl2.watcher.brake import Brake, Pulled
from xl2.watcher.contradiction import Contradiction
from xl2.watcher.deliveries import DeliveryWatch
from xl2.watcher.eyes import Eye
from xl2.watcher.heads import HeadWatch
from xl2.watcher.record import Cabinet, written
from xl2.watcher.witness import Testimony, testimony

logger = logging.getLogger(__name__)

#: Fruitless looks in a row after which an endpoint is told of as down.
_LOOKS_BEFORE_ALARM = 5
#: All logs are recomputed to their newest final block this much more seldom than what was shown is looked for.
_LOG_LOOKS = 10
#: As deliveries are, lane by lane.
_DELIVERY_LOOKS = 3

#: How long a stop waits for a pause under way; its bytes are in the journal anyway.
_STOP_SECONDS = 5.0


@frozen(kw_only=True)
class WatchSettings:
    """How a watcher watches."""

    poll_seconds: float = 2.0
    #: How far the clocks of two chains may be apart.
    margin_seconds: int = 60
    #: Endpoints of a chain that must confirm; 0: more than half of them.
    agree: int = 0


@frozen(kw_only=True)
class Asset:
    """A token, and its bridge on each chain that it is on."""

    name: str
    ends: Mapping[ChainId, Address]


@define(kw_only=True)
class Case:
    """A contradiction that was found, and how far it has come."""

    contradiction: Contradiction
    said: Testimony | None = None
    pulled: list[Pulled] = field(factory=list)
    _told: set[str] = field(factory=set, init=False)

    @property
    def is_confirmed(self) -> bool:
        """Enough endpoints confirm it."""
        return self.said is not None and self.said.is_confirmed

    @property
    def is_over(self) -> bool:
        """It was paused, or is not ours to pause."""
        return self.is_confirmed and all(one.outcome.is_over for one in self.pulled)

    def tells(self, what: str) -> bool:
        """Whether this is news."""
        is_news = what not in self._told
        self._told.add(what)
        return is_news


_Look = Callable[[], Awaitable[Sequence[Contradiction]]]


@define(eq=False)
class _Part:
    """Something that one column looks at, again and again."""

    name: str
    #: Begins anew, with nothing read.
    make: Callable[[], "_Look"]
    endpoints: str
    #: Every so many polls.
    every: int = 1
    failures: int = 0
    is_told: bool = False
    #: Whether the last look came to its end.
    looked: bool = False
    #: One look at a time: two would book the same twice.
    turn: asyncio.Lock = field(factory=asyncio.Lock)
    look: _Look = field(init=False)

    @look.default
    def _begin(self) -> _Look:
        return self.make()

    def renew(self) -> None:
        """Read everything from the beginning again."""
        self.look = self.make()


class Watcher:
    """Looks at everything, over and over."""

    def __init__(
        self,
        *,
        eyes: Mapping[ChainId, Sequence[Eye]],
        logs: Sequence[Log],
        assets: Sequence[Asset],
        brake: Brake,
        cabinet: Cabinet,
        observer: Observer,
        clock: Clock,
        settings: WatchSettings,
        tell: Callable[[Mapping[str, Any]], None] = lambda _: None,
    ) -> None:
        """
        Nothing is read yet.

        :param eyes: at least one endpoint of every chain that a log or an asset names.
        :param tell: is given the evidence of what is acted upon, as it is written to its file, each time it changes.
        """
        self._eyes = eyes
        self._brake = brake
        self._cabinet = cabinet
        self._observer = observer
        self._clock = clock
        self._settings = settings
        self._tell = tell
        self._turn = asyncio.Lock()
        #: What was found, by its contradiction's id.
        self.cases: dict[Hash32, Case] = {}
        #: By token, the watch of the first column: its `delta` is for people and metrics.
        self.assets: dict[str, AssetWatch] = {}
        self._parts: list[_Part] = []
        self._columns: dict[tuple[_Part, ...], Mapping[ChainId, Eye]] = {}
        for number in range(max(len(found) for found in eyes.values())):
            column = {chain: found[number % len(found)] for chain, found in eyes.items()}
            parts = tuple(self._column(column, logs, assets))
            self._columns[parts] = column
            self._parts += parts

    @property
    def lagging(self) -> tuple[str, ...]:
        """What did not come to its end when it was last looked at, in words."""
        return tuple(part.name for part in self._parts if not part.looked)

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until told to stop; at a stop a pause under way is brought to its end first."""
        async with asyncio.TaskGroup() as tasks:
            watching = [tasks.create_task(self._watch(part), name=part.name) for part in self._parts]
            await stop.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STOP_SECONDS):
                    await self._turn.acquire()
            for task in watching:
                task.cancel()

    async def look(self) -> Sequence[Case]:
        """Look at everything once; what was found so far."""
        async with asyncio.TaskGroup() as tasks:
            for part in self._parts:
                tasks.create_task(self._look(part), name=part.name)
        return tuple(self.cases.values())

    def _column(self, column: Mapping[ChainId, Eye], logs: Sequence[Log], assets: Sequence[Asset]) -> list[_Part]:
        parts, margin = [], self._settings.margin_seconds
        for reader in column.values():
            heard = {log.id: log for log in logs if log.reader == reader.id}
            if not heard:
                continue
            lanes = [log.lane for log in heard.values() if log.kind is LogKind.LANE]
            heads = partial(HeadWatch, reader=reader, homes=column, logs=heard, margin_seconds=margin)
            deliveries = partial(DeliveryWatch, destination=reader, origins=column, lanes=lanes, margin_seconds=margin)
            where = f"{reader.name} against {', '.join(sorted({column[log.home].name for log in heard.values()}))}"
            parts += [
                _Part(f"heads shown to chain {reader.id}", _look_of(heads), where),
                _Part(f"logs heard by chain {reader.id}", _logs_of(heads), where, _LOG_LOOKS),
                _Part(f"deliveries on chain {reader.id}", _look_of(deliveries), where, _DELIVERY_LOOKS),
            ]
        for asset in assets:
            ends = {chain: end for chain, end in asset.ends.items() if chain in column}
            where = ", ".join(column[chain].name for chain in ends)
            token = partial(AssetWatch, ends=ends, eyes=column, margin_seconds=margin)
            parts.append(_Part(f"backing of {asset.name}", partial(self._look_at, asset.name, token), where))
        return parts

    def _look_at(self, name: str, token: Callable[[], AssetWatch]) -> _Look:
        made = token()
        # The first column is told of; one that begins anew takes the place of what it was.
        if name not in self.assets or self.assets[name].eyes == made.eyes:
            self.assets[name] = made
        return made.look

    async def _watch(self, part: _Part) -> None:
        while True:
            await self._look(part)
            await self._clock.sleep(self._settings.poll_seconds * part.every)

    async def _look(self, part: _Part) -> None:
        try:
            async with part.turn:
                found = await part.look()
        except (Retryable, WrongChain, Refused) as error:
            self._failed(part, error)
            return
        except Incident as incident:
            self._begin_anew(part)
            self._alarm(AlarmKind.DEEP_REORG, f"{part.endpoints}: {incident.what}. {incident.remedy}")
            return
        part.failures, part.is_told, part.looked = 0, False, True
        for contradiction in found:
            await self._take(contradiction, part)

    def _begin_anew(self, part: _Part) -> None:
        """What was final is gone: its column reads all again, and judges what was shown by the logs as they are now."""
        parts = next(parts for parts in self._columns if part in parts)
        for eye in self._columns[parts].values():
            eye.forget_logs()
        for one in parts:
            one.renew()
            one.looked = False

    def _failed(self, part: _Part, error: Xl2Error) -> None:
        """Nobody lied because an endpoint failed; but whoever contradicts itself is named."""
        part.failures, part.looked = part.failures + 1, False
        logger.info("look failed", extra={"fields": {"at": part.name, "by": part.endpoints, "cause": error.what}})
        if part.is_told:
            return
        if isinstance(error, ProofInvalid | WrongChain):
            part.is_told = True
            self._alarm(AlarmKind.RPC_DISAGREEMENT, f"{part.name}: {part.endpoints}: {error.what}. {error.remedy}")
        elif part.failures >= _LOOKS_BEFORE_ALARM and not isinstance(error, NotYet):
            part.is_told = True
            self._alarm(AlarmKind.PROVIDER_DOWN, f"{part.name} cannot be watched by {part.endpoints}: {error.what}")

    async def _take(self, contradiction: Contradiction, part: _Part) -> None:
        """Check what was found by all endpoints at hand; pause, tell and keep it if it stands."""
        async with self._turn:
            case = self.cases.get(contradiction.id)
            if case is not None and case.is_over:
                return
            if case is None:
                case = self.cases[contradiction.id] = Case(contradiction=contradiction)
            if not case.is_confirmed:
                case.contradiction = contradiction
                case.said = await testimony(contradiction, self._eyes, agree=self._settings.agree)
                self._tell_of_denials(case, part)
            if case.is_confirmed:
                await self._act(case)

    async def _act(self, case: Case) -> None:
        contradiction, said = case.contradiction, case.said
        why = contradiction.why(self._settings.margin_seconds)
        if said is None or why is None:
            return
        # Written first: if the process is killed while it pauses, somebody finds out why.
        self._keep(case, said)
        if case.tells("found"):
            path = self._cabinet.path(contradiction)
            self._alarm(contradiction.kind, f"{why}. Evidence: {path}", contradiction)
        case.pulled = await self._brake.pull(contradiction)
        self._keep(case, said)
        news = [one for one in case.pulled if case.tells(f"{one.pause} {one.outcome}")]
        if news:
            self._tell(written(contradiction, self._settings.margin_seconds, said, case.pulled))
        for one in news:
            level = logging.WARNING if one.outcome.is_over else logging.ERROR
            fields = {"pause": str(one.pause), "outcome": one.outcome.value, "detail": one.detail}
            logger.log(level, "pause", extra={"fields": fields})

    def _keep(self, case: Case, said: Testimony) -> None:
        """Write the evidence. A disk that is full is no reason not to pause."""
        tree = written(case.contradiction, self._settings.margin_seconds, said, case.pulled)
        try:
            self._cabinet.keep(case.contradiction, tree)
        except OSError as error:
            fields = {"file": str(self._cabinet.path(case.contradiction)), "cause": error.strerror, "evidence": tree}
            logger.error("evidence could not be written", extra={"fields": fields})  # noqa: TRY400 - no defect of ours

    def _tell_of_denials(self, case: Case, part: _Part) -> None:
        said = case.said
        if said is None:
            return
        denied = ", ".join(name for names in said.no.values() for name in names)
        confirmed = ", ".join(name for names in said.yes.values() for name in names) or "nobody"
        if denied and case.tells(f"denied {denied}"):
            what = "is acted upon" if said.is_confirmed else "is not acted upon"
            self._alarm(
                AlarmKind.RPC_DISAGREEMENT,
                f"{case.contradiction.why(self._settings.margin_seconds)}: found by {part.endpoints}, confirmed by "
                f"{confirmed}, denied by {denied}; it {what}. Find out which endpoint does not tell the truth.",
                case.contradiction,
            )
        elif not said.is_confirmed:
            silent = ", ".join(name for names in said.nothing.values() for name in names)
            fields = {"contradiction": hex_text(case.contradiction.id), "silent": silent, "confirmed_by": confirmed}
            logger.warning("contradiction not confirmed yet", extra={"fields": fields})

    def _alarm(self, kind: AlarmKind, what: str, contradiction: Contradiction | None = None) -> None:
        lane = contradiction.lane if contradiction else None
        chain = contradiction.facts[0].at.chain if contradiction else None
        alarm = Alarm(kind=kind, what=what, lane=lane, chain=chain)
        self._observer.alarmed(alarm)


def _look_of(watch: Callable[[], HeadWatch | DeliveryWatch]) -> Callable[[], _Look]:
    return lambda: watch().look


def _logs_of(watch: Callable[[], HeadWatch]) -> Callable[[], _Look]:
    return lambda: watch().logs_that_break
