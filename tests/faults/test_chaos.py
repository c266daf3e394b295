"""A seeded mix of mishaps: a short run each time, a long one by `make soak` and `make chaos`."""

import os
import random
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from statistics import median

import pytest

from tests.faults.chaos import Asked, run, schedule
from tests.faults.fleet import POSTGRESQL, SQLITE
from tests.faults.ground import B, grounds
from tests.faults.mishaps import Mishap, mishaps
from tests.faults.oracle import assert_each_paid_message_ended_once
from tests.faults.proxy import Fault, FaultProxy
from tests.faults.scene import Parcel, scene_on
from tests.faults.stable import stable as opened

_SOAK_SECONDS = 1800.0


def test_a_seed_repeats_what_is_done_and_leaves_nothing_out() -> None:
    for store in (SQLITE, POSTGRESQL):
        once, again = ([*islice(schedule(Asked(seed=7, store=store)), 50)] for _ in range(2))
        other = [*islice(schedule(Asked(seed=8, store=store)), 50)]
        every = mishaps(store)

        assert drawn(once) == drawn(again) != drawn(other)
        assert {mishap for mishap, _ in once[: len(every)]} == set(every)


def drawn(steps: Sequence[tuple[Mishap, random.Random]]) -> list[tuple[Mishap, float]]:
    return [(mishap, chance.random()) for mishap, chance in steps]


async def test_sixty_messages_end_once_through_a_mix_of_mishaps(tmp_path: Path) -> None:
    told: list[str] = []

    verdict = await run(tmp_path, Asked(seed=4, messages=60), told.append)

    assert verdict.delivered + verdict.refunded == 60
    assert verdict.mishaps.total() == 6
    assert told[0] == "chaos: make chaos SEED=4 MESSAGES=60 STORE=sqlite"
    assert sum(any(name in line for line in told) for name in verdict.mishaps) == len(verdict.mishaps)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("store", [SQLITE, POSTGRESQL])
@pytest.mark.parametrize("seed", [1, 42])
async def test_messages_end_once_through_all_mishaps_twice_over(tmp_path: Path, store: str, seed: int) -> None:
    messages = 20 * len(mishaps(store))

    verdict = await run(tmp_path, Asked(seed=seed, messages=messages, store=store), print)

    assert verdict.delivered + verdict.refunded == messages
    assert set(verdict.mishaps.values()) == {2}


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_memory_stays_flat_while_messages_and_faults_go_on(tmp_path: Path) -> None:
    samples = await resident_megabytes(tmp_path, _SOAK_SECONDS)

    # The first third fills what is bounded: connections, caches, pages of the database.
    third = len(samples) // 3
    warm, late = median(samples[third : 2 * third]), median(samples[2 * third :])
    assert late <= warm * 1.1 + 5, samples


def resident(pid: int) -> float:
    """RSS of a process in MiB, as Linux counts it."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def resident_megabytes(folder: Path, seconds: float) -> list[float]:
    """RSS of one relayer that is never stopped, after each batch that ended, while its line fails now and then."""
    chance = random.Random(1)
    samples = []
    with grounds() as found, opened() as stable:
        async with scene_on(found, folder) as scene, FaultProxy(found[B].url) as proxy:
            relayer = stable.start(scene.configuration("relayer", urls={B: proxy.url}))
            over = time.monotonic() + seconds
            while time.monotonic() < over:
                proxy.fault(chance.choice((Fault.SERVER_ERROR, Fault.MISSING_LOG, Fault.RESET, Fault.SLOW)), times=2)
                sent = await scene.send(*[Parcel(payload=chance.randbytes(100)) for _ in range(20)])
                await assert_each_paid_message_ended_once(scene, sent)
                samples.append(resident(relayer.pid))
    return samples
