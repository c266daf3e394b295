"""Blocks that are taken back: an L2 goes on from where it is left, and follows its L1."""

from collections.abc import AsyncIterator, Mapping
from itertools import pairwise
from typing import Any

import pytest

from tests.deposits import ETHER, advance, deposit, deposits_in, first_derived, told_origins
from tests.devnet_user import User
from tests.waiting import until
from xl2_adapters.rpc import RpcClient
from xl2_devnet import BRISK, Description, Options, up
from xl2_devnet.accounts import account
from xl2_devnet.controls import Controls


@pytest.fixture
def controls() -> Controls:
    return Controls()


@pytest.fixture
async def own_devnet(controls: Controls) -> AsyncIterator[Description]:
    async with up(Options(l2=("op",), clocks=BRISK), controls=controls) as description:
        yield description


async def test_after_a_rollback_of_l2_its_deposits_run_again_and_users_send_again(
    own_devnet: Description, controls: Controls, fresh_address: str
) -> None:
    l1, l2 = (User(own_devnet.chain(name), account("alice").private_key) for name in ("l1", "op-a"))
    sent = await l1.send(own_devnet.chain("op-a").rollup["portal"], deposit(fresh_address, ETHER), value=ETHER)
    (deposited,) = deposits_in(sent)
    before = await l2.receipt(deposited)
    paid = await l2.send("0x" + "11" * 20, value=1)

    async with RpcClient(own_devnet.chain("op-a").node_url) as node, controls.turn("op-a"):
        await node.call("anvil_rollback", await height(l2) - int(before["blockNumber"], 16) + 1)
    after = await until_moved(l2, deposited, before)
    await advance(l2, 3)
    again = await l2.send("0x" + "11" * 20, value=1)

    assert await l2.balance(fresh_address) == ETHER
    assert after["status"] == again["status"] == "0x1"
    assert paid["transactionHash"] == again["transactionHash"]
    origins = await told_origins(l1, l2, await first_derived(l2))
    assert {later - earlier for earlier, later in pairwise(origins)} <= {0, 1}
    await l1.close()
    await l2.close()


async def test_after_a_reorg_of_l1_the_l2_is_derived_from_what_stands(
    own_devnet: Description, controls: Controls, fresh_address: str
) -> None:
    l1 = User(own_devnet.chain("l1"), account("alice").private_key)
    # Another person's: a deposit counts one of its sender's nonces on L2, which go with it.
    l2 = User(own_devnet.chain("op-a"), account("bob").private_key)
    sent = await l1.send(own_devnet.chain("op-a").rollup["portal"], deposit(fresh_address, ETHER), value=ETHER)
    (deposited,) = deposits_in(sent)
    before = await l2.receipt(deposited)
    paid = await l2.send("0x" + "11" * 20, value=1)

    async with controls.turn("l1"):
        await l1.rpc.call("anvil_reorg", await height(l1) - int(sent["blockNumber"], 16) + 1, [])
    again = await until_moved(l2, paid["transactionHash"], paid)

    assert await l2.rpc.call("eth_getTransactionReceipt", deposited) is None, "L1 never took this deposit"
    assert await l2.balance(fresh_address) == 0
    assert again["status"] == before["status"] == "0x1"
    origins = await told_origins(l1, l2, await first_derived(l2))
    assert {later - earlier for earlier, later in pairwise(origins)} <= {0, 1}
    await l1.close()
    await l2.close()


async def test_an_l1_that_became_shorter_is_followed_as_well(own_devnet: Description, controls: Controls) -> None:
    l1, l2 = (User(own_devnet.chain(name), account("alice").private_key) for name in ("l1", "op-a"))
    await advance(l1, 8)
    before = int((await l1.block("latest"))["number"], 16)

    async with controls.turn("l1"):
        await l1.rpc.call("anvil_rollback", 4)
    await advance(l1, before)

    origins = await told_origins(l1, l2, await first_derived(l2))
    assert {later - earlier for earlier, later in pairwise(origins)} <= {0, 1}
    await l1.close()
    await l2.close()


async def height(user: User) -> int:
    return int((await user.block("latest"))["number"], 16)


async def until_moved(user: User, tx_hash: str, before: Mapping[str, Any]) -> Mapping[str, Any]:
    """The receipt of a transaction in another block than before."""

    async def look() -> Mapping[str, Any] | None:
        found: Any = await user.rpc.call("eth_getTransactionReceipt", tx_hash)
        return found if found is not None and found["blockHash"] != before["blockHash"] else None

    return await until(look, f"{tx_hash} in another block")
