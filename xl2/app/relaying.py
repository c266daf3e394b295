"""
Relaying: a configuration in, a running relayer out.

Promise: it carries until it is cancelled, stops cleanly then, and ends by itself only with the error that made it
stop. What it does is left to `xl2.relayer`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from attrs import field, frozen

from xl2.app.cause import cause_of
from xl2.app.clients import Source, configuration, signer_of
from xl2.app.parts import parts_of
from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, Assurance, Wei
from xl2.flow.prove import BatchLimits
from xl2.ports import Log, Prover
from xl2.relayer import LaneParts, Pipeline, PipelineSettings, open_lanes
from xl2.sdk import Parts
from xl2.store.sqlite import SqliteStore
from xl2.wallet import Unattended


@frozen(kw_only=True)
class RunningRelayer:
    """A relayer that carries."""

    #: Account that pays, by chain.
    address: Address
    #: Lanes that it carries, in words.
    lanes: tuple[str, ...]
    #: Messages by lane and state, as its store has them.
    backlog: Callable[[], Awaitable[Sequence[tuple[Lane, State, int, float]]]] = field(repr=False)


@contextlib.asynccontextmanager
async def relayer(source: Source = None, *, key: str | None = None) -> AsyncIterator[RunningRelayer]:
    """
    Carry the messages of every lane between the configuration's chains until the block ends.

    :param key: pays gas: a name under the configuration's `keys`; else its `relayer.key`.
    :raises Fatal: a promise broke on the chains, so nothing more is done.
    """
    config = configuration(source)
    settings = config.relayer
    store = SqliteStore(config.path(settings.store))
    parts = parts_of(config, store=store, signer=signer_of(config, key=key or settings.key), hooks=Unattended())
    stop = asyncio.Event()
    try:
        lanes = [lane for lane in await lanes_to_carry(parts) if lane.assurance in (settings.classes or Assurance)]
        # One nonce owner a chain, shared by all lanes; the pipeline itself takes up what a crash left.
        submitters = {chain: parts.journalled(chain) for chain in (*parts.chains, *parts.anchors)}
        limits = BatchLimits(messages=settings.batch)
        carried = [
            LaneParts(
                lane=lane,
                origin=parts.chains[lane.origin],
                destination=parts.chains[lane.destination],
                provers=able(parts, Log(lane=lane, kind=LogKind.LANE)),
                receipt_provers=able(parts, Log(lane=lane, kind=LogKind.RECEIPTS)),
                submitters=submitters,
                store=store,
                clock=parts.clock,
                payee=settings.payee,
                min_fee=Wei(settings.min_fee_wei),
                limits=limits,
            )
            for lane in lanes
        ]
        pipeline = Pipeline(carried, tuple(submitters.values()), PipelineSettings(poll_seconds=settings.poll_seconds))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(pipeline.run(stop), name="relayer")
            try:
                yield RunningRelayer(
                    address=next(iter(submitters.values())).address,
                    lanes=tuple(_in_words(parts, lane) for lane in lanes),
                    backlog=store.backlog,
                )
            finally:
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


def _in_words(parts: Parts, lane: Lane) -> str:
    return f"{parts.name(lane.origin)} to {parts.name(lane.destination)}, {lane.assurance.name.lower()}"
