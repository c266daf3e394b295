"""
Make games.json: `python -m tests.vectors.proofs.make_games`.

One L1 with Optimism's own contracts and one L2 with xl2's outbox and inbox, on anvil. The L1 walks through what can
befall a dispute game (in play, in the air gap, settled, lost, blacklisted, paused, not respected, retired, upgraded
...); at each station a block is proven from, whether or not its game is settled. `error` names the error that
`ProvenGames` must give, or is empty.
"""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import define, field, frozen
from eth_abi import encode
from eth_utils import keccak, to_checksum_address

from xl2.core.header import Header
from xl2.core.interop import InteropAddress
from xl2.core.lane import Lane
from xl2.core.message import Message
from xl2.core.storage_proof import LogKind, LogPlace, nodes_of, pack_nodes, root_proof, unpack_nodes
from xl2.core.types import Assurance, ChainId, Nonce, Timestamp, address, hex_text
from xl2_adapters.rpc import RpcClient
from xl2_devnet.abi import Contract, op_stack, xl2
from xl2_devnet.accounts import account
from xl2_devnet.anvil import anvil
from xl2_devnet.clocks import Clocks
from xl2_devnet.op_genesis import write_genesis
from xl2_devnet.op_l1 import CANNON, GAME_BOND, plan_proxies, plan_rollup, plan_shared
from xl2_devnet.op_root import OutputRoot, output_root
from xl2_devnet.plan import Plan
from xl2_devnet.toolchain import ANVIL, find

HERE = Path(__file__).parent
OWNER = account("deployer").address
L1, ORIGIN, DESTINATION = 900, 901, 902
CLOCKS = Clocks(max_clock_seconds=10, proof_maturity_seconds=50, game_finality_seconds=100)
#: EIP-1967.
IMPLEMENTATION = int.from_bytes(keccak(text="eip1967.proxy.implementation")) - 1
PAUSED = int.from_bytes(keccak(text="superchainConfig.paused")) - 1
GAMES = int.from_bytes(keccak((104).to_bytes(32)))
#: Enough messages for a first page, and one more.
MESSAGES = 257

FACTORY, PORTAL, CONFIG = op_stack("DisputeGameFactory"), op_stack("OptimismPortal2"), op_stack("SuperchainConfig")
GAME, ADMIN = op_stack("FaultDisputeGame"), op_stack("ProxyAdmin")


@frozen(kw_only=True)
class Claim:
    """An output root in a game of the factory's list."""

    index: int
    root: OutputRoot

    async def settled_proof(self, rpc: RpcClient, at: dict[str, str], game: str) -> bytes:
        """Everything `ProvenGames` reads, at the newest L1 block (protocol.md section 7)."""
        creator, l1_head = OWNER, (await read(rpc, game, GAME, "l1Head"))[0]
        blacklisted = int.from_bytes(keccak(bytes(12) + bytes.fromhex(game[2:]) + (58).to_bytes(32)))
        fixed = b"".join(
            (
                self.index.to_bytes(8),
                self.root.block_number.to_bytes(8),
                bytes.fromhex(creator[2:]),
                l1_head,
                self.root.state_root,
                self.root.message_passer_storage_root,
                self.root.block_hash,
            )
        )
        return fixed + b"".join(
            [
                await proof_of(rpc, at["dispute_game_factory"], IMPLEMENTATION, GAMES + self.index),
                await proof_of(rpc, at["portal"], IMPLEMENTATION, 59, blacklisted),
                await proof_of(rpc, at["superchain_config"], IMPLEMENTATION, PAUSED),
                await proof_of(rpc, game, 0),
            ]
        )


async def proof_of(rpc: RpcClient, who: str, *slots: int, block: str = "latest") -> bytes:
    """Trie proof of an account, then of slots in it."""
    got: Any = await rpc.call("eth_getProof", who, [hex_text(slot.to_bytes(32)) for slot in slots], block)
    lists = [got["accountProof"], *(slot["proof"] for slot in got["storageProof"])]
    return b"".join(pack_nodes(nodes_of([bytes.fromhex(node[2:]) for node in nodes])) for nodes in lists)


async def read(rpc: RpcClient, to: str, contract: Contract, function: str, *arguments: Any) -> tuple[Any, ...]:
    data = await rpc.call("eth_call", {"to": to, "data": hex_text(contract.call(function, *arguments))}, "latest")
    return contract.result(function, bytes.fromhex(str(data)[2:]))


