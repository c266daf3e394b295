"""Somebody who uses a rollup's own bridge on the devnet: makes its calls, follows its crossings."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from attrs import frozen

from tests.devnet_user import User, events
from tests.waiting import until
from xl2.app.families import family as family_of
from xl2.config import load
from xl2.core.types import Address, Hash32, address, hex_text
from xl2.errors import NotYet
from xl2.ports import Call, CanonicalBridge, Cargo, ChainSettings, Crossing, CrossingState, Family, Move
from xl2_devnet import Description
from xl2_devnet.abi import op_stack
from xl2_devnet.accounts import account
from xl2_devnet.op_stack.genesis import PREDEPLOYS

#: More than any call of the canonical bridge takes on the devnet.
_GAS = 3_000_000


@frozen(kw_only=True)
class Traveller:
    """One account on both sides of one rollup's bridge."""

    bridge: CanonicalBridge
    below: User
    above: User
    family: Family
    settings: ChainSettings
    below_settings: ChainSettings

    @classmethod
    def of(cls, devnet: Description, folder: Path, rollup: str, role: str) -> Self:
        """An account of the devnet."""
        path = folder / "devnet.json"
        path.write_bytes(devnet.to_json())
        config = load(path)
        settings, anchor = config.chain(rollup), config.chain("l1")
        family = family_of(settings)
        return cls(
            bridge=family.bridge_to_anchor(settings, anchor),
            below=User(devnet.chain("l1"), account(role).private_key),
            above=User(devnet.chain(rollup), account(role).private_key),
            family=family,
            settings=settings,
            below_settings=anchor,
        )

    @property
    def address(self) -> Address:
        return address(self.below.address)

    @property
    def rollup(self) -> Any:
        """The chain above, as its family reads it."""
        return self.family.chain(self.settings)

    async def close(self) -> None:
        await self.below.close()
        await self.above.close()
        if self.settings.contracts:
            await self.rollup.close()
        await self.family.anchor(self.below_settings).close()

    async def make(self, calls: Sequence[Call], *, gas: int | None = None) -> Hash32:
        """Make calls in order; the hash of the last transaction."""
        sent = b""
        for call in calls:
            user = self.below if call.chain == self.bridge.anchor else self.above
            receipt = await user.send(
                "0x" + call.to.hex(), call.data, value=call.value, gas=gas or call.gas_limit or _GAS
            )
            sent = bytes.fromhex(receipt["transactionHash"][2:])
        return Hash32(sent)

    async def deposit(self, cargo: Cargo) -> Hash32:
        return await self.make(await self.bridge.deposit_calls(cargo, self.address))

    async def withdraw(self, cargo: Cargo) -> Hash32:
        return await self.make(await self.bridge.withdraw_calls(cargo, self.address))

    async def crossing(self, tx_hash: Hash32) -> Crossing:
        (crossing,) = await self.bridge.crossings(tx_hash)
        return crossing

    async def until(
        self, tx_hash: Hash32, state: CrossingState, *, also: Callable[[Crossing], bool] = lambda _: True
    ) -> Crossing:
        """The crossing, once it is in a state."""
        last: list[Crossing] = []

        async def look() -> Crossing | None:
            try:
                last[:] = [await self.crossing(tx_hash)]
            except NotYet:
                return None
            return last[0] if last[0].state is state and also(last[0]) else None

        try:
            return await until(look, f"crossing {hex_text(tx_hash)} to be {state}")
        except AssertionError:
            raise AssertionError(f"crossing {hex_text(tx_hash)} is not {state}: {last}") from None

    async def move(self, crossing: Crossing, move: Move) -> Hash32:
        """Make a move as soon as the chains let it be made."""

        async def look() -> Sequence[Call] | None:
            try:
                return await self.bridge.calls(crossing, move, self.address)
            except NotYet:
                return None

        return await self.make(await until(look, f"the calls of {move}"))

    async def ripe(self, tx_hash: Hash32) -> Crossing:
        """A withdrawal that was proven, once it can be finalized: what is left to wait passes at once."""

        async def look() -> Crossing | None:
            found = await self.crossing(tx_hash)
            if found.state is CrossingState.READY_TO_FINALIZE:
                return found
            if found.state is CrossingState.PROVEN and found.wait_seconds:
                await self.below.pass_time(found.wait_seconds)
            return None

        return await until(look, f"crossing {hex_text(tx_hash)} to be {CrossingState.READY_TO_FINALIZE}")

    async def prove(self, tx_hash: Hash32) -> None:
        """Prove a withdrawal as soon as that can be."""
        await self.move(await self.until(tx_hash, CrossingState.READY_TO_PROVE), Move.PROVE)

    async def bring_out(self, tx_hash: Hash32) -> Crossing:
        """Prove and finalize a withdrawal, on a devnet whose time may pass at once."""
        await self.prove(tx_hash)
        await self.move(await self.ripe(tx_hash), Move.FINALIZE)
        return await self.crossing(tx_hash)


TravellerOf = Callable[[str, str], Traveller]


def states(crossing: Crossing) -> list[CrossingState]:
    """Those that it went through."""
    return [step.state for step in crossing.steps]


async def wrapped_ether(traveller: Traveller, amount: int) -> Address:
    """A token on L1 of which the traveller has an amount."""
    token = op_stack("WETH")
    contract = await traveller.below.create(token.creation(), gas=_GAS)
    await traveller.below.send(contract, token.call("deposit"), value=amount)
    return address(contract)


async def mintable(traveller: Traveller, home: Address) -> Address:
    """The token on the rollup that stands for one on L1, made by Optimism's own factory."""
    factory = op_stack("OptimismMintableERC20Factory")
    data = factory.call("createOptimismMintableERC20", home, "Wrapped", "W")
    receipt = await traveller.above.send(PREDEPLOYS["OptimismMintableERC20Factory"], data, gas=_GAS)
    (created,) = events(receipt, factory, "OptimismMintableERC20Created")
    return address(created.arguments["localToken"])
