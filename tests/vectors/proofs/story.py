"""
Story: an L1 on which a dispute game lives, and what is proven and said of it at each station.

Calls come in, as the tale in `make_games` makes them; vectors go out. Promise: what is recorded is what the real
contracts and a node said at that moment; nothing is made up.
"""

from collections.abc import Sequence
from typing import Any

from attrs import define, field, frozen
from eth_abi import encode
from eth_utils import keccak, to_checksum_address

from xl2.core.header import Header
from xl2.core.storage_proof import nodes_of, pack_nodes, root_proof
from xl2.core.types import hex_text
from xl2.errors import Reverted
from xl2_adapters.rpc import RpcClient
from xl2_devnet.abi import Contract, op_stack, xl2
from xl2_devnet.accounts import ACCOUNTS, account
from xl2_devnet.clocks import Clocks
from xl2_devnet.op_stack.genesis import PREDEPLOYS
from xl2_devnet.op_stack.l1 import CANNON, GAME_BOND
from xl2_devnet.op_stack.root import OutputRoot
from xl2_devnet.plan import Plan

OWNER = account("deployer").address
ORIGIN = 901
CLOCKS = Clocks(max_clock_seconds=10, proof_maturity_seconds=50, game_finality_seconds=100)
#: EIP-1967.
IMPLEMENTATION = int.from_bytes(keccak(text="eip1967.proxy.implementation")) - 1
PAUSED = int.from_bytes(keccak(text="superchainConfig.paused")) - 1
GAMES = int.from_bytes(keccak((104).to_bytes(32)))
FACTORY, PORTAL, CONFIG = op_stack("DisputeGameFactory"), op_stack("OptimismPortal2"), op_stack("SuperchainConfig")
GAME, ADMIN = op_stack("FaultDisputeGame"), op_stack("ProxyAdmin")


@frozen(kw_only=True)
class Claim:
    """An output root in a game of the factory's list."""

    index: int
    root: OutputRoot

    @property
    def named(self) -> bytes:
        """As `LiveGames` takes it."""
        return self.index.to_bytes(8) + b"".join(self.root.proof[1:])

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


async def verdict(rpc: RpcClient, name: str, at: str, *claim: Any) -> str:
    """Name of the error with which a rule of ours says that a claim is not settled; empty if it is."""
    rule = xl2(name)
    try:
        await read(rpc, at, rule, "settled", *claim)
    except Reverted as refusal:
        errors = [entry for entry in rule.abi if entry["type"] == "error"]
        named = {
            keccak(text=f"{entry['name']}({','.join(i['type'] for i in entry['inputs'])})")[:4]: str(entry["name"])
            for entry in errors
        }
        return named.get(refusal.revert[:4], "another's error")
    return ""


@frozen(kw_only=True)
class Withdrawal:
    """A withdrawal that the L2 has promised before the first of the claims."""

    #: nonce, sender, target, value, gas limit, data.
    fields: tuple[int, str, str, int, int, bytes]
    l2: RpcClient

    @property
    def hash(self) -> bytes:
        """As the portal and the message passer name it."""
        return keccak(encode(["uint256", "address", "address", "uint256", "uint256", "bytes"], self.fields))

    async def proof(self, block: int) -> list[bytes]:
        """That the message passer holds it."""
        slot = hex_text(keccak(self.hash + bytes(32)))
        got: Any = await self.l2.call("eth_getProof", PREDEPLOYS["L2ToL1MessagePasser"], [slot], hex(block))
        return [bytes.fromhex(node[2:]) for node in got["storageProof"][0]["proof"]]


@define(kw_only=True)
class Story:
    """The L1, and what has been proven from it so far."""

    rpc: RpcClient
    at: dict[str, str]
    #: `LiveGames` and `ProvenGames`, on the L1.
    live: str
    rule: str
    withdrawal: Withdrawal
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
        await self.wait(1)
        if claimed is None:
            plan = await Plan.of(self.rpc, ACCOUNTS[index].address)
            nodes = await self.withdrawal.proof(root.block_number)
            plan.call(
                self.at["portal"],
                PORTAL,
                "proveWithdrawalTransaction",
                self.withdrawal.fields,
                index,
                root.proof,
                nodes,
            )
            await plan.carry_out(self.rpc)
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
                "proven": await verdict(
                    self.rpc, "ProvenGames", self.rule, header.state_root, header.timestamp, settled
                ),
                "live": await verdict(self.rpc, "LiveGames", self.live, claim.named),
                "portal": hex(await self._pays(claim)),
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

    async def _pays(self, claim: Claim) -> bool:
        """Whether the portal would finalize the withdrawal that was shown to it under this game."""
        paused = (await read(self.rpc, self.at["portal"], PORTAL, "paused"))[0]
        try:
            submitter = ACCOUNTS[claim.index].address
            await read(self.rpc, self.at["portal"], PORTAL, "checkWithdrawal", self.withdrawal.hash, submitter)
        except Reverted:
            return False
        return not paused
