"""
OP rollup: the OP Stack as one family of the devnet's rollups; `op` and `base` are kinds of it.

What `rollup` asks for, in terms of `l1`, `genesis`, `derive` and `proposer`. Promise: each rollup's anchor
root is the true output root of its genesis, and its portal holds the ether that its genesis gave out, so that all of it
can be withdrawn. All L2s of one devnet share implementations and the pause, as the Superchain's do.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from xl2_adapters.rpc import Call, RpcClient
from xl2_adapters.rpc_wire import quantity
from xl2_devnet.abi import xl2
from xl2_devnet.accounts import ACCOUNTS, FUNDED_ETHER, account
from xl2_devnet.clocks import Clocks
from xl2_devnet.op_stack.derive import OpDerivation
from xl2_devnet.op_stack.genesis import CALLER_ETHER, CALLERS, PREDEPLOYS, write_genesis
from xl2_devnet.op_stack.l1 import batcher_hash, plan_proxies, plan_rollup, plan_shared
from xl2_devnet.op_stack.proposer import OpProposer
from xl2_devnet.op_stack.root import OutputRoot, output_root
from xl2_devnet.plan import Plan
from xl2_devnet.rollup import Answer, Berth, Building, Poster, Say
from xl2_devnet.sites import Site

_ETHER = 10**18
#: Games cost the proposer a bond each, for as long as a devnet runs.
_PROPOSER_ETHER = 10_000_000


class OpRollup:
    """The OP Stack."""

    family = "op"
    #: Its contracts ship with this package, whose content is in a snapshot's key anyway.
    versions: Sequence[str] = ()
    notices: Sequence[str] = ()
    l1_gas_limit = 0
    predeploys = PREDEPLOYS

    def prepare(self, environ: Mapping[str, str], say: Say) -> None:
        """Nothing: all it needs is here."""

    async def deploy(
        self, plan: Plan, l1: RpcClient, l2s: Sequence[Building], clocks: Clocks
    ) -> Mapping[str, Mapping[str, str]]:
        """Proxies first, since a genesis names them; then each rollup, whose anchor root is its genesis'."""
        shared = plan_shared(plan, clocks)
        proxies = [plan_proxies(plan, shared) for _ in l2s]
        async with asyncio.TaskGroup() as tasks:
            geneses = [tasks.create_task(_genesis(l2.rpc, at)) for l2, at in zip(l2s, proxies, strict=True)]
        rollups = {
            l2.site.name: plan_rollup(
                plan, shared, clocks, at, chain_id=l2.site.chain_id, anchor_root=genesis.result().root
            )
            for l2, at, genesis in zip(l2s, proxies, geneses, strict=True)
        }
        await plan.carry_out(l1)
        backing = (len(ACCOUNTS) * FUNDED_ETHER + len(CALLERS) * CALLER_ETHER) * _ETHER
        await l1.batch(
            [
                *[_balance(rollup["portal"], backing) for rollup in rollups.values()],
                *[_balance(account(role).address, _PROPOSER_ETHER * _ETHER) for role in ("proposer", "challenger")],
            ]
        )
        return rollups

    def plan_own(self, plan: Plan, site: Site, on_l1: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG002
        """Checkpoints of what L1Block tells."""
        return {"checkpoints": plan.create(xl2("Checkpoints"))}

    def plan_rule(self, plan: Plan, rollup: Mapping[str, str], clocks: Clocks) -> str | None:
        """A resolved game in the storage of the proxies that are pinned here, with what stands behind them now."""
        pins = (
            rollup["portal"],
            rollup["portal_implementation"],
            rollup["dispute_game_factory"],
            rollup["dispute_game_factory_implementation"],
            rollup["superchain_config"],
            rollup["superchain_config_implementation"],
            rollup["dispute_game_implementation"],
            clocks.game_finality_seconds,
            clocks.proof_maturity_seconds,
        )
        return plan.create(xl2("ProvenGames"), pins)

    def plan_live(self, plan: Plan, site: Site, rollup: Mapping[str, str], own: Mapping[str, str]) -> str:  # noqa: ARG002
        """A resolved game, asked of the portal itself."""
        return plan.create(xl2("LiveGames"), site.chain_id, rollup["portal"])

    def node(self, berth: Berth) -> "OpNode":
        """Derivation from the portal, and a proposer that challenges."""
        return OpNode(berth)


class OpNode:
    """One L2 of the OP Stack."""

    def __init__(self, berth: Berth) -> None:
        """`berth`: where it runs."""
        self._berth = berth
        self.derivation = OpDerivation(
            name=berth.site.name,
            l1=berth.l1,
            portal=berth.rollup["portal"],
            batcher_hash=batcher_hash(account("proposer").address),
        )
        #: anvil answers as op-geth does.
        self.answers: Mapping[str, Answer] = {}

    def posters(self, busy_block: Callable[[int], int]) -> Sequence[Poster]:
        """The proposer."""
        return (OpProposer(self._berth, busy_block=busy_block),)


async def _genesis(l2: RpcClient, proxies: Mapping[str, str]) -> OutputRoot:
    await write_genesis(l2, proxies)
    return await output_root(l2, quantity(await l2.call("eth_blockNumber"), l2.name))


def _balance(address: str, wei: int) -> Call:
    return Call("anvil_setBalance", (address, hex(wei)))
