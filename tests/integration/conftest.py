"""Users of the session's devnet."""

from collections.abc import AsyncIterator, Callable

import pytest
from eth_account import Account

from tests.devnet_user import User
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
