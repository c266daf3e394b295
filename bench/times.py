"""
Times: how long a devnet takes to be ready, and how long each route of the demo takes on it.

Nothing comes in, figures go out. Promise: the cold start finds no snapshot and the other one does, whatever is in the
user's cache. Times are this machine's, and move with its load; those of the demo are also told in blocks of the L2s.
"""

import os
import tempfile
from collections.abc import Callable

from attrs import evolve

from bench.figures import Figure
from xl2.errors import Xl2Error
from xl2_devnet.clocks import BRISK
from xl2_devnet.demo.report import failures
from xl2_devnet.demo.show import demonstrate
from xl2_devnet.devnet import up
from xl2_devnet.options import Options
from xl2_devnet.toolchain import ANVIL, find


class DemoWrong(Xl2Error):
    """Something in the demo was not as it should be."""

    default_remedy = "Run `make demo` and read its tables; times of a demo that fails mean nothing."


async def measure_times(say: Callable[[str], object]) -> dict[str, Figure]:
    """`devnet_ready_*`, and `demo_*` by letter of the route."""
    return await _starts(say) | await _routes(say)


async def _starts(say: Callable[[str], object]) -> dict[str, Figure]:
    options = Options(anvil=find(ANVIL, os.environ, say=say))
    with tempfile.TemporaryDirectory(prefix="xl2-bench-") as cache:
        env = {**os.environ, "XDG_CACHE_HOME": cache}
        ready = {}
        for expected in (False, True):
            async with up(evolve(options, file=None), environ=env, say=say) as devnet:
                if devnet.from_snapshot is not expected:
                    raise Xl2Error(f"the devnet started from a snapshot: {devnet.from_snapshot}, not {expected}")
                ready[expected] = round(devnet.ready_seconds, 2)
    how = "an L1 and two L2s with xl2 deployed and linked, from call to ready"
    return {
        "devnet_ready_cold": Figure(value=ready[False], unit="s", how=f"{how}; no snapshot"),
        "devnet_ready_snapshot": Figure(value=ready[True], unit="s", how=f"{how}; from a snapshot"),
    }


async def _routes(say: Callable[[str], object]) -> dict[str, Figure]:
    reports, seconds = await demonstrate(None, say)
    wrong = list(failures(reports))
    if wrong:
        raise DemoWrong(f"the demo is not as it should be: {'; '.join(wrong)}")
    figures = {"demo_seconds": Figure(value=round(seconds, 1), unit="s", how="all routes side by side, after set-up")}
    for report in reports:
        blocks = round(report.seconds / BRISK.l2_block_seconds)
        title = report.title.partition(":")[0]
        how = f"{title}: from its first step to its last, in blocks of {BRISK.l2_block_seconds:g} s"
        figures[f"demo_{report.letter}"] = Figure(value=blocks, unit="L2 blocks", how=how)
    return figures
