"""
Relaying: a configuration in, a running relayer and the operator's view of it out.

Promise: it carries until it is cancelled or drained, stops cleanly then, and ends by itself only with the error that
made it stop; from its start on it can be asked how it is. What carries is put together by `carrying`, what is seen of
it by `viewing`.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from attrs import field, frozen

from xl2.app.carrying import Carriage, carriage
from xl2.app.cause import cause_of
from xl2.app.clients import Source, configuration
from xl2.app.endpoints import wake_on_heads
from xl2.app.parts import parts_of
from xl2.app.paying import purse_of, watched_signer
from xl2.app.reading import Readings
from xl2.app.starting import Starting
from xl2.app.viewing import Carrying, Phase, Watched, tell_where, view, watched
from xl2.clock import CLOCK
from xl2.config import Config, require_key
from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.types import Address, ChainId, checksum
from xl2.flow.alarms import Alarms
from xl2.flow.submit import JournalledSubmitter
from xl2.operator.desk import Desk
from xl2.ports import AlarmLines, Blocks, Several
from xl2.relayer.purse import Purse, Spending
from xl2.sdk import Parts
from xl2.store import is_shared, open_store
from xl2.wallet import Unattended

log = logging.getLogger(__name__)


@frozen(kw_only=True)
class BegunRelayer:
    """A relayer that can be asked how it is; it may still be starting."""

    #: Account that pays, the same on every chain.
    address: Address
    #: Account that earns fees.
    earner: Address
    #: Where the operator's view answers.
    url: str
    #: The operator's own desk, and what is told of what it does.
    desk: Desk = field(repr=False)
    watched: Watched = field(repr=False)


@frozen(kw_only=True)
class RunningRelayer(BegunRelayer):
    """A relayer that carries."""

    #: Lanes that it carries: the name that orders take, and the lane in words.
    lanes: tuple[tuple[str, str], ...]
    #: Messages by lane and state, as its store has them.
    backlog: Callable[[], Awaitable[Sequence[tuple[Lane, State, int, float]]]] = field(repr=False)
    readings: Readings = field(repr=False)
    #: Set when it has ended by itself: it was drained.
    ended: asyncio.Event = field(repr=False)


@contextlib.asynccontextmanager
async def relayer(
    source: Source = None, *, key: str | None = None, begun: Callable[[BegunRelayer], None] = lambda _: None
) -> AsyncIterator[RunningRelayer]:
    """
    Carry the messages of every lane between the configuration's chains until the block ends.

    Begins when the store and the endpoints answer, however long that takes.

    :param key: pays gas: a name under the configuration's `keys`; else its `relayer.key`.
    :param begun: is called once it can be asked, before it carries.
    :raises Fatal: a promise broke on the chains, so nothing more is done.
    """
    config = configuration(source)
    watch, spending = watched(CLOCK), Spending()
    observer = Several((AlarmLines(), watch.observer, spending))
    alarms = Alarms(observer)
    store = open_store(config.relayer.store, config.source.parent)
    signer = watched_signer(config, key or require_key(config, "relayer", "key"), alarms)
    parts = parts_of(config, store=store, signer=signer, hooks=Unattended(), observer=observer, alarms=alarms)
    starting = Starting(clock=parts.clock, alarms=alarms)
    try:
        # A file that cannot be used, or that another relayer has, is told before all else; `parts.close` closes it.
        if not is_shared(config.relayer.store):
            await starting.until_answered(store.__aenter__)
        # One nonce owner a chain, shared by all lanes; the pipeline itself takes up what a crash left.
        submitters = {chain: parts.journalled(chain) for chain in (*parts.chains, *parts.anchors)}
        phase = Phase(address=next(iter(submitters.values())).address, starting=starting)
        readings = _readings(config, parts, submitters, alarms, watch)
        async with view(config, parts, phase, watch, readings, alarms=alarms) as viewed:
            found = BegunRelayer(
                address=phase.address,
                earner=config.relayer.payee or phase.address,
                url=viewed.listening.url,
                desk=viewed.desk,
                watched=watch,
            )
            begun(found)
            async with _reading_while_it_waits(starting, readings):
                await starting.until_answered(store.__aenter__)
                carries = await carriage(config, parts, submitters, starting, observer=observer, alarms=alarms)
            phase.carrying = _seen(carries)
            tell_where(config, viewed.where)
            purse = purse_of(config, parts, submitters, spending, alarms)
            async with _under_way(config, parts, carries, found, purse, readings=readings) as running:
                yield running
    except BaseExceptionGroup as group:
        raise cause_of(group) from group
    finally:
        await parts.close()


@contextlib.asynccontextmanager
async def _reading_while_it_waits(starting: Starting, readings: Readings) -> AsyncIterator[None]:
    """
    Read the chains from when a start waits for one of them, for whoever looks.

    What it waits for is alarmed already, once.
    """

    async def read() -> None:
        await starting.has_waited.wait()
        await readings.keep(is_alarmed=False)

    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(read(), name="readings of a start")
        try:
            yield
        finally:
            reading.cancel()


@contextlib.asynccontextmanager
async def _under_way(
    config: Config, parts: Parts, carries: Carriage, begun: BegunRelayer, purse: Purse, *, readings: Readings
) -> AsyncIterator[RunningRelayer]:
    """Carry until the block ends, with the purse and new heads beside it."""
    pipeline, stop = carries.pipeline, asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        # First: what is earned and spent is counted from its first look on.
        reading = tasks.create_task(readings.keep(), name="readings")
        tasks.create_task(carries.run(stop), name="relayer")
        looking = tasks.create_task(purse.keep(), name="purse")
        waking = tasks.create_task(wake_on_heads(parts.chains.values(), pipeline.wake), name="new heads")
        try:
            lanes = pipeline.lanes
            fields: dict[str, Any] = {"version": version("xl2"), "configuration": str(config.source), "url": begun.url}
            fields |= {"pays": checksum(begun.address), "earns": checksum(begun.earner), "lanes": len(lanes)}
            log.info("relayer started", extra={"fields": fields})
            yield RunningRelayer(
                address=begun.address,
                earner=begun.earner,
                lanes=tuple((lane.name, lane.words(parts.name)) for lane in lanes),
                backlog=parts.store.backlog,
                url=begun.url,
                desk=begun.desk,
                watched=begun.watched,
                readings=readings,
                ended=carries.ended,
            )
        finally:
            reading.cancel()
            looking.cancel()
            waking.cancel()
            stop.set()


def _seen(carries: Carriage) -> Carrying:
    """What carries, as the operator's view asks of it."""
    pipeline = carries.pipeline
    return Carrying(
        lanes=lambda: pipeline.lanes,
        recovered=lambda: pipeline.is_recovered,
        drain=pipeline.drain,
        hurry=pipeline.hurry,
    )


def _readings(
    config: Config,
    parts: Parts,
    submitters: Mapping[ChainId, JournalledSubmitter],
    alarms: Alarms,
    watch: Watched,
) -> Readings:
    everywhere: dict[ChainId, Blocks] = {**parts.anchors, **parts.chains}
    return Readings(
        chains={chain: (everywhere[chain], submitter.address) for chain, submitter in submitters.items()},
        origins=parts.chains,
        payee=config.relayer.payee,
        store=parts.store,
        clock=parts.clock,
        name=parts.name,
        alarms=alarms,
        told=watch.metrics.read,
    )
