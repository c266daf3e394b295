"""Backlog watch: lanes are told what stands, and an order wakes what rests."""

from pathlib import Path

from tests.unit.relayer.process import FastClock, Relayer, put
from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.relayer.backlog_watch import BacklogWatch
from xl2.store import SqliteStore
from xl2.testing import World


async def test_a_lane_is_told_in_which_states_its_messages_stand(tmp_path: Path) -> None:
    relayer = Relayer(World(), tmp_path / "relayer.sqlite")
    await put(relayer, 2)
    await relayer.run_until(State.SETTLED)
    told: list[dict[Lane, frozenset[State]]] = []

    async with SqliteStore(relayer.path) as store:
        await BacklogWatch(store=store, clock=FastClock(), told=lambda states: told.append(dict(states))).look()

    assert told == [{relayer.world.lane(901, 902): frozenset({State.SETTLED})}]


async def test_an_order_lets_every_room_look_at_once(tmp_path: Path) -> None:
    relayer = Relayer(World(), tmp_path / "relayer.sqlite")
    async with SqliteStore(relayer.path) as store:
        pipeline = relayer.pipeline(store)
        (tasks,) = pipeline._lanes.values()

        pipeline.hurry()

        assert all(wake.is_set() for wake in tasks._wakes.values())
