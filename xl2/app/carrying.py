"""
Carrying: a relayer's parts in, what carries the lanes out: its pipeline, its leases, and what runs beside them.

Promise: a lane is carried under a lease, which is renewed until its last room has ended; all lanes share one nonce
owner a chain, and what was earned on a chain is claimed whoever carries its lanes now. How messages are carried is left
to `xl2.relayer`.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from attrs import field, frozen

from xl2.app.attesters import attester_watch
from xl2.app.fitting import require_fitting
from xl2.app.starting import Starting
from xl2.app.terms import policy_of
from xl2.config import Config
from xl2.core.lane import Lane
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, Assurance, ChainId
from xl2.errors import Retryable
from xl2.flow.alarms import Alarms
from xl2.flow.prove import BatchLimits
from xl2.flow.submit import JournalledSubmitter
from xl2.ports import Log, Observer, Prover
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
from xl2.relayer.attester_watch import AttesterWatch
from xl2.relayer.claims import Claims
from xl2.sdk import Parts

log = logging.getLogger(__name__)


@frozen(kw_only=True)
class Carriage:
    """What carries; it holds its leases, and nothing runs before `run`."""

    #: One a chain.
    submitters: Mapping[ChainId, JournalledSubmitter]
    pipeline: Pipeline
    leases: LeaseHolder
    #: What looks after the store, the clock and the attesters meanwhile.
    beside: Sequence[Retention | ClockWatch | AttesterWatch]
    #: Set when it has ended by itself: it was drained.
    ended: asyncio.Event = field(factory=asyncio.Event, repr=False)

    @property
    def address(self) -> Address:
        """Account that pays, the same on every chain."""
        return next(iter(self.submitters.values())).address

    async def run(self, stop: asyncio.Event) -> None:
        """Carry under leases, which are renewed until the last room has ended, and let go then."""
        async with asyncio.TaskGroup() as tasks:
            renewing = tasks.create_task(self.leases.run(), name="leases")
            looking = [tasks.create_task(one.run(), name=type(one).__name__) for one in self.beside]
            await self.pipeline.run(stop)
            for task in looking:
                task.cancel()
            renewing.cancel()
        try:
            await self.leases.let_go()
        except Retryable as cause:
            fields = {"seconds": self.leases.settings.seconds, "cause": cause.what}
            log.info("leases end by themselves, as the store does not answer", extra={"fields": fields})
        self.ended.set()


async def carriage(
    config: Config,
    parts: Parts,
    submitters: Mapping[ChainId, JournalledSubmitter],
    starting: Starting,
    *,
    observer: Observer,
    alarms: Alarms,
) -> Carriage:
    """What carries, put together when the endpoints and the store answer, however long that takes."""
    claims = _claims(config, parts, submitters)
    await starting.until_answered(lambda: require_fitting(config, parts.chains))
    carried = await starting.until_answered(
        lambda: _carried(config, parts, submitters, observer=observer, alarms=alarms, claims=claims)
    )
    polling = PipelineSettings(poll_seconds=config.relayer.poll_seconds)
    pipeline = Pipeline((), tuple(submitters.values()), polling, tuple(claims.values()))
    leases = _leases(config, parts, carried, submitters, pipeline)
    await starting.until_answered(leases.start)
    beside = [*_beside(config, parts, pipeline), attester_watch(config, parts.clock, alarms)]
    return Carriage(submitters=submitters, pipeline=pipeline, leases=leases, beside=beside)


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


def _beside(config: Config, parts: Parts, pipeline: Pipeline) -> Sequence[Retention | ClockWatch]:
    store, clock = parts.store, parts.clock
    return (
        Retention(store=store, clock=clock, lanes=lambda: pipeline.lanes, keep_days=config.relayer.keep_days),
        ClockWatch(store=store, clock=clock, lanes=lambda: pipeline.lanes, roused=pipeline.hurry),
    )
