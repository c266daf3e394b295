"""A seeded mix of faults: a short run each time, a long one by `make soak` and `make chaos`."""

import os
import random
import time
from pathlib import Path
from statistics import median

import pytest

from tests.faults.chaos import run
from tests.faults.ground import B, grounds
from tests.faults.oracle import assert_each_paid_message_ended_once
from tests.faults.proxy import Fault, FaultProxy
from tests.faults.scene import Parcel, scene_on
from tests.faults.stable import stable as opened

_SOAK_SECONDS = 1800.0


async def test_sixty_messages_end_once_through_a_mix_of_faults(tmp_path: Path) -> None:
    told: list[str] = []

    verdict = await run(tmp_path, seed=4, messages=60, say=told.append)

    assert verdict.messages == 60
    assert verdict.faults == 6
    assert told[0] == "chaos: seed 4, 60 messages"


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
