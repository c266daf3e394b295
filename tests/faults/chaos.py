"""
Chaos: a seed in, a schedule of faults carried out between senders and a relayer, and the chains' verdict out.

`python -m tests.faults.chaos --seed 7 --messages 1000` prints its seed and each fault with the message it came at, so a
run can be told of and repeated; what the machine's own pace adds to it no seed repeats. Promise: it ends by the oracle
alone, after all faults are over; it exits with 1 and the seed where a promise broke.
"""

import argparse
import asyncio
import random
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import click
from attrs import frozen

from tests.faults.daemon import Daemon
from tests.faults.ground import A, B, grounds
from tests.faults.oracle import assert_each_paid_message_ended_once
from tests.faults.points import AFTER, BEFORE, POINTS
from tests.faults.proxy import Fault, FaultProxy
from tests.faults.scene import Parcel, Scene, scene_on
from tests.faults.stable import Stable, stable
from xl2.ports import Sent

_BATCH = 10
#: What a node or a line may do for a while without anybody's money being wrong.
_LINE_FAULTS = (
    Fault.RESET,
    Fault.SLOW,
    Fault.RATE_LIMIT,
    Fault.SERVER_ERROR,
    Fault.HTML,
    Fault.TRUNCATED,
    Fault.WRONG_ID,
    Fault.NULL_RESULT,
    Fault.MISSING_LOG,
    Fault.DUPLICATED_LOG,
    Fault.FORGED_LOG,
    Fault.SWALLOWED,
)
#: Points that plain messages bring a relayer to.
_POINTS = tuple(point for point in POINTS if not any(word in point for word in ("retry", "expire", "expiry", "nonce")))
_SETTLES_SECONDS = 240.0


@frozen(kw_only=True)
class Chaos:
    """What a run is made of."""

    scene: Scene
    stable: Stable
    configuration: Path
    proxies: Sequence[FaultProxy]
    random: random.Random
    say: Callable[[str], object]


@frozen(kw_only=True)
class Verdict:
    """What a run came to."""

    messages: int
    faults: int
    seconds: float


async def run(folder: Path, *, seed: int, messages: int, say: Callable[[str], object], seconds: float = 0.0) -> Verdict:
    """
    Carry so many messages through faults chosen by the seed; at least for so many seconds.

    Raises `AssertionError` where a paid message was lost, or anything was done twice.
    """
    began = time.monotonic()
    say(f"chaos: seed {seed}, {messages} messages")
    async with AsyncExitStack() as stack:
        found = stack.enter_context(grounds(epoch=4))
        scene = await stack.enter_async_context(scene_on(found, folder))
        proxies = [await stack.enter_async_context(FaultProxy(found[name].url)) for name in (A, B)]
        urls = {name: proxy.url for name, proxy in zip((A, B), proxies, strict=True)}
        chaos = Chaos(
            scene=scene,
            stable=stack.enter_context(stable()),
            configuration=scene.configuration("relayer", urls=urls),
            proxies=proxies,
            random=random.Random(seed),
            say=say,
        )
        return await _carry(chaos, messages, began, seconds)


async def _carry(chaos: Chaos, messages: int, began: float, seconds: float) -> Verdict:
    relayer = await _start(chaos)
    sent: list[Sent] = []
    faults = 0
    while len(sent) < messages or time.monotonic() - began < seconds:
        sent += await chaos.scene.send(*[_parcel(chaos.random) for _ in range(_BATCH)])
        fault = chaos.random.choice(_FAULTS)
        chaos.say(f"at message {len(sent)}: {fault.__name__.strip('_')}")
        relayer = await fault(chaos, relayer)
        faults += 1
    for proxy in chaos.proxies:
        proxy.heal()
    # What rests after so many faults rests for minutes: another start does not change that, a faster clock does.
    relayer.kill()
    clock = chaos.scene.folder / "clock"
    clock.write_text("0 20", encoding="ascii")
    chaos.scene.pass_time(3600)
    chaos.stable.start(chaos.configuration, clock=clock)
    await assert_each_paid_message_ended_once(chaos.scene, sent, within_seconds=_SETTLES_SECONDS)
    return Verdict(messages=len(sent), faults=faults, seconds=time.monotonic() - began)


