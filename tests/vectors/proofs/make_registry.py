"""
Make registry.json: `python -m tests.vectors.proofs.make_registry GENESIS`.

GENESIS is the L1 state that supersim 0.1.0-alpha.58 (npm, MIT) starts its anvil with: `genesis-*.json` of 1.5 MB, which
it writes into the temporary folder. It holds OptimismPortal2 4.6.0, AnchorStateRegistry 3.5.0, DisputeGameFactory
1.2.0, SuperchainConfig 2.3.0 and PermissionedDisputeGame 1.7.0. What can befall a game befalls some here; at each
station one is proven, and three are asked: `ProvenRegistry` by proof (`error` is what it must say), `LiveRegistry` by
call, and the registry itself (`valid`: 1 the claim is valid to it). The roots claimed are of no chain: nobody looks.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from attrs import define, field
from eth_abi import decode, encode
from eth_utils import keccak, to_checksum_address

from tests.vectors.proofs.make_outputs import output
from tests.vectors.proofs.story import GAMES, IMPLEMENTATION, OWNER, proof_of, verdict
from xl2.core.header import Header
from xl2.core.types import hex_text
from xl2_adapters.rpc import RpcClient
from xl2_devnet.abi import xl2
from xl2_devnet.anvil import anvil
from xl2_devnet.op_stack.root import OutputRoot
from xl2_devnet.plan import Plan
from xl2_devnet.toolchain import ANVIL, find

HERE = Path(__file__).parent
PORTAL = "0x75CEb25776D0402972B736F6E13Fd0616BE98f22"
CHAIN, PERMISSIONED = 901, 1
BLACKLIST, PAUSES, RETIREMENT, RESPECTED, REGISTRY = 5, 1, 6, 10, 62
ADMIN = hex((int.from_bytes(keccak(text="eip1967.proxy.admin")) - 1) % (1 << 256))
ZERO = "0x" + "00" * 20
#: `ProvenRegistry.Pins`, in order, without the two delays behind them.
PINNED = (
    "portal", "portalImplementation", "factory", "factoryImplementation", "registry", "registryImplementation",
    "superchainConfig", "superchainConfigImplementation", "gameImplementation", "pauseIdentifier",
)  # fmt: skip


def entry(key: str, mapping: int) -> int:
    """Slot of an address in a mapping."""
    return int.from_bytes(keccak(bytes(12) + bytes.fromhex(key[2:]) + mapping.to_bytes(32)))


@define(kw_only=True)
class Registry:
    """The L1, and what was proven from it so far."""

    rpc: RpcClient
    at: dict[str, str] = field(factory=dict)
    delays: tuple[int, int] = (0, 0)
    clock: int = 0
    rule: str = ""
    live: str = ""
    vectors: list[dict[str, str]] = field(factory=list)

    async def ask(self, to: str, signature: str, *arguments: Any, returns: str) -> Any:
        data = keccak(text=signature)[:4] + encode(_types(signature), arguments)
        answer = await self.rpc.call("eth_call", {"from": OWNER, "to": to, "data": hex_text(data)}, "latest")
        (value,) = decode([returns], bytes.fromhex(str(answer)[2:]))
        return to_checksum_address(value) if returns == "address" else value

    async def do(self, who: str, to: str, signature: str, *arguments: Any, value: int = 0) -> None:
        await self.rpc.call("anvil_impersonateAccount", who)
        await self.rpc.call("anvil_setBalance", who, hex(10**21))
        data = hex_text(keccak(text=signature)[:4] + encode(_types(signature), arguments))
        tx_hash = await self.rpc.call(
            "eth_sendTransaction", {"from": who, "to": to, "data": data, "value": hex(value), "gas": hex(3_000_000)}
        )
        await self.rpc.call("evm_mine")
        receipt: Any = await self.rpc.call("eth_getTransactionReceipt", tx_hash)
        if int(receipt["status"], 16) != 1:
            raise RuntimeError(f"{signature} of {to} did not succeed")

    async def wait(self, seconds: int) -> None:
        await self.rpc.call("evm_increaseTime", seconds)
        await self.rpc.call("evm_mine")

    async def implementation(self, proxy: str) -> str:
        word: Any = await self.rpc.call("eth_getStorageAt", proxy, hex(IMPLEMENTATION), "latest")
        return to_checksum_address("0x" + word[-40:])

    async def admin(self, proxy: str) -> tuple[str, str]:
        """Admin of a proxy, and its owner."""
        word: Any = await self.rpc.call("eth_getStorageAt", proxy, ADMIN, "latest")
        admin = to_checksum_address("0x" + word[-40:])
        return admin, await self.ask(admin, "owner()", returns="address")

    async def find(self) -> None:
        """Where everything stands; then the two contracts that judge it."""
        at = self.at
        at["portal"] = PORTAL
        at["factory"] = await self.ask(PORTAL, "disputeGameFactory()", returns="address")
        at["registry"] = await self.ask(PORTAL, "anchorStateRegistry()", returns="address")
        at["superchainConfig"] = await self.ask(PORTAL, "superchainConfig()", returns="address")
        at["pauseIdentifier"] = await self.ask(PORTAL, "ethLockbox()", returns="address")
        for name in ("portal", "factory", "registry", "superchainConfig"):
            at[f"{name}Implementation"] = await self.implementation(at[name])
        game = await self.ask(at["factory"], "gameImpls(uint32)", PERMISSIONED, returns="address")
        at["gameImplementation"] = game
        at["proposer"] = await self.ask(game, "proposer()", returns="address")
        at["challenger"] = await self.ask(game, "challenger()", returns="address")
        at["guardian"] = await self.ask(at["superchainConfig"], "guardian()", returns="address")
        self.clock = await self.ask(game, "maxClockDuration()", returns="uint64")
        self.delays = (
            await self.ask(at["registry"], "disputeGameFinalityDelaySeconds()", returns="uint256"),
            await self.ask(PORTAL, "proofMaturityDelaySeconds()", returns="uint256"),
        )
        plan = await Plan.of(self.rpc, OWNER)
        self.rule = plan.create(xl2("ProvenRegistry"), (*(at[name] for name in PINNED), *self.delays))
        self.live = plan.create(xl2("LiveRegistry"), CHAIN, PORTAL)
        await plan.carry_out(self.rpc)

    async def propose(self, root: OutputRoot) -> int:
        index: int = await self.ask(self.at["factory"], "gameCount()", returns="uint256")
        bond = await self.ask(self.at["factory"], "initBonds(uint32)", PERMISSIONED, returns="uint256")
        block = encode(["uint256"], [root.block_number])
        create = ("create(uint32,bytes32,bytes)", PERMISSIONED, root.root, block)
        await self.do(self.at["proposer"], self.at["factory"], *create, value=bond)
        return index

    async def game(self, index: int) -> str:
        data = keccak(text="gameAtIndex(uint256)")[:4] + encode(["uint256"], [index])
        answer = await self.rpc.call("eth_call", {"to": self.at["factory"], "data": hex_text(data)}, "latest")
        return to_checksum_address(decode(["uint32", "uint64", "address"], bytes.fromhex(str(answer)[2:]))[2])

    async def resolve(self, index: int, *, claims: int = 1) -> None:
        game = await self.game(index)
        await self.wait(self.clock + 1)
        for claim in reversed(range(claims)):
            await self.do(OWNER, game, "resolveClaim(uint256,uint256)", claim, 0)
        await self.do(OWNER, game, "resolve()")

    async def settle(self, root: OutputRoot) -> int:
        """A game that was defended, past all delays."""
        index = await self.propose(root)
        await self.resolve(index)
        await self.wait(max(self.delays) + 1)
        return index

    async def prove(self, name: str, index: int, root: OutputRoot, error: str = "") -> None:
        at, game = self.at, await self.game(index)
        head = hex_text(await self.ask(game, "l1Head()", returns="bytes32"))
        fixed = (index.to_bytes(8), root.block_number.to_bytes(8), bytes.fromhex(at["proposer"][2:]))
        proof = b"".join((*fixed, bytes.fromhex(head[2:]), *root.proof[1:]))
        pauses = (entry(ZERO, PAUSES), entry(at["pauseIdentifier"], PAUSES))
        proof += await proof_of(self.rpc, at["factory"], IMPLEMENTATION, GAMES + index)
        proof += await proof_of(self.rpc, at["registry"], IMPLEMENTATION, RETIREMENT, entry(game, BLACKLIST))
        proof += await proof_of(self.rpc, PORTAL, IMPLEMENTATION, REGISTRY)
        proof += await proof_of(self.rpc, at["superchainConfig"], IMPLEMENTATION, *pauses)
        proof += await proof_of(self.rpc, game, 0, RESPECTED)
        block: Any = await self.rpc.call("eth_getBlockByNumber", "latest", False)
        header = Header.of_block(block)
        claim = index.to_bytes(8) + b"".join(root.proof[1:])
        asked = (header.state_root, header.timestamp, proof)
        self.vectors.append(
            {
                "name": name,
                "error": error,
                "proven": await verdict(self.rpc, "ProvenRegistry", self.rule, *asked),
                "live": await verdict(self.rpc, "LiveRegistry", self.live, claim),
                "valid": hex(await self.ask(at["registry"], "isGameClaimValid(address)", game, returns="bool")),
                "l1StateRoot": hex_text(header.state_root),
                "l1Timestamp": hex(header.timestamp),
                "number": hex(root.block_number),
                "stateRoot": hex_text(root.state_root),
                "proof": hex_text(proof),
            }
        )


def _types(signature: str) -> list[str]:
    inside = signature[signature.index("(") + 1 : -1]
    return inside.split(",") if inside else []


async def tell(registry: Registry) -> None:
    """What can befall a game."""
    at = registry.at
    first, second, third, fourth, false = (output(f"registry {place}", place) for place in range(5))
    # The registry retires what is as old as itself.
    await registry.wait(10)
    index = await registry.propose(first)
    await registry.prove("in play", index, first, "NotDefended")
    await registry.resolve(index)
    await registry.prove("in the air gap", index, first, "NotYetSettled")
    await registry.wait(max(registry.delays) + 1)
    await registry.prove("settled", index, first)
    await registry.prove("another preimage", index, second, "NotThisGame")

    guardian, config = at["guardian"], at["superchainConfig"]
    for name, identifier in (("the superchain", ZERO), ("the chain alone", at["pauseIdentifier"])):
        await registry.do(guardian, config, "pause(address)", identifier)
        await registry.prove(f"{name} paused", index, first, "Paused")
        await registry.do(guardian, config, "unpause(address)", identifier)
        await registry.prove(f"settled, {name} unpaused", index, first)

    lost = await registry.propose(false)
    game = await registry.game(lost)
    bond = await registry.ask(game, "getRequiredBond(uint128)", 2, returns="uint256")
    attack = ("attack(bytes32,uint256,bytes32)", false.root, 0, keccak(b"another root"))
    await registry.do(at["challenger"], game, *attack, value=bond)
    await registry.resolve(lost, claims=2)
    await registry.wait(max(registry.delays) + 1)
    await registry.prove("lost to its challenger", lost, false, "NotDefended")

    await registry.do(guardian, at["registry"], "setRespectedGameType(uint32)", 7)
    await registry.prove("settled, though another type is respected now", index, first)
    disrespected = await registry.settle(second)
    await registry.prove("of a type that was not respected", disrespected, second, "NotRespectedWhenCreated")
    await registry.do(guardian, at["registry"], "setRespectedGameType(uint32)", PERMISSIONED)
    await registry.prove("of a type that is respected by now", disrespected, second, "NotRespectedWhenCreated")

    await registry.do(guardian, at["registry"], "blacklistDisputeGame(address)", await registry.game(index))
    await registry.prove("blacklisted", index, first, "Blacklisted")
    another = await registry.settle(third)
    await registry.prove("settled, another blacklisted", another, third)
    await registry.do(guardian, at["registry"], "updateRetirementTimestamp()")
    await registry.prove("retired", another, third, "Retired")
    await registry.wait(1)
    newest = await registry.settle(fourth)
    await registry.prove("settled, older ones retired", newest, fourth)
    await tell_upgrades(registry, newest, fourth)
    await tell_migration(registry, newest, fourth)


async def tell_upgrades(registry: Registry, index: int, root: OutputRoot) -> None:
    """What can befall the code whose slots are read: the same code at another address is not the pinned one."""
    for name in ("portal", "factory", "registry", "superchainConfig"):
        proxy, pinned = registry.at[name], registry.at[f"{name}Implementation"]
        admin, owner = await registry.admin(proxy)
        code: Any = await registry.rpc.call("eth_getCode", pinned, "latest")
        fresh = to_checksum_address(keccak(text=name)[:20])
        await registry.rpc.call("anvil_setCode", fresh, code)
        await registry.do(owner, admin, "upgrade(address,address)", proxy, fresh)
        await registry.prove(f"{name} upgraded", index, root, "Upgraded")
        await registry.do(owner, admin, "upgrade(address,address)", proxy, pinned)
    await registry.prove("settled, upgrades taken back", index, root)


async def tell_migration(registry: Registry, index: int, root: OutputRoot) -> None:
    """The portal is given another registry: to the old one, which nobody asks any more, the game stays valid."""
    _, owner = await registry.admin(PORTAL)
    another = to_checksum_address(keccak(text="another registry")[:20])
    lockbox = await registry.ask(PORTAL, "ethLockbox()", returns="address")
    await registry.do(owner, PORTAL, "migrateToSuperRoots(address,address)", lockbox, another)
    await registry.prove("portal migrated", index, root, "NotThisRegistry")


async def main(genesis: str, folder: Path = HERE) -> None:
    """Write the files into `folder`."""
    arguments = ("--no-mining", "--chain-id", "900", "--init", genesis)
    async with anvil(find(ANVIL, {}), "l1", port=0, arguments=arguments) as node, RpcClient(node.url) as rpc:
        registry = Registry(rpc=rpc)
        await rpc.call("anvil_setBalance", OWNER, hex(10**21))
        await registry.find()
        await tell(registry)
    pins = {name: registry.at[name] for name in PINNED}
    pins |= {"finalityDelay": hex(registry.delays[0]), "proofMaturityDelay": hex(registry.delays[1])}
    written = {"pins": pins, "stations": registry.vectors}
    (folder / "registry.json").write_text(json.dumps(written, indent=2) + "\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
