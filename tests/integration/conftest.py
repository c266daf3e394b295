"""Users of the session's devnet."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from eth_account import Account

from tests.devnet_user import User
from tests.integration.crossings import Traveller, TravellerOf
from xl2_devnet import Description
from xl2_devnet.accounts import account

UserOf = Callable[[str, str], User]


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
def fresh_address() -> str:
    """An address that no chain has seen."""
    address: str = Account.create().address
    return address


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