def _parcel(chance: random.Random) -> Parcel:
    """Mostly plain ones; some that fail and are refunded in the end."""
    habit = chance.choices(("counts", "flips by block", "reverts", "burns all gas"), weights=(90, 4, 3, 3))[0]
    expires_in = 1800 if habit != "counts" or chance.random() < 0.2 else None
    return Parcel(habit=habit, payload=chance.randbytes(chance.randrange(200)), expires_in=expires_in)


# --- faults: what is running goes in, what runs then comes out


async def _start(chaos: Chaos) -> Daemon:
    """One that is up: it waits for what it needs, so that it ends by itself is a broken promise."""
    relayer = chaos.stable.start(chaos.configuration)
    # Not in this thread: the proxies that it talks through are served by it.
    assert await asyncio.to_thread(relayer.comes_up), f"it did not come up: {relayer.last_words}"
    return relayer


async def _killed(chaos: Chaos, relayer: Daemon) -> Daemon:
    relayer.kill()
    return await _start(chaos)


async def _killed_at_a_point(chaos: Chaos, relayer: Daemon) -> Daemon:
    relayer.kill()
    point, when = chaos.random.choice(_POINTS), chaos.random.choice((BEFORE, AFTER))
    chaos.say(f"  {when} {point}")
    chaos.stable.start(chaos.configuration, dies_at=point, when=when)
    await chaos.scene.until_blocks(20)
    chaos.stable.clear()
    return await _start(chaos)


async def _stopped(chaos: Chaos, relayer: Daemon) -> Daemon:
    await asyncio.to_thread(relayer.stop)
    return await _start(chaos)


async def _stalled(chaos: Chaos, relayer: Daemon) -> Daemon:
    relayer.signal(signal.SIGSTOP)
    await chaos.scene.until_blocks(chaos.random.randrange(5, 30))
    relayer.signal(signal.SIGCONT)
    return relayer


async def _spoiled_line(chaos: Chaos, relayer: Daemon) -> Daemon:
    fault, proxy = chaos.random.choice(_LINE_FAULTS), chaos.random.choice(chaos.proxies)
    chaos.say(f"  {fault.value}")
    proxy.fault(fault, times=chaos.random.randrange(1, 8))
    await chaos.scene.until_blocks(5)
    return relayer


async def _reorged_destination(chaos: Chaos, relayer: Daemon) -> Daemon:
    """Never as deep as what is final."""
    await _reorg(chaos, B)
    return relayer


async def _reorged_origin(chaos: Chaos, relayer: Daemon) -> Daemon:
    """Never so deep that a message is gone; `test_reorgs` tries that."""
    with chaos.scene.grounds[A].held() as node:
        node.ask("anvil_mine", "0x7")
    await _reorg(chaos, A)
    return relayer


async def _dear_gas(chaos: Chaos, relayer: Daemon) -> Daemon:
    with chaos.scene.grounds[chaos.random.choice((A, B))].held() as node:
        node.ask("anvil_setNextBlockBaseFeePerGas", hex(10**11))
        node.ask("evm_mine")
    return relayer


async def _reorg(chaos: Chaos, chain: str) -> None:
    with chaos.scene.grounds[chain].held() as node:
        node.ask("anvil_reorg", chaos.random.randrange(1, 7), [])
        node.ask("evm_mine")


_FAULTS: tuple[Callable[[Chaos, Daemon], Awaitable[Daemon]], ...] = (
    _killed,
    _killed_at_a_point,
    _stopped,
    _stalled,
    _spoiled_line,
    _spoiled_line,
    _reorged_destination,
    _reorged_origin,
    _dear_gas,
)


def main() -> None:
    """From the command line; see the module."""
    asked = argparse.ArgumentParser(description="Carry messages through a seeded mix of faults.")
    asked.add_argument("--seed", type=int, default=int(time.time()))
    asked.add_argument("--messages", type=int, default=1000)
    chosen = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            verdict = asyncio.run(run(Path(folder), seed=chosen.seed, messages=chosen.messages, say=click.echo))
        except AssertionError as broken:
            sys.exit(f"chaos: a promise broke; repeat it by SEED={chosen.seed}: {broken}")
    click.echo(
        f"chaos: {verdict.messages} messages ended once through {verdict.faults} faults in {verdict.seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
