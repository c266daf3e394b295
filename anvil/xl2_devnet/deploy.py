"""
Deploy: empty anvils become an L1 with its rollups, and xl2 on all of them.

Nodes that do not mine by themselves come in; where everything stands goes out. Promise: each rollup's anchor root is
the true output root of its genesis, and its portal holds the ether that its genesis gave out, so that all of it can be
withdrawn. xl2's own contracts are `deploy_xl2`'s.
"""

import asyncio
from collections.abc import Mapping

from xl2_adapters.rpc import Call, RpcClient
from xl2_adapters.rpc_wire import quantity
from xl2_devnet.accounts import ACCOUNTS, FUNDED_ETHER, account
from xl2_devnet.clocks import Clocks
from xl2_devnet.deploy_xl2 import deploy_xl2
from xl2_devnet.op_genesis import CALLER_ETHER, CALLERS, write_genesis
from xl2_devnet.op_l1 import plan_proxies, plan_rollup, plan_shared
from xl2_devnet.op_root import OutputRoot, output_root
from xl2_devnet.plan import Plan
from xl2_devnet.sites import Deployed, Site

_ETHER = 10**18
#: Games cost the proposer a bond each, for as long as a devnet runs.
_PROPOSER_ETHER = 10_000_000


async def deploy(sites: Mapping[str, Site], rpcs: Mapping[str, RpcClient], clocks: Clocks) -> Deployed:
    """Deploy everything; `sites` and `rpcs` by chain name, the L1 first.

    Raises:
        DeploymentFailed: a transaction did not succeed.
    """
    l1_name, *l2_names = sites
    l1 = rpcs[l1_name]
    plan = await Plan.of(l1, account("deployer").address)
    shared = plan_shared(plan, clocks)
    proxies = {name: plan_proxies(plan, shared) for name in l2_names}
    async with asyncio.TaskGroup() as tasks:
        geneses = {name: tasks.create_task(_genesis(rpcs[name], proxies[name])) for name in l2_names}
    rollups = {
        name: plan_rollup(
            plan, shared, clocks, proxies[name], chain_id=sites[name].chain_id, anchor_root=geneses[name].result().root
        )
        for name in l2_names
    }
    await plan.carry_out(l1)
    backing = (len(ACCOUNTS) * FUNDED_ETHER + len(CALLERS) * CALLER_ETHER) * _ETHER
    await l1.batch(
        [
            *[_balance(rollup["portal"], backing) for rollup in rollups.values()],
            *[_balance(account(role).address, _PROPOSER_ETHER * _ETHER) for role in ("proposer", "challenger")],
        ]
    )
    return await deploy_xl2(sites, rpcs, rollups, clocks)


async def _genesis(l2: RpcClient, proxies: Mapping[str, str]) -> OutputRoot:
    await write_genesis(l2, proxies)
    return await output_root(l2, quantity(await l2.call("eth_blockNumber"), l2.name))


def _balance(address: str, wei: int) -> Call:
    return Call("anvil_setBalance", (address, hex(wei)))
