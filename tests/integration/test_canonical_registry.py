"""Withdrawals through the portal of today (4.6), whose registry judges games: the very bytecode that supersim ships."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from attrs import frozen
from eth_abi import encode

from bench.supersim import is_for_this_machine, supersim
from tests.devnet_user import User
from tests.integration.crossings import Traveller
from xl2.core.types import Address, BlockNumber, ChainId, Hash32, address, checksum, hex_text
from xl2.ports import Cargo, ChainSettings, Crossing, CrossingState, Direction, Move
from xl2_adapters.abi import Method
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack import OpStack
from xl2_adapters.op_stack.output_root import true_output
from xl2_devnet.abi import op_stack
from xl2_devnet.accounts import account
from xl2_devnet.devnet_file import ChainEntry

ROLLUP = {
    "portal": address("0x75CEb25776D0402972B736F6E13Fd0616BE98f22"),
    "l1_cross_domain_messenger": address("0xc8c71093ffc2092D61A72369d81940B839Bb12b4"),
    "l1_standard_bridge": address("0x52AF4Dff31d13449b70993E21eb599C615a66541"),
}
FACTORY, PORTAL = op_stack("DisputeGameFactory"), op_stack("OptimismPortal2")
PERMISSIONED, CANNON = 1, 0
REGISTRY = Method("anchorStateRegistry()", "(address)")
GUARDIAN = Method("guardian()", "(address)")
PROPOSER = Method("proposer()", "(address)")
CLOCK = Method("maxClockDuration()", "(uint64)")
BLACKLIST = Method("blacklistDisputeGame(address)")
RETIRE = Method("updateRetirementTimestamp()")
RESPECT = Method("setRespectedGameType(uint32)")

pytestmark = pytest.mark.skipif(not is_for_this_machine(), reason="supersim is published for Linux on x86-64 only")


@frozen(kw_only=True)
class Ground:
    """Supersim's L1 and one of its L2s, and who may do what there."""

    traveller: Traveller
    factory: Address
    registry: Address
    guardian: Address
    proposer: Address
    clock: int

    rollup: Evm

    @property
    def l1(self) -> Any:
        return self.traveller.family.anchor(self.traveller.below_settings)

    async def as_anybody(self, sender: Address, to: Address, data: bytes) -> None:
        """L1 is an anvil: it signs for whoever is named."""
        await self.l1.ask("anvil_impersonateAccount", checksum(sender))
        await self.l1.ask("anvil_setBalance", checksum(sender), hex(10**20))
        call: Any = {"from": checksum(sender), "to": checksum(to), "data": hex_text(data), "gas": hex(3_000_000)}
        tx_hash = Hash32(bytes.fromhex(str(await self.l1.ask("eth_sendTransaction", call))[2:]))
        await self.l1.ask("evm_mine")
        receipt = await self.l1.tx_receipt(tx_hash)
        assert receipt is not None
        assert receipt.succeeded

    async def later(self, seconds: int) -> None:
        await self.l1.ask("evm_increaseTime", hex(seconds))
        await self.l1.ask("evm_mine")

    async def propose(self) -> str:
        """A true root about a new block; its game."""
        await self.rollup.ask("evm_mine")
        number = BlockNumber(int((await self.traveller.above.block("latest"))["number"], 16))
        root = (await true_output(self.rollup, number, number)).hash
        create = FACTORY.call("create", PERMISSIONED, root, encode(["uint256"], [number]))
        await self.as_anybody(self.proposer, self.factory, create)
        count = await self.traveller.below.read(checksum(self.factory), FACTORY, "gameCount")
        game: str = (await self.traveller.below.read(checksum(self.factory), FACTORY, "gameAtIndex", count - 1))[2]
        await self.later(1)
        return game

    async def prove(self, tx_hash: Hash32) -> None:
        await self.traveller.prove(tx_hash)


