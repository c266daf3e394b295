"""A devnet with L2s of every kind: named by kind, configured by family, the same from a snapshot, and all on one L1."""

import asyncio
from collections.abc import Iterator, Mapping

import pytest

from tests.devnet_user import User, until
from xl2_adapters.rpc import RpcClient
from xl2_devnet import BRISK, Description, Options, running
from xl2_devnet.abi import xl2
from xl2_devnet.accounts import account

KINDS = ("op", "base", "arbitrum", "zk")
FAMILIES = {"op-a": "op", "base-b": "op", "arbitrum-c": "nitro", "zk-d": "zk"}
OPTIONS = Options(l2=KINDS, clocks=BRISK)
REORG_DEPTH = 3


@pytest.fixture(scope="module")
def mixed() -> Iterator[Description]:
    """A devnet of four kinds that began from a snapshot: the start before it kept one, if there was none."""
    with running(OPTIONS):
        pass
    with running(OPTIONS) as description:
        yield description


def l2s(devnet: Description) -> Mapping[str, User]:
    key = account("erin").private_key
    return {name: User(chain, key) for name, chain in devnet.chains.items() if chain.anchor}


async def test_a_mixed_devnet_begins_from_its_own_snapshot(mixed: Description) -> None:
    assert mixed.from_snapshot
    assert {name: chain.family for name, chain in mixed.chains.items() if chain.anchor} == FAMILIES
    assert tuple(chain.kind for chain in mixed.chains.values() if chain.anchor) == KINDS


async def test_each_pair_has_the_evidence_that_its_origin_allows(mixed: Description) -> None:
    for name, family in FAMILIES.items():
        remotes = [other for other in FAMILIES if other != name]
        kinds = [verifier["kind"] for verifier in mixed.chain(name).verifiers]
        proven = [verifier["remote"] for verifier in mixed.chain(name).verifiers if verifier["kind"] == "proven"]

        assert sorted(proven) == sorted(remote for remote in remotes if FAMILIES[remote] != "zk"), family
        assert (kinds.count("attested"), kinds.count("routed")) == (1, 1)


async def test_l1_knows_every_rollup_by_its_own_chain_id(mixed: Description) -> None:
    on_l1 = mixed.chain("l1").contracts
    async with User(mixed.chain("l1"), account("erin").private_key) as l1:
        for name in FAMILIES:
            chain_id = mixed.chain(name).chain_id

            told = await l1.read(on_l1["router"], xl2("Router"), "rollupOf", chain_id)

            assert told.lower() == on_l1[f"rollup_{chain_id}"].lower()


async def test_tokens_stand_on_every_kind(mixed: Description) -> None:
    for symbol in ("USDD", "GOLD"):
        (token,) = [entry for entry in mixed.tokens if entry["symbol"] == symbol]

        assert set(token["on"]) == set(FAMILIES)
        for name, user in l2s(mixed).items():
            async with user:
                code = str(await user.rpc.call("eth_getCode", token["on"][name]["token"], "latest"))
            assert len(code) > len("0x"), (symbol, name)


async def test_every_kind_follows_a_reorg_of_l1_and_loses_no_payment(mixed: Description) -> None:
    users = l2s(mixed)
    recipient = "0x" + "5e" * 20
    before = {name: await user.balance(recipient) for name, user in users.items()}
    async with RpcClient(mixed.chain("l1").rpc_url) as l1:
        # anvil cannot go back behind the snapshot that it began from.
        await grown(l1, 2 * REORG_DEPTH)
        async with asyncio.TaskGroup() as tasks:
            paid = {name: tasks.create_task(user.send(recipient, value=1)) for name, user in users.items()}
        await l1.call("anvil_reorg", REORG_DEPTH, [])
        await grown(l1, REORG_DEPTH)

    for name, user in users.items():
        receipt = await user.receipt(paid[name].result()["transactionHash"])
        again = await user.send(recipient, value=1)
        assert (receipt["status"], again["status"]) == ("0x1", "0x1")
        assert await user.balance(recipient) == before[name] + 2, name
        await user.close()


async def grown(l1: RpcClient, blocks: int) -> None:
    begun = int(str(await l1.call("eth_blockNumber")), 16)

    async def look() -> bool | None:
        return True if int(str(await l1.call("eth_blockNumber")), 16) > begun + blocks else None

    await until(look, f"{blocks} more blocks of L1")
