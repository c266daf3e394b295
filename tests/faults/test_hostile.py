"""Recipients and payloads that mean ill, clocks that jump, processes that stand still: others do not notice."""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.faults.daemon import Daemon
from tests.faults.oracle import assert_each_paid_message_ended_once, until_fate
from tests.faults.recipients import RECIPIENTS, VALVE
from tests.faults.scene import Parcel, Scene
from tests.faults.stable import Stable
from tests.postgres import database, postgres
from tests.waiting import until_true
from xl2.core.message import MAX_PAYLOAD_SIZE
from xl2.core.types import hex_text
from xl2.ports import Ending, Fate, Sent

__all__ = ["database", "postgres"]

#: Gas with which a megabyte of memory can be had.
_MUCH_GAS = 4_000_000
#: go-ethereum's pool takes no longer transaction: core/txpool/legacypool, `txMaxSize`.
_LONGEST_TX = 128 << 10
#: Real seconds: connections, leases and the states that nodes keep are all over then.
_STANDS_STILL_SECONDS = 60.0
_HOUR, _DAY = 3_600.0, 86_400.0
_JUMPED = "the clock jumped"
_BAD = ("reverts", "burns all gas", "returns a megabyte", "reverts with a megabyte")
_ODD_PAYLOADS = (b"", b"\xff\xfe\x00", bytes(range(256)) * 16, b"\xc0" * 10_000, b'{"event": "delivered"}\n' * 100)


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    """A clock that runs twenty times as fast as the machine's; a test may turn it."""
    file = tmp_path / "clock"
    turn(file, ahead=0, rate=20)
    return file


async def test_bad_recipients_and_odd_payloads_hold_up_nobody_and_are_refunded(
    scene: Scene, stable: Stable, clock: Path
) -> None:
    relayer = stable.start(scene.configuration("relayer"), clock=clock)
    bad = await scene.send(*[Parcel(habit=habit, gas_limit=_MUCH_GAS, expires_in=60) for habit in _BAD])
    good = await scene.send(*[Parcel(payload=payload, gas_limit=500_000) for payload in _ODD_PAYLOADS])
    flips = await scene.send(Parcel(habit="flips by block"))

    await assert_each_paid_message_ended_once(scene, [*good, *flips])
    await until_fate(scene, bad, Fate.FAILED)
    scene.pass_time(100)
    told = await assert_each_paid_message_ended_once(scene, bad)

    assert set(_BAD) < set(RECIPIENTS)
    assert [one.ending for one in told] == [Ending.REFUNDED] * len(_BAD)
    assert relayer.lines(level=("error",)) == []


