"""
Relaying: a configuration in, a running relayer and the operator's view of it out.

Promise: it carries until it is cancelled or drained, stops cleanly then, and ends by itself only with the error that
made it stop. What it does is left to `xl2.relayer`, what is seen of it to `viewing`.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

from attrs import field, frozen

from xl2.app.cause import cause_of
from xl2.app.clients import Source, configuration
from xl2.app.clock import CLOCK
from xl2.app.endpoints import wake_on_heads
from xl2.app.parts import parts_of
from xl2.app.patience import patiently
from xl2.app.paying import purse_of, watched_signer
from xl2.app.reading import Readings
from xl2.app.terms import policy_of
from xl2.app.viewing import Carrying, Watched, view, watched
from xl2.config import Config, require_key
from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, Assurance, ChainId
from xl2.errors import Retryable
from xl2.flow.alarms import Alarms
from xl2.flow.prove import BatchLimits
from xl2.flow.submit import JournalledSubmitter
from xl2.operator.desk import Desk
from xl2.ports import AlarmLines, Blocks, Log, Observer, Prover, Several
from xl2.relayer import (
    ClockWatch,
    LaneParts,
    LeaseHolder,
    LeaseSettings,
    Pipeline,
    PipelineSettings,
    Retention,
    open_lanes,
)
from xl2.relayer.claims import Claims
from xl2.relayer.purse import Spending
from xl2.sdk import Parts
from xl2.store import open_store
from xl2.wallet import Unattended

log = logging.getLogger(__name__)


@frozen(kw_only=True)
class RunningRelayer:
    """A relayer that carries."""

    #: Account that pays, the same on every chain.
    address: Address
    #: Lanes that it carries: the name that orders take, and the lane in words.
    lanes: tuple[tuple[str, str], ...]
    #: Messages by lane and state, as its store has them.
    backlog: Callable[[], Awaitable[Sequence[tuple[Lane, State, int, float]]]] = field(repr=False)
    #: Where the operator's view answers.
    url: str
    #: The operator's own desk, and what is told of what it does.
    desk: Desk = field(repr=False)
    watched: Watched = field(repr=False)
    readings: Readings = field(repr=False)
    #: Set when it has ended by itself: it was drained.
    ended: asyncio.Event = field(repr=False)


@contextlib.asynccontextmanager
async def relayer(source: Source = None, *, key: str | None = None) -> AsyncIterator[RunningRelayer]:
    """
    Carry the messages of every lane between the configuration's chains until the block ends.

    Begins when the store and the endpoints answer, however long that takes.

    :param key: pays gas: a name under the configuration's `keys`; else its `relayer.key`.
    :raises Fatal: a promise broke on the chains, so nothing more is done.
    """
    config = configuration(source)
    settings = config.relayer
    store = open_store(settings.store, config.source.parent)
    watch, spending = watched(CLOCK), Spending()
    observer = Several((AlarmLines(), watch.observer, spending))
    alarms = Alarms(observer)
    signer = watched_signer(config, key or require_key(config, "relayer", "key"), alarms)
    parts = parts_of(config, store=store, signer=signer, hooks=Unattended(), observer=observer, alarms=alarms)
    stop, ended = asyncio.Event(), asyncio.Event()
    try:
        # A place that cannot be used is told before anything else; `parts.close` closes it.
        await patiently(store.__aenter__, parts.clock)
        # One nonce owner a chain, shared by all lanes; the pipeline itself takes up what a crash left.
        submitters = {chain: parts.journalled(chain) for chain in (*parts.chains, *parts.anchors)}
        claims = _claims(config, parts, submitters)
        carried = await patiently(
            lambda: _carried(config, parts, submitters, observer=observer, alarms=alarms, claims=claims), parts.clock
        )
        polling = PipelineSettings(poll_seconds=settings.poll_seconds)
        pipeline = Pipeline((), tuple(submitters.values()), polling, tuple(claims.values()))
        leases = _leases(config, parts, carried, submitters, pipeline)
        retention = Retention(
            store=store, clock=parts.clock, lanes=lambda: pipeline.lanes, keep_days=settings.keep_days
        )
        clock = ClockWatch(store=store, clock=parts.clock, lanes=lambda: pipeline.lanes, roused=pipeline.hurry)
        await patiently(leases.start, parts.clock)
        readings = _readings(parts, submitters, alarms)
        carrying = Carrying(
            lanes=lambda: pipeline.lanes,
            recovered=lambda: pipeline.is_recovered,
            drain=pipeline.drain,
            hurry=pipeline.hurry,
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_run(pipeline, leases, (retention, clock), stop, ended), name="relayer")
            looking = tasks.create_task(purse_of(config, parts, submitters, spending, alarms).keep(), name="purse")
            waking = tasks.create_task(wake_on_heads(parts.chains.values(), pipeline.wake), name="new heads")
            try:
                async with view(config, parts, carrying, watch, readings, alarms=alarms) as (listening, desk):
                    yield RunningRelayer(
                        address=next(iter(submitters.values())).address,
                        lanes=tuple((lane.name, lane.words(parts.name)) for lane in pipeline.lanes),
                        backlog=store.backlog,
                        url=listening.url,
                        desk=desk,
                        watched=watch,
                        readings=readings,
                        ended=ended,
                    )
            finally:
                looking.cancel()
                waking.cancel()
                stop.set()
    except BaseExceptionGroup as group:
        raise cause_of(group) from group
    finally:
        await parts.close()


async def lanes_to_carry(parts: Parts) -> list[Lane]:
    """
    Lanes between the configuration's chains that are open and that somebody can show heads of.

    Raises `ConfigInvalid` where an outbox leads to another inbox than the configured one.
    """
    lanes = await open_lanes(list(parts.chains.values()))
    return [lane for lane in lanes if able(parts, Log(lane=lane, kind=LogKind.LANE))]


def able(parts: Parts, log: Log) -> Sequence[Prover]:
    """Provers whose word is enough for a log's lane."""
    return [prover for prover in parts.provers(log) if prover.assurance >= log.lane.assurance]


