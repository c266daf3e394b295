"""
ZK rollup: the ZK stack as one family of the devnet's rollups; `zk` is a kind of it.

What `rollup` asks for, in terms of `l1`, `genesis`, `derive` and `batcher`. Promise: Diamond, Mailbox and
Executor are Matter Labs' own; the Diamond holds the ether that the L2's genesis gave out, so that all of it can be
withdrawn. NOT here: a prover. The verifier is a stand-in that takes anything; whoever starts such a devnet is told.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from eth_utils import to_checksum_address

from xl2_adapters.rpc import Call, RpcClient
from xl2_adapters.rpc_wire import Json, quantity
from xl2_devnet.abi import xl2
from xl2_devnet.accounts import ACCOUNTS, FUNDED_ETHER, account
from xl2_devnet.clocks import Clocks
from xl2_devnet.plan import Plan
from xl2_devnet.rollup import Answer, Berth, Building, Poster, Say
from xl2_devnet.sites import Site
from xl2_devnet.zk_stack.answers import ZkAnswers
from xl2_devnet.zk_stack.batcher import Ledger, ZkBatcher
from xl2_devnet.zk_stack.contracts import zk_stack
from xl2_devnet.zk_stack.derive import ZkDerivation
from xl2_devnet.zk_stack.genesis import CALLER_ETHER, CALLERS, PREDEPLOYS, write_genesis
from xl2_devnet.zk_stack.l1 import plan_rollup, plan_shared
from xl2_devnet.zk_stack.operations import Operations

NOTICE = (
    "zk: the chain's contracts on L1 are Matter Labs' own, but nothing is proven: its verifier is a stand-in "
    "(ZkVerifierStandIn) that takes every batch of the devnet's validator"
)
_ETHER = 10**18
_NOBODY = "0x" + "00" * 20


class ZkRollup:
    """The ZK stack. Implements `rollup.Rollup`."""

    family = "zk"
    #: Its contracts ship with this package, whose content is in a snapshot's key anyway.
    versions: Sequence[str] = ()
    notices: Sequence[str] = (NOTICE,)
    l1_gas_limit = 0
    predeploys = PREDEPLOYS

    def prepare(self, environ: Mapping[str, str], say: Say) -> None:
        """Nothing: all it needs is here."""

    async def deploy(
        self,
        plan: Plan,
        l1: RpcClient,
        l2s: Sequence[Building],
        clocks: Clocks,  # noqa: ARG002
    ) -> Mapping[str, Mapping[str, str]]:
        """L1 first: the genesis of an L2 names its contracts, and carries out what the ERC-20 bridge asked for."""
        shared = plan_shared(plan)
        chain_id = quantity(await l1.call("eth_chainId"), l1.name)
        planned = [plan_rollup(plan, shared, l1_chain_id=chain_id) for _ in l2s]
        await plan.carry_out(l1)
        rollups = [{**rollup, "l2_bridge": await _l2_bridge(l1, rollup["l1_bridge"])} for rollup in planned]
        async with asyncio.TaskGroup() as tasks:
            for l2, rollup in zip(l2s, rollups, strict=True):
                tasks.create_task(_genesis(l1, l2.rpc, rollup))
        backing = (len(ACCOUNTS) * FUNDED_ETHER + len(CALLERS) * CALLER_ETHER) * _ETHER
        await l1.batch([Call("anvil_setBalance", (rollup["diamond"], hex(backing))) for rollup in rollups])
        return {l2.site.name: rollup for l2, rollup in zip(l2s, rollups, strict=True)}

    def plan_own(self, plan: Plan, site: Site, on_l1: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG002
        """Checkpoints that L1 sends, and the announcer of heads."""
        return {
            "checkpoints": plan.create(xl2("SentCheckpoints"), on_l1["anchor_blocks"]),
            "announcer": plan.create(xl2("Announcer")),
        }

    def plan_rule(self, plan: Plan, rollup: Mapping[str, str], clocks: Clocks) -> str | None:  # noqa: ARG002
        """None: L1 holds roots of batches and of logs, neither of which an Ethereum storage proof can start from."""
        return None

    def plan_live(self, plan: Plan, site: Site, rollup: Mapping[str, str], own: Mapping[str, str]) -> str:
        """What the announcer said in an executed batch, asked of the Diamond."""
        return plan.create(xl2("LiveBatches"), site.chain_id, rollup["diamond"], _NOBODY, own["announcer"])

    def node(self, berth: Berth) -> "ZkNode":
        """Derivation from the Mailbox, and a batcher."""
        return ZkNode(berth)


class ZkNode:
    """One ZK-stack L2. Implements `rollup.Node`."""

    def __init__(self, berth: Berth) -> None:
        """`berth`: where it runs."""
        self._berth = berth
        self._operations = Operations(berth.l1, berth.rollup["diamond"])
        self._ledger = Ledger()
        self.derivation = ZkDerivation(berth.l2, self._operations)
        self.answers: Mapping[str, Answer] = ZkAnswers(berth, self._operations, self._ledger).methods

    def posters(self, busy_block: Callable[[int], int]) -> Sequence[Poster]:
        """The batcher."""
        return (ZkBatcher(self._berth, self._operations, self._ledger, busy_block=busy_block),)


async def _l2_bridge(l1: RpcClient, bridge: str) -> str:
    request: Json = {
        "from": account("deployer").address,
        "to": bridge,
        "data": "0x" + zk_stack("L1ERC20Bridge").call("l2Bridge").hex(),
    }
    return to_checksum_address(str(await l1.call("eth_call", request, "latest"))[-40:])


async def _genesis(l1: RpcClient, l2: RpcClient, rollup: Mapping[str, str]) -> None:
    """The stand-ins, and the priority operations that are older than derivation, each in a block of its own."""
    await write_genesis(l2, rollup)
    for tx_hash, operation in (await Operations(l1, rollup["diamond"]).by_tx_hash()).items():
        await l2.call("eth_sendRawTransaction", "0x" + operation.transaction.raw.hex())
        await l2.call("evm_mine")
        if await l2.call("eth_getTransactionReceipt", tx_hash) is None:
            raise RuntimeError(f"priority operation {tx_hash} was not mined in the genesis")
