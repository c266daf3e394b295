"""xl2 on the devnet: every lane is open, and each verifier speaks for exactly the logs that its class reaches."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.devnet_user import UserOf
from xl2.core.lane import Lane
from xl2.core.types import Assurance, ChainId, address
from xl2_devnet import Description
from xl2_devnet.abi import op_stack, xl2
from xl2_devnet.accounts import ATTESTER_THRESHOLD
from xl2_devnet.deploy_tokens import GIVEN, TOKENS
from xl2_devnet.op_stack.genesis import IMPLEMENTATION_SLOT

L2S = ("op-a", "op-b")
ATTESTED, PROVEN, ROUTED = 1 << 0, 1 << 128, 1 << 129
ALIAS_OFFSET = 0x1111000000000000000000000000000000001111


def lanes(devnet: Description) -> Iterator[Lane]:
    for origin, destination in (L2S, L2S[::-1]):
        for assurance in Assurance:
            yield Lane(
                origin=ChainId(devnet.chain(origin).chain_id),
                outbox=address(devnet.chain(origin).contracts["outbox"]),
                destination=ChainId(devnet.chain(destination).chain_id),
                inbox=address(devnet.chain(destination).contracts["inbox"]),
                assurance=assurance,
            )


def home_of(devnet: Description, chain_id: int) -> str:
    return next(chain.name for chain in devnet.chains.values() if chain.chain_id == chain_id)


async def test_every_class_has_an_open_lane_each_way_with_its_own_head(devnet: Description, user_of: UserOf) -> None:
    for lane in lanes(devnet):
        user = user_of(home_of(devnet, lane.origin), "alice")
        outbox = user.chain.contracts["outbox"]

        found = await user.read(outbox, xl2("Outbox"), "lane", lane.destination, int(lane.assurance))

        head, inbox, count = found[:3]
        assert bytes.fromhex(inbox[2:]) == lane.inbox
        # The devnet is shared: where others have sent before, the head has left its start.
        assert (head == lane.log) is (count == 0)


async def test_verifiers_stand_for_the_logs_that_their_class_reaches(devnet: Description, user_of: UserOf) -> None:
    for lane in lanes(devnet):
        expected = PROVEN | ROUTED | (ATTESTED if lane.assurance is Assurance.ATTESTED else 0)
        for chain_id, log in ((lane.destination, lane.log), (lane.origin, lane.receipt_log)):
            user = user_of(home_of(devnet, chain_id), "alice")
            heads = user.chain.contracts["heads"]

            assert await user.read(heads, xl2("Heads"), "standing", log) == expected


async def test_the_configuration_names_the_verifiers_that_heads_know(user_of: UserOf) -> None:
    for name in L2S:
        user = user_of(name, "alice")
        for verifier in user.chain.verifiers:
            known = await user.read(user.chain.contracts["heads"], xl2("Heads"), "verifierOf", verifier["number"])
            assert known.lower() == verifier["address"].lower()
        attested = user.chain.verifiers[0]
        assert await user.read(attested["address"], xl2("AttestedHeads"), "threshold") == ATTESTER_THRESHOLD
        assert attested["signers"] == sorted(attested["signers"], key=str.lower)


async def test_routed_heads_hear_the_router_alone_and_the_router_reaches_them(
    devnet: Description, user_of: UserOf
) -> None:
    l1 = user_of("l1", "alice")
    router = devnet.chain("l1").contracts["router"]
    for name in L2S:
        user = user_of(name, "alice")
        routed = next(entry["address"] for entry in user.chain.verifiers if entry["kind"] == "routed")

        alias = await user.read(routed, xl2("RoutedHeads"), "router")
        reached = await l1.read(router, xl2("Router"), "headsOf", user.chain.chain_id)
        judge = await l1.read(router, xl2("Router"), "rollupOf", user.chain.chain_id)

        assert int(alias, 16) == (int(router, 16) + ALIAS_OFFSET) % (1 << 160)
        assert reached.lower() == routed.lower()
        assert (await l1.read(judge, xl2("LiveGames"), "portal")).lower() == user.chain.rollup["portal"].lower()


async def test_proven_games_pin_what_stands_behind_the_proxies(devnet: Description, user_of: UserOf) -> None:
    l1 = user_of("l1", "alice")
    for here, there in (L2S, L2S[::-1]):
        user, rollup = user_of(here, "alice"), devnet.chain(there).rollup
        proven = next(entry["address"] for entry in user.chain.verifiers if entry.get("remote") == there)
        rule = await user.read(proven, xl2("ProvenHeads"), "rule")
        for proxy, pin in (
            ("portal", "portalImplementation"),
            ("dispute_game_factory", "factoryImplementation"),
            ("superchain_config", "superchainConfigImplementation"),
        ):
            behind = await l1.rpc.call("eth_getStorageAt", rollup[proxy], IMPLEMENTATION_SLOT, "latest")
            pinned: Any = await user.read(rule, xl2("ProvenGames"), pin)
            assert int(str(behind), 16) == int(pinned, 16) == int(rollup[f"{proxy}_implementation"], 16)
        game = await l1.read(rollup["dispute_game_factory"], op_stack("DisputeGameFactory"), "gameImpls", 0)
        assert game.lower() == (await user.read(rule, xl2("ProvenGames"), "gameImplementation")).lower()


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: token.symbol)
async def test_tokens_are_given_out_at_home_and_linked_both_ways(
    devnet: Description, user_of: UserOf, token: Any
) -> None:
    entry = next(entry for entry in devnet.tokens if entry["symbol"] == token.symbol)
    home, away = user_of("op-a", "alice"), user_of("op-b", "alice")
    at_home, there = entry["on"]["op-a"], entry["on"]["op-b"]

    link = await home.read(at_home["bridge"], xl2("LockBridge"), "remote", away.chain.chain_id)
    back = await away.read(there["bridge"], xl2("MintBridge"), "remote", home.chain.chain_id)

    erc20 = op_stack("OptimismMintableERC20")
    assert await home.read(at_home["token"], erc20, "balanceOf", home.address) == GIVEN * 10**token.decimals
    assert (await away.read(there["bridge"], xl2("MintBridge"), "token")).lower() == there["token"].lower()
    assert (link[0].lower(), back[0].lower()) == (there["bridge"].lower(), at_home["bridge"].lower())
    assert await away.read(there["token"], xl2("BridgedToken"), "decimals") == token.decimals
