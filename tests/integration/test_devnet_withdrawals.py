"""Withdrawals: what L2 says is proven on L1, through true roots and dispute games that really run."""

from collections.abc import Mapping
from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.bytecode import RECORDS
from tests.devnet_user import User, UserOf, events
from tests.waiting import until
from xl2.errors import Reverted
from xl2_devnet import Description
from xl2_devnet.abi import op_stack
from xl2_devnet.clocks import Clocks
from xl2_devnet.op_stack.genesis import PREDEPLOYS
from xl2_devnet.op_stack.l1 import GAME_BOND
from xl2_devnet.op_stack.root import output_root

PORTAL = op_stack("OptimismPortal2")
FACTORY = op_stack("DisputeGameFactory")
GAME = op_stack("FaultDisputeGame")
PASSER = op_stack("L2ToL1MessagePasser")
L1_MESSENGER = op_stack("L1CrossDomainMessenger")
L2_MESSENGER = op_stack("L2CrossDomainMessenger")
ETHER = 10**18
CHALLENGER_WINS, DEFENDER_WINS = 1, 2


@pytest.fixture(scope="module")
def devnet(by_hand: Description) -> Description:
    """Its games and delays end when the clock is turned on."""
    return by_hand


class Withdrawal:
    """A withdrawal of op-a on its way through the portal."""

    def __init__(self, devnet: Description, l1: User, l2: User, receipt: Mapping[str, Any]) -> None:
        (passed,) = events(receipt, PASSER, "MessagePassed")
        self.rollup = devnet.chain("op-a").rollup
        self.l1, self.l2, self.clocks = l1, l2, devnet.clocks
        self.block = int(receipt["blockNumber"], 16)
        self.hash: bytes = passed.arguments["withdrawalHash"]
        names = ("nonce", "sender", "target", "value", "gasLimit", "data")
        self.message = tuple(passed.arguments[name] for name in names)

    async def covering_game(self) -> tuple[int, str, int]:
        """Index, address and L2 block of a proposed root that covers it."""

        async def look() -> tuple[int, str, int] | None:
            factory = self.rollup["dispute_game_factory"]
            count = await self.l1.read(factory, FACTORY, "gameCount")
            for index in reversed(range(count)):
                _, _, game = await self.l1.read(factory, FACTORY, "gameAtIndex", index)
                number = await self.l1.read(game, GAME, "l2BlockNumber")
                if number >= self.block and await self.is_true(game, number):
                    return index, game, number
            return None

        return await until(look, f"a root that covers block {self.block}")

    async def is_true(self, game: str, number: int) -> bool:
        claimed: bytes = await self.l1.read(game, GAME, "rootClaim")
        head = int((await self.l2.block("latest"))["number"], 16)
        return number <= head and claimed == (await output_root(self.l2.rpc, number)).root

    async def prove(self) -> str:
        """Prove it; the game it was proven against."""
        index, game, number = await self.covering_game()
        created = await self.l1.read(game, GAME, "createdAt")

        async def later() -> bool | None:
            # The portal wants the proof after the game; blocks under a second apart may share a timestamp.
            return True if await self.l1.now() > created else None

        await until(later, "a block of L1 that is later than the game")
        slot = "0x" + keccak(self.hash + bytes(32)).hex()
        answer: Any = await self.l2.rpc.call("eth_getProof", PREDEPLOYS["L2ToL1MessagePasser"], [slot], hex(number))
        proof = [bytes.fromhex(node[2:]) for node in answer["storageProof"][0]["proof"]]
        root = await output_root(self.l2.rpc, number)
        calldata = PORTAL.call("proveWithdrawalTransaction", self.message, index, root.proof, proof)
        await self.l1.send(self.rollup["portal"], calldata, gas=1_000_000)
        return game

    async def resolved(self, game: str) -> int:
        """What became of a game, once its time has passed."""
        return await ended(self.l1, game, self.clocks)

    async def ripe(self) -> None:
        """Once the portal's delays have passed."""
        await self.l1.pass_time(max(self.clocks.proof_maturity_seconds, self.clocks.game_finality_seconds) + 1)
        await self.l1.read(self.rollup["portal"], PORTAL, "checkWithdrawal", self.hash, self.l1.address)

    @property
    def finalizing(self) -> bytes:
        return PORTAL.call("finalizeWithdrawalTransaction", self.message)


async def ended(l1: User, game: str, clocks: Clocks) -> int:
    """The status of a game whose time passes at once."""
    await l1.pass_time(clocks.max_clock_seconds)

    async def look() -> int | None:
        status: int = await l1.read(game, GAME, "status")
        return status or None

    return await until(look, f"the resolution of game {game}")


async def test_ether_goes_back_to_l1_through_a_true_root_a_game_and_the_portals_delays(
    devnet: Description, user_of: UserOf, fresh_address: str
) -> None:
    l1, l2 = user_of("l1", "alice"), user_of("op-a", "alice")

    calldata = PASSER.call("initiateWithdrawal", fresh_address, 100_000, b"")
    sent = await l2.send(PREDEPLOYS["L2ToL1MessagePasser"], calldata, value=ETHER)
    withdrawal = Withdrawal(devnet, l1, l2, sent)
    game = await withdrawal.prove()
    status = await withdrawal.resolved(game)
    await withdrawal.ripe()
    await l1.send(withdrawal.rollup["portal"], withdrawal.finalizing)

    assert status == DEFENDER_WINS
    assert await l1.balance(fresh_address) == ETHER


