"""
Ground: two bare anvils with xl2's contracts and an attested lane each way, whose blocks a test makes and takes back.

Comes in: nothing. Goes out: chains with their addresses, mined some twenty times a second until a test holds them.
Promise: the anvils end with the block, also when it fails. There is no L1: a third anvil stands where the configuration
must name one, and nobody asks it anything. What runs on the chains is `scene`'s.
"""

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from attrs import field, frozen

from tests.faults.recipients import RECIPIENTS
from tests.integration.node import Node
from xl2.core.types import Address, address
from xl2_adapters.rpc import RpcClient, RpcLimits
from xl2_devnet.abi import Contract, xl2
from xl2_devnet.accounts import ATTESTERS, account
from xl2_devnet.anvil import anvil
from xl2_devnet.own_thread import in_own_thread
from xl2_devnet.plan import Plan
from xl2_devnet.toolchain import ANVIL, find

A, B = "a", "b"
CHAIN_IDS = {"l1": 900, A: 901, B: 902}
#: anvil's own accounts, which it signs for: the first ones are those of `xl2_devnet.accounts`.
ACCOUNTS = 60
#: Who signs heads; one is enough for what is tried here.
ATTESTER = ATTESTERS[0]
_BLOCK_SECONDS = 0.05
_ATTESTED, _LANE_LOG, _RECEIPT_LOG = 0, 0, 1
_LIMITS = RpcLimits(read_timeout_seconds=60, total_timeout_seconds=90)


@frozen(kw_only=True)
class Ground:
    """One chain."""

    name: str
    chain_id: int
    url: str
    contracts: Mapping[str, str]
    verifiers: tuple[Mapping[str, Any], ...]
    #: Address by habit; see `recipients`.
    recipients: Mapping[str, Address]
    #: Taken by whoever makes blocks.
    _mining: threading.Lock = field(factory=threading.Lock, repr=False)

    @contextlib.contextmanager
    def held(self) -> Iterator[Node]:
        """Within it only the test makes blocks, by the node that is given."""
        node = Node(self.url)
        with self._mining:
            try:
                yield node
            finally:
                node.close()

    def mine_beside(self) -> bool:
        """Take the turn to make a block, where no test holds it."""
        return self._mining.acquire(blocking=False)

    def mined(self) -> None:
        """Give the turn back."""
        self._mining.release()


Grounds = Mapping[str, Ground]


@contextlib.contextmanager
def grounds(*, epoch: int = 1) -> Iterator[Grounds]:
    """
    The chains `a`, `b` and an empty `l1`, until the block ends.

    `epoch`: a chain's `finalized` is twice as many blocks behind its tip.
    """
    with in_own_thread(lambda: _opened(epoch), name="grounds") as found:
        yield found


@contextlib.asynccontextmanager
async def _opened(epoch: int) -> AsyncIterator[Grounds]:
    async with contextlib.AsyncExitStack() as stack:
        yield await _set_up(stack, epoch)


async def _set_up(stack: contextlib.AsyncExitStack, epoch: int) -> Grounds:
    binary = find(ANVIL, os.environ)
    nodes: dict[str, tuple[str, RpcClient]] = {}
    for name, chain_id in CHAIN_IDS.items():
        arguments = [
            "--chain-id", str(chain_id), "--accounts", str(ACCOUNTS), "--balance", "10000", "--no-mining",
            "--slots-in-an-epoch", str(epoch), "--gas-limit", "60000000", "--order", "fifo",
            # States in memory: what is older is read back from the disk as an empty one when a reorg needs it.
            "--prune-history", "300",
        ]  # fmt: skip
        node = await stack.enter_async_context(anvil(binary, name, port=0, arguments=arguments))
        rpc = await stack.enter_async_context(RpcClient(node.url, limits=_LIMITS))
        # anvil logs each call; nobody reads that, and it would grow without end.
        await rpc.call("anvil_setLoggingEnabled", False)
        nodes[name] = node.url, rpc
    found = await _deploy(nodes)
    await stack.enter_async_context(_mined([(found[name], nodes[name][1]) for name in (A, B)]))
    return found


async def _deploy(nodes: Mapping[str, tuple[str, RpcClient]]) -> Grounds:
    owner = account("deployer").address
    plans = {name: await Plan.of(nodes[name][1], owner) for name in (A, B)}
    contracts: dict[str, dict[str, str]] = {"l1": {}}
    verifiers: dict[str, str] = {}
    recipients: dict[str, dict[str, Address]] = {"l1": {}}
    for name, plan in plans.items():
        guard = plan.create(xl2("Guard"), owner)
        heads = plan.create(xl2("Heads"), owner, guard)
        outbox, inbox = plan.create(xl2("Outbox"), owner, heads), plan.create(xl2("Inbox"), heads)
        plan.call(guard, xl2("Guard"), "bind", heads)
        plan.call(guard, xl2("Guard"), "setGuardian", account("guardian").address, True)
        verifiers[name] = plan.create(xl2("AttestedHeads"), [ATTESTER.address], 1)
        contracts[name] = {"guard": guard, "heads": heads, "outbox": outbox, "inbox": inbox}
        recipients[name] = {
            habit: address(plan.create(Contract(name=habit, abi=(), bytecode=code)))
            for habit, code in RECIPIENTS.items()
        }
    for here, there in ((A, B), (B, A)):
        mine, plan = contracts[here], plans[here]
        plan.call(mine["outbox"], xl2("Outbox"), "register", CHAIN_IDS[there], contracts[there]["inbox"])
        lanes = {
            _LANE_LOG: (CHAIN_IDS[there], contracts[there]["outbox"], CHAIN_IDS[here], mine["inbox"], 0),
            _RECEIPT_LOG: (CHAIN_IDS[here], mine["outbox"], CHAIN_IDS[there], contracts[there]["inbox"], 0),
        }
        for kind, lane in lanes.items():
            plan.call(mine["heads"], xl2("Heads"), "register", _ATTESTED, verifiers[here], lane, kind)
    for name, plan in plans.items():
        await plan.carry_out(nodes[name][1])
    return {
        name: Ground(
            name=name,
            chain_id=chain_id,
            url=nodes[name][0],
            contracts=contracts[name],
            verifiers=(_verifier(verifiers[name]),) if name in verifiers else (),
            recipients=recipients[name],
        )
        for name, chain_id in CHAIN_IDS.items()
    }


def _verifier(contract: str) -> Mapping[str, Any]:
    signers = [ATTESTER.address]
    return {"number": _ATTESTED, "kind": "attested", "address": contract, "signers": signers, "threshold": 1}


@contextlib.asynccontextmanager
async def _mined(chains: list[tuple[Ground, RpcClient]]) -> AsyncIterator[None]:
    """Blocks come while the block lasts, on each chain that no test holds."""

    async def mine(ground: Ground, rpc: RpcClient) -> None:
        while True:
            if ground.mine_beside():
                try:
                    await rpc.call("evm_mine")
                finally:
                    ground.mined()
            await asyncio.sleep(_BLOCK_SECONDS)

    async with asyncio.TaskGroup() as tasks:
        miners = [tasks.create_task(mine(*chain)) for chain in chains]
        yield
        for miner in miners:
            miner.cancel()
