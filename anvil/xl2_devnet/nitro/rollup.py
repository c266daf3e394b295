"""
Nitro rollup: Arbitrum's family as one of the devnet's rollups; `arbitrum` is a kind of it.

What `rollup` asks for, in terms of `l1` or `stand_ins`, `genesis`, `derive`, `batcher`
and `proposer`. Promise: the bridge on L1 holds the ether that the L2's genesis gave out, so that all of it can be
withdrawn; and where Arbitrum's own contracts cannot be fetched, the user is told that ours stand for them.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xl2_adapters.rpc import RpcClient
from xl2_devnet.abi import xl2
from xl2_devnet.accounts import ACCOUNTS, FUNDED_ETHER
from xl2_devnet.clocks import Clocks
from xl2_devnet.nitro.batcher import NitroBatcher
from xl2_devnet.nitro.contracts import PACKAGE, Arbitrum
from xl2_devnet.nitro.derive import NitroDerivation
from xl2_devnet.nitro.estimate import estimate_ticket
from xl2_devnet.nitro.genesis import PRECOMPILES, write_genesis
from xl2_devnet.nitro.l1 import created, plan_creator, plan_rollup
from xl2_devnet.nitro.proposer import NitroProposer
from xl2_devnet.nitro.stand_ins import plan_stand_ins
from xl2_devnet.nitro.tokens import deploy_token_bridge
from xl2_devnet.node import NodeMissing
from xl2_devnet.packages import FetchFailed, fetched
from xl2_devnet.plan import Plan
from xl2_devnet.rollup import Answer, Berth, Building, Poster, Say
from xl2_devnet.sites import Site

_BACKING = len(ACCOUNTS) * FUNDED_ETHER * 10**18


class NitroRollup:
    """Arbitrum Nitro."""

    family = "nitro"
    #: The largest of its creations, and createRollup, fit into a block together with others.
    l1_gas_limit = 60_000_000
    predeploys = PRECOMPILES

    def __init__(self) -> None:
        """`prepare` finds out whose contracts there are."""
        self._own: Arbitrum | None = None
        self.notices: Sequence[str] = ()

    @property
    def versions(self) -> Sequence[str]:
        """Arbitrum's package, or that stand-ins took its place."""
        return (PACKAGE.spec if self._own else "stand-ins",)

    def prepare(self, environ: Mapping[str, str], say: Say) -> None:
        """Fetch Arbitrum's contracts, or say what happens without them.

        Raises:
            IntegrityBroken: what was fetched is not what is pinned; nothing stands in for that.
        """
        try:
            self._own = Arbitrum(fetched(PACKAGE, environ, say))
        except (FetchFailed, NodeMissing) as error:
            reason, _, _ = error.what.partition(":")
            notice = (
                f"{reason}: small stand-ins of ours with the same interface take the place of Arbitrum's contracts "
                f"on L1. They have no disputes and no upgrades"
            )
            self.notices = (notice,)
            say(notice)

    async def deploy(
        self, plan: Plan, l1: RpcClient, l2s: Sequence[Building], clocks: Clocks
    ) -> Mapping[str, Mapping[str, str]]:
        """The L1 side of all, and each genesis; nothing of the one is in the other."""
        async with asyncio.TaskGroup() as tasks:
            for l2 in l2s:
                tasks.create_task(write_genesis(l2.rpc))
            building = tasks.create_task(self._l1_side(plan, l1, [l2.site for l2 in l2s], clocks))
        rollups = building.result()
        for l2, rollup in zip(l2s, rollups.values(), strict=True):
            await l1.call("anvil_setBalance", rollup["bridge"], hex(_BACKING))
            own = await Plan.of(l2.rpc, plan.account)
            rollup["gateway_router"] = await deploy_token_bridge(
                plan, own, l1_rpc=l1, l2_rpc=l2.rpc, inbox=rollup["inbox"]
            )
        return rollups

    async def _l1_side(
        self, plan: Plan, l1: RpcClient, sites: Sequence[Site], clocks: Clocks
    ) -> Mapping[str, dict[str, str]]:
        names = [site.name for site in sites]
        if self._own is None:
            rollups: Sequence[dict[str, str]] = [plan_stand_ins(plan, clocks) for _ in sites]
            await plan.carry_out(l1)
            return dict(zip(names, rollups, strict=True))
        creator = plan_creator(plan, self._own)
        for site in sites:
            plan_rollup(plan, self._own, creator, clocks, chain_id=site.chain_id)
        await plan.carry_out(l1)
        return dict(zip(names, await created(l1, self._own, creator), strict=True))

    def plan_own(self, plan: Plan, site: Site, on_l1: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG002
        """A Nitro chain sees no hash of L1: those that `AnchorBlocks` sends are its checkpoints."""
        return {"checkpoints": plan.create(xl2("SentCheckpoints"), on_l1["anchor_blocks"])}

    def plan_rule(self, plan: Plan, rollup: Mapping[str, str], clocks: Clocks) -> str | None:  # noqa: ARG002
        """Roots in the outbox' storage, while the bridge's allows that outbox."""
        pins = ("outbox", "outbox_implementation", "bridge", "bridge_implementation")
        return plan.create(xl2("ProvenRoots"), tuple(rollup[pin] for pin in pins))

    def plan_live(self, plan: Plan, site: Site, rollup: Mapping[str, str], own: Mapping[str, str]) -> str:  # noqa: ARG002
        """Roots as the outbox says them, while its bridge allows it."""
        return plan.create(xl2("LiveRoots"), site.chain_id, rollup["outbox"], rollup["inbox"])

    def node(self, berth: Berth) -> "NitroNode":
        """Sequencing, batches and assertions of one L2."""
        return NitroNode(berth)


class NitroNode:
    """What runs one Nitro chain."""

    def __init__(self, berth: Berth) -> None:
        """Nothing runs before the sequencer and the posters do."""
        self._berth = berth
        self.derivation = NitroDerivation(
            l1=berth.l1,
            l2=berth.l2,
            chain_id=berth.site.chain_id,
            bridge=berth.rollup["bridge"],
            inbox=berth.rollup["inbox"],
        )

    @property
    def answers(self) -> Mapping[str, Answer]:
        """What NodeInterface can only answer as a node."""

        async def estimate(parameters: Sequence[Any]) -> Any:
            return await estimate_ticket(self._berth.l2, parameters)

        return {"eth_estimateGas": estimate}

    def posters(self, busy_block: Callable[[int], int]) -> Sequence[Poster]:
        """Who puts batches on L1, and who asserts what follows from them."""
        return (NitroBatcher(self._berth, busy_block=busy_block), NitroProposer(self._berth))
