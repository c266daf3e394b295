"""
Make outputs.json: `python -m tests.vectors.proofs.make_outputs ARTIFACT`.

ARTIFACT is `forge-artifacts/L2OutputOracle.sol/L2OutputOracle.json` of @eth-optimism/contracts-bedrock 0.17.3. One L1
with that oracle, and the portal of its era; its outputs are proposed, deleted by the challenger, proposed anew, and at
each station one is proven. `error` is what `ProvenOutputs` must say. The roots proposed are of no chain: the oracle,
and the rule, do not look.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from attrs import define, field
from eth_utils import keccak

from tests.vectors.proofs.story import ADMIN, CONFIG, IMPLEMENTATION, OWNER, PAUSED, proof_of
from xl2.core.header import Header
from xl2.core.types import hex_text
from xl2_adapters.rpc import RpcClient
from xl2_devnet.abi import Contract, op_stack
from xl2_devnet.anvil import anvil
from xl2_devnet.clocks import Clocks
from xl2_devnet.op_stack.l1 import Shared, plan_shared
from xl2_devnet.op_stack.root import OutputRoot
from xl2_devnet.plan import Plan
from xl2_devnet.toolchain import ANVIL, find

HERE = Path(__file__).parent
PERIOD_SECONDS, FIRST_BLOCK = 100, 1000
#: `L2OutputOracle.l2Outputs`: length, and where its elements begin; `finalizationPeriodSeconds`.
LENGTH, OUTPUTS, PERIOD = 3, int.from_bytes(keccak((3).to_bytes(32))), 8
#: `OptimismPortal.l2Oracle` (2.8.1).
ORACLE = 54


def output(name: str, index: int) -> OutputRoot:
    return OutputRoot(
        block_number=FIRST_BLOCK + index,
        state_root=keccak(text=f"{name} state"),
        message_passer_storage_root=keccak(text=f"{name} storage"),
        block_hash=keccak(text=f"{name} block"),
    )


@define(kw_only=True)
class Oracle:
    """The oracle on its L1, and what has been proven of it."""

    rpc: RpcClient
    contract: Contract
    shared: Shared
    at: str
    implementation: str
    portal: str
    portal_implementation: str
    vectors: list[dict[str, str]] = field(factory=list)

    async def do(self, to: str, contract: Contract, function: str, *arguments: Any) -> None:
        plan = await Plan.of(self.rpc, OWNER)
        plan.call(to, contract, function, *arguments)
        await plan.carry_out(self.rpc)

    async def propose(self, root: OutputRoot) -> None:
        await self.do(self.at, self.contract, "proposeL2Output", root.root, root.block_number, bytes(32), 0)

    async def wait(self) -> None:
        await self.rpc.call("evm_increaseTime", PERIOD_SECONDS + 1)
        await self.rpc.call("evm_mine")

    async def prove(self, name: str, index: int, root: OutputRoot, error: str = "") -> None:
        proof = index.to_bytes(8) + b"".join(root.proof[1:])
        first = OUTPUTS + 2 * index
        proof += await proof_of(self.rpc, self.at, IMPLEMENTATION, LENGTH, first, first + 1, PERIOD)
        proof += await proof_of(self.rpc, self.shared.superchain_config, IMPLEMENTATION, PAUSED)
        proof += await proof_of(self.rpc, self.portal, IMPLEMENTATION, ORACLE)
        block: Any = await self.rpc.call("eth_getBlockByNumber", "latest", False)
        header = Header.of_block(block)
        self.vectors.append(
            {
                "name": name,
                "error": error,
                "oracle": self.at,
                "oracleImplementation": self.implementation,
                "superchainConfig": self.shared.superchain_config,
                "superchainConfigImplementation": self.shared.implementations["SuperchainConfig"],
                "portal": self.portal,
                "portalImplementation": self.portal_implementation,
                "l1StateRoot": hex_text(header.state_root),
                "l1Timestamp": hex(header.timestamp),
                "number": hex(root.block_number),
                "stateRoot": hex_text(root.state_root),
                "proof": hex_text(proof),
            }
        )


async def tell(oracle: Oracle) -> None:
    """What can befall an output."""
    first, doomed, other = output("first", 0), output("doomed", 1), output("other", 1)
    await oracle.propose(first)
    await oracle.prove("in its period", 0, first, "NotYetSettled")
    await oracle.wait()
    await oracle.prove("settled", 0, first)
    await oracle.prove("another preimage", 0, other, "NotThisOutput")
    await oracle.propose(doomed)
    await oracle.prove("young", 1, doomed, "NotYetSettled")
    await oracle.do(oracle.at, oracle.contract, "deleteL2Outputs", 1)
    await oracle.wait()
    await oracle.prove("deleted, and its period over", 1, doomed, "Deleted")
    await oracle.prove("settled, another deleted", 0, first)
    await oracle.propose(other)
    await oracle.wait()
    await oracle.prove("deleted, and another in its place", 1, doomed, "NotThisOutput")
    await oracle.prove("settled, in a deleted one's place", 1, other)
    await oracle.do(oracle.shared.superchain_config, CONFIG, "pause", "")
    await oracle.prove("paused", 0, first, "Paused")
    await oracle.do(oracle.shared.superchain_config, CONFIG, "unpause")
    await oracle.prove("settled, after a pause", 0, first)
    await oracle.rpc.call("anvil_setStorageAt", oracle.portal, hex_text(ORACLE.to_bytes(32)), "0x" + "11" * 32)
    await oracle.rpc.call("evm_mine")
    await oracle.prove("portal given another oracle", 0, first, "NotThisOracle")
    word = hex_text(bytes(12) + bytes.fromhex(oracle.at[2:]))
    await oracle.rpc.call("anvil_setStorageAt", oracle.portal, hex_text(ORACLE.to_bytes(32)), word)
    await oracle.rpc.call("evm_mine")
    await oracle.prove("settled, the oracle given back", 0, first)
    for portal, name, error in (
        (oracle.shared.implementations["OptimismPortal2"], "portal upgraded to games", "Upgraded"),
        (oracle.portal_implementation, "settled, the upgrade taken back", ""),
    ):
        await oracle.do(oracle.shared.proxy_admin, ADMIN, "upgrade", oracle.portal, portal)
        await oracle.prove(name, 0, first, error)
    plan = await Plan.of(oracle.rpc, OWNER)
    fresh = plan.create(oracle.contract)
    plan.call(oracle.shared.proxy_admin, ADMIN, "upgrade", oracle.at, fresh)
    await plan.carry_out(oracle.rpc)
    await oracle.prove("upgraded", 0, first, "Upgraded")


async def main(artifact: dict[str, Any], folder: Path = HERE) -> None:
    """Write the file into `folder`. `artifact`: of the oracle, as forge writes it."""
    code = bytes.fromhex(artifact["bytecode"]["object"][2:])
    contract = Contract(name="L2OutputOracle", abi=artifact["abi"], bytecode=code)
    async with (
        anvil(find(ANVIL, {}), "l1", port=0, arguments=("--no-mining", "--gas-limit", "60000000")) as node,
        RpcClient(node.url) as rpc,
    ):
        plan = await Plan.of(rpc, OWNER)
        shared = plan_shared(plan, Clocks())
        implementation, proxy = plan.create(contract), plan.create(op_stack("Proxy"), shared.proxy_admin)
        initialize = contract.call("initialize", 1, 2, FIRST_BLOCK - 1, 0, OWNER, OWNER, PERIOD_SECONDS)
        plan.call(shared.proxy_admin, ADMIN, "upgradeAndCall", proxy, implementation, initialize)
        legacy, portal = plan.create(op_stack("OptimismPortal")), plan.create(op_stack("Proxy"), shared.proxy_admin)
        initialize = op_stack("OptimismPortal").call("initialize", proxy, OWNER, shared.superchain_config)
        plan.call(shared.proxy_admin, ADMIN, "upgradeAndCall", portal, legacy, initialize)
        await plan.carry_out(rpc)
        oracle = Oracle(
            rpc=rpc,
            contract=contract,
            shared=shared,
            at=proxy,
            implementation=implementation,
            portal=portal,
            portal_implementation=legacy,
        )
        await tell(oracle)
    (folder / "outputs.json").write_text(json.dumps(oracle.vectors, indent=2) + "\n")


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
