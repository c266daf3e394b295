"""Fairness: what one chain costs is borne by its own lanes, and what is new is told to those it concerns."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.relayer.process import SETTINGS, FastClock
from tests.waiting import PATIENCE_SECONDS
from xl2.core.evidence import Finality
from xl2.core.lifecycle import State
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, Wei
from xl2.errors import RpcUnavailable
from xl2.flow.submit import JournalledSubmitter
from xl2.ports import Block, Log
from xl2.relayer import LaneParts, Pipeline
from xl2.relayer.heads import HeadWatch
from xl2.store import SqliteStore
from xl2.testing import MemoryProver, MemorySigner, World

CHAINS = (901, 902, 903)


def parts(world: World, store: SqliteStore, clock: FastClock, destination: int) -> LaneParts:
    signer = MemorySigner.named("relayer")
    origin, there = world.chain(901), world.chain(destination)
    return LaneParts(
        lane=world.lane(901, destination),
        origin=origin,
        destination=there,
        provers=[MemoryProver(home=origin)],
        receipt_provers=[MemoryProver(home=there)],
        submitters={one.chain: JournalledSubmitter(one, signer, store, clock) for one in (origin, there)},
        store=store,
        clock=clock,
    )


async def test_a_chain_that_hangs_keeps_no_other_waiting(tmp_path: Path) -> None:
    world, clock = World(CHAINS), FastClock()
    for destination in (902, 903):
        await world.chain(901).put(world.lane(901, destination), fee=Wei(10**9))

    async def hang(finality: Finality) -> Block:
        del finality
        raise await asyncio.Future[RpcUnavailable]()

    world.chain(903).head = hang  # type: ignore[method-assign]

    async with (
        SqliteStore(tmp_path / "relayer.sqlite") as store,
        asyncio.timeout(PATIENCE_SECONDS),
        asyncio.TaskGroup() as tasks,
    ):
        lanes = [parts(world, store, clock, destination) for destination in (903, 902)]
        stop = asyncio.Event()
        running = tasks.create_task(Pipeline(lanes, [], SETTINGS).run(stop))
        while not _reached(await store.backlog(), 902, State.SETTLED):
            world.chain(901).mine()
            world.chain(902).mine()
            await asyncio.sleep(0.005)
        stop.set()
        running.cancel()

        assert not _reached(await store.backlog(), 903, State.DELIVERED)


def _reached(backlog: object, destination: int, state: State) -> bool:
    assert isinstance(backlog, list | tuple)
    return any(lane.destination == destination and found is state for lane, found, _, _ in backlog)


@pytest.fixture
def world() -> World:
    return World(CHAINS)


@pytest.fixture
def looks(world: World, monkeypatch: pytest.MonkeyPatch) -> list[Finality]:
    """Every question for the head of the chain that is watched."""
    asked: list[Finality] = []
    head = world.chain(901).head

    async def counting(finality: Finality) -> Block:
        asked.append(finality)
        return await head(finality)

    monkeypatch.setattr(world.chain(901), "head", counting)
    return asked


async def look_again(watched: HeadWatch, looks: list[Finality]) -> None:
    """Return when it has looked three times since."""
    before = len(looks)
    while len(looks) <= before + 3:
        watched.poke()
        await asyncio.sleep(0.001)


def watch(world: World) -> HeadWatch:
    return HeadWatch(chain=world.chain(901), finality=Finality.LATEST, clock=FastClock(), poll_seconds=0.01)


async def test_only_logs_that_are_others_than_before_are_told_of(world: World, looks: list[Finality]) -> None:
    told: list[tuple[int, BlockNumber]] = []
    watched = watch(world)
    for destination in (902, 903):
        log = Log(lane=world.lane(901, destination), kind=LogKind.LANE)
        watched.follow(log, lambda block, to=destination: told.append((to, block)))  # type: ignore[misc]

    looking = asyncio.ensure_future(watched.run())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(told) < 2:  # noqa: ASYNC110 - of a list, which tells nobody
            await asyncio.sleep(0.001)
        del told[:]
        await world.chain(901).put(world.lane(901, 903))
        while not told:
            watched.poke()
            await asyncio.sleep(0.001)
        world.chain(901).mine(3)
        await look_again(watched, looks)
    looking.cancel()

    assert [to for to, _ in told] == [903]


async def test_a_head_that_stays_costs_one_question_a_look(
    world: World, looks: list[Finality], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    chain = world.chain(901)
    states = chain.log_states

    async def counting(logs: list[Log], at: BlockNumber) -> object:
        asked.append(len(logs))
        return await states(logs, at)

    monkeypatch.setattr(chain, "log_states", counting)
    watched = watch(world)
    for destination in (902, 903):
        watched.follow(Log(lane=world.lane(901, destination), kind=LogKind.LANE), lambda _: None)
    looking = asyncio.ensure_future(watched.run())
    async with asyncio.timeout(PATIENCE_SECONDS):
        await look_again(watched, looks)
    looking.cancel()

    assert asked == [2]
