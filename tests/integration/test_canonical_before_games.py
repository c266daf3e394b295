"""Withdrawals through the portal of the era before dispute games: outputs of an oracle, which may be deleted."""

from collections.abc import Sequence
from typing import Any

import pytest
from attrs import evolve, frozen

from tests.devnet_user import User
from tests.integration.crossings import Traveller, TravellerOf
from tests.waiting import until
from xl2.core.types import BlockNumber, address
from xl2.ports import Cargo, CrossingState, Direction, Move
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.canonical.bridge import OpBridge
from xl2_adapters.op_stack.output_root import true_output
from xl2_devnet import Description
from xl2_devnet.abi import Contract, op_stack

PORTAL, ORACLE, PROXY = (op_stack(name) for name in ("OptimismPortal", "L2OutputOracle", "Proxy"))
#: The window ends when the test turns the clock on.
INTERVAL, WINDOW_SECONDS = 4, 600
FUNDS = 10**18


@frozen(kw_only=True)
class Era:
    """A portal and its oracle on the devnet's L1, and who may propose and delete."""

    portal: str
    oracle: str
    proposer: User

    async def propose(self, root: bytes) -> None:
        number = await self.proposer.read(self.oracle, ORACLE, "nextBlockNumber")
        await self.proposer.send(self.oracle, ORACLE.call("proposeL2Output", root, number, bytes(32), 0))

    async def delete(self, index: int) -> None:
        await self.proposer.send(self.oracle, ORACLE.call("deleteL2Outputs", index))


async def era_of(proposer: User, traveller: Traveller, block: int) -> Era:
    """The first output is to be about `block` + 2."""
    now = await proposer.now()
    oracle = await _behind_proxy(
        proposer,
        ORACLE,
        (INTERVAL, 1, block + 2 - INTERVAL, now - 10_000, proposer.address, proposer.address, WINDOW_SECONDS),
    )
    config = ["0x" + traveller.settings.rollup[name].hex() for name in ("system_config", "superchain_config")]
    portal = await _behind_proxy(proposer, PORTAL, (oracle, *config))
    await proposer.send(portal, PORTAL.call("donateETH"), value=FUNDS)
    return Era(portal=portal, oracle=oracle, proposer=proposer)


async def _behind_proxy(owner: User, contract: Contract, arguments: Sequence[Any]) -> str:
    implementation = await owner.create(contract.creation(), gas=6_000_000)
    proxy = await owner.create(PROXY.creation(owner.address), gas=2_000_000)
    initialize = contract.call("initialize", *arguments)
    await owner.send(proxy, PROXY.call("upgradeToAndCall", implementation, initialize), gas=2_000_000)
    return proxy


@pytest.fixture(scope="module")
def devnet(by_hand: Description) -> Description:
    """The one that is travelled on."""
    return by_hand


async def test_a_withdrawal_rests_on_true_outputs_only_and_on_those_that_stand(
    traveller_of: TravellerOf, fresh_address: str
) -> None:
    today, other = traveller_of("op-a", "bob"), traveller_of("op-a", "grace")
    tx_hash = await today.withdraw(Cargo(recipient=fresh_address, amount=77))
    block = (await today.crossing(tx_hash)).sent.block
    era = await era_of(today.below, today, block)
    bob, grace = (_through(era, traveller) for traveller in (today, other))
    await _reached(today, block + 2)
    truth = (await true_output(today.rollup, BlockNumber(block + 2), BlockNumber(block + 2))).hash

    waiting = await bob.crossing(tx_hash)
    await era.propose(b"\x0f" * 32)
    lied_to = await bob.crossing(tx_hash)
    await era.delete(0)
    await era.propose(truth)
    await bob.prove(tx_hash)
    proven = await bob.crossing(tx_hash)
    await era.delete(0)
    fallen = await bob.crossing(tx_hash)
    await era.propose(truth)
    await grace.move(await grace.ripe(tx_hash), Move.FINALIZE)
    arrived = await bob.crossing(tx_hash)

    assert (waiting.state, waiting.wait_seconds) == (CrossingState.WAITING_FOR_ROOT, 1)
    assert lied_to.state is CrossingState.WAITING_FOR_ROOT
    assert "our node has" in lied_to.waits_for
    assert proven.state is CrossingState.PROVEN
    assert (fallen.state, fallen.moves) == (CrossingState.WAITING_FOR_ROOT, ())
    assert "output 0 was deleted" in fallen.steps[-1].detail
    assert arrived.state is CrossingState.ARRIVED
    assert await today.below.balance(fresh_address) == 77
    assert await bob.bridge.duration(Direction.WITHDRAWAL) == INTERVAL + WINDOW_SECONDS + 1


def _through(era: Era, traveller: Traveller) -> Traveller:
    """The same account at the other portal."""
    settings = evolve(traveller.settings, rollup={**traveller.settings.rollup, "portal": address(era.portal)})
    anchor = traveller.family.anchor(traveller.below_settings)
    assert isinstance(anchor, Evm)
    return evolve(traveller, bridge=OpBridge(rollup=traveller.rollup, anchor=anchor, settings=settings))


async def _reached(traveller: Traveller, number: int) -> None:
    async def look() -> bool | None:
        return True if int((await traveller.above.block("latest"))["number"], 16) >= number else None

    await until(look, f"block {number} of the rollup")
