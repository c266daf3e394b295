"""Ether from any family of rollups to any other by their own bridges alone, each journey known by its first hash."""

import asyncio
from collections.abc import Iterator, Mapping

import pytest

from tests.devnet_clocks import UNDISPUTED
from tests.scenario.beside import Failure, told, travelled, walked
from xl2_devnet import Description, Options
from xl2_devnet.devnet import running

FAMILIES = ("op", "arbitrum", "zk")
#: Origin and destination, by who goes there.
JOURNEYS = {"alice": ("op-a", "arbitrum-b"), "bob": ("arbitrum-b", "zk-c"), "carol": ("zk-c", "op-a")}


@pytest.fixture(scope="module")
def families() -> Iterator[Description]:
    """One chain of each family."""
    with running(Options(l2=FAMILIES, clocks=UNDISPUTED)) as description:
        yield description


@pytest.fixture(scope="module")
def ended(families: Description, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Failure]:
    """All journeys at once; by who goes there, what it failed with."""
    return asyncio.run(
        walked({role: travelled(families, tmp_path_factory.mktemp(role), role, *way) for role, way in JOURNEYS.items()})
    )


@pytest.mark.parametrize("role", JOURNEYS, ids=lambda role: "-".join((role, *JOURNEYS[role])))
def test_ether_travels_between_families_by_their_own_bridges(ended: Mapping[str, Failure], role: str) -> None:
    told(ended[role])
