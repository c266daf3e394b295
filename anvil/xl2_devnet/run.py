"""
Run: chains at rest become a devnet whose clocks go.

Anvils and what stands on them come in; tasks that run, doors that are open and the devnet's description go out.
Promise: nobody is let in through an L2's door before that L2 stands at now, however old the snapshot is that it began
from; and no two tasks share an account of L1 without knowing it.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from attrs import frozen

from xl2_adapters.rpc import RpcClient
from xl2_devnet.accounts import account
from xl2_devnet.clocks import Clocks
from xl2_devnet.controls import Controls
from xl2_devnet.devnet_file import ChainEntry, Description
from xl2_devnet.gate import Gate
from xl2_devnet.ground import Chain
from xl2_devnet.l1_account import L1Account
from xl2_devnet.options import L1_NAME, Options
from xl2_devnet.processes import started_at
from xl2_devnet.proxy import door
from xl2_devnet.rollup import Berth, Node, Poster, Rollup
from xl2_devnet.safe_head import SafeHead
from xl2_devnet.sequencer import Sequencer
from xl2_devnet.sites import Deployed

#: Starts work under a name.
Supervise = Callable[[str, Coroutine[Any, Any, None]], None]


@frozen(kw_only=True)
class _L2:
    """All that runs for one L2, ready to go."""

    chain: Chain
    gate: Gate
    node: Node
    sequencer: Sequencer
    safe_head: SafeHead
    posters: tuple[Poster, ...]


async def run(
    options: Options,
    chains: Mapping[str, Chain],
    deployed: Deployed,
    families: Mapping[str, Rollup],
    *,
    stack: contextlib.AsyncExitStack,
    supervise: Supervise,
    controls: Controls,
) -> Description:
    """Set the clocks going: L1 blocks, sequencers, posters, doors. `stack` closes the doors."""
    clocks, l1 = options.clocks, chains[L1_NAME]
    accounts: dict[str, L1Account] = {}

    def l1_account(role: str) -> L1Account:
        return accounts.setdefault(role, L1Account(l1.rpc, account(role).address))

    def berth(chain: Chain) -> Berth:
        rollup = deployed.rollups[chain.site.name]
        return Berth(
            site=chain.site, l1=l1.rpc, l2=chain.rpc, rollup=rollup, clocks=clocks, clock=time.monotonic,
            l1_account=l1_account, controls=controls,
        )  # fmt: skip

    head = int(str(await l1.rpc.call("eth_blockNumber")), 16)
    # A snapshot's head is as old as the snapshot: nobody is let in before clocks that stand at now. L2s go on from that
    # head, and the first block of each stands at now as well.
    await l1.rpc.call("evm_mine")
    supervise("L1 blocks", _seal_l1(l1.rpc, clocks.l1_block_seconds, controls))
    async with asyncio.TaskGroup() as tasks:
        started = [
            tasks.create_task(_l2(chain, families[chain.site.family], berth(chain), head))
            for chain in chains.values()
            if chain is not l1
        ]
    entries = {L1_NAME: _entry(l1, deployed, families, rpc_url=l1.node.url, clocks=clocks)}
    for l2 in (task.result() for task in started):
        name = l2.chain.site.name
        supervise(f"sequencer {name}", l2.sequencer.run())
        for poster in l2.posters:
            supervise(f"{poster.name} {name}", poster.run())
        opened = door(
            l2.chain.node.url, l2.gate, port=options.ports.get(name, 0),
            answers=l2.node.answers, aliases=l2.sequencer.aliases, safe_head=l2.safe_head,
        )  # fmt: skip
        url = await stack.enter_async_context(opened)
        entries[name] = _entry(l2.chain, deployed, families, rpc_url=url, clocks=clocks)
    return Description(
        chains=entries, clocks=clocks, pid=os.getpid(), pid_started=started_at(os.getpid()) or 0, tokens=deployed.tokens
    )


async def _l2(chain: Chain, family: Rollup, berth: Berth, first_origin: int) -> _L2:
    node = family.node(berth)
    gate = Gate(chain.rpc, gas_limit=berth.clocks.gas_limit)
    safe_head = SafeHead(chain=chain.site.name, l2=chain.rpc, controls=berth.controls)
    sequencer = Sequencer(
        name=chain.site.name,
        l1=berth.l1,
        l2=chain.rpc,
        derivation=node.derivation,
        gate=gate,
        safe_head=safe_head,
        turn=partial(berth.controls.turn, chain.site.name),
        block_seconds=berth.clocks.l2_block_seconds,
        clock=berth.clock,
    )
    await sequencer.start(first_origin)
    await sequencer.seal()
    posters = tuple(node.posters(sequencer.busy_block))
    for poster in posters:
        await poster.start()
    return _L2(chain=chain, gate=gate, node=node, sequencer=sequencer, safe_head=safe_head, posters=posters)


async def _seal_l1(l1: RpcClient, block_seconds: float, controls: Controls) -> None:
    """A block of L1 whenever its time is up. Not by anvil's own timer, which knows only whole seconds."""
    due = time.monotonic()
    while True:
        due = max(due + block_seconds, time.monotonic())
        await asyncio.sleep(due - time.monotonic())
        async with controls.turn(L1_NAME):
            if not controls.l1_is_held:
                await l1.call("evm_mine")


def _entry(
    chain: Chain, deployed: Deployed, families: Mapping[str, Rollup], *, rpc_url: str, clocks: Clocks
) -> ChainEntry:
    site = chain.site
    is_l1 = site.family == "l1"
    return ChainEntry(
        name=site.name,
        chain_id=site.chain_id,
        family=site.family,
        kind=site.kind,
        rpc_url=rpc_url,
        node_url=chain.node.url,
        block_seconds=clocks.l1_block_seconds if is_l1 else clocks.l2_block_seconds,
        anchor="" if is_l1 else L1_NAME,
        contracts=deployed.contracts.get(site.name, {}),
        rollup=deployed.rollups.get(site.name, {}),
        predeploys={} if is_l1 else families[site.family].predeploys,
        verifiers=deployed.verifiers.get(site.name, ()),
    )
