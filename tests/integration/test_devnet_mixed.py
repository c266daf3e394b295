"""A devnet with L2s of every kind: named by kind, configured by family, the same from a snapshot, and all on one L1."""

import asyncio
from collections.abc import Iterator, Mapping

import pytest

from tests.bytecode import creation
from tests.devnet_user import User
from tests.waiting import until
from xl2_adapters.rpc import RpcClient
from xl2_devnet import BRISK, Description, Options, running
from xl2_devnet.abi import xl2
from xl2_devnet.accounts import account
from xl2_devnet.controls import Controls

KINDS = ("op", "base", "arbitrum", "zk")
#: Every IRollup has `deposit`.
LIVE = xl2("LiveGames")
FAMILIES = {"op-a": "op", "base-b": "op", "arbitrum-c": "nitro", "zk-d": "zk"}
OPTIONS = Options(l2=KINDS, clocks=BRISK)
REORG_DEPTH = 3
#: Code that shifts slot 0 by a hexadecimal digit and adds the first word that it is called with.
RECORDING = creation(bytes.fromhex("60003560005460100201" + "60005500"))
#: What goes along with a deposit, by family: it buys gas where the bridge sells it.
VALUE = {"op": 0, "nitro": 10**17, "zk": 10**17}
DEPOSIT_GAS = 300_000


@pytest.fixture(scope="module")
def mixed(controls: Controls) -> Iterator[Description]:
    """A devnet of four kinds that began from a snapshot: the start before it kept one, if there was none."""
    with running(OPTIONS):
        pass
    with running(OPTIONS, controls=controls) as description:
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


async def test_what_l1_is_asked_while_it_stands_still_reaches_every_kind_in_order(
    mixed: Description, controls: Controls
) -> None:
    users = l2s(mixed)
    recording = {name: await user.create(RECORDING) for name, user in users.items()}
    async with User(mixed.chain("l1"), account("frank").private_key) as l1:
        controls.hold_l1()
        asked: list[str] = []
        for digit in (1, 2, 3):
            for name, family in FAMILIES.items():
                live, value = mixed.chain("l1").contracts[f"rollup_{mixed.chain(name).chain_id}"], VALUE[family]
                data = digit.to_bytes(32, "big")
                bridge, call = await l1.read(
                    live, LIVE, "deposit", recording[name], DEPOSIT_GAS, data, value, l1.address
                )
                asked += await l1.submit((bridge, call, value), gas=2_000_000)
        before = {name: int((await user.block("latest"))["number"], 16) for name, user in users.items()}
        for name, user in users.items():
            await past(user.rpc, before[name] + 3)
            assert await slot_0(user, recording[name]) == 0
        controls.release_l1()
        receipts = [await l1.receipt(tx_hash) for tx_hash in asked]

    assert [receipt["status"] for receipt in receipts] == ["0x1"] * len(asked)
    for name, user in users.items():

        async def look(user: User = user, name: str = name) -> int | None:
            found = await slot_0(user, recording[name])
            return found if found > 0x100 else None

        assert await until(look, f"three deposits at {name}") == 0x123, name
        await user.close()


async def test_every_kind_follows_a_reorg_of_l1_and_loses_no_payment(mixed: Description, controls: Controls) -> None:
    users = l2s(mixed)
    recipient = "0x" + "5e" * 20
    before = {name: await user.balance(recipient) for name, user in users.items()}
    async with RpcClient(mixed.chain("l1").rpc_url) as l1:
        # anvil cannot go back behind the snapshot that it began from.
        await grown(l1, 2 * REORG_DEPTH)
        async with asyncio.TaskGroup() as tasks:
            paid = {name: tasks.create_task(user.send(recipient, value=1)) for name, user in users.items()}
        async with controls.turn("l1"):
            await l1.call("anvil_reorg", REORG_DEPTH, [])
        await grown(l1, REORG_DEPTH)

    for name, user in users.items():
        receipt = await user.receipt(paid[name].result()["transactionHash"])
        again = await user.send(recipient, value=1)
        assert (receipt["status"], again["status"]) == ("0x1", "0x1")
        assert await user.balance(recipient) == before[name] + 2, name
        await user.close()


async def slot_0(user: User, contract: str) -> int:
    return int(str(await user.rpc.call("eth_getStorageAt", contract, "0x0", "latest")), 16)


async def past(rpc: RpcClient, block: int) -> None:
    async def look() -> bool | None:
        return True if int(str(await rpc.call("eth_blockNumber")), 16) > block else None

    await until(look, f"block {block} of {rpc.name}")


async def grown(l1: RpcClient, blocks: int) -> None:
    await past(l1, int(str(await l1.call("eth_blockNumber")), 16) + blocks)
