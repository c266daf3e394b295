"""What the doctor says of a balance: wei and ether, and no advice that the relayer would alarm over."""

import re

import pytest

from xl2.app.doctor_relayer import _balance
from xl2.core.types import Wei
from xl2.errors import Unaffordable
from xl2.testing import MemoryChain, MemorySigner, World

ETHER = 10**18
ACCOUNT = MemorySigner.named("relayer").address


@pytest.fixture
def chain() -> MemoryChain:
    return World().chain(901)


@pytest.mark.parametrize("has", [0, 1_000, ETHER // 100])
async def test_the_advice_is_never_below_the_floor(chain: MemoryChain, has: int) -> None:
    chain.funds[ACCOUNT] = Wei(has)

    with pytest.raises(Unaffordable) as poor:
        await _balance(chain, ACCOUNT, 10 * ETHER)

    advised = re.search(r"at least (\d+) wei \(([0-9.]+) ether\)", poor.value.remedy)
    assert advised
    assert has + int(advised[1]) >= 10 * ETHER
    assert " ether)" in poor.value.what


async def test_a_balance_above_its_floor_is_said_in_ether_too(chain: MemoryChain) -> None:
    chain.funds[ACCOUNT] = Wei(5 * ETHER // 2)

    assert (await _balance(chain, ACCOUNT, ETHER)).endswith("has 2500000000000000000 wei (2.5 ether)")