async def _carried(
    config: Config,
    parts: Parts,
    submitters: Mapping[ChainId, JournalledSubmitter],
    *,
    observer: Observer,
    alarms: Alarms,
    claims: Mapping[ChainId, Claims],
) -> list[LaneParts]:
    settings = config.relayer
    lanes = [lane for lane in await lanes_to_carry(parts) if lane.assurance in (settings.classes or Assurance)]
    limits = BatchLimits(messages=settings.batch)
    return [
        LaneParts(
            lane=lane,
            origin=parts.chains[lane.origin],
            destination=parts.chains[lane.destination],
            provers=able(parts, Log(lane=lane, kind=LogKind.LANE)),
            receipt_provers=able(parts, Log(lane=lane, kind=LogKind.RECEIPTS)),
            submitters=submitters,
            store=parts.store,
            clock=parts.clock,
            payee=settings.payee,
            policy=policy_of(config),
            limits=limits,
            observer=observer,
            alarms=alarms,
            claims=claims[lane.origin],
        )
        for lane in lanes
    ]


def _claims(
    config: Config, parts: Parts, submitters: Mapping[ChainId, JournalledSubmitter]
) -> Mapping[ChainId, Claims]:
    """One a chain with an outbox; what was earned there is its account's, whoever carries the lanes now."""
    return {
        chain: Claims(
            origin=origin,
            submitter=submitters[chain],
            account=config.relayer.payee or submitters[chain].address,
            clock=parts.clock,
        )
        for chain, origin in parts.chains.items()
    }


def _readings(parts: Parts, submitters: Mapping[ChainId, JournalledSubmitter], alarms: Alarms) -> Readings:
    everywhere: dict[ChainId, Blocks] = {**parts.anchors, **parts.chains}
    return Readings(
        chains={chain: (everywhere[chain], submitter.address) for chain, submitter in submitters.items()},
        origins=parts.chains,
        store=parts.store,
        clock=parts.clock,
        name=parts.name,
        alarms=alarms,
    )


def _leases(
    config: Config,
    parts: Parts,
    carried: Sequence[LaneParts],
    submitters: Mapping[ChainId, JournalledSubmitter],
    pipeline: Pipeline,
) -> LeaseHolder:
    return LeaseHolder(
        store=parts.store,
        clock=parts.clock,
        lanes=carried,
        signers=[(chain, submitter.address) for chain, submitter in submitters.items()],
        carry=pipeline.carry,
        drop=pipeline.drop,
        settings=LeaseSettings(seconds=config.relayer.lease_seconds),
    )


async def _run(
    pipeline: Pipeline,
    leases: LeaseHolder,
    beside: Sequence[Retention | ClockWatch],
    stop: asyncio.Event,
    ended: asyncio.Event,
) -> None:
    """Carry under leases, which are renewed until the last room has ended, and let go then."""
    async with asyncio.TaskGroup() as tasks:
        renewing = tasks.create_task(leases.run(), name="leases")
        looking = [tasks.create_task(one.run(), name=type(one).__name__) for one in beside]
        await pipeline.run(stop)
        for task in looking:
            task.cancel()
        renewing.cancel()
    try:
        await leases.let_go()
    except Retryable as cause:
        fields = {"seconds": leases.settings.seconds, "cause": cause.what}
        log.info("leases end by themselves, as the store does not answer", extra={"fields": fields})
    ended.set()
