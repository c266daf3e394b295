"""
Viewing: a relayer in, while it starts and while it carries, the operator's view of it out: HTTP, metrics, events.

Promise: what the view needs of the chains is read by `reading`, so looking costs no endpoint anything; a start that
waits says so, and for what, to whoever asks; where it listens, and the token of orders, are written down beside the
store, readable by this user alone, and the address is gone again when the relayer stops.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

from attrs import define, field, frozen

from xl2 import mask
from xl2.app.explaining import why
from xl2.app.reading import Readings
from xl2.app.standing import Standings
from xl2.app.starting import Starting
from xl2.app.stuck import Stuck
from xl2.config import Config
from xl2.config.listen import host_and_port
from xl2.core.lane import Lane
from xl2.core.types import Address, checksum, hex_text
from xl2.errors import ConfigInvalid, NotYet, Retryable
from xl2.flow.alarms import Alarms
from xl2.listening import Listening
from xl2.operator.client import Whereabouts, find, write_down
from xl2.operator.desk import Desk
from xl2.operator.events import Events
from xl2.operator.gate import gate_for, token_for
from xl2.operator.glance import Glance
from xl2.operator.metrics import Metrics
from xl2.operator.service import View, serve
from xl2.operator.values import Check, OpenTransactions
from xl2.ports import Clock, Observer, Several
from xl2.relayer import lanes_between
from xl2.sdk import Parts
from xl2.store import IN_MEMORY, is_shared


@frozen(kw_only=True)
class Watched:
    """Who is told what a relayer does."""

    metrics: Metrics
    events: Events
    glance: Glance

    @property
    def observer(self) -> Observer:
        """All of them."""
        return Several((self.metrics, self.events, self.glance))


@frozen(kw_only=True)
class Carrying:
    """What the view asks of a relayer that carries."""

    lanes: Callable[[], Sequence[Lane]]
    recovered: Callable[[], bool]
    drain: Callable[[], None] = field(repr=False)
    hurry: Callable[[], None] = field(repr=False)


@define(kw_only=True)
class Phase:
    """How far a relayer is, from its start on."""

    #: It signs with this account.
    address: Address
    starting: Starting
    #: None: it starts.
    carrying: Carrying | None = None

    @property
    def lanes(self) -> Sequence[Lane]:
        """What it carries: nothing yet, where it starts."""
        return () if self.carrying is None else self.carrying.lanes()

    def hurry(self) -> None:
        """Let what rests look at once."""
        if self.carrying is not None:
            self.carrying.hurry()

    def drain(self) -> None:
        """Raises `NotYet` where it starts."""
        if self.carrying is None:
            raise NotYet(
                f"the relayer starts, so it has nothing to drain: {self.starting.check().said}",
                remedy="End it: SIGTERM or Ctrl-C; nothing is under way.",
            )
        self.carrying.drain()


@frozen(kw_only=True)
class Viewed:
    """Where the view answers, and by whom."""

    listening: Listening
    desk: Desk
    #: As `view_file` has it.
    where: Whereabouts


def watched(clock: Clock) -> Watched:
    """Observers for a relayer."""
    return Watched(metrics=Metrics(version("xl2")), events=Events(clock.now), glance=Glance(clock.now))


@contextlib.asynccontextmanager
async def view(
    config: Config, parts: Parts, phase: Phase, watch: Watched, readings: Readings, *, alarms: Alarms
) -> AsyncIterator[Viewed]:
    """
    Serve the operator's view until the block ends.

    Where, is written down at once beside a store that nobody else can have open; on one that others share, by
    `tell_where` once nobody else signs with this account. Raises `ConfigInvalid` as `_alone_in_memory`.
    """
    await _alone_in_memory(config, phase.address)
    settings, clock = config.relayer, parts.clock
    host, port = host_and_port(settings.listen)
    token = token_for(host, settings.token.reveal(), token_file(config))
    mask.hide(token)
    standings = Standings(store=parts.store, clock=clock, name=parts.name, alarms=alarms, readings=readings)
    desk = Desk(
        store=parts.store,
        clock=clock,
        name=parts.name,
        why=partial(why, parts),
        standing=standings.all,
        carried=lambda: phase.lanes,
        configured=lambda: lanes_between(list(parts.chains.values())),
        chains_read=lambda: readings.last,
        checks=lambda: _checks(config, phase, readings, desk),
        drain=phase.drain,
        hurry=phase.hurry,
        started=clock.now(),
    )
    shown = View(
        desk=desk,
        gate=gate_for(host, token, settings.hosts),
        events=watch.events,
        metrics=partial(_metrics, desk, watch.metrics, readings),
        version=version("xl2"),
    )
    stuck = Stuck(store=parts.store, clock=clock, alarms=alarms)
    async with serve(shown, host=host, port=port) as listening:
        looking = asyncio.ensure_future(stuck.keep())
        file = view_file(config)
        where = Whereabouts(url=listening.url, started=desk.started, pays=checksum(phase.address))
        if not is_shared(settings.store):
            tell_where(config, where)
        try:
            yield Viewed(listening=listening, desk=desk, where=where)
        finally:
            # Another relayer of this configuration may have written there since.
            if await find(file) == where:
                file.unlink(missing_ok=True)
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)


async def _alone_in_memory(config: Config, address: Address) -> None:
    """
    A store in memory has no lock, so whoever answers for this file already is asked instead.

    Raises `ConfigInvalid` where that one pays from the same account: two would take each other's nonces.
    """
    if config.relayer.store != IN_MEMORY or not config.source.is_file():
        return
    other = await find(view_file(config))
    if other is not None and other.pays == checksum(address):
        raise ConfigInvalid(
            f"a relayer of this folder runs already: it answers at {other.url} and pays from {other.pays} too",
            remedy="`xl2 relayer status` says how it is. End it first, or give each its own store and its own key.",
        )


def tell_where(config: Config, where: Whereabouts) -> None:
    """Write down where this configuration's relayer answers."""
    write_down(view_file(config), where)


