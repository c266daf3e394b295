"""
Ground: bare anvils with xl2's contracts and an attested lane from each to each, for whoever measures the relayer.

Comes in: how many chains. Goes out: running chains that make a block a second. Promise: the contracts are the
artifacts that the wheel carries, linked as on any chain; heads are shown by signatures of two of three attesters; the
anvils end with the block, also when it fails. There is no L1, so none is asked for anything.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import orjson
from attrs import frozen

from bench.recipient import CODE, address_of
from xl2.core.types import Address, checksum
from xl2_adapters.rpc import RpcClient, RpcLimits
from xl2_devnet.abi import xl2
from xl2_devnet.accounts import ATTESTERS, account
from xl2_devnet.anvil import anvil
from xl2_devnet.plan import Plan
from xl2_devnet.toolchain import ANVIL, find

#: Who signs heads, in the order of the contract, and how many must.
SIGNERS: Final = tuple(sorted(ATTESTERS[:3], key=lambda one: one.address.lower()))
THRESHOLD: Final = 2
#: The contract that every measured message calls, on every chain.
RECIPIENT: Final = address_of(0)
BLOCK_SECONDS: Final = 1
_FIRST_ID: Final = 901
_ATTESTED: Final = 0
_LANE_LOG, _RECEIPT_LOG = 0, 1
_LIMITS: Final = RpcLimits(read_timeout_seconds=120, total_timeout_seconds=120, max_batch=500)


@frozen(kw_only=True)
class Place:
    """One chain."""

    chain_id: int
    url: str
    #: Of its anvil.
    pid: int
    contracts: Mapping[str, str]
    #: Its `AttestedHeads`.
    verifier: str

    @property
    def name(self) -> str:
        """What the configurations call it."""
        return f"chain-{self.chain_id}"

    @property
    def recipient(self) -> Address:
        """Who is called here."""
        return RECIPIENT


@contextlib.asynccontextmanager
async def ground(chains: int = 2, *, slots_in_an_epoch: int = 0) -> AsyncIterator[Sequence[Place]]:
    """
    Start so many chains, deploy and link, and let blocks come.

    `slots_in_an_epoch`: `finalized` is twice as many blocks behind the tip; 0: a block is final as it is made.
    """
    binary = find(ANVIL, os.environ)
    async with contextlib.AsyncExitStack() as stack:
        rpcs: dict[int, RpcClient] = {}
        nodes = {}
        for chain_id in range(_FIRST_ID, _FIRST_ID + chains):
            arguments = (
                "--chain-id", str(chain_id), "--gas-limit", "2000000000", "--base-fee", "1", "--accounts", "20",
                "--no-mining", "--order", "fifo", "--slots-in-an-epoch", str(slots_in_an_epoch),
            )  # fmt: skip
            node = await stack.enter_async_context(anvil(binary, str(chain_id), port=0, arguments=arguments))
            rpc = rpcs[chain_id] = await stack.enter_async_context(RpcClient(node.url, limits=_LIMITS))
            # anvil logs each call; nobody reads that, and it would grow without end.
            await rpc.call("anvil_setLoggingEnabled", False)
            nodes[chain_id] = node
        contracts, verifiers = await _deployed(rpcs)
        for rpc in rpcs.values():
            await rpc.call("anvil_setNextBlockBaseFeePerGas", "0x1")
            await rpc.call("evm_mine")
            await rpc.call("evm_setIntervalMining", BLOCK_SECONDS)
        yield [
            Place(
                chain_id=chain_id,
                url=node.url,
                pid=node.process.pid,
                contracts=contracts[chain_id],
                verifier=verifiers[chain_id],
            )
            for chain_id, node in nodes.items()
        ]


async def _deployed(rpcs: Mapping[int, RpcClient]) -> tuple[dict[int, dict[str, str]], dict[int, str]]:
    """xl2 on every chain, linked; contracts and verifiers by chain."""
    owner = account("deployer").address
    plans = {chain_id: await Plan.of(rpc, owner) for chain_id, rpc in rpcs.items()}
    contracts: dict[int, dict[str, str]] = {}
    verifiers: dict[int, str] = {}
    for chain_id, plan in plans.items():
        guard = plan.create(xl2("Guard"), owner)
        heads = plan.create(xl2("Heads"), owner, guard)
        outbox, inbox = plan.create(xl2("Outbox"), owner, heads), plan.create(xl2("Inbox"), heads)
        plan.call(guard, xl2("Guard"), "bind", heads)
        verifiers[chain_id] = plan.create(xl2("AttestedHeads"), [one.address for one in SIGNERS], THRESHOLD)
        contracts[chain_id] = {"guard": guard, "heads": heads, "outbox": outbox, "inbox": inbox}
    for here, plan in plans.items():
        for there in plans.keys() - {here}:
            mine, theirs = contracts[here], contracts[there]
            plan.call(mine["outbox"], xl2("Outbox"), "register", there, theirs["inbox"])
            for kind, lane in (
                (_LANE_LOG, (there, theirs["outbox"], here, mine["inbox"], _ATTESTED)),
                (_RECEIPT_LOG, (here, mine["outbox"], there, theirs["inbox"], _ATTESTED)),
            ):
                plan.call(mine["heads"], xl2("Heads"), "register", _ATTESTED, verifiers[here], lane, kind)
    async with asyncio.TaskGroup() as tasks:
        for chain_id, plan in plans.items():
            tasks.create_task(_carried_out(plan, rpcs[chain_id]))
    return contracts, verifiers


async def _carried_out(plan: Plan, rpc: RpcClient) -> None:
    await plan.carry_out(rpc)
    await rpc.call("anvil_setCode", checksum(RECIPIENT), "0x" + CODE.hex())
    await rpc.call("anvil_setStorageAt", checksum(RECIPIENT), "0x" + bytes(32).hex(), "0x" + (1).to_bytes(32).hex())


def configuration(places: Sequence[Place], folder: Path, **tables: Any) -> Path:
    """The file of a process between these chains, in a folder of its own."""
    folder.mkdir(exist_ok=True)
    chains: dict[str, Any] = {
        # An L1 must be named; on attested lanes nobody asks it anything, and here it would answer for another chain.
        "l1": {"chain_id": 900, "family": "l1", "rpc_url": places[0].url}
    }
    for one in places:
        signers = [signer.address for signer in SIGNERS]
        chains[one.name] = {
            "chain_id": one.chain_id,
            "family": "op",
            "rpc_url": one.url,
            "anchor": "l1",
            "contracts": dict(one.contracts),
            "verifiers": [
                {"number": _ATTESTED, "kind": "attested", "address": one.verifier, "signers": signers,
                 "threshold": THRESHOLD}
            ],
        }  # fmt: skip
    file = folder / "xl2.json"
    file.write_bytes(orjson.dumps({"chains": chains, **tables}))
    return file
