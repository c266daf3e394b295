"""
Deploy: empty anvils become an L1 with its rollups, and xl2 on all of them.

Nodes that do not mine by themselves come in; where everything stands goes out. The families build side by side, on one
plan for L1. Promise: nothing is left half-built without an error. What a family builds is its `Rollup`'s; xl2's own
contracts are `deploy_xl2`'s.
"""

import asyncio
from collections.abc import Mapping

from xl2_adapters.rpc import RpcClient
from xl2_devnet.accounts import account
from xl2_devnet.clocks import Clocks
from xl2_devnet.deploy_xl2 import deploy_xl2
from xl2_devnet.plan import Plan
from xl2_devnet.rollup import Building, Rollup
from xl2_devnet.sites import Deployed, Site


async def deploy(
    sites: Mapping[str, Site],
    rpcs: Mapping[str, RpcClient],
    families: Mapping[str, Rollup],
    clocks: Clocks,
    *,
    homes: int,
) -> Deployed:
    """Deploy everything; `sites` and `rpcs` by chain name, the L1 first; `families` by their names.

    `homes`: how many of the L2s, from the first on, are home to tokens.

    Raises:
        DeploymentFailed: a transaction did not succeed.
    """
    l1_name, *l2_names = sites
    l1 = rpcs[l1_name]
    plan = await Plan.of(l1, account("deployer").address)
    buildings = [Building(site=sites[name], rpc=rpcs[name]) for name in l2_names]
    async with asyncio.TaskGroup() as tasks:
        building = [
            tasks.create_task(
                family.deploy(plan, l1, [l2 for l2 in buildings if l2.site.family == family.family], clocks)
            )
            for family in families.values()
        ]
    built = {name: rollup for task in building for name, rollup in task.result().items()}
    # In the order of the sites, whose first ones are home to the tokens.
    return await deploy_xl2(sites, rpcs, {name: built[name] for name in l2_names}, families, clocks, homes=homes)
