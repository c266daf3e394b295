"""Relayers that share a PostgreSQL database split its lanes and take over from each other; no chain sees any of it."""

import signal
from pathlib import Path

import asyncpg

from tests.faults.daemon import Daemon
from tests.faults.oracle import assert_each_paid_message_ended_once, until_fate
from tests.faults.scene import Parcel, Scene
from tests.faults.stable import Stable
from tests.postgres import database, postgres
from tests.waiting import until_true
from xl2.ports import Fate
from xl2_devnet.accounts import account

__all__ = ["database", "postgres"]

#: Short, where somebody waits for them to end; long, where none may end while a busy machine holds a process up.
SHORT_LEASE, LONG_LEASE = 1.5, 5.0


def configuration(scene: Scene, name: str, role: str, url: str, lease_seconds: float = SHORT_LEASE) -> Path:
    settings = {"store": url, "lease_seconds": lease_seconds}
    return scene.configuration(name, relayer=settings, key=account(role).private_key)


def carried(relayer: Daemon) -> set[str]:
    """Lanes that a relayer says it has now."""
    lanes: set[str] = set()
    for line in relayer.lines():
        match line["event"]:
            case "lane taken":
                lanes.add(line["lane"])
            case "lane given" | "lane lost to another daemon":
                lanes.discard(line["lane"])
    return lanes


async def test_two_relayers_split_the_lanes_and_one_takes_over_when_the_other_is_killed(
    scene: Scene, database: str, stable: Stable
) -> None:
    files = [configuration(scene, name, role, database) for name, role in (("one", "relayer"), ("two", "bob"))]
    one, two = (stable.start(file) for file in files)
    await until_true(lambda: len(carried(one)) == len(carried(two)) == 1, "a lane each")
    split = carried(one) | carried(two)
    here = scene.lane.name
    busy, other = (one, two) if here in carried(one) else (two, one)

    sent = await scene.send(*[Parcel() for _ in range(30)])
    await until_fate(scene, sent[:1], Fate.DELIVERED)
    sent += await scene.send(*[Parcel() for _ in range(10)])
    busy.kill()
    await until_true(lambda: carried(other) == split, "the other to take over")
    sent += await scene.send(*[Parcel() for _ in range(10)])
    await assert_each_paid_message_ended_once(scene, sent)
    again = stable.start(files[0] if busy is one else files[1])
    await until_true(lambda: len(carried(again)) == len(carried(other)) == 1, "a lane each again")
    code = other.stop()
    await until_true(lambda: carried(again) == split, "the one to take over")
    sent += await scene.send(*[Parcel() for _ in range(10)])
    await assert_each_paid_message_ended_once(scene, sent)

    assert len(split) == 2
    assert here in split
    assert code == 0


async def test_a_relayer_that_was_stopped_for_longer_than_its_leases_drops_what_is_another_s(
    scene: Scene, database: str, stable: Stable
) -> None:
    files = [configuration(scene, name, role, database) for name, role in (("one", "relayer"), ("two", "bob"))]
    one, two = (stable.start(file) for file in files)
    await until_true(lambda: len(carried(one)) == len(carried(two)) == 1, "a lane each")
    sleeper, other = (one, two) if scene.lane.name in carried(one) else (two, one)

    sent = await scene.send(*[Parcel() for _ in range(30)])
    await until_fate(scene, sent[:1], Fate.DELIVERED)
    sleeper.signal(signal.SIGSTOP)
    await until_true(lambda: len(carried(other)) == 2, "the other to take both")
    sent += await scene.send(*[Parcel() for _ in range(10)])
    sleeper.signal(signal.SIGCONT)
    await until_true(lambda: bool(sleeper.lines("lane lost to another daemon")), "a lane that was lost")
    await until_true(lambda: len(carried(sleeper)) == len(carried(other)) == 1, "a lane each again")
    sent += await scene.send(*[Parcel() for _ in range(10)])

    await assert_each_paid_message_ended_once(scene, sent)
    assert not carried(sleeper) & carried(other)


async def test_a_database_that_cuts_everybody_off_costs_time_only(scene: Scene, database: str, stable: Stable) -> None:
    relayer = stable.start(configuration(scene, "one", "relayer", database))
    await until_true(lambda: len(carried(relayer)) == 2, "both lanes")
    sent = await scene.send(*[Parcel() for _ in range(30)])
    connection = await asyncpg.connect(database)
    for _ in range(5):
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
        )
        sent += await scene.send(Parcel())
    await connection.close()

    await assert_each_paid_message_ended_once(scene, sent)
    assert relayer.stop() == 0


async def test_a_second_relayer_with_the_same_key_ends_with_the_reason(
    scene: Scene, database: str, stable: Stable
) -> None:
    files = [configuration(scene, name, "relayer", database, LONG_LEASE) for name in ("one", "two")]
    first = stable.start(files[0])
    await until_true(lambda: len(carried(first)) == 2, "both lanes")
    second = stable.start(files[1])

    code = second.wait()
    sent = await scene.send(Parcel())
    await assert_each_paid_message_ended_once(scene, sent)

    said = second.said.read_text()
    assert code not in (0, None)
    assert "two would spend each other's nonces" in said
    assert "Give each daemon a key of its own" in said