async def test_the_longest_payloads_are_delivered_in_transactions_that_nodes_take(scene: Scene, stable: Stable) -> None:
    relayer = stable.start(scene.configuration("relayer"))
    payloads = (b"\xa5" * MAX_PAYLOAD_SIZE, b"\x00" * MAX_PAYLOAD_SIZE, b"small", b"\x5a" * MAX_PAYLOAD_SIZE)

    sent = await scene.send(*[Parcel(payload=payload, gas_limit=1_000_000) for payload in payloads])
    await assert_each_paid_message_ended_once(scene, sent)
    inputs = [
        await scene.destination.ask("eth_getTransactionByHash", hex_text(entry.place.tx_hash))
        for entry in await scene.receipts_of(sent)
    ]

    assert [one.message.payload for one in sent] == list(payloads)
    assert all(isinstance(one, dict) and len(str(one["input"])) // 2 <= _LONGEST_TX for one in inputs)
    assert relayer.lines(level=("warning", "error")) == []


@pytest.mark.parametrize("jumps", [(_HOUR, 0.0), (-_HOUR, 0.0), (_DAY, -_DAY)])
async def test_a_clock_that_jumps_holds_nothing_up(
    scene: Scene, stable: Stable, clock: Path, jumps: tuple[float, ...]
) -> None:
    turn(clock, ahead=0, rate=1)
    relayer = stable.start(scene.configuration("relayer"), clock=clock)
    await assert_each_paid_message_ended_once(scene, await scene.send(Parcel()))

    for count, ahead in enumerate(jumps, 1):
        sent = await scene.send(Parcel(), Parcel())
        await scene.until_blocks(2)
        turn(clock, ahead=ahead, rate=1)
        await assert_each_paid_message_ended_once(scene, [*sent, *await scene.send(Parcel())])
        await until_noticed(relayer, count)

    assert relayer.lines(level=("error",)) == []
    assert len(relayer.lines(_JUMPED)) == len(jumps)
    assert relayer.lines("transaction replaced") == []


async def test_what_rests_when_the_clock_goes_back_is_looked_at_again_at_once(
    scene: Scene, stable: Stable, clock: Path
) -> None:
    turn(clock, ahead=_HOUR, rate=1)
    relayer = stable.start(scene.configuration("relayer"), clock=clock)
    sent = await resting(scene, relayer)

    turn(clock, ahead=0, rate=1)
    await assert_each_paid_message_ended_once(scene, sent)

    (line,) = relayer.lines(_JUMPED)
    assert line["cause"].startswith("this machine's clock went back by 3600 s")
    assert line["messages"] >= len(sent)


async def test_a_relayer_that_was_killed_while_its_clock_was_ahead_goes_on_when_it_is_right_again(
    scene: Scene, stable: Stable, clock: Path
) -> None:
    turn(clock, ahead=_HOUR, rate=1)
    killed = stable.start(scene.configuration("relayer"), clock=clock)
    sent = await resting(scene, killed)

    killed.kill()
    turn(clock, ahead=0, rate=1)
    again = stable.start(scene.configuration("relayer"), clock=clock)
    await assert_each_paid_message_ended_once(scene, sent)

    assert again.lines(_JUMPED) == []


async def test_a_relayer_whose_clock_jumps_by_a_day_keeps_its_leases_and_takes_no_other_ones(
    scene: Scene, stable: Stable, clock: Path, database: str
) -> None:
    turn(clock, ahead=0, rate=1)
    # Far less than the jumps, and longer than a busy machine keeps a process waiting.
    settings = {"store": database, "lease_seconds": 10.0, "poll_seconds": 0.1}
    scene.fund("second")
    relayers = [
        stable.start(scene.configuration("first", relayer=settings), clock=clock),
        stable.start(scene.configuration("second", relayer=settings, key=scene.key_of("second"))),
    ]
    await until_true(lambda: all(one.lines("lane taken") for one in relayers), "both to carry a lane")
    before = [len(one.lines("lane taken")) for one in relayers]

    for count, ahead in enumerate((_DAY, -_DAY), 1):
        sent = await scene.send(Parcel(), Parcel())
        turn(clock, ahead=ahead, rate=1)
        await assert_each_paid_message_ended_once(scene, sent)
        await until_noticed(relayers[0], count)

    assert [len(one.lines("lane taken")) for one in relayers] == before
    assert [one.lines("lane lost to another daemon") for one in relayers] == [[], []]


async def test_a_relayer_that_stood_still_past_its_lease_does_nothing_twice_when_it_goes_on(
    scene: Scene, stable: Stable, database: str
) -> None:
    # So long that a busy machine alone ends no lease: it would be told a second time.
    settings = {"store": database, "lease_seconds": 5.0, "poll_seconds": 0.1}
    first = stable.start(scene.configuration("first", relayer=settings))
    await assert_each_paid_message_ended_once(scene, await scene.send(Parcel()))
    sent = await scene.send(Parcel(), Parcel(), Parcel())

    first.signal(signal.SIGSTOP)
    scene.fund("second")
    second = stable.start(scene.configuration("second", relayer=settings, key=scene.key_of("second")))
    more = await scene.send(Parcel(), Parcel())
    await assert_each_paid_message_ended_once(scene, [*sent, *more])
    first.signal(signal.SIGCONT)
    await until_true(lambda: first.lines("lane lost to another daemon"), "the first to notice that it lost its lanes")
    await assert_each_paid_message_ended_once(scene, [*sent, *more, *await scene.send(Parcel())])

    assert await asyncio.to_thread(first.stop) == 0
    assert len(first.told("stood still")) == 1
    assert second.lines(level=("error",)) == []


@pytest.mark.soak
async def test_a_relayer_that_stood_still_for_a_minute_goes_on_where_it_stood(scene: Scene, stable: Stable) -> None:
    relayer = stable.start(scene.configuration("relayer"))
    await assert_each_paid_message_ended_once(scene, await scene.send(Parcel()))
    sent = await scene.send(Parcel(), Parcel(), Parcel())

    relayer.signal(signal.SIGSTOP)
    await asyncio.sleep(_STANDS_STILL_SECONDS)
    relayer.signal(signal.SIGCONT)
    sent += await scene.send(Parcel())

    await assert_each_paid_message_ended_once(scene, sent)
    assert relayer.lines(level=("error",)) == []
    assert await asyncio.to_thread(relayer.stop) == 0


async def resting(scene: Scene, relayer: Daemon) -> list[Sent]:
    """Messages that a relayer has put to rest for seconds, as their recipient failed, which would take them by now."""
    await scene.turn_valve(is_open=False)
    sent = await scene.send(Parcel(habit=VALVE), Parcel(habit=VALVE))
    await until_true(lambda: sum(line["failed"] for line in relayer.lines("delivered")) == len(sent), "both to rest")
    await scene.turn_valve(is_open=True)
    return sent


async def until_noticed(relayer: Daemon, jumps: int) -> None:
    """Return when it has told of so many jumps: two between two of its looks are one."""
    await until_true(lambda: len(relayer.lines(_JUMPED)) >= jumps, f"jump {jumps} to be noticed")


def turn(file: Path, *, ahead: float, rate: float) -> None:
    """Set a relayer's clock, whole or not at all."""
    scratch = file.with_suffix(".new")
    scratch.write_text(f"{ahead} {rate}", encoding="ascii")
    scratch.replace(file)