async def test_a_withdrawal_is_not_paid_before_its_game_is_resolved(devnet: Description, user_of: UserOf) -> None:
    l1, l2 = user_of("l1", "bob"), user_of("op-a", "bob")
    calldata = PASSER.call("initiateWithdrawal", l1.address, 100_000, b"")
    withdrawal = Withdrawal(devnet, l1, l2, await l2.send(PREDEPLOYS["L2ToL1MessagePasser"], calldata, value=ETHER))

    await withdrawal.prove()

    with pytest.raises(Reverted):
        await l1.read(withdrawal.rollup["portal"], PORTAL, "checkWithdrawal", withdrawal.hash, l1.address)


async def test_a_message_of_the_l2_messenger_reaches_l1_and_anybody_can_finalize_it(
    devnet: Description, user_of: UserOf
) -> None:
    l1, l2 = user_of("l1", "carol"), user_of("op-a", "carol")
    recorder = await l1.create(RECORDS)
    word = (0xBEEF).to_bytes(32, "big")
    calldata = L2_MESSENGER.call("sendMessage", recorder, word, 200_000)
    withdrawal = Withdrawal(devnet, l1, l2, await l2.send(PREDEPLOYS["L2CrossDomainMessenger"], calldata, value=777))
    await withdrawal.resolved(await withdrawal.prove())
    await withdrawal.ripe()

    finalizing = PORTAL.call("finalizeWithdrawalTransactionExternalProof", withdrawal.message, l1.address)
    receipt = await user_of("l1", "grace").send(withdrawal.rollup["portal"], finalizing, gas=1_500_000)

    slots = [await l1.rpc.call("eth_getStorageAt", recorder, hex(slot), "latest") for slot in (1, 2)]
    assert len(events(receipt, L1_MESSENGER, "RelayedMessage")) == 1
    assert [int(str(slot), 16) for slot in slots] == [777, 0xBEEF]


async def test_every_root_that_is_proposed_is_the_true_one(devnet: Description, user_of: UserOf) -> None:
    l1, l2 = user_of("l1", "dave"), user_of("op-a", "dave")
    sent = await l2.send(PREDEPLOYS["L2ToL1MessagePasser"], PASSER.call("initiateWithdrawal", l1.address, 0, b""))
    withdrawal = Withdrawal(devnet, l1, l2, sent)

    _, game, number = await withdrawal.covering_game()

    root = await output_root(l2.rpc, number)
    block = await l2.block(number)
    account: Any = await l2.rpc.call("eth_getProof", PREDEPLOYS["L2ToL1MessagePasser"], [], hex(number))
    assert await l1.read(game, GAME, "rootClaim") == root.root
    assert "0x" + root.state_root.hex() == block["stateRoot"]
    assert "0x" + keccak(bytes.fromhex(account["accountProof"][0][2:])).hex() == block["stateRoot"]


async def test_a_false_root_is_attacked_and_loses(devnet: Description, user_of: UserOf) -> None:
    l1, l2 = user_of("l1", "erin"), user_of("op-b", "erin")
    factory = devnet.chain("op-b").rollup["dispute_game_factory"]
    number = int((await l2.block("latest"))["number"], 16)

    lie = FACTORY.call("create", 0, keccak(b"a false root"), encode(["uint256"], [number]))
    receipt = await l1.send(factory, lie, value=GAME_BOND, gas=1_500_000)
    (created,) = events(receipt, FACTORY, "DisputeGameCreated")
    game = created.arguments["disputeProxy"]

    async def attacked() -> bool | None:
        return True if await l1.read(game, GAME, "claimDataLen") > 1 else None

    await until(attacked, "the challenger's attack")

    assert await ended(l1, game, devnet.clocks) == CHALLENGER_WINS
    assert await l1.read(game, GAME, "claimDataLen") == 2


@pytest.mark.parametrize("name", ["op-a", "op-b"])
async def test_the_anchor_is_the_true_root_of_the_newest_block_whose_game_is_over(
    devnet: Description, user_of: UserOf, fresh_address: str, name: str
) -> None:
    l1, l2, rollup = user_of("l1", "frank"), user_of(name, "frank"), devnet.chain(name).rollup
    block = int((await l2.send(fresh_address, value=1))["blockNumber"], 16)

    async def proposed() -> bool | None:
        factory = rollup["dispute_game_factory"]
        if not (count := await l1.read(factory, FACTORY, "gameCount")):
            return None
        _, _, game = await l1.read(factory, FACTORY, "gameAtIndex", count - 1)
        return await l1.read(game, GAME, "l2BlockNumber") >= block or None

    async def anchored() -> tuple[bytes, int] | None:
        root, number = await l1.read(rollup["anchor_state_registry"], op_stack("AnchorStateRegistry"), "anchors", 0)
        return (root, number) if number >= block else None

    await until(proposed, f"a root of block {block}")
    await l1.pass_time(devnet.clocks.max_clock_seconds)
    root, number = await until(anchored, f"an anchor of block {block}")

    assert root == (await output_root(l2.rpc, number)).root
