"""
Ground: the chains of a devnet with all contracts in place, at rest.

Options come in; running anvils and what was deployed on them go out, from a snapshot if there is one. Promise: from a
snapshot or not, the chains are the same; nothing mines by itself yet. `run` sets them going.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from attrs import evolve, frozen

from xl2.errors import RpcRejected
from xl2_adapters.rpc import RpcClient, RpcLimits
from xl2_devnet import snapshot
from xl2_devnet.accounts import ACCOUNTS, FUNDED_ETHER
from xl2_devnet.anvil import Anvil, anvil
from xl2_devnet.deploy import deploy
from xl2_devnet.options import Options
from xl2_devnet.rollup import Rollup, Say
from xl2_devnet.sites import Deployed, Site

log = logging.getLogger(__name__)

#: Calls of ours may take long while a machine is busy compiling.
_LIMITS = RpcLimits(read_timeout_seconds=60, total_timeout_seconds=90)
#: For what must not be sent twice.
_ONCE = evolve(_LIMITS, max_attempts=1)


@frozen(kw_only=True)
class Chain:
    """A chain's anvil and the devnet's own connection to it."""

    site: Site
    node: Anvil
    rpc: RpcClient


async def ground(
    binary: Path,
    options: Options,
    families: Mapping[str, Rollup],
    *,
    stack: contextlib.AsyncExitStack,
    environ: Mapping[str, str],
    say: Say,
) -> tuple[Mapping[str, Chain], Deployed, bool]:
    """Chains by name, what stands on them, and whether it came from a snapshot. `stack` ends what was started.

    Raises:
        AnvilFailed: an anvil did not start.
        DeploymentFailed: a transaction did not succeed.
    """
    folder = snapshot.cache_folder(environ)
    fetched = {name: tuple(family.versions) for name, family in families.items()}
    key = await asyncio.to_thread(
        snapshot.key_of, anvil=binary, parameters=(options.l2, options.homes, options.clocks, fetched)
    )
    chains = await _chains(binary, options, families, stack)
    found = await asyncio.to_thread(snapshot.load, folder, key) if options.cache else None
    if found is not None:
        try:
            await _load(chains, found)
            return chains, Deployed.from_tree(found.deployed), True
        except RpcRejected:
            # Some chains may hold it by now, so all begin anew.
            snapshot.forget(folder, key)
            await stack.aclose()
            chains = await _chains(binary, options, families, stack)
    say("deploying the rollups and xl2")
    rpcs = {name: chain.rpc for name, chain in chains.items()}
    deployed = await deploy(options.sites, rpcs, families, options.clocks, homes=options.homes)
    if options.cache:
        await _keep(folder, key, rpcs, deployed)
    return chains, deployed, False


async def _load(chains: Mapping[str, Chain], found: snapshot.Snapshot) -> None:
    try:
        async with asyncio.TaskGroup() as tasks:
            for name, state in found.states.items():
                tasks.create_task(chains[name].rpc.call("anvil_loadState", state))
    except* RpcRejected as group:
        raise group.exceptions[0] from None


async def _keep(folder: Path, key: str, rpcs: Mapping[str, RpcClient], deployed: Deployed) -> None:
    async with asyncio.TaskGroup() as tasks:
        dumps = {name: tasks.create_task(rpc.call("anvil_dumpState")) for name, rpc in rpcs.items()}
    states = {name: str(dump.result()) for name, dump in dumps.items()}
    try:
        kept = snapshot.Snapshot(states=states, deployed=deployed.to_tree())
        await asyncio.to_thread(snapshot.keep, folder, key, kept)
    except OSError as error:
        # A full disk or a cache that is not ours: the next start is slower, that is all.
        log.warning("snapshot not kept", extra={"fields": {"folder": str(folder), "error": error.strerror}})


async def _chains(
    binary: Path, options: Options, families: Mapping[str, Rollup], stack: contextlib.AsyncExitStack
) -> Mapping[str, Chain]:
    l1_gas_limit = max(options.clocks.gas_limit, *(family.l1_gas_limit for family in families.values()))
    async with asyncio.TaskGroup() as tasks:
        started = {
            name: tasks.create_task(stack.enter_async_context(_chain(binary, site, options, l1_gas_limit)))
            for name, site in options.sites.items()
        }
    return {name: task.result() for name, task in started.items()}


@contextlib.asynccontextmanager
async def _chain(binary: Path, site: Site, options: Options, l1_gas_limit: int) -> AsyncIterator[Chain]:
    clocks, is_l1 = options.clocks, site.family == "l1"
    arguments = [
        "--chain-id", str(site.chain_id), "--accounts", str(len(ACCOUNTS)), "--balance", str(FUNDED_ETHER),
        "--slots-in-an-epoch", str(clocks.slots_in_an_epoch),
        "--prune-history", str(clocks.l1_states_kept if is_l1 else clocks.states_kept),
        "--gas-limit", str(l1_gas_limit if is_l1 else clocks.gas_limit), "--no-mining", "--no-request-size-limit",
    ]  # fmt: skip
    if not is_l1:
        # A deposit whose value the sender lacks must be mined (as failed, with its mint kept), not refused.
        arguments += ["--network", "optimism", "--order", "fifo", "--disable-pool-balance-checks"]
    # An L2's own port belongs to its door.
    port = options.ports.get(site.name, 0) if is_l1 else 0
    async with (
        anvil(binary, site.name, port=port, arguments=arguments) as node,
        RpcClient(node.url, limits=_ONCE) as rpc,
    ):
        await rpc.require_chain(site.chain_id)
        # anvil logs each call; nobody reads that, and it would grow without end.
        await rpc.call("anvil_setLoggingEnabled", False)
        yield Chain(site=site, node=node, rpc=rpc)
