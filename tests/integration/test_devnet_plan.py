"""One plan, several planners: families build side by side from one account of L1."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.devnet_user import User
from xl2_adapters.rpc import RpcClient, RpcLimits
from xl2_devnet.abi import xl2
from xl2_devnet.accounts import account
from xl2_devnet.anvil import anvil
from xl2_devnet.devnet_file import ChainEntry
from xl2_devnet.plan import DeploymentFailed, Plan
from xl2_devnet.toolchain import ANVIL, find

TIMELOCK = xl2("TimelockController")


@pytest.fixture
async def l1() -> AsyncIterator[RpcClient]:
    """An empty anvil that mines when told to."""
    binary = find(ANVIL, {"HOME": str(Path.home()), "PATH": "/usr/bin:/bin"})
    async with (
        anvil(binary, "l1", port=0, arguments=["--chain-id", "900", "--no-mining"]) as running,
        RpcClient(running.url, limits=RpcLimits(max_attempts=1)) as rpc,
    ):
        yield rpc


async def test_two_planners_get_what_they_planned_whoever_carries_it_out(l1: RpcClient) -> None:
    plan = await Plan.of(l1, account("deployer").address)

    async def build(delay: int) -> list[str]:
        built = []
        for _ in range(3):
            built += [plan.create(TIMELOCK, delay, [], [], plan.account) for _ in range(2)]
            await plan.carry_out(l1)
        return built

    async with asyncio.TaskGroup() as tasks:
        builders = {delay: tasks.create_task(build(delay)) for delay in (3, 4)}

    chain = ChainEntry(name="l1", chain_id=900, family="l1", rpc_url=l1.name, node_url=l1.name, block_seconds=1)
    async with User(chain, account("alice").private_key) as user:
        for delay, builder in builders.items():
            for address in builder.result():
                assert await user.read(address, TIMELOCK, "getMinDelay") == delay


async def test_a_step_that_reverts_is_named(l1: RpcClient) -> None:
    plan = await Plan.of(l1, account("deployer").address)
    timelock = plan.create(TIMELOCK, 3, [], [], plan.account)

    plan.call(timelock, TIMELOCK, "updateDelay", 1)

    with pytest.raises(DeploymentFailed, match=r"TimelockController\.updateDelay reverted"):
        await plan.carry_out(l1)
