"""L1 stops, goes back, or hears nothing or nothing true of its L2: what the devnet does, and what it does not lose."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import pytest

from tests.deposits import ETHER, deposit, deposits_in
from tests.devnet_clocks import DISPUTED
from tests.devnet_user import User
from tests.waiting import until
from xl2_devnet import Description, Options, running
from xl2_devnet.abi import op_stack
from xl2_devnet.accounts import account
from xl2_devnet.controls import BATCHES, ROOTS, Controls
from xl2_devnet.op_stack.root import output_root

FACTORY = op_stack("DisputeGameFactory")
GAME = op_stack("FaultDisputeGame")
CHALLENGER_WINS, DEFENDER_WINS = 1, 2


@pytest.fixture(scope="module")
def devnet(controls: Controls) -> Iterator[Description]:
    """One for this module, whose L1 nobody else relies on."""
    with running(Options(l2=("op",), clocks=DISPUTED), controls=controls) as description:
        yield description


@pytest.fixture
async def l1(devnet: Description) -> AsyncIterator[User]:
    async with User(devnet.chain("l1"), account("carol").private_key) as user:
        yield user


@pytest.fixture
async def l2(devnet: Description) -> AsyncIterator[User]:
    async with User(devnet.chain("op-a"), account("dave").private_key) as user:
        yield user


async def number(user: User, tag: str = "latest") -> int:
    return int((await user.block(tag))["number"], 16)


async def until_past(user: User, block: int, tag: str = "latest") -> None:
    async def look() -> bool | None:
        return True if await number(user, tag) > block else None

    await until(look, f"{tag} of {user.chain.name} past {block}")


class Games:
    """The rollup's dispute games, as L1 lists them."""

    def __init__(self, devnet: Description, l1: User) -> None:
        self.factory = devnet.chain("op-a").rollup["dispute_game_factory"]
        self.l1 = l1

    async def count(self) -> int:
        counted: int = await self.l1.read(self.factory, FACTORY, "gameCount")
        return counted

    async def at(self, index: int) -> tuple[str, int, bytes]:
        """Address, L2 block and claim."""
        _, _, game = await self.l1.read(self.factory, FACTORY, "gameAtIndex", index)
        return game, await self.l1.read(game, GAME, "l2BlockNumber"), await self.l1.read(game, GAME, "rootClaim")

    async def next_after(self, count: int) -> tuple[str, int, bytes]:
        async def look() -> tuple[str, int, bytes] | None:
            return await self.at(count) if await self.count() > count else None

        return await until(look, f"game {count}")

    async def covering(self, block: int) -> tuple[str, int, bytes]:
        async def look() -> tuple[str, int, bytes] | None:
            count = await self.count()
            last = await self.at(count - 1) if count else None
            return last if last is not None and last[1] >= block else None

        return await until(look, f"a game that covers block {block}")

    async def outcome(self, game: str, *, claims: int = 1) -> int:
        """Who won, when so many claims were made and the time of all who may make more is over."""

        async def claimed() -> bool | None:
            return (await self.l1.read(game, GAME, "claimDataLen")) >= claims or None

        async def look() -> int | None:
            return (await self.l1.read(game, GAME, "status")) or None

        await until(claimed, f"{claims} claims in {game}")
        await self.l1.rpc.call("evm_increaseTime", DISPUTED.max_clock_seconds)
        return await until(look, f"the outcome of {game}")


async def test_while_l1_makes_no_blocks_the_l2_goes_on_and_on_its_return_nothing_is_lost(
    devnet: Description, controls: Controls, l1: User, l2: User, fresh_address: str
) -> None:
    portal, games = devnet.chain("op-a").rollup["portal"], Games(devnet, l1)
    controls.hold_l1()
    await until_past(l2, await number(l2) + 1)
    held_at, final_at, games_before = await number(l1), await number(l2, "finalized"), await games.count()

    asked = await l1.submit(*[(portal, deposit(fresh_address, amount * ETHER), amount * ETHER) for amount in (1, 2, 3)])
    paid = await l2.send(fresh_address, value=7)
    await until_past(l2, int(paid["blockNumber"], 16) + 6)

    assert await number(l1) == held_at
    assert await number(l2, "finalized") == final_at, "nothing of the L2 reaches L1"
    assert await games.count() == games_before
    assert await l2.balance(fresh_address) == 7
    controls.release_l1()
    receipts = [await l1.receipt(tx_hash) for tx_hash in asked]
    arrived = [await l2.receipt(tx_hash) for receipt in receipts for tx_hash in deposits_in(receipt)]
    assert [receipt["status"] for receipt in arrived] == ["0x1"] * 3
    numbers = [int(receipt["blockNumber"], 16) for receipt in arrived]
    assert numbers == sorted(numbers), "in the order of L1"
    assert await l2.balance(fresh_address) == 6 * ETHER + 7
    await until_past(l2, int(paid["blockNumber"], 16), "finalized")
    game, _, _ = await games.covering(int(paid["blockNumber"], 16))
    assert await games.outcome(game) == DEFENDER_WINS


