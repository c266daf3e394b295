"""
Canonical sync: the methods of `CanonicalClient` for programs without an event loop; `Client` has them.

Promise: each is the async one, run on the client's own event loop; nothing is decided here.
"""

from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any, TypeVar

from xl2.ports import Crossing, Move
from xl2.sdk.canonical_client import LONGEST_CROSSING_SECONDS, CanonicalClient
from xl2.sdk.values import Advanced, Journey

T = TypeVar("T")


class CanonicalSync(ABC):
    """`CanonicalClient`, called without `await`."""

    _client: CanonicalClient

    def deposit(
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
        """See `CanonicalClient.deposit`."""
        return self._run(
            self._client.deposit(
                rollup,
                amount,
                recipient,
                token=token,
                token_there=token_there,
                data=data,
                gas_limit=gas_limit,
                direct=direct,
            )
        )

    def withdraw(
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
        """See `CanonicalClient.withdraw`."""
        return self._run(
            self._client.withdraw(
                rollup,
                amount,
                recipient,
                token=token,
                token_there=token_there,
                data=data,
                gas_limit=gas_limit,
                direct=direct,
            )
        )

    def travel(
        self,
        origin: str | int,
        destination: str | int,
        amount: int | str,
        recipient: str | bytes | None = None,
        *,
        token: str | bytes | None = None,
        token_there: str | bytes | None = None,
    ) -> Journey:
        """See `CanonicalClient.travel`."""
        return self._run(
            self._client.travel(origin, destination, amount, recipient, token=token, token_there=token_there)
        )

    def crossing(self, tx_hash: str | bytes, index: int = 0) -> Crossing:
        """See `CanonicalClient.crossing`."""
        return self._run(self._client.crossing(tx_hash, index))

    def journey(self, tx_hash: str | bytes, index: int = 0) -> Journey:
        """See `CanonicalClient.journey`."""
        return self._run(self._client.journey(tx_hash, index))

    def advance(
        self,
        tx_hash: str | bytes,
        index: int = 0,
        *,
        move: Move | str | None = None,
        until_over: bool = False,
        timeout_seconds: float = LONGEST_CROSSING_SECONDS,
    ) -> Advanced:
        """See `CanonicalClient.advance`."""
        return self._run(
            self._client.advance(tx_hash, index, move=move, until_over=until_over, timeout_seconds=timeout_seconds)
        )

    @abstractmethod
    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run work on the client's event loop."""