@pytest.fixture
async def ground() -> AsyncIterator[Ground]:
    async with supersim(chains=1) as running:
        key = account("deployer").private_key
        l1 = ChainSettings(chain=ChainId(900), name="l1", family="l1", rpc_url=running.l1)
        l2 = ChainSettings(
            chain=ChainId(901), name="op", family="op", rpc_url=running.behind[901], rollup=ROLLUP, anchor=l1.chain
        )
        family = OpStack()
        traveller = Traveller(
            bridge=family.bridge_to_anchor(l2, l1),
            below=User(_entry("l1", 900, running.l1), key),
            above=User(_entry("op", 901, running.behind[901]), key),
            family=family,
            settings=l2,
            below_settings=l1,
        )
        anchor = family.anchor(l1)
        # A block for each transaction, not every two seconds.
        await anchor.ask("evm_setIntervalMining", 0)
        await anchor.ask("evm_setAutomine", True)
        portal = checksum(ROLLUP["portal"])
        factory = address(await traveller.below.read(portal, PORTAL, "disputeGameFactory"))
        game = address(await traveller.below.read(checksum(factory), FACTORY, "gameImpls", PERMISSIONED))
        yield Ground(
            traveller=traveller,
            rollup=family.evm(l2),
            factory=factory,
            registry=await _word(anchor, ROLLUP["portal"], REGISTRY),
            guardian=await _word(anchor, ROLLUP["portal"], GUARDIAN),
            proposer=await _word(anchor, game, PROPOSER),
            clock=CLOCK.decode(await anchor.view(game, CLOCK.encode()), "supersim")[0],
        )
        await family.evm(l2).close()
        await traveller.close()


def _entry(name: str, chain_id: int, url: str) -> ChainEntry:
    return ChainEntry(
        name=name, chain_id=chain_id, family=name, rpc_url=url, node_url=url, block_seconds=2.0, contracts={}
    )


async def _word(evm: Evm, contract: Address, method: Method) -> Address:
    return address(method.decode(await evm.view(contract, method.encode()), "supersim")[0])


async def test_games_that_the_registry_blacklists_retires_or_never_respected_carry_no_withdrawal(
    ground: Ground, fresh_address: str
) -> None:
    alice, registry, guardian = ground.traveller, ground.registry, ground.guardian
    # What a portal pays out was paid in: supersim's accounts come with ether on the rollup that never crossed.
    await alice.deposit(Cargo(recipient=alice.address, amount=91))
    tx_hash = await alice.withdraw(Cargo(recipient=fresh_address, amount=91))
    seen: list[Crossing] = [await alice.crossing(tx_hash)]

    await ground.as_anybody(guardian, registry, RESPECT.encode(CANNON))
    await ground.propose()
    seen.append(await alice.crossing(tx_hash))
    await ground.as_anybody(guardian, registry, RESPECT.encode(PERMISSIONED))

    first = await ground.propose()
    await ground.prove(tx_hash)
    seen.append(await alice.crossing(tx_hash))
    await ground.as_anybody(guardian, registry, BLACKLIST.encode(first))
    seen.append(await alice.crossing(tx_hash))

    await ground.propose()
    await ground.prove(tx_hash)
    await ground.as_anybody(guardian, registry, RETIRE.encode())
    await ground.later(1)
    seen.append(await alice.crossing(tx_hash))

    last = await ground.propose()
    await ground.prove(tx_hash)
    begun = await alice.crossing(tx_hash)
    await ground.later(ground.clock + 1)
    game = op_stack("FaultDisputeGame")
    unresolved = await alice.crossing(tx_hash)
    await ground.as_anybody(alice.address, address(last), game.call("resolveClaim", 0, 0))
    await ground.as_anybody(alice.address, address(last), game.call("resolve"))
    resolved = await alice.crossing(tx_hash)
    await ground.later(resolved.wait_seconds or 0)
    await alice.move(await alice.until(tx_hash, CrossingState.READY_TO_FINALIZE), Move.FINALIZE)

    assert [crossing.state for crossing in seen] == [
        CrossingState.WAITING_FOR_ROOT,
        CrossingState.WAITING_FOR_ROOT,
        CrossingState.PROVEN,
        CrossingState.WAITING_FOR_ROOT,
        CrossingState.WAITING_FOR_ROOT,
    ]
    assert "its type 1 is not the respected one" in seen[1].waits_for
    assert "it is blacklisted" in seen[3].steps[-1].detail
    assert "it is retired" in seen[4].steps[-1].detail
    assert begun.wait_seconds is not None
    assert ground.clock - 60 < begun.wait_seconds <= ground.clock + 60
    assert "somebody to resolve" in unresolved.waits_for
    assert resolved.wait_seconds is not None
    assert (await alice.crossing(tx_hash)).state is CrossingState.ARRIVED
    assert await alice.below.balance(fresh_address) == 91
    assert await alice.bridge.duration(Direction.WITHDRAWAL) is not None


async def test_a_deposit_through_the_portal_of_today_has_the_hash_that_supersim_gives_it(
    ground: Ground, fresh_address: str
) -> None:
    tx_hash = await ground.traveller.deposit(Cargo(recipient=fresh_address, amount=17))

    arrived = await ground.traveller.until(tx_hash, CrossingState.ARRIVED)

    assert arrived.cargo.amount == 17
    assert await ground.traveller.above.balance(fresh_address) == 17