@define(kw_only=True)
class Story:
    """The L1, and what has been proven from it so far."""

    rpc: RpcClient
    at: dict[str, str]
    #: Of the outbox on the L2, at the block of the first claim.
    outbox_nodes: Sequence[bytes]
    vectors: list[dict[str, str]] = field(factory=list)

    async def do(self, to: str, contract: Contract, function: str, *arguments: Any, value: int = 0) -> None:
        plan = await Plan.of(self.rpc, OWNER)
        plan.call(to, contract, function, *arguments, value=value)
        await plan.carry_out(self.rpc)

    async def wait(self, seconds: int) -> None:
        await self.rpc.call("evm_increaseTime", seconds)
        await self.rpc.call("evm_mine")

    async def game(self, index: int) -> str:
        return to_checksum_address(
            (await read(self.rpc, self.at["dispute_game_factory"], FACTORY, "gameAtIndex", index))[2]
        )

    async def propose(self, root: OutputRoot, claimed: bytes | None = None) -> Claim:
        factory = self.at["dispute_game_factory"]
        index = (await read(self.rpc, factory, FACTORY, "gameCount"))[0]
        extra = encode(["uint256"], [root.block_number])
        await self.do(factory, FACTORY, "create", CANNON, claimed or root.root, extra, value=GAME_BOND)
        return Claim(index=index, root=root)

    async def resolve(self, claim: Claim, *, claims: int = 1) -> None:
        game = await self.game(claim.index)
        await self.wait(CLOCKS.max_clock_seconds + 1)
        for number in reversed(range(claims)):
            await self.do(game, GAME, "resolveClaim", number, 0)
        await self.do(game, GAME, "resolve")

    async def upgrade(self, name: str, contract: str, *arguments: Any, back: bool = False) -> None:
        """A fresh implementation behind one of the proxies, or the first one again."""
        plan = await Plan.of(self.rpc, OWNER)
        fresh = self.at[f"{name}_implementation"] if back else plan.create(op_stack(contract), *arguments)
        plan.call(self.at["proxy_admin"], ADMIN, "upgrade", self.at[name], fresh)
        await plan.carry_out(self.rpc)

    async def prove(self, name: str, claim: Claim, error: str = "", *, game: str = "") -> None:
        settled = await claim.settled_proof(self.rpc, self.at, game or await self.game(claim.index))
        block: Any = await self.rpc.call("eth_getBlockByNumber", "latest", False)
        header = Header.of_block(block)
        self.vectors.append(
            {
                "name": name,
                "error": error,
                "index": hex(claim.index),
                "l1StateRoot": hex_text(header.state_root),
                "l1Number": hex(header.number),
                "l1Timestamp": hex(header.timestamp),
                "number": hex(claim.root.block_number),
                "stateRoot": hex_text(claim.root.state_root),
                "rootProof": hex_text(
                    root_proof(l1_header=header.encoded, settled=settled, account_nodes=self.outbox_nodes)
                ),
            }
        )


async def tell(story: Story, root: OutputRoot, other: OutputRoot) -> None:
    """What can befall a game."""
    portal = story.at["portal"]
    first = await story.propose(root)
    await story.prove("in play", first, "NotDefended")
    await story.resolve(first)
    await story.prove("in the air gap", first, "NotYetSettled")
    await story.wait(CLOCKS.game_finality_seconds + 1)
    await story.prove("settled", first)
    await story.prove("past the end of the list", Claim(index=7, root=root), "InvalidProof", game=await story.game(0))

    false = await story.propose(other, keccak(b"not the output root"))
    game = await story.game(false.index)
    bond = (await read(story.rpc, game, GAME, "getRequiredBond", 2))[0]
    await story.do(game, GAME, "attack", keccak(b"not the output root"), 0, other.root, value=bond)
    await story.resolve(false, claims=2)
    await story.wait(CLOCKS.game_finality_seconds + 1)
    await story.prove("another output root", false, "NotThisGame")
    await story.prove("the index of another game", Claim(index=false.index, root=root), "NotThisGame", game=game)

    await story.do(portal, PORTAL, "blacklistDisputeGame", await story.game(0))
    await story.prove("blacklisted", first, "Blacklisted")


