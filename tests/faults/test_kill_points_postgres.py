"""The same kills on PostgreSQL, where leases outlive who held them: nothing is lost and nothing done twice."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.kills import AFTER_A_FAILURE, PLAIN, assert_a_kill_does_no_harm
from tests.faults.points import AFTER, BEFORE
from tests.faults.scene import Scene
from tests.faults.stable import Stable
from tests.postgres import empty, postgres

__all__ = ["postgres"]

#: Long enough for a busy machine, short enough to be waited out after each kill.
_LEASE_SECONDS = 0.8
#: A recipient that failed rests longer than a test may, and a clock that runs fast would outrun the leases.
_TRIED = [point for point in PLAIN if point not in AFTER_A_FAILURE]
#: Tried each time; the others, which say little of the store, by `make soak`.
_EACH_TIME = (
    "messages are observed",
    "a head was shown",
    "a delivery is noted",
    "a settlement is noted",
    "settled entries are marked",
    "a transaction is journalled: deliver",
    "a transaction is broadcast: deliver",
    "a transaction is included: deliver",
    "a transaction is journalled: settle",
    "its key is leased",
    "a lane is leased",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kills")


@pytest.fixture(scope="module")
def database(postgres: str) -> str:
    """One database for all points."""
    asyncio.run(empty(postgres))
    return postgres


@pytest.mark.parametrize("when", [BEFORE, AFTER])
@pytest.mark.parametrize(
    "point", [pytest.param(point, marks=() if point in _EACH_TIME else pytest.mark.soak) for point in _TRIED]
)
async def test_a_relayer_killed_at_a_point_loses_nothing_and_doubles_nothing(
    scene: Scene, stable: Stable, database: str, point: str, when: str
) -> None:
    settings = {"store": database, "lease_seconds": _LEASE_SECONDS}
    configuration = scene.configuration("relayer", relayer=settings)

    await assert_a_kill_does_no_harm(scene, stable, configuration, point, when, rate=1)
