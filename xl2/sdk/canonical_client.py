"""
Canonical client: what a client does with rollups' own bridges; `AsyncClient` has these methods.

In: names of chains as the configuration has them, amounts, a transaction hash. Out: `Crossing`, `Journey`, `Advanced`.
Promise: bad input is refused before anything is signed; how is left to `canonical` and `journey`.
"""

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Final

from xl2.core.onward import Onward
from xl2.core.types import Address, address, hash32
from xl2.errors import InvalidInput
from xl2.ports import Call, Cargo, Crossing, Direction, Move, TxReceipt
from xl2.sdk.amount import smallest_units
from xl2.sdk.canonical import Crossings
from xl2.sdk.journey import Journeys
from xl2.sdk.parts import Parts
from xl2.sdk.send import account_of
from xl2.sdk.values import Advanced, Journey

_ETHER_DECIMALS: Final = 18
#: Seven days of a challenge window and more: a wait that is shorter would give up on every withdrawal.
LONGEST_CROSSING_SECONDS: Final = 30.0 * 24 * 3_600


class CanonicalClient(ABC):
    """Deposits, withdrawals and journeys by rollups' own bridges."""

    _parts: Parts

    async def deposit(
        self,
        rollup: str | int,
        amount: int | str,
        recipient: str | bytes | None = None,
        *,
        token: str | bytes | None = None,
        token_there: str | bytes | None = None,
        data: bytes = b"",
        gas_limit: int | None = None,
        direct: bool | None = None,
    ) -> Crossing:
        """
        Send ether, tokens or a call from the anchor to a rollup by its own bridge; return when it is in a block.

        :param amount: wei, or tokens in their smallest unit, as a number; whole ether as text ("1.5").
        :param recipient: who gets it or is called; the account that signs unless given.
        :param token: ERC-20 on the anchor; ether unless given.
        :param token_there: what stands for it on the rollup; needed where the bridge keeps no list of pairs.
        :param data: what the recipient is called with.
        :param gas_limit: for the call on the rollup; estimated unless given.
        :param direct: by the rollup's lowest contract, whose failed calls cannot be tried again.
        :raises InvalidInput, Refused: it could never arrive; nothing was signed.
        :raises Unaffordable: with the numbers.
        :raises NotAccepted: the wallet refused; nothing was signed.
        """
        bridge = self._crossings.bridge(rollup)
        cargo = self._cargo(
            self._recipient(recipient, bridge.anchor),
            amount,
            token=token,
            token_there=token_there,
            data=data,
            gas_limit=gas_limit,
            direct=direct,
        )
        return await self._crossings.begin(bridge, Direction.DEPOSIT, cargo)

    async def withdraw(
        self,
        rollup: str | int,
        amount: int | str,
        recipient: str | bytes | None = None,
        *,
        token: str | bytes | None = None,
        token_there: str | bytes | None = None,
        data: bytes = b"",
        gas_limit: int | None = None,
        direct: bool | None = None,
    ) -> Crossing:
        """Send ether, tokens or a call from a rollup to its anchor; else as `deposit`. It takes `advance` to arrive."""
        bridge = self._crossings.bridge(rollup)
        cargo = self._cargo(
            self._recipient(recipient, bridge.rollup),
            amount,
            token=token,
            token_there=token_there,
            data=data,
            gas_limit=gas_limit,
            direct=direct,
        )
        return await self._crossings.begin(bridge, Direction.WITHDRAWAL, cargo)

    async def travel(
        self,
        origin: str | int,
        destination: str | int,
        amount: int | str,
        recipient: str | bytes | None = None,
        *,
        token: str | bytes | None = None,
        token_there: str | bytes | None = None,
    ) -> Journey:
        """
        From one rollup to another by their own bridges: withdrawn to oneself on the anchor, then deposited.

        Return when the withdrawal is in a block; `advance` with its hash does the rest. It trusts nobody and takes as
        long as the withdrawal does. `token` is on the origin, `token_there` on the destination; else as `deposit`.
        """
        there = self._crossings.bridge(destination)
        rollup = self._crossings.bridge(origin).rollup
        onward = Onward(
            destination=there.rollup,
            recipient=self._recipient(recipient, rollup),
            token=None if token_there is None else address(token_there),
        )
        if (token is None) is not (token_there is None):
            raise InvalidInput("one token is named and the other is not", field="token_there", value=token_there)
        cargo = self._cargo(
            self._parts.account(rollup),
            amount,
            token=token,
            token_there=None,
            data=onward.encode(),
            gas_limit=None,
            direct=None,
        )
        return await self._journeys.begin(origin, cargo, onward)

    async def crossing(self, tx_hash: str | bytes, index: int = 0) -> Crossing:
        """
        How far a deposit or withdrawal is, by a transaction that began it or moved it on, on either chain.

        :param index: which one, where the transaction began several.
        :raises NotFound: every bridge of the configuration answered that it knows none.
        """
        return await self._crossings.find(hash32(tx_hash), index)

    async def journey(self, tx_hash: str | bytes, index: int = 0) -> Journey:
        """The same, and where it goes on to another rollup, how far that is."""
        return await self._journeys.find(hash32(tx_hash), index)

    async def advance(
        self,
        tx_hash: str | bytes,
        index: int = 0,
        *,
        move: Move | str | None = None,
        until_over: bool = False,
        timeout_seconds: float = LONGEST_CROSSING_SECONDS,
    ) -> Advanced:
        """
        Make the move that is due for a crossing, if one is; anybody may. Nothing but gas is paid for it.

        :param move: this one instead: prove, finalize, replay, redeem, keep alive, cancel, reclaim.
        :param until_over: go on until all has arrived, waiting where only time helps.
        :raises Refused: the move is not possible now.
        :raises Reverted: the recipient would fail; no gas was paid.
        :raises NotYet: with `until_over`, the time is over; the sentence says what is waited for.
        """
        wanted = hash32(tx_hash)
        if until_over:
            return await self._journeys.carry(wanted, index, timeout_seconds)
        return await self._journeys.advance(wanted, index, _move(move))

    @abstractmethod
    async def _submit(self, call: Call) -> TxReceipt:
        """Make a call; the client's."""

    @cached_property
    def _crossings(self) -> Crossings:
        return Crossings(self._parts, self._submit)

    @cached_property
    def _journeys(self) -> Journeys:
        return Journeys(self._parts, self._crossings)

    def _recipient(self, recipient: str | bytes | None, signs_on: int) -> Address:
        return self._parts.account(self._parts.settings(signs_on).chain) if recipient is None else account_of(recipient)

    @staticmethod
    def _cargo(
        recipient: Address,
        amount: int | str,
        *,
        token: str | bytes | None,
        token_there: str | bytes | None,
        data: bytes,
        gas_limit: int | None,
        direct: bool | None,
    ) -> Cargo:
        units = _units(amount, is_ether=token is None)
        if not units and not data:
            raise InvalidInput("neither an amount nor data is to cross", field="amount", value=amount)
        return Cargo(
            recipient=recipient,
            amount=units,
            token=None if token is None else address(token),
            token_there=None if token_there is None else address(token_there),
            data=data,
            gas_limit=gas_limit,
            is_direct=direct,
        )


def _units(amount: int | str, *, is_ether: bool) -> int:
    """Smallest units of an amount. Raises `InvalidInput` for what is none."""
    remedy = 'Give wei as a number, or whole ether as text ("1.5").' if is_ether else "Give the token's smallest units."
    # A token's decimals are not asked for: text is as good as a number there.
    units = smallest_units(amount, _ETHER_DECIMALS if is_ether else 0)
    if units is None or not 0 <= units < 1 << 256:
        raise InvalidInput(f"{amount!r} is no amount", field="amount", value=amount, remedy=remedy)
    return units


def _move(move: Move | str | None) -> Move | None:
    if move is None:
        return None
    try:
        return Move(move)
    except ValueError as bad:
        raise InvalidInput(
            f"move is {move!r}", field="move", value=move, remedy=f"Name one of: {', '.join(Move)}."
        ) from bad
