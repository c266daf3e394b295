"""
Make roots.json: `python -m tests.vectors.proofs.make_roots`.

Outbox and bridge are those of @arbitrum/nitro-contracts 3.2.0, from the user's cache (BUSL-1.1: they are run here, and
only what they stored is kept). One L1 with both behind proxies; their rollup, played by an account, confirms send roots
and says which outbox counts. The L2 headers are Nitro's in form (difficulty 1, the send root as extra data)
and hold the state root under which `logs.json` proves heads. `error` is what `ProvenRoots` must say, `live` what
`LiveRoots` said.
"""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import rlp
from attrs import define, field
from eth_utils import keccak

from tests.vectors.proofs.story import IMPLEMENTATION, OWNER, proof_of, verdict
from xl2.core.header import Header
from xl2.core.types import hex_text
from xl2_adapters.rpc import RpcClient
from xl2_devnet.abi import op_stack, xl2
from xl2_devnet.anvil import anvil
from xl2_devnet.nitro.contracts import PACKAGE, Arbitrum
from xl2_devnet.packages import fetched
from xl2_devnet.plan import Plan
from xl2_devnet.toolchain import ANVIL, find

HERE = Path(__file__).parent
CHAIN, ROOTS, OUTBOXES = 901, 3, 2
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
    own: Arbitrum
    #: By the names of `ProvenRoots.Pins`.
    pins: dict[str, str]
    rule: str
    live: str
    vectors: list[dict[str, str]] = field(factory=list)

    async def confirm(self, send_root: bytes, header: bytes) -> None:
        plan = await Plan.of(self.rpc, OWNER)
        plan.call(self.pins["outbox"], self.own.contract("bridge/Outbox"), "updateSendRoot", send_root, keccak(header))
        await plan.carry_out(self.rpc)

    async def allow(self, *, allowed: bool) -> None:
        plan = await Plan.of(self.rpc, OWNER)
        bridge = self.own.contract("bridge/Bridge")
        plan.call(self.pins["bridge"], bridge, "setOutbox", self.pins["outbox"], allowed)
        await plan.carry_out(self.rpc)

    async def upgrade(self, name: str, *, back: bool = False) -> None:
        """A fresh implementation behind one of the proxies, or the first one again."""
        plan = await Plan.of(self.rpc, OWNER)
        fresh = self.own.contract(f"bridge/{name.capitalize()}")
        implementation = self.pins[f"{name}Implementation"] if back else plan.create(fresh)
        plan.call(self.pins[name], op_stack("Proxy"), "upgradeTo", implementation)
        await plan.carry_out(self.rpc)

    async def prove(self, name: str, send_root: bytes, header: bytes, error: str = "") -> None:
        claim = send_root + len(header).to_bytes(2) + header
        slot = int.from_bytes(keccak(send_root + ROOTS.to_bytes(32)))
        key = bytes.fromhex(self.pins["outbox"][2:]).rjust(32, b"\0") + OUTBOXES.to_bytes(32)
        proof = claim + await proof_of(self.rpc, self.pins["outbox"], IMPLEMENTATION, slot)
        proof += await proof_of(self.rpc, self.pins["bridge"], IMPLEMENTATION, int.from_bytes(keccak(key)) + 1)
        block: Any = await self.rpc.call("eth_getBlockByNumber", "latest", False)
        l1 = Header.of_block(block)
        l2 = Header.parse(header, block_hash=keccak(header))  # type: ignore[arg-type]
        asked = (l1.state_root, l1.timestamp, proof)
        self.vectors.append(
            {
                "name": name,
                "error": error,
                "proven": await verdict(self.rpc, "ProvenRoots", self.rule, *asked),
                "live": await verdict(self.rpc, "LiveRoots", self.live, claim),
                "l1StateRoot": hex_text(l1.state_root),
                "l1Timestamp": hex(l1.timestamp),
                "number": hex(l2.number),
                "stateRoot": hex_text(l2.state_root),
                "claim": hex_text(claim),
                "proof": hex_text(proof),
            }
        )


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
    for name in ("outbox", "bridge"):
        await outbox.upgrade(name)
        await outbox.prove(f"{name} upgraded", second, newer, "Upgraded")
        await outbox.upgrade(name, back=True)
        await outbox.prove(f"confirmed, the {name}'s upgrade taken back", second, newer)
    await outbox.allow(allowed=False)
    await outbox.prove("no longer allowed", second, newer, "InvalidProof")
    await outbox.allow(allowed=True)
    await outbox.prove("confirmed, allowed again", second, newer)


async def main(folder: Path = HERE) -> None:
    """Write the file into `folder`."""
    own = Arbitrum(fetched(PACKAGE, os.environ))
    async with (
        anvil(find(ANVIL, {}), "l1", port=0, arguments=("--no-mining", "--gas-limit", "60000000")) as node,
        RpcClient(node.url) as rpc,
    ):
        plan = await Plan.of(rpc, OWNER)
        pins: dict[str, str] = {}
        for name, told in (("bridge", OWNER), ("outbox", "")):
            contract = own.contract(f"bridge/{name.capitalize()}")
            implementation = plan.create(contract)
            proxy = plan.create(op_stack("Proxy"), OWNER)
            initialize = contract.call("initialize", told or pins["bridge"])
            plan.call(proxy, op_stack("Proxy"), "upgradeToAndCall", implementation, initialize)
            pins |= {name: proxy, f"{name}Implementation": implementation}
        order = ("outbox", "outboxImplementation", "bridge", "bridgeImplementation")
        rule = plan.create(xl2("ProvenRoots"), tuple(pins[pin] for pin in order))
        live = plan.create(xl2("LiveRoots"), CHAIN, pins["outbox"], ZERO)
        await plan.carry_out(rpc)
        outbox = Outbox(rpc=rpc, own=own, pins=pins, rule=rule, live=live)
        await outbox.allow(allowed=True)
        state_root = bytes.fromhex(json.loads((HERE / "logs.json").read_text())[0]["stateRoot"][2:])
        await tell(outbox, state_root)
    (folder / "roots.json").write_text(json.dumps({"pins": pins, "stations": outbox.vectors}, indent=2) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
