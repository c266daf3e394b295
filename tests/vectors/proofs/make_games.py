"""
Make games.json: `python -m tests.vectors.proofs.make_games`.

One L1 with Optimism's own contracts and one L2 with xl2's outbox and inbox, on anvil. The L1 walks through what can
befall a dispute game (in play, in the air gap, settled, lost, blacklisted, paused, not respected, retired, upgraded
...); at each station a block is proven from, whether or not its game is settled, and three are asked: `ProvenGames` by
proof and `LiveGames` by call (the name of their error, empty if settled), and the portal itself, about a withdrawal
that was shown to it under this game (`portal`: 1 it would pay out, 0 not). `error` is what `ProvenGames` must say.
"""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eth_utils import keccak, to_checksum_address

from tests.vectors.proofs.story import (
    CLOCKS,
    CONFIG,
    FACTORY,
    GAME,
    ORIGIN,
    OWNER,
    PORTAL,
    Claim,
    Story,
    Withdrawal,
    proof_of,
    read,
)
from xl2.core.interop import InteropAddress
from xl2.core.lane import Lane
from xl2.core.message import Message
from xl2.core.storage_proof import LogKind, LogPlace, unpack_nodes
from xl2.core.types import Assurance, ChainId, Nonce, Timestamp, address, hex_text
from xl2_adapters.rpc import RpcClient
from xl2_devnet.abi import op_stack, xl2
from xl2_devnet.anvil import anvil
from xl2_devnet.op_stack.genesis import PREDEPLOYS, write_genesis
from xl2_devnet.op_stack.l1 import CANNON, plan_proxies, plan_rollup, plan_shared
from xl2_devnet.op_stack.root import OutputRoot, output_root
from xl2_devnet.plan import Plan
from xl2_devnet.toolchain import ANVIL, find

HERE = Path(__file__).parent
L1, DESTINATION = 900, 902
#: In the order of `ProvenGames.Pins`.
PINNED = (
    "portal", "portal_implementation", "dispute_game_factory", "dispute_game_factory_implementation",
    "superchain_config", "superchain_config_implementation", "dispute_game_implementation",
)  # fmt: skip
#: Enough messages for a first page, and one more.
MESSAGES = 257

#: Target, gas limit and data.
WITHDRAWAL = (OWNER, 100_000, b"")


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

    await story.do(story.at["superchain_config"], CONFIG, "pause", "")
    await story.prove("paused", first, "Paused")
    await story.do(story.at["superchain_config"], CONFIG, "unpause")
    await story.prove("settled, after a pause", first)
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
    passer = PREDEPLOYS["L2ToL1MessagePasser"]
    plan.call(passer, op_stack("L2ToL1MessagePasser"), "initiateWithdrawal", *WITHDRAWAL)
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


async def main(folder: Path = HERE) -> None:
    """Write the files into `folder`."""
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
        pins = (*(at[name] for name in PINNED), CLOCKS.game_finality_seconds, CLOCKS.proof_maturity_seconds)
        live = plan.create(xl2("LiveGames"), ORIGIN, at["portal"])
        rule = plan.create(xl2("ProvenGames"), pins)
        await plan.carry_out(l1)
        lanes = await logs(l2)
        await l2.call("anvil_mine", hex(6))
        newest = int(str(await l2.call("eth_blockNumber")), 16)
        roots = [await output_root(l2, newest - back) for back in (5, 4, 3, 2, 1, 0)]
        first, other, later, undefended, coded, upgraded = roots
        outbox = await proof_of(l2, to_checksum_address(lanes[0].outbox), block=hex(first.block_number))
        target, gas_limit, data = WITHDRAWAL
        # The first message of the passer has version 1 in its upper bytes.
        withdrawal = Withdrawal(fields=(1 << 240, OWNER, target, 0, gas_limit, data), l2=l2)
        story = Story(rpc=l1, at=at, live=live, rule=rule, withdrawal=withdrawal, outbox_nodes=unpack_nodes(outbox))
        await tell(story, first, other)
        await tell_types(story, later)
        await lost(story, undefended)
        await another_code(story, at, shared.vm, coded)
        await tell_upgrades(story, upgraded)
        found = await log_vectors(l2, first, lanes)
    (folder / "games.json").write_text(json.dumps(story.vectors, indent=2) + "\n")
    (folder / "logs.json").write_text(json.dumps(found, indent=2) + "\n")
    (folder / "pins.json").write_text(
        json.dumps(
            {
                **{name: at[name] for name in PINNED},
                "finality_delay": hex(CLOCKS.game_finality_seconds),
                "proof_maturity_delay": hex(CLOCKS.proof_maturity_seconds),
            },
            indent=2,
        )
        + "\n"
    )


if __name__ == "__main__":
    asyncio.run(main())
