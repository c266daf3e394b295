"""
Lasting: whether what the daemon carried before makes what it carries now dearer.

Promise: one daemon carries all of it, back and forth between two chains, and is charged with all that a message takes,
up to its settlement. What a run is, is `carried`'s.
"""

import asyncio
from statistics import mean
from typing import Final

from bench.carried import Say, bench
from bench.figures import Figure, figure

#: Carried first, so that connections stand and lanes have learned what a message takes.
_FIRST: Final = 2_800
_EACH: Final = 7_000
_ROUNDS: Final = 6
#: Of the first and of the last rounds, so many are compared.
_COMPARED: Final = 2
#: Until what a round delivered is confirmed and settled.
_SETTLED_SECONDS: Final = 4.0


async def measure_lasting(say: Say) -> dict[str, Figure]:
    """CPU for a message of the last rounds over that of the first."""
    found = []
    async with bench(one_way=False) as one:
        await one.run(_FIRST)
        await asyncio.sleep(_SETTLED_SECONDS)
        for _ in range(_ROUNDS):
            cpu = -one.relayer.cpu_seconds()
            await one.run(_EACH)
            await asyncio.sleep(_SETTLED_SECONDS)
            cpu += one.relayer.cpu_seconds()
            found.append(1e3 * cpu / _EACH)
            say(f"{_EACH:,} messages more: {found[-1]:.3f} ms each, {one.relayer.rss_bytes() >> 20} MB")
    first, last = mean(found[:_COMPARED]), mean(found[-_COMPARED:])
    carried = _FIRST + _EACH * _ROUNDS
    how = f"of {carried:,} messages that one daemon carried, all that they take up to their settlement"
    return {
        "cpu_lasting_ms_per_message": figure(last, "ms", f"the last {_COMPARED * _EACH:,} {how}"),
        "cpu_lasting_over_first": figure(
            last / first, "x", f"CPU for a message, the last {_COMPARED * _EACH:,} over the first, {how}"
        ),
    }
