"""The devnet's own proposer where L1 stands still, or is too fast for its challenger: it states what stays true."""

import secrets
from collections.abc import Iterator
from typing import Any, cast

import pytest
from eth_abi.abi import encode

from tests.faults.anchored import DEFENDER_WINS, FACTORY, GAME, IN_PROGRESS, L1, Anchored
from tests.faults.scene import Parcel
from tests.waiting import until
from xl2.core.evidence import Finality
from xl2_devnet import BRISK, Description, Options, running
from xl2_devnet.accounts import account
from xl2_devnet.controls import Controls
from xl2_devnet.op_stack.derive import told
from xl2_devnet.op_stack.l1 import CANNON, GAME_BOND

ORIGIN = "op-a"
#: What is final on L1 is so many blocks behind its tip, and a root goes into a block after the tip.
_FINAL_BEFORE = 2 * BRISK.slots_in_an_epoch + 1
#: More than what is final on an L2 is behind its tip.
_OVERTAKEN = 8
_CREATE_GAS = 1_500_000
_REORGS = 4


@pytest.fixture(scope="module")
def devnet(controls: Controls) -> Iterator[Description]:
    """One for this module, whose L1 nobody else relies on."""
    with running(Options(clocks=BRISK), controls=controls) as description:
        yield description


async def test_no_root_is_about_what_l1_may_still_take_back(anchored: Anchored, controls: Controls) -> None:
    before = await anchored.games()
    controls.hold_l1()
    sent = await anchored.send(Parcel())
    await anchored.until_blocks(_OVERTAKEN)
    controls.release_l1()
    last, _ = await anchored.covering(sent[-1], before)

    for index in range(before, last + 1):
        game, block = await anchored.game(index)
        assert await derived_from(anchored, block) + _FINAL_BEFORE <= await anchored.created_at(game)


async def test_a_false_root_that_is_too_old_to_be_attacked_is_not_upheld_and_holds_up_no_other(
    anchored: Anchored, controls: Controls
) -> None:
    controls.hold_l1()
    too_old = await a_false_root_of_old(anchored)
    controls.release_l1()
    before, sent = await anchored.games(), await anchored.send(Parcel())
    _, good = await anchored.covering(sent[-1], before)

    await upheld(anchored, good)
    assert await anchored.l1.read(too_old, GAME, "status") == IN_PROGRESS


async def test_an_outcome_that_l1_takes_back_is_reached_again(anchored: Anchored) -> None:
    before, sent = await anchored.games(), await anchored.send(Parcel())
    _, game = await anchored.covering(sent[-1], before)

    for _ in range(_REORGS):
        await upheld(anchored, game)
        await anchored.take_back_from(await decided_at(anchored, game))

    await upheld(anchored, game)


async def test_a_root_that_another_has_proposed_a_moment_before_stands_and_its_proposer_goes_on(
    anchored: Anchored, controls: Controls
) -> None:
    before, sent = await anchored.games(), await anchored.send(Parcel())

    async def overtaken() -> Any | None:
        controls.hold_l1()
        try:
            return await overtake(anchored)
        finally:
            controls.release_l1()

    late = await until(overtaken, "a root to be on its way to L1")
    _, game = await anchored.covering(sent[-1], before)
    later = await anchored.send(Parcel())
    await anchored.covering(later[-1], await anchored.games())

    assert (await anchored.l1.receipt(late["hash"]))["status"] == "0x0"
    await upheld(anchored, game)


async def overtake(anchored: Anchored) -> Any | None:
    """Propose what waits in L1's pool to be proposed, and pay more for it; the one that waited, if any did."""
    factory = anchored.devnet.chain(ORIGIN).rollup["dispute_game_factory"]
    async with anchored.controls.turn(L1):
        pool = cast("Any", await anchored.l1.rpc.call("txpool_content"))["pending"]
        waiting = [one for of_one in pool.values() for one in of_one.values() if one["to"] == factory.lower()]
        if not waiting:
            return None
        copied = {name: waiting[0][name] for name in ("to", "input", "value", "gas")}
        price = hex(2 * int(waiting[0]["maxFeePerGas"], 16))
        fees = {"maxFeePerGas": price, "maxPriorityFeePerGas": price}
        await anchored.l1.rpc.call("eth_sendTransaction", {**copied, **fees, "from": account("erin").address})
        await anchored.mine(1)
        return waiting[0]


async def upheld(anchored: Anchored, game: str) -> None:
    """Return once L1 has decided a game for who made it."""

    async def decided() -> bool | None:
        return await anchored.l1.read(game, GAME, "status") == DEFENDER_WINS or None

    await until(decided, f"the outcome of {game}")


async def decided_at(anchored: Anchored, game: str) -> int:
    """Block of L1 that holds the outcome of a game."""
    query: Any = {"fromBlock": "0x0", "toBlock": "latest", "address": game, "topics": [GAME.topic("Resolved")]}
    (found,) = cast("list[Any]", await anchored.l1.rpc.call("eth_getLogs", query))
    return int(found["blockNumber"], 16)


async def derived_from(anchored: Anchored, block: int) -> int:
    """The L1 block that a block of the origin was derived from."""
    found: Any = await anchored.sender.rpc.call("eth_getBlockByNumber", hex(block), True)
    origin = told(found["transactions"][0])
    assert origin is not None
    return origin.number


async def a_false_root_of_old(anchored: Anchored) -> str:
    """A game that somebody made and whose time was over before anybody looked, while L1 makes no blocks by itself."""
    factory = anchored.devnet.chain(ORIGIN).rollup["dispute_game_factory"]
    root = secrets.token_bytes(32)
    extra = encode(["uint256"], [(await anchored.origin.head(Finality.LATEST)).number])
    create = FACTORY.call("create", CANNON, root, extra)
    async with anchored.controls.turn(L1):
        (tx_hash,) = await anchored.l1.submit((factory, create, GAME_BOND), gas=_CREATE_GAS)
        await anchored.mine(1)
        await anchored.l1.rpc.call("evm_increaseTime", hex(BRISK.max_clock_seconds + 1))
        await anchored.mine(1)
    assert (await anchored.l1.receipt(tx_hash))["status"] == "0x1"
    game: str = (await anchored.l1.read(factory, FACTORY, "games", CANNON, root, extra))[0]
    return game
