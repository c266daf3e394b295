"""A devnet for each module, routes over it, and recipients on it."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.devnet_clocks import UNDISPUTED
from tests.devnet_user import User
from tests.faults.recipients import RECIPIENTS, VALVE
from tests.scenario.nitro_rule import Rule, opened_rule
from tests.scenario.route import Route
from tests.scenario.ways import WayOf, config_in, opened_attesters, opened_ways
from xl2.config import Config
from xl2.core.types import Address, address
from xl2.ports import Attester
from xl2_devnet import Description, Options, running
from xl2_devnet.accounts import account

RouteOf = Callable[[str], Route]


@pytest.fixture(scope="module")
def devnet() -> Iterator[Description]:
    """Two L2s of the OP Stack for each module, in place of the session's; games are over soon, as nobody disputes."""
    with running(Options(clocks=UNDISPUTED)) as description:
        yield description


@pytest.fixture
def config(devnet: Description, tmp_path: Path) -> Config:
    """What a user of the devnet has: its file."""
    return config_in(tmp_path, devnet)


@pytest.fixture
async def attesters(config: Config) -> AsyncIterator[list[Attester]]:
    """Five attesters, each with its own view of the chains; two behind HTTP."""
    async with opened_attesters(config) as found:
        yield found


@pytest.fixture
async def way_of(config: Config, attesters: list[Attester]) -> AsyncIterator[WayOf]:
    """Ways from one chain to another, each with a store of its own."""
    async with opened_ways(config, attesters) as found:
        yield found


@pytest.fixture
def route_of(way_of: WayOf) -> RouteOf:
    """`route_of("proven")`: from op-a to op-b."""
    return lambda kind: way_of(kind, "op-a", "op-b")


class Valve:
    """A recipient on a chain that reverts until it is opened."""

    def __init__(self, user: User, contract: str) -> None:
        self._user = user
        self._contract = contract

    @property
    def address(self) -> Address:
        return address(self._contract)

    async def open(self) -> None:
        await self._user.send(self._contract)


@pytest.fixture
async def valve(devnet: Description) -> AsyncIterator[Valve]:
    """A closed valve on op-b."""
    user = User(devnet.chain("op-b"), account("dave").private_key)
    yield Valve(user, await user.create(RECIPIENTS[VALVE]))
    await user.close()


@pytest.fixture
async def rule(devnet: Description, config: Config) -> AsyncIterator[Rule]:
    """Arbitrum's confirmed roots, on a devnet that has Arbitrum."""
    async with opened_rule(devnet, config) as found:
        yield found
