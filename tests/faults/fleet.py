"""
Fleet: the relayers of a mix of faults, on one store and behind lines that may be spoilt; what a fault may pull at.

Comes in: a scene, and which store they share. Goes out: relayers that are up again after whatever was done to them.
Promise: a relayer that ends though nobody ended it is an error that quotes its last words.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from tests.faults.daemon import Daemon
from tests.faults.ground import A, B, Grounds, grounds
from tests.faults.proxy import FaultProxy
from tests.faults.scene import Scene, scene_on
from tests.faults.stable import Stable, stable
from tests.integration.node import Node
from tests.postgres import server
from xl2.core.types import Address, address
from xl2_devnet.accounts import account

SQLITE, POSTGRESQL = "sqlite", "postgresql"
#: Finality is twice as many blocks behind the tip.
_EPOCH = 4
#: Short, as a killed relayer's lanes and key wait for it.
_LEASE_SECONDS = 2.0
#: For relayers whose clock is driven: their waits for a lease are as much shorter.
_DRIVEN_LEASE_SECONDS = 60.0
_DRIVEN = 20


@frozen(kw_only=True)
class Berth:
    """Where one relayer runs, time after time."""

    name: str
    #: Who pays there.
    payer: Address
    settings: Mapping[str, Any] = field(factory=dict)
    key: str


@define(kw_only=True)
class Fleet:
    """One relayer on SQLite, or two on a PostgreSQL database."""

    scene: Scene
    stable: Stable
    #: By chain: what all relayers reach it through.
    lines: Mapping[str, FaultProxy]
    berths: tuple[Berth, ...]
    #: URL of the database; None: a file.
    database: str | None
    #: Told what is done, in words.
    say: Callable[[str], object]
    #: Whether clocks run fast from the first: what rests, rests for minutes.
    is_driven: bool = False
    #: What runs now, by berth.
    running: list[Daemon] = field(factory=list)

    @property
    def clock(self) -> Path:
        """What all relayers' clocks are read from."""
        return self.scene.folder / "clock"

    def turn(self, ahead: int) -> None:
        """Put the clock of all relayers so many seconds ahead of the machine's."""
        self._write_clock(f"{ahead} {_DRIVEN if self.is_driven else 1}")

    async def come_up(self) -> None:
        """The first start of all."""
        self.turn(0)
        self.running = [self._start(berth) for berth in self.berths]
        for place in range(len(self.berths)):
            await self.until_up(place)

    def start(self, place: int, **doom: Any) -> None:
        """Start what stands at a place; `doom`: where it is to die, as `Stable.start` takes it."""
        self.running[place] = self._start(self.berths[place], **doom)

    async def until_up(self, place: int) -> None:
        """Return when it carries: it waits for what it needs, so that it ends by itself is a broken promise."""
        relayer = self.running[place]
        # Not in this thread: the lines that it talks through are served by it.
        up = await asyncio.to_thread(relayer.comes_up)
        assert up, f"{self.berths[place].name} did not come up: {relayer.last_words}"

    async def again(self, place: int) -> None:
        """Start it, and return when it carries."""
        self.start(place)
        await self.until_up(place)

    def check(self) -> None:
        """Raises `AssertionError` where one of them has ended."""
        for berth, relayer in zip(self.berths, self.running, strict=True):
            assert relayer.runs, f"{berth.name} ended by itself: {relayer.last_words}"

    async def calm_down(self) -> None:
        """No more faults; all start once more, and by a clock that runs fast."""
        for line in self.lines.values():
            line.heal()
        for relayer in self.running:
            relayer.kill()
        self.is_driven = True
        self.turn(0)
        for place in range(len(self.berths)):
            await self.again(place)

    def pass_time(self, seconds: int) -> None:
        """Turn the destination's clock on, and those of all relayers."""
        self.scene.pass_time(seconds)
        self.turn(seconds)

    @contextmanager
    def held(self, chain: str) -> Iterator[Node]:
        """A chain of which only this makes blocks."""
        with self.scene.grounds[chain].held() as node:
            yield node

    def store_of(self, place: int) -> Path:
        """File of a relayer's store, where it has one."""
        return self.scene.folder / self.berths[place].name / "relayer.sqlite"

    def _start(self, berth: Berth, **doom: Any) -> Daemon:
        lease_seconds = _DRIVEN_LEASE_SECONDS if self.is_driven else _LEASE_SECONDS
        store = {"store": self.database} if self.database else {}
        urls = {name: line.url for name, line in self.lines.items()}
        file = self.scene.configuration(
            berth.name, relayer={**store, "lease_seconds": lease_seconds}, key=berth.key, urls=urls
        )
        return self.stable.start(file, clock=self.clock, **doom)

    def _write_clock(self, text: str) -> None:
        # Whole or not at all: relayers read it all the time.
        scratch = self.clock.with_suffix(".new")
        scratch.write_text(text, encoding="ascii")
        scratch.replace(self.clock)


@asynccontextmanager
async def fleet_in(
    folder: Path, *, store: str, say: Callable[[str], object], is_driven: bool = False
) -> AsyncIterator[Fleet]:
    """Relayers on chains of their own, not started yet; all of it is gone when the block ends."""
    async with AsyncExitStack() as stack:
        database = stack.enter_context(server()).url if store == POSTGRESQL else None
        found: Grounds = stack.enter_context(grounds(epoch=_EPOCH))
        scene = await stack.enter_async_context(scene_on(found, folder))
        lines = {name: await stack.enter_async_context(FaultProxy(found[name].url)) for name in (A, B)}
        first = account("relayer")
        berths = [Berth(name="first", payer=address(first.address), key=first.private_key)]
        if database:
            (payer,) = scene.fund("second")
            berths.append(Berth(name="second", payer=address(payer), key=scene.key_of("second")))
        yield Fleet(
            scene=scene,
            stable=stack.enter_context(stable()),
            lines=lines,
            berths=tuple(berths),
            database=database,
            say=say,
            is_driven=is_driven,
        )
