"""
Sync: the client for programs without an event loop.

In: calls from any thread. Out: what `AsyncClient` answers. Promise: every method is the async one, run on one event
loop in a thread of its own, so connections are kept between calls; nothing is decided here.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from xl2.core.types import Address, Assurance
from xl2.plan import Quote
from xl2.sdk.canonical_sync import CanonicalSync
from xl2.sdk.client import DEFAULT_TIMEOUT_SECONDS, AsyncClient
from xl2.sdk.follow import Until
from xl2.sdk.values import Explanation, Relayed, Sent, Status

T = TypeVar("T")


class Client(CanonicalSync):
    """`AsyncClient`, called without `await`. Close it, or use it as `with`."""

    _client: AsyncClient

    def __init__(self, make: Callable[[], Awaitable[AsyncClient]]) -> None:
        """Use `xl2.connect`; `make` is called on the client's own event loop."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="xl2 client", daemon=True)
        self._thread.start()

        async def made() -> AsyncClient:
            return await make()

        try:
            self._client = self._run(made())
        except BaseException:
            self._stop()
            raise

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close connections."""
        self.close()

    def close(self) -> None:
        """Give connections back and end the thread. A closed client cannot be used again."""
        if self._loop.is_closed():
            return
        self._run(self._client.close())
        self._stop()

    def address(self, chain: str | int) -> Address:
        """See `AsyncClient.address`."""
        return self._client.address(chain)

    def contract(self, chain: str | int, name: str) -> Address:
        """See `AsyncClient.contract`."""
        return self._client.contract(chain, name)

    def why_not(self, chain: str | int, via: str) -> str | None:
        """See `AsyncClient.why_not`."""
        return self._client.why_not(chain, via)

    def quote(
        self,
        origin: str | int,
        destination: str | int,
        *,
        payload: bytes = b"",
        token: str | None = None,
        assurance: str | int | Assurance = Assurance.SETTLED,
        gas_limit: int | None = None,
        expires_in: int | None = None,
    ) -> Quote:
        """See `AsyncClient.quote`."""
        return self._run(
            self._client.quote(
                origin,
                destination,
                payload=payload,
                token=token,
                assurance=assurance,
                gas_limit=gas_limit,
                expires_in=expires_in,
            )
        )

    def send(
        self,
        origin: str | int,
        destination: str | int,
        recipient: str | bytes,
        payload: bytes = b"",
        *,
        assurance: str | int | Assurance = Assurance.SETTLED,
        fee_wei: int | None = None,
        gas_limit: int | None = None,
        expires_in: int | None = None,
        expiry: int | None = None,
        allow_no_code: bool = False,
    ) -> Sent:
        """See `AsyncClient.send`."""
        return self._run(
            self._client.send(
                origin,
                destination,
                recipient,
                payload,
                assurance=assurance,
                fee_wei=fee_wei,
                gas_limit=gas_limit,
                expires_in=expires_in,
                expiry=expiry,
                allow_no_code=allow_no_code,
            )
        )

    def transfer(
        self,
        origin: str | int,
        destination: str | int,
        token: str,
        amount: int | str,
        recipient: str | bytes,
        *,
        fee_wei: int | None = None,
        expires_in: int | None = None,
        expiry: int | None = None,
    ) -> Sent:
        """See `AsyncClient.transfer`."""
        return self._run(
            self._client.transfer(
                origin,
                destination,
                token,
                amount,
                recipient,
                fee_wei=fee_wei,
                expires_in=expires_in,
                expiry=expiry,
            )
        )

    def status(self, message: str | bytes) -> Status:
        """See `AsyncClient.status`."""
        return self._run(self._client.status(message))

    def wait(
        self, message: str | bytes, until: Until = "delivered", timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> Status:
        """See `AsyncClient.wait`."""
        return self._run(self._client.wait(message, until, timeout_seconds))

    def relay(
        self,
        message: str | bytes,
        until: Until = "delivered",
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        *,
        via: str | None = None,
    ) -> Relayed:
        """See `AsyncClient.relay`."""
        return self._run(self._client.relay(message, until, timeout_seconds, via=via))

    def explain(self, message: str | bytes) -> Explanation:
        """See `AsyncClient.explain`."""
        return self._run(self._client.explain(message))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except KeyboardInterrupt:
            # Ctrl-C reaches this thread; the work is on the other.
            future.cancel()
            raise

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
