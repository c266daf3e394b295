"""
Make roots.json: `python -m tests.vectors.proofs.make_roots ARTIFACT`.

ARTIFACT is `build/contracts/src/bridge/Outbox.sol/Outbox.json` of @arbitrum/nitro-contracts 3.2.0 (BUSL-1.1: it is run
here, and only what it stored is kept). One L1 with that outbox behind a proxy; its rollup, played by an account,
confirms send roots. The L2 headers are Nitro's in form (difficulty 1, the send root as extra data) and hold the state
root under which `logs.json` proves heads. `error` is what `ProvenRoots` must say, `live` what `LiveRoots` said.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import rlp
from attrs import define, field
from eth_utils import keccak

from tests.vectors.proofs.story import IMPLEMENTATION, OWNER, proof_of
from xl2.core.header import Header
from xl2.core.types import hex_text
from xl2.errors import Reverted
from xl2_adapters.rpc import RpcClient
from xl2_devnet.abi import Contract, op_stack, xl2
from xl2_devnet.anvil import anvil
from xl2_devnet.plan import Plan
from xl2_devnet.toolchain import ANVIL, find

HERE = Path(__file__).parent
CHAIN, ROOTS = 901, 3
ZERO = "0x" + "00" * 20


def nitro_header(number: int, state_root: bytes, send_root: bytes) -> bytes:
    """RLP of a block as Nitro makes it."""
    empty = keccak(rlp.encode(b""))
    header: bytes = rlp.encode(
        [
            keccak(text="parent"),
            keccak(rlp.encode([])),
            bytes.fromhex("a4b000000000000000000073657175656e636572"),
            state_root,
            empty,
            empty,
            bytes(256),
            1,
            number,
            1 << 50,
            123_456,
            1_800_000_000,
            send_root,
            keccak(text="counts of sends, L1 block and ArbOS version"),
            (7).to_bytes(8),
            10_000_000,
        ]
    )
    return header


@define(kw_only=True)
class Outbox:
    """The outbox on its L1, and what was proven of it."""

    rpc: RpcClient
    contract: Contract
    at: str
    implementation: str
    rule: str
    live: str
    vectors: list[dict[str, str]] = field(factory=list)

    async def confirm(self, send_root: bytes, header: bytes) -> None:
        plan = await Plan.of(self.rpc, OWNER)
        plan.call(self.at, self.contract, "updateSendRoot", send_root, keccak(header))
        await plan.carry_out(self.rpc)

    async def upgrade(self, implementation: str) -> None:
        plan = await Plan.of(self.rpc, OWNER)
        plan.call(self.at, op_stack("Proxy"), "upgradeTo", implementation)
        await plan.carry_out(self.rpc)

    async def prove(self, name: str, send_root: bytes, header: bytes, error: str = "") -> None:
        claim = send_root + len(header).to_bytes(2) + header
        slot = int.from_bytes(keccak(send_root + ROOTS.to_bytes(32)))
        proof = claim + await proof_of(self.rpc, self.at, IMPLEMENTATION, slot)
        block: Any = await self.rpc.call("eth_getBlockByNumber", "latest", False)
        l1 = Header.of_block(block)
        l2 = Header.parse(header, block_hash=keccak(header))  # type: ignore[arg-type]
        asked = (l1.state_root, l1.timestamp, proof)
        self.vectors.append(
            {
                "name": name,
                "error": error,
                "proven": await self._said(self.rule, xl2("ProvenRoots"), *asked),
                "live": await self._said(self.live, xl2("LiveRoots"), claim),
                "l1StateRoot": hex_text(l1.state_root),
                "l1Timestamp": hex(l1.timestamp),
                "number": hex(l2.number),
                "stateRoot": hex_text(l2.state_root),
                "claim": hex_text(claim),
                "proof": hex_text(proof),
            }
        )

    async def _said(self, to: str, contract: Contract, *arguments: Any) -> str:
        """Name of the error with which one of ours refuses; empty if it does not."""
        data = hex_text(contract.call("settled", *arguments))
        try:
            await self.rpc.call("eth_call", {"to": to, "data": data}, "latest")
        except Reverted as refusal:
            errors = [known for known in contract.abi if known["type"] == "error"]
            named = {
                keccak(text=f"{known['name']}({','.join(i['type'] for i in known['inputs'])})")[:4]: known["name"]
                for known in errors
            }
            return str(named.get(refusal.revert[:4], "another's error"))
        return ""


async def tell(outbox: Outbox, state_root: bytes) -> None:
    """What can befall a send root."""
    first, second = keccak(text="first send root"), keccak(text="second send root")
    older, newer = nitro_header(40, keccak(text="older"), first), nitro_header(42, state_root, second)
    await outbox.prove("asserted only", second, newer, "InvalidProof")
    await outbox.confirm(first, older)
    await outbox.prove("confirmed, an older one", first, older)
    await outbox.prove("another is confirmed", second, newer, "InvalidProof")
    await outbox.confirm(second, newer)
    await outbox.prove("confirmed", second, newer)
    await outbox.prove("still confirmed", first, older)
    await outbox.prove("another block", second, older, "NotConfirmed")
    plan = await Plan.of(outbox.rpc, OWNER)
    fresh = plan.create(outbox.contract)
    await plan.carry_out(outbox.rpc)
    await outbox.upgrade(fresh)
    await outbox.prove("upgraded", second, newer, "Upgraded")
    await outbox.upgrade(outbox.implementation)
    await outbox.prove("confirmed, the upgrade taken back", second, newer)


async def main(artifact: dict[str, Any], folder: Path = HERE) -> None:
    """Write the file into `folder`. `artifact`: of the outbox, as the package has it."""
    code = bytes.fromhex(str(artifact["bytecode"]).removeprefix("0x"))
    contract = Contract(name="Outbox", abi=artifact["abi"], bytecode=code)
    # Whatever it is asked, it answers with the owner: a bridge whose rollup is he.
    answers = Contract(
        name="Bridge",
        abi=[],
        bytecode=bytes.fromhex(f"601d600c600039601d6000f373{OWNER[2:].lower()}60005260206000f3"),
    )
    async with (
        anvil(find(ANVIL, {}), "l1", port=0, arguments=("--no-mining", "--gas-limit", "60000000")) as node,
        RpcClient(node.url) as rpc,
    ):
        plan = await Plan.of(rpc, OWNER)
        bridge, implementation = plan.create(answers), plan.create(contract)
        proxy = plan.create(op_stack("Proxy"), OWNER)
        initialize = contract.call("initialize", bridge)
        plan.call(proxy, op_stack("Proxy"), "upgradeToAndCall", implementation, initialize)
        rule = plan.create(xl2("ProvenRoots"), (proxy, implementation))
        live = plan.create(xl2("LiveRoots"), CHAIN, proxy, ZERO)
        await plan.carry_out(rpc)
        outbox = Outbox(rpc=rpc, contract=contract, at=proxy, implementation=implementation, rule=rule, live=live)
        state_root = bytes.fromhex(json.loads((HERE / "logs.json").read_text())[0]["stateRoot"][2:])
        await tell(outbox, state_root)
    pins = {"outbox": proxy, "outboxImplementation": implementation}
    (folder / "roots.json").write_text(json.dumps({"pins": pins, "stations": outbox.vectors}, indent=2) + "\n")


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
