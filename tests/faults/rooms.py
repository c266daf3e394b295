"""
Rooms: what a relayer carries the scene's lane with, in this process, for tests that look at one step of it.

Comes in: a scene and the settings of a relayer. Goes out: the rooms, the parts that they stand on and
their store, closed when the block ends.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.faults.scene import Scene
from xl2.app.carrying import able
from xl2.app.clients import signer_of
from xl2.app.parts import parts_of
from xl2.app.terms import policy_of
from xl2.config import load
from xl2.core.storage_proof import LogKind
from xl2.ports import Log
from xl2.relayer import LaneParts
from xl2.relayer.lane_rooms import LaneRooms
from xl2.sdk import Parts
from xl2.store import SqliteStore
from xl2.wallet import Unattended


@asynccontextmanager
async def rooms_on(scene: Scene, **policy: object) -> AsyncIterator[tuple[LaneRooms, Parts, SqliteStore]]:
    """`policy`: which messages it carries, else all."""
    config = load(scene.configuration("rooms", relayer={"policy": {"carry": "always", **policy}}))
    store = SqliteStore(scene.folder / "rooms.sqlite")
    parts = parts_of(config, store=store, signer=signer_of(config, key="relayer"), hooks=Unattended())
    lane = LaneParts(
        lane=scene.lane,
        origin=parts.chains[scene.lane.origin],
        destination=parts.chains[scene.lane.destination],
        provers=able(parts, Log(lane=scene.lane, kind=LogKind.LANE)),
        receipt_provers=able(parts, Log(lane=scene.lane, kind=LogKind.RECEIPTS)),
        submitters={chain: parts.journalled(chain) for chain in parts.chains},
        store=store,
        clock=parts.clock,
        policy=policy_of(config),
    )
    try:
        yield LaneRooms(parts=lane), parts, store
    finally:
        await parts.close()
