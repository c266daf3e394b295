"""Clocks: an L2 follows the clock of its L1, and its own anvil's."""

from collections.abc import AsyncIterator

import pytest

from tests.devnet_user import User
from tests.waiting import until
from xl2_adapters.rpc import RpcClient
from xl2_devnet import BRISK, Description, Options, up
from xl2_devnet.accounts import account

YEAR = 365 * 86_400


@pytest.fixture
async def own_devnet() -> AsyncIterator[Description]:
    async with up(Options(l2=("op",), clocks=BRISK)) as description:
        yield description


async def timestamp(user: User) -> int:
    return int((await user.block("latest"))["timestamp"], 16)


@pytest.mark.parametrize("turned", ["l1", "op-a"])
async def test_a_clock_that_is_turned_forward_counts_from_the_next_block_of_l2(
    own_devnet: Description, turned: str
) -> None:
    async with (
        User(own_devnet.chain("op-a"), account("alice").private_key) as l2,
        RpcClient(own_devnet.chain(turned).node_url) as node,
    ):
        before = await timestamp(l2)

        await node.call("evm_increaseTime", YEAR)

        async def later() -> bool | None:
            return True if await timestamp(l2) >= before + YEAR else None

        await until(later, "a block of the L2 a year later")
        receipt = await l2.send(l2.address)
    assert receipt["status"] == "0x1"


async def test_no_l2_block_is_older_than_its_l1_origin_by_more_than_the_second_they_share(
    own_devnet: Description,
) -> None:
    async with User(own_devnet.chain("op-a"), account("alice").private_key) as l2:
        sent = await l2.send(l2.address)
        block = await l2.block(int(sent["blockNumber"], 16), full=True)

    # setL1BlockValuesEcotone: selector 4, scalars 8, sequence number 8, then the L1 timestamp.
    told = int(block["transactions"][0]["input"][2 + 40 : 2 + 56], 16)
    assert int(block["timestamp"], 16) >= told - 1
