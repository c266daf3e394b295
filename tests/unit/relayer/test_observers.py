"""Observers: a log is observed anew for who needs a fresh block, by one at a time, and not by a lane that drains."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.unit.relayer.test_lane_rooms import FEE, put, rooms
from xl2.core.evidence import Finality
from xl2.core.storage_proof import LogKind
from xl2.errors import RpcUnavailable
from xl2.ports import Block
from xl2.relayer.observers import Observers
from xl2.store import SqliteStore
from xl2.testing import ManualClock, World


class Scene:
    """A lane with one message, and how often its origin was asked for a head."""

    def __init__(self, store: SqliteStore) -> None:
        self.world, self.clock, self.asked, self.is_down = World(), ManualClock(), 0, False
        self.observers: Observers = rooms(self.world, store, self.clock).observers
        self._head = self.world.chain(901).head
        self.world.chain(901).head = self.head  # type: ignore[method-assign]

    async def head(self, finality: Finality) -> Block:
        self.asked += 1
        await asyncio.sleep(0)
        if self.is_down:
            raise RpcUnavailable("it is down", endpoint="origin")
        return await self._head(finality)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with SqliteStore(":memory:") as store:
        found = Scene(store)
        await put(found.world, found.world.lane(901, 902), [FEE])
        yield found


async def test_what_was_looked_at_just_now_is_not_looked_at_again_for_evidence(scene: Scene) -> None:
    await scene.observers.look(LogKind.LANE)
    scene.clock.advance(4.9)
    await scene.observers.refresh(LogKind.LANE)
    lately = scene.asked
    scene.clock.advance(0.1)
    await scene.observers.refresh(LogKind.LANE)

    assert (lately, scene.asked) == (1, 2)


async def test_several_who_need_a_fresh_block_have_one_look_made(scene: Scene) -> None:
    await asyncio.gather(*(scene.observers.refresh(LogKind.LANE) for _ in range(5)))

    assert scene.asked == 1
    assert scene.observers.upto(LogKind.LANE) > 0


async def test_who_cannot_have_it_observed_goes_on_with_what_is_known_and_asks_again_later(scene: Scene) -> None:
    await scene.observers.look(LogKind.LANE)
    known = scene.observers.upto(LogKind.LANE)
    scene.world.chain(901).mine(9)
    scene.clock.advance(60)
    scene.is_down = True
    for _ in range(3):
        await scene.observers.refresh(LogKind.LANE)
    meanwhile = scene.observers.upto(LogKind.LANE)
    scene.is_down = False
    scene.clock.advance(5)
    await scene.observers.refresh(LogKind.LANE)

    assert scene.asked == 3
    assert meanwhile == known
    assert scene.observers.upto(LogKind.LANE) > known


async def test_a_lane_that_drains_has_no_new_messages_observed(scene: Scene) -> None:
    scene.observers.takes_in = False

    await scene.observers.refresh(LogKind.LANE)

    assert scene.asked == 0
