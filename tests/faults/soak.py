"""
Soak: one relayer that is never stopped, a mix of mishaps around it, and what its process takes of the machine.

`python -m tests.faults.soak --seconds 1800 --out soak.json` writes every sample. Promise: more messages than any cache
of the relayer holds go before, so what grows after them grows for ever; then messages go both ways all the time, long
ones too, and some of them can never be delivered nor expire; all others are executed once while it lasts.
"""

import argparse
import asyncio
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import attrs
import click
import orjson
from attrs import frozen

from tests.faults import mishaps
from tests.faults.fleet import SQLITE, fleet_in
from tests.faults.mishaps import DEEPEST_REORG
from tests.faults.oracle import assert_each_message_was_executed_once
from tests.faults.scene import Parcel, Scene
from xl2.ports import Sent

#: Those that leave the process as it is. Its clock is driven, so it does not jump as well.
MISHAPS: tuple[mishaps.Mishap, ...] = (
    mishaps.one_stood_still, mishaps.line_spoilt, mishaps.line_spoilt_for_a_while, mishaps.destination_reorganised,
    mishaps.origin_reorganised, mishaps.base_fee_a_hundred_times, mishaps.transactions_dropped,
    mishaps.key_used_elsewhere, mishaps.wallet_emptied, mishaps.disk_full,
)  # fmt: skip
#: Messages that go before the first sample: those whose headers a process keeps at hand (`core/message.py`), and more.
FILL = 20_000
_FILL_BATCH, _FILL_AHEAD = 200, 2_000
_BATCH = 20
#: After so many mishaps, all that can be delivered must be.
_SETTLED_EVERY = 5
_SETTLES_SECONDS = 240.0
_LONGEST = 4096
_FEWEST = 3
_A_BYTE_GAS = 300


@frozen(kw_only=True)
class Sample:
    """What the process takes, after so many seconds and messages."""

    seconds: float
    messages: int
    resident_megabytes: float
    descriptors: int
    threads: int


@frozen(kw_only=True)
class Soaked:
    """What a soak came to."""

    seed: int
    messages: int
    #: That can never be delivered, of them.
    undeliverable: int
    mishaps: Counter[str]
    samples: tuple[Sample, ...]

    @property
    def growth(self) -> dict[str, tuple[float, float]]:
        """By what is counted: the medians of the middle third, and of the last. The first fills what is bounded.

        Raises `AssertionError` where there are too few samples to say.
        """
        assert len(self.samples) >= _FEWEST, f"{len(self.samples)} samples say nothing: let it run for longer"
        third = len(self.samples) // 3
        parts = self.samples[third : 2 * third], self.samples[2 * third :]
        return {
            name: (median(getattr(one, name) for one in parts[0]), median(getattr(one, name) for one in parts[1]))
            for name in ("resident_megabytes", "descriptors", "threads")
        }


async def soak(
    folder: Path, seconds: float, *, seed: int = 1, fill: int = FILL, say: Callable[[str], object] = print
) -> Soaked:
    """
    Keep one relayer busy for so long, once its caches are filled by so many messages.

    Raises `AssertionError` where it ended, or a message that can be delivered was not executed once.
    """
    samples: list[Sample] = []
    met: Counter[str] = Counter()
    async with fleet_in(folder, store=SQLITE, say=lambda what: say(f"    {what}"), is_driven=True) as fleet:
        await fleet.come_up()
        ways = (fleet.scene, await fleet.scene.back())
        await _fill(ways, fill, say)
        began = time.monotonic()
        sent = undeliverable = step = 0
        open_: list[tuple[Scene, list[Sent]]] = []
        while time.monotonic() - began < seconds:
            chance = random.Random(f"{seed} at {step}")
            mishap = MISHAPS[chance.randrange(len(MISHAPS))]
            open_ += [(way, await way.send(*[_parcel(chance) for _ in range(_BATCH)])) for way in ways]
            if step % _SETTLED_EVERY == 0:
                await fleet.scene.send(Parcel(habit="reverts"))
                undeliverable += 1
            sent += _BATCH * len(ways)
            say(f"{time.monotonic() - began:5.0f} s  message {sent + undeliverable:6}  {mishaps.in_words(mishap)}")
            # No message is taken back for good: what a reorganisation reaches are deliveries, and settlements.
            await fleet.scene.until_blocks(DEEPEST_REORG + 2)
            await mishap(fleet, chance)
            met[mishaps.in_words(mishap)] += 1
            step += 1
            fleet.check()
            if step % _SETTLED_EVERY == 0:
                for way, batch in open_:
                    await assert_each_message_was_executed_once(way, batch, within_seconds=_SETTLES_SECONDS)
                open_.clear()
                samples.append(_sample(fleet.running[0].pid, time.monotonic() - began, sent + undeliverable))
    return Soaked(
        seed=seed, messages=sent + undeliverable, undeliverable=undeliverable, mishaps=met, samples=tuple(samples)
    )


async def _fill(ways: Sequence[Scene], messages: int, say: Callable[[str], object]) -> None:
    """Send so many messages, equally both ways, never far ahead of what was executed."""
    for begun in range(0, messages, _FILL_AHEAD):
        for way in ways:
            ahead = range(0, min(_FILL_AHEAD, messages - begun) // len(ways), _FILL_BATCH)
            sent = [one for _ in ahead for one in await way.send(*[Parcel(payload=b"fill")] * _FILL_BATCH)]
            await assert_each_message_was_executed_once(way, sent, within_seconds=_SETTLES_SECONDS)
        say(f"       filled with {begun + _FILL_AHEAD} messages")


def _parcel(chance: random.Random) -> Parcel:
    size = chance.choice((0, 100, 1000, chance.randrange(_LONGEST)))
    return Parcel(payload=chance.randbytes(size), gas_limit=100_000 + _A_BYTE_GAS * size)


def _sample(pid: int, seconds: float, messages: int) -> Sample:
    """As Linux counts."""
    of = Path(f"/proc/{pid}")
    pages = int((of / "statm").read_text(encoding="ascii").split()[1])
    return Sample(
        seconds=round(seconds, 1),
        messages=messages,
        resident_megabytes=round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 2),
        descriptors=len(list((of / "fd").iterdir())),
        threads=len(list((of / "task").iterdir())),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """From the command line; see the module."""
    options = argparse.ArgumentParser(description="Keep one relayer busy, and watch what its process takes.")
    options.add_argument("--seconds", type=float, default=1800.0)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--fill", type=int, default=FILL, help="messages before the first sample")
    options.add_argument("--out", type=Path, help="JSON file of all samples")
    chosen = options.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="xl2-soak-") as folder:
        soaked = asyncio.run(soak(Path(folder), chosen.seconds, seed=chosen.seed, fill=chosen.fill, say=click.echo))
    if chosen.out:
        chosen.out.write_bytes(orjson.dumps(attrs.asdict(soaked), option=orjson.OPT_INDENT_2))
    for name, (middle, last) in soaked.growth.items():
        click.echo(f"{name}: {middle} in the middle third, {last} in the last")


if __name__ == "__main__":
    main()