def view_file(config: Config) -> Path:
    """Where a running relayer writes down where it answers."""
    return _beside(config, "view")


def token_file(config: Config) -> Path:
    """Where the token of orders is kept that no configuration gives."""
    return _beside(config, "token")


def _beside(config: Config, ending: str) -> Path:
    """A file beside the store; beside the configuration where the store is on another machine."""
    store = config.relayer.store
    name = "xl2-relayer" if is_shared(store) or store == IN_MEMORY else store
    return config.source.parent / f"{name}.{ending}"


async def _checks(config: Config, phase: Phase, readings: Readings, desk: Desk) -> list[Check]:
    carrying = phase.carrying
    if carrying is None:
        return [phase.starting.check(), await readings.store_check(None), *readings.checks()]
    recovered = Check(what="recovery", ok=True, said="what an earlier run signed is included")
    if not carrying.recovered():
        recovered = _recovery(await desk.transactions())
    lanes = carrying.lanes()
    store = await readings.store_check(lanes[0] if lanes else None)
    carried = Check(
        what="lanes",
        # On a shared store other relayers may carry them all.
        ok=bool(lanes) or is_shared(config.relayer.store),
        said=f"{len(lanes)} carried",
        remedy="" if lanes else "Add chains whose outboxes know each other's inbox, and their verifiers.",
    )
    return [recovered, store, carried, *readings.checks()]


def _recovery(still: OpenTransactions) -> Check:
    if not still.transactions:
        said = "the chains are not asked yet which nonces of the account are used; the store knows no open transaction"
        return Check(what="recovery", ok=False, said=said, remedy="Wait a moment.")
    count, one = len(still.transactions), still.transactions[0]
    said = (
        f"what an earlier run signed is not included yet: open transactions {count}, the first on {one.name} with "
        f"nonce {one.tx_nonce}, {hex_text(one.tx_hash)}"
    )
    return Check(what="recovery", ok=False, said=said, remedy="Wait; `xl2 relayer status` lists all of them.")


async def _metrics(desk: Desk, metrics: Metrics, readings: Readings) -> bytes:
    metrics.endpoints(readings.endpoints)
    try:
        metrics.stands(await desk.lanes(), desk.clock.now())
        metrics.alarmed_now(await desk.alarms())
        metrics.is_ready((await desk.readiness()).ready)
    except Retryable:
        # The store does not answer: what it holds stands as it was, and all else is told.
        metrics.is_ready(False)
    return metrics.text()
