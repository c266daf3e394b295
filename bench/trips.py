"""
Trips: how many requests the rooms of a lane make to the destination for one batch.

Promise: the rooms are the daemon's own, run here one look at a time, so that what observing asks, and looks at the head
that go by time, are told apart; requests are counted by an endpoint between.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import evolve

from bench.carried import Say, opened
from bench.counted import Counter, counted
from bench.daemons import attesters, relayer_configuration
from bench.figures import Figure, figure
from bench.ground import ground
from bench.traffic import hand_over, signed
from xl2.app.carrying import able
from xl2.app.clients import signer_of
from xl2.app.parts import parts_of
from xl2.config import load
from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.storage_proof import LogKind
from xl2.core.types import Assurance
from xl2.ports import Log
from xl2.relayer import LaneParts
from xl2.relayer.lane_rooms import LaneRooms
from xl2.store import open_store
from xl2.wallet import Unattended
from xl2_devnet.accounts import account

_BATCHES = (1, 10, 400)
_LOOK_SECONDS = 0.1


async def measure_round_trips(say: Say) -> dict[str, Figure]:
    """Requests for batches of different sizes; the most."""
    with TemporaryDirectory(prefix="xl2-bench-") as name:
        folder = Path(name)
        async with ground() as places, attesters(places, folder) as urls, counted(places[1].url) as counter:
            direct = relayer_configuration(places, urls, folder)
            async with opened(direct, places) as known:
                origin, destination = known.values()
                lane = await origin.lane_to(destination.chain, Assurance.ATTESTED)
                file = relayer_configuration([places[0], evolve(places[1], url=counter.url)], urls, folder)
                made = []
                async with _rooms(file, lane) as rooms:
                    for messages in _BATCHES:
                        await hand_over(await signed(origin, lane, messages, account("alice")))
                        made.append(await _trips(rooms, messages, counter))
    say(f"requests for batches of {_BATCHES} messages: {made}")
    how = (
        f"to the destination, from choosing a batch to noting what became of it, batches of {_BATCHES[1:]} messages; "
        "looks for heads and receipts, one for all that is under way, go by time and are not counted"
    )
    # The first batch asks once which chain it is, and what does not change.
    return {"round_trips_per_batch": figure(max(made[1:]), "requests", how)}


async def _trips(rooms: LaneRooms, messages: int, counter: Counter) -> int:
    """What proving and delivering so many messages asks, once they are observed."""
    store, lane = rooms.parts.store, rooms.parts.lane
    while len(await store.due(lane, [State.OBSERVED], float("inf"), messages)) < messages:
        await asyncio.sleep(_LOOK_SECONDS)
        await rooms.observe()
    before = counter.requests
    while (proven := await rooms.prove()) is None:  # noqa: ASYNC110 - attesters may be behind
        await asyncio.sleep(_LOOK_SECONDS)
    await rooms.deliver(proven)
    return counter.requests - before


@asynccontextmanager
async def _rooms(file: Path, lane: Lane) -> AsyncIterator[LaneRooms]:
    config = load(file)
    store = open_store("trips.sqlite", file.parent)
    parts = parts_of(config, store=store, signer=signer_of(config, key="relayer"), hooks=Unattended())
    try:
        yield LaneRooms(
            parts=LaneParts(
                lane=lane,
                origin=parts.chains[lane.origin],
                destination=parts.chains[lane.destination],
                provers=able(parts, Log(lane=lane, kind=LogKind.LANE)),
                receipt_provers=(),
                submitters={chain: parts.journalled(chain) for chain in parts.chains},
                store=store,
                clock=parts.clock,
            )
        )
    finally:
        await parts.close()