async def test_a_root_that_l1_takes_back_is_proposed_again_and_wins(
    devnet: Description, controls: Controls, l1: User, l2: User, fresh_address: str
) -> None:
    games = Games(devnet, l1)
    paid = int((await l2.send(fresh_address, value=1))["blockNumber"], 16)
    await games.covering(paid)
    before = await games.count()

    # Far enough back for the game to be gone, and the block that it covers to be derived anew.
    controls.withhold(ROOTS, "op-a")
    created = await created_at(l1, games, before - 1)
    async with controls.turn("l1"):
        await l1.rpc.call("anvil_reorg", await number(l1) - created + 1, [])
    assert await games.count() < before
    controls.give(ROOTS, "op-a")

    game, covered, claimed = await games.covering(await paid_in(l2, fresh_address))
    assert await games.outcome(game) == DEFENDER_WINS
    assert claimed == await true_root(devnet, covered)


async def test_withheld_roots_are_proposed_once_they_are_given(
    devnet: Description, controls: Controls, l1: User, l2: User, fresh_address: str
) -> None:
    games = Games(devnet, l1)
    controls.withhold(ROOTS, "op-a")
    # What was on its way when they were withheld is in a block by then.
    await until_past(l1, await number(l1) + 8)
    before = await games.count()
    paid = int((await l2.send(fresh_address, value=1))["blockNumber"], 16)
    await until_past(l2, paid + 8, "finalized")
    during = await games.count()

    controls.give(ROOTS, "op-a")

    assert during == before
    _, covered, _ = await games.next_after(before)
    assert covered >= paid


async def test_an_l2_whose_batches_are_withheld_grows_and_becomes_no_safer(
    devnet: Description, controls: Controls, l1: User, l2: User, fresh_address: str
) -> None:
    games = Games(devnet, l1)
    controls.withhold(BATCHES, "op-a")
    await until_past(l2, await number(l2) + 1)
    safe, final = await number(l2, "safe"), await number(l2, "finalized")
    await until_past(l1, await number(l1) + 8)
    proposed = await games.count()

    paid = int((await l2.send(fresh_address, value=1))["blockNumber"], 16)
    await until_past(l2, paid + 8)

    assert (await number(l2, "safe"), await number(l2, "finalized"), await games.count()) == (safe, final, proposed)
    logs: Any = await l2.rpc.call("eth_getLogs", {"fromBlock": "finalized", "toBlock": "finalized"})
    assert all(int(log["blockNumber"], 16) == final for log in logs)
    controls.give(BATCHES, "op-a")
    await until_past(l2, paid, "finalized")
    _, covered, _ = await games.next_after(proposed)
    assert covered > final


async def test_a_false_root_is_attacked_and_loses_and_the_next_one_is_true(
    devnet: Description, controls: Controls, l1: User, l2: User, fresh_address: str
) -> None:
    games = Games(devnet, l1)
    controls.claim_falsely("op-a")
    before = await games.count()
    await l2.send(fresh_address, value=1)

    async def false_game() -> tuple[str, int, bytes] | None:
        listed = [await games.at(index) for index in range(before, await games.count())]
        false = [entry for entry in listed if entry[2] != await true_root(devnet, entry[1])]
        return false[0] if false else None

    game, covered, _ = await until(false_game, "a false root")

    assert await games.outcome(game, claims=2) == CHALLENGER_WINS
    await l2.send(fresh_address, value=1)
    later, block, claimed = await games.covering(covered + 1)
    assert claimed == await true_root(devnet, block)
    assert await games.outcome(later) == DEFENDER_WINS


@pytest.mark.parametrize("turned", ["l1", "op-a"])
async def test_deposits_arrive_whichever_clock_is_ahead(
    devnet: Description, l1: User, l2: User, fresh_address: str, turned: str
) -> None:
    users = {"l1": l1, "op-a": l2}
    async with User(devnet.chain(turned), account("dave").private_key, url=devnet.chain(turned).node_url) as node:
        await node.rpc.call("evm_increaseTime", 3600)
    await until_past(users[turned], await number(users[turned]) + 1)

    sent = await l1.send(devnet.chain("op-a").rollup["portal"], deposit(fresh_address, ETHER), value=ETHER)
    (deposited,) = deposits_in(sent)
    arrived = await l2.receipt(deposited)

    assert arrived["status"] == "0x1"
    assert await l2.balance(fresh_address) == ETHER
    ahead, behind = [int((await user.block("latest"))["timestamp"], 16) for user in (l2, l1)]
    assert ahead >= behind - 1, "no L2 block is older than its origin"


async def created_at(l1: User, games: Games, index: int) -> int:
    """The L1 block in which a game was made."""
    (log,) = [
        entry
        for entry in await logs_of(l1, games.factory, FACTORY.topic("DisputeGameCreated"))
        if int(entry["topics"][1], 16) == int((await games.at(index))[0], 16)
    ]
    return int(log["blockNumber"], 16)


async def logs_of(user: User, address: str, topic: str) -> list[Mapping[str, Any]]:
    found: Any = await user.rpc.call(
        "eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "address": address, "topics": [topic]}
    )
    return list(found)


async def paid_in(l2: User, recipient: str) -> int:
    """A block in which the recipient has been paid, as the chain is now."""

    async def look() -> int | None:
        head = await number(l2)
        return head if await l2.balance(recipient) else None

    return await until(look, f"a payment to {recipient}")


async def true_root(devnet: Description, block: int) -> bytes:
    async with User(devnet.chain("op-a"), account("dave").private_key) as user:
        return (await output_root(user.rpc, block)).root
