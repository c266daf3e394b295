"""Daemons on one store split its lanes evenly, take over from the dead, and refuse to share a key."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import cast

import pytest
from attrs import define, field

from tests import factories
from xl2.core.lane import Lane
from xl2.core.types import Address, ChainId
from xl2.errors import ConfigInvalid, StoreUnavailable
from xl2.ports import lane_lease
from xl2.relayer import LaneParts, LeaseHolder, LeaseSettings
from xl2.store import SqliteStore
from xl2.testing import ManualClock, MemorySigner

LANES = [factories.lane(destination=ChainId(902 + number)) for number in range(7)]
CHAIN = LANES[0].origin


@define
class OnlyLane:
    """What of `LaneParts` leases ask for."""

    lane: Lane


@define
class Daemon:
    """A lease holder, and what it told its pipeline."""

    store: SqliteStore
    name: str
    clock: ManualClock
    lanes: Sequence[Lane] = field(factory=lambda: LANES)
    seconds: float = 60.0
    carried: list[Lane] = field(factory=list)
    held_when_dropped: list[bool] = field(factory=list)
    holder: LeaseHolder = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.holder = LeaseHolder(
            store=self.store,
            clock=self.clock,
            lanes=[cast("LaneParts", OnlyLane(lane)) for lane in self.lanes],
            signers=[(CHAIN, MemorySigner.named(self.name).address)],
            carry=lambda parts: self.carried.append(parts.lane),
            drop=self.drop,
            settings=LeaseSettings(seconds=self.seconds),
            owner=f"host:{self.name}",
        )

    async def drop(self, lane: Lane) -> None:
        owners = {one.name: one.owner for one in await self.store.leases("lane:")}
        self.held_when_dropped.append(owners.get(lane_lease(lane)) == self.holder.owner)
        self.carried.remove(lane)

    async def dies(self) -> None:
        """Its leases end: it is silent for long."""
        names = [one.name for one in await self.store.leases("") if one.owner == self.holder.owner]
        await self.store.lease(names, self.holder.owner, 0.0)


class Mourning(ManualClock):
    """While somebody waits by it, a dead daemon's leases end."""

    def __init__(self, dead: Daemon) -> None:
        super().__init__()
        self._dead = dead

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await self._dead.dies()


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    async with SqliteStore(":memory:") as opened:
        yield opened


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


async def settle(*daemons: Daemon) -> None:
    """Let each look until nothing changes any more."""
    before: list[list[Lane]] = []
    while before != [list(one.carried) for one in daemons]:
        before = [list(one.carried) for one in daemons]
        for one in daemons:
            await one.holder.look()


async def test_a_daemon_alone_carries_all(store: SqliteStore, clock: ManualClock) -> None:
    alone = Daemon(store, "alice", clock)

    await alone.holder.start()

    assert alone.carried == LANES


async def test_a_new_daemon_gets_its_share_and_no_lane_is_carried_twice(store: SqliteStore, clock: ManualClock) -> None:
    first, second, third = (Daemon(store, name, clock) for name in ("alice", "bob", "carol"))
    await first.holder.start()
    await second.holder.start()
    await settle(first, second)
    halves = sorted(len(one.carried) for one in (first, second))
    await third.holder.start()
    await settle(first, second, third)

    everything = [*first.carried, *second.carried, *third.carried]

    assert halves == [3, 4]
    assert sorted(len(one.carried) for one in (first, second, third)) == [2, 2, 3]
    assert sorted(everything, key=Lane.encode) == sorted(LANES, key=Lane.encode)
    # Its rooms had ended before anybody else could have the lane.
    assert all((*first.held_when_dropped, *second.held_when_dropped))


async def test_the_lanes_of_a_dead_daemon_are_taken_over(store: SqliteStore, clock: ManualClock) -> None:
    first, second = Daemon(store, "alice", clock), Daemon(store, "bob", clock)
    await first.holder.start()
    await second.holder.start()
    await settle(first, second)

    await first.dies()
    await settle(second)

    assert sorted(second.carried, key=Lane.encode) == sorted(LANES, key=Lane.encode)


