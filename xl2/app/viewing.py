"""
Viewing: a relayer that is put together in, the operator's view of it out: HTTP, metrics, events, alarms.

Promise: what the view needs of the chains is read by `reading`, so looking costs no endpoint anything; where it
listens, and the token of orders, are written down beside the store, readable by this user alone, and the address is
gone again when the relayer stops.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

from attrs import field, frozen

from xl2 import mask
from xl2.app.explaining import why
from xl2.app.reading import Readings
from xl2.app.standing import Standings
from xl2.app.stuck import Stuck
from xl2.config import Config
from xl2.config.listen import host_and_port
from xl2.core.lane import Lane
from xl2.core.types import Address, checksum, hex_text
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
    """What the view asks of a running relayer."""

    #: It signs with this account.
    address: Address
    lanes: Callable[[], Sequence[Lane]]
    recovered: Callable[[], bool]
    drain: Callable[[], None] = field(repr=False)
    hurry: Callable[[], None] = field(repr=False)


def watched(clock: Clock) -> Watched:
    """Observers for a relayer."""
    return Watched(metrics=Metrics(version("xl2")), events=Events(clock.now), glance=Glance(clock.now))


@contextlib.asynccontextmanager
async def view(
    config: Config, parts: Parts, carrying: Carrying, watch: Watched, readings: Readings, *, alarms: Alarms
) -> AsyncIterator[tuple[Listening, Desk]]:
    """Serve the operator's view until the block ends."""
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
        carried=carrying.lanes,
        configured=lambda: lanes_between(list(parts.chains.values())),
        chains_read=lambda: readings.last,
        checks=lambda: _checks(config, carrying, readings, desk),
        drain=carrying.drain,
        hurry=carrying.hurry,
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
        where = Whereabouts(url=listening.url, started=desk.started, pays=checksum(carrying.address))
        write_down(file, where)
        try:
            yield listening, desk
        finally:
            # Another relayer of this configuration may have written there since.
            if await find(file) == where:
                file.unlink(missing_ok=True)
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)


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


async def _checks(config: Config, carrying: Carrying, readings: Readings, desk: Desk) -> list[Check]:
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
    metrics.stands(await desk.lanes(), desk.clock.now())
    metrics.alarmed_now(await desk.alarms())
    metrics.endpoints(readings.endpoints)
    metrics.is_ready((await desk.readiness()).ready)
    return metrics.text()