async def tell_types(story: Story, later: OutputRoot) -> None:
    """What can befall a type of games."""
    portal = story.at["portal"]
    claim = await story.propose(later)
    await story.resolve(claim)
    await story.wait(CLOCKS.game_finality_seconds + 1)
    await story.prove("settled, another game", claim)
    await story.do(portal, PORTAL, "setRespectedGameType", 1)
    await story.prove("of a type that is not respected", claim, "NotRespected")
    await story.do(portal, PORTAL, "setRespectedGameType", CANNON)
    await story.prove("retired", claim, "Retired")


async def tell_upgrades(story: Story, last: OutputRoot) -> None:
    """What can befall the code whose slots are read."""
    claim = await story.propose(last)
    await story.resolve(claim)
    await story.wait(CLOCKS.game_finality_seconds + 1)
    await story.prove("settled, the newest", claim)
    for name, contract, arguments in (
        ("portal", "OptimismPortal2", (CLOCKS.proof_maturity_seconds, CLOCKS.game_finality_seconds)),
        ("dispute_game_factory", "DisputeGameFactory", ()),
        ("superchain_config", "SuperchainConfig", ()),
    ):
        await story.upgrade(name, contract, *arguments)
        await story.prove(f"{name.replace('_', ' ')} upgraded", claim, "Upgraded")
        await story.upgrade(name, contract, back=True)
    await story.prove("settled, upgrades taken back", claim)
    # Last, because anvil keeps a slot that was zeroed in its trie, with the value zero, as Ethereum never does.
    await story.do(story.at["superchain_config"], CONFIG, "pause", "")
    await story.prove("paused", claim, "Paused")


async def lost(story: Story, root: OutputRoot) -> None:
    """A true root that its proposer did not defend: the challenger's lie stands, and the game is lost all the same."""
    claim = await story.propose(root)
    game = await story.game(claim.index)
    bond = (await read(story.rpc, game, GAME, "getRequiredBond", 2))[0]
    await story.do(game, GAME, "attack", root.root, 0, keccak(b"a lie"), value=bond)
    await story.resolve(claim, claims=2)
    await story.wait(CLOCKS.game_finality_seconds + 1)
    await story.prove("lost to its challenger", claim, "NotDefended")


async def another_code(story: Story, at: dict[str, str], vm: str, root: OutputRoot) -> None:
    """A game of the respected type with another implementation, which may mean other slots."""
    plan = await Plan.of(story.rpc, OWNER)
    fresh = plan.create(
        GAME, CANNON, b"\x03" + bytes(31), 73, 30, 0, CLOCKS.max_clock_seconds, vm, at["delayed_weth"],
        at["anchor_state_registry"], ORIGIN,
    )  # fmt: skip
    plan.call(at["dispute_game_factory"], FACTORY, "setImplementation", CANNON, fresh)
    await plan.carry_out(story.rpc)
    claim = await story.propose(root)
    await story.do(at["dispute_game_factory"], FACTORY, "setImplementation", CANNON, at["dispute_game_implementation"])
    await story.resolve(claim)
    await story.wait(CLOCKS.game_finality_seconds + 1)
    await story.prove("of another implementation", claim, "NotThisGame")


async def logs(rpc: RpcClient) -> tuple[Lane, Lane]:
    """Outbox and inbox on the L2: a lane with a page and one message more, and a receipt log with one entry."""
    plan = await Plan.of(rpc, OWNER)
    guard = plan.create(xl2("Guard"), OWNER)
    heads = plan.create(xl2("Heads"), OWNER, guard)
    outbox, inbox = plan.create(xl2("Outbox"), OWNER, heads), plan.create(xl2("Inbox"), heads)
    other = address(keccak(b"the other end")[:20])
    plan.call(outbox, xl2("Outbox"), "register", DESTINATION, to_checksum_address(other))
    recipient = InteropAddress(chain=ChainId(DESTINATION), account=other).encode()
    for number in range(MESSAGES):
        plan.call(outbox, xl2("Outbox"), "sendMessage", recipient, number.to_bytes(2), [])
    back = Message(
        assurance=Assurance.SETTLED, origin=ChainId(DESTINATION), destination=ChainId(ORIGIN), nonce=Nonce(0),
        outbox=other, inbox=address(inbox), sender=other, recipient=other, expiry=Timestamp(1),
    )  # fmt: skip
    plan.call(inbox, xl2("Inbox"), "expire", back.header)
    await plan.carry_out(rpc)
    there = Lane(
        origin=ChainId(ORIGIN), outbox=address(outbox), destination=ChainId(DESTINATION), inbox=other,
        assurance=Assurance.SETTLED,
    )  # fmt: skip
    return there, Lane.of(back)


