"""Users of a devnet, the session's or a module's own; and one of Arbitrum, for the modules that ask for it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.devnet_clocks import BY_HAND, QUICK_UNDISPUTED
from tests.devnet_user import User, UserOf
from tests.integration.crossings import Traveller, TravellerOf
from tests.integration.nitro_ground import OWN, STAND_INS, NitroDevnet, nitro_devnet
from xl2_devnet import Description, Options
from xl2_devnet.accounts import account
from xl2_devnet.devnet import running


@pytest.fixture
async def user_of(devnet: Description) -> AsyncIterator[UserOf]:
    """`user_of("op-a", "alice")`: a funded account on a chain, with its own connection."""
    opened: list[User] = []

    def user(chain: str, role: str) -> User:
        opened.append(User(devnet.chain(chain), account(role).private_key))
        return opened[-1]

    yield user
    for known in opened:
        await known.close()


@pytest.fixture
async def traveller_of(devnet: Description, tmp_path: Path) -> AsyncIterator[TravellerOf]:
    """`traveller_of("op-a", "alice")`: an account on both sides of a rollup's own bridge."""
    opened: list[Traveller] = []

    def traveller(rollup: str, role: str) -> Traveller:
        opened.append(Traveller.of(devnet, tmp_path, rollup, role))
        return opened[-1]

    yield traveller
    for known in opened:
        await known.close()


@pytest.fixture(scope="module", params=[OWN, STAND_INS])
def nitro(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NitroDevnet]:
    """A devnet of Arbitrum, by its own contracts and by the devnet's stand-ins."""
    with nitro_devnet(request.param, tmp_path_factory.mktemp("cache")) as started:
        yield started


@pytest.fixture(scope="module")
def undisputed() -> Iterator[Description]:
    """A devnet of the module's own, on which nobody lies and roots are true at once."""
    with running(Options(clocks=QUICK_UNDISPUTED)) as description:
        yield description


@pytest.fixture(scope="module")
def by_hand() -> Iterator[Description]:
    """A devnet of the module's own, whose games and delays end when a test turns the clock on."""
    with running(Options(clocks=BY_HAND)) as description:
        yield description