async def test_a_daemon_that_slept_too_long_drops_what_is_another_s(store: SqliteStore, clock: ManualClock) -> None:
    sleeper, second = Daemon(store, "alice", clock), Daemon(store, "bob", clock)
    await sleeper.holder.start()
    await sleeper.dies()
    await second.holder.start()
    taken_over = list(second.carried)

    await settle(sleeper, second)

    assert taken_over == LANES
    assert sorted(len(one.carried) for one in (sleeper, second)) == [3, 4]
    assert not set(sleeper.carried) & set(second.carried)


async def test_what_is_let_go_is_taken_at_once(store: SqliteStore, clock: ManualClock) -> None:
    first, second = Daemon(store, "alice", clock), Daemon(store, "bob", clock)
    await first.holder.start()
    await second.holder.start()
    await settle(first, second)

    await first.holder.let_go()
    await settle(second)

    assert len(second.carried) == len(LANES)


async def test_lanes_that_another_daemon_does_not_carry_are_not_left(store: SqliteStore, clock: ManualClock) -> None:
    wide, narrow = Daemon(store, "alice", clock), Daemon(store, "bob", clock, lanes=LANES[:1])
    await narrow.holder.start()
    await wide.holder.start()
    await settle(wide, narrow)
    for _ in range(2):
        clock.advance(120)
        await settle(wide, narrow)
    found = [*wide.carried]
    clock.advance(120)
    await settle(wide, narrow)

    assert set(wide.carried) | set(narrow.carried) == set(LANES)
    assert wide.carried == found


async def test_a_second_daemon_with_the_same_key_is_refused_with_the_reason(
    store: SqliteStore, clock: ManualClock
) -> None:
    await Daemon(store, "alice", clock).holder.start()
    second = Daemon(store, "alice", clock)
    second.holder.owner = "elsewhere:7"

    with pytest.raises(ConfigInvalid, match=r"host:alice.* signs with 0x.* on chain") as refused:
        await second.holder.start()

    assert "key of its own" in refused.value.remedy
    assert second.carried == []


async def test_a_key_that_went_to_another_daemon_stops_this_one(store: SqliteStore, clock: ManualClock) -> None:
    sleeper, second = Daemon(store, "alice", clock), Daemon(store, "alice", clock)
    second.holder.owner = "elsewhere:7"
    await sleeper.holder.start()
    await sleeper.dies()
    await second.holder.start()

    with pytest.raises(ConfigInvalid, match="elsewhere:7"):
        await sleeper.holder.look()


async def test_a_daemon_that_starts_again_waits_for_its_own_lease_to_end(store: SqliteStore) -> None:
    killed = Daemon(store, "alice", ManualClock())
    await killed.holder.start()
    again = Daemon(store, "alice", Mourning(killed))
    again.holder.owner = "host:8"

    await again.holder.start()

    assert again.carried == LANES


def test_two_processes_have_two_names(store: SqliteStore, clock: ManualClock) -> None:
    def holder() -> LeaseHolder:
        async def nothing(_: Lane) -> None: ...

        return LeaseHolder(
            store=store, clock=clock, lanes=[], signers=[(CHAIN, Address(bytes(20)))], carry=print, drop=nothing
        )

    assert holder().owner != holder().owner


async def test_a_lane_that_was_let_go_while_the_store_was_away_is_carried_again(
    store: SqliteStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Daemon(store, "alice", clock), Daemon(store, "bob", clock)
    await first.holder.start()
    await second.holder.start()
    # It renews often beside the drop; its leases last as long as ever, or a busy machine would end them.
    monkeypatch.setattr(LeaseHolder, "_poll_seconds", 0.001)
    fails, lease = asyncio.Event(), store.lease

    async def away(*_: object) -> Mapping[str, int]:
        fails.set()
        raise StoreUnavailable("it is away", remedy="Wait.")

    async def slowly(lane: Lane) -> None:
        monkeypatch.setattr(store, "lease", away)
        await fails.wait()
        monkeypatch.setattr(store, "lease", lease)
        await first.drop(lane)

    first.holder.drop = slowly
    with contextlib.suppress(StoreUnavailable):
        await first.holder.look()
    await second.dies()
    first.holder.drop = first.drop
    await settle(first)

    assert sorted(first.carried, key=Lane.encode) == sorted(LANES, key=Lane.encode)