async def log_vectors(rpc: RpcClient, root: OutputRoot, lanes: Sequence[Lane]) -> list[dict[str, str]]:
    """Heads of the logs at the L2 block of `root`, each with its proof; page 2 is not there yet."""
    there, back = lanes
    counts = {"lane log": MESSAGES, "lane log, page 1": 256, "lane log, page 2": 512, "receipt log": 1}
    places = [
        ("lane log", LogPlace(lane=there, kind=LogKind.LANE)),
        ("lane log, page 1", LogPlace(lane=there, kind=LogKind.LANE, page=1)),
        ("lane log, page 2", LogPlace(lane=there, kind=LogKind.LANE, page=2)),
        ("receipt log", LogPlace(lane=back, kind=LogKind.RECEIPTS)),
    ]
    vectors = []
    for name, place in places:
        who, block = to_checksum_address(place.account), hex(root.block_number)
        account_proof = await proof_of(rpc, who, block=block)
        both = await proof_of(rpc, who, int.from_bytes(place.slot), block=block)
        got: Any = await rpc.call("eth_getProof", who, [hex_text(place.slot)], block)
        vectors.append(
            {
                "name": name,
                "number": hex(root.block_number),
                "stateRoot": hex_text(root.state_root),
                "account": who,
                "storageRoot": got["storageHash"],
                "place": hex_text(place.encode()),
                "log": hex_text(place.log),
                "head": hex_text(int(got["storageProof"][0]["value"], 16).to_bytes(32)),
                "count": hex(counts[name]),
                "accountProof": hex_text(account_proof),
                "storageProof": hex_text(both.removeprefix(account_proof)),
            }
        )
    return vectors


async def main() -> None:
    binary = find(ANVIL, {})
    quiet = ("--no-mining", "--accounts", "16", "--balance", "1000000", "--gas-limit", "60000000")
    async with (
        anvil(binary, "l1", port=0, arguments=(*quiet, "--chain-id", str(L1), "--timestamp", "1800000000")) as l1_node,
        anvil(binary, "l2", port=0, arguments=(*quiet, "--chain-id", str(ORIGIN), "--network", "optimism")) as l2_node,
        RpcClient(l1_node.url) as l1,
        RpcClient(l2_node.url) as l2,
    ):
        plan = await Plan.of(l1, OWNER)
        shared = plan_shared(plan, CLOCKS)
        proxies = plan_proxies(plan, shared)
        await write_genesis(l2, proxies)
        anchor = await output_root(l2, int(str(await l2.call("eth_blockNumber")), 16))
        at = plan_rollup(plan, shared, CLOCKS, proxies, chain_id=ORIGIN, anchor_root=anchor.root)
        await plan.carry_out(l1)
        lanes = await logs(l2)
        await l2.call("anvil_mine", hex(6))
        newest = int(str(await l2.call("eth_blockNumber")), 16)
        roots = [await output_root(l2, newest - back) for back in (5, 4, 3, 2, 1, 0)]
        first, other, later, undefended, coded, upgraded = roots
        outbox = await proof_of(l2, to_checksum_address(lanes[0].outbox), block=hex(first.block_number))
        story = Story(rpc=l1, at=at, outbox_nodes=unpack_nodes(outbox))
        await tell(story, first, other)
        await tell_types(story, later)
        await lost(story, undefended)
        await another_code(story, at, shared.vm, coded)
        await tell_upgrades(story, upgraded)
        found = await log_vectors(l2, first, lanes)
    pins = {name: value for name, value in at.items() if name in PINNED}
    (HERE / "games.json").write_text(json.dumps(story.vectors, indent=2) + "\n")
    (HERE / "logs.json").write_text(json.dumps(found, indent=2) + "\n")
    (HERE / "pins.json").write_text(
        json.dumps(
            {
                **pins,
                "finality_delay": hex(CLOCKS.game_finality_seconds),
                "proof_maturity_delay": hex(CLOCKS.proof_maturity_seconds),
            },
            indent=2,
        )
        + "\n"
    )


PINNED = (
    "portal", "portal_implementation", "dispute_game_factory", "dispute_game_factory_implementation",
    "superchain_config", "superchain_config_implementation", "dispute_game_implementation",
)  # fmt: skip

if __name__ == "__main__":
    asyncio.run(main())
