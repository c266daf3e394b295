"""A seeded mix of mishaps: a short run each time, a long one by `make soak` and `make chaos`."""

import random
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import pytest

from tests.faults.chaos import Asked, run, schedule
from tests.faults.fleet import POSTGRESQL, SQLITE
from tests.faults.mishaps import Mishap, mishaps
from tests.faults.soak import soak

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
async def test_memory_stays_flat_while_messages_and_mishaps_go_on(tmp_path: Path) -> None:
    soaked = await soak(tmp_path, _SOAK_SECONDS)

    (warm, late), (open_before, open_after), (threads_before, threads_after) = soaked.growth.values()
    assert late <= warm * 1.1 + 5, soaked.samples
    # Connections come and go with what the lines do; none may stay.
    assert open_after <= open_before + 4, soaked.samples
    assert threads_after <= threads_before + 1, soaked.samples
