"""
RPC: our own JSON-RPC client over HTTP: calls and batches in, results or typed errors out.

Promise: the only place that repeats an RPC call, and only where repeating is harmless: the transport failed or the
endpoint said 429 or 5xx, and the call reads or sends a raw transaction (the same bytes are the same transaction).
A JSON-RPC error is an answer and is never repeated. Nothing is awaited without a limit, and a URL is named, in errors
and logs alike, by scheme, host and port. What an answer must look like is `rpc_wire`'s; which endpoint to ask, and
what an error means for a message, is left to the callers.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING

import aiohttp
from attrs import field, frozen, validators
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential

from xl2.errors import RpcRateLimited, RpcRejected, RpcTooLarge, RpcUnavailable, WrongChain
from xl2_adapters.bucket import Bucket
from xl2_adapters.connections import KeepsConnections
from xl2_adapters.rpc_wire import (
    Call,
    Json,
    decode_batch,
    decode_single,
    encode_batch,
    encode_single,
    endpoint_name,
    quantity,
    result_of,
)
from xl2_adapters.unreachable import why

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from tenacity import RetryCallState

__all__ = ["Call", "Json", "RpcClient", "RpcLimits", "transport_retry"]

log = logging.getLogger(__name__)

#: Methods that may be sent again when nobody knows whether the first sending arrived. `eth_getFilterChanges` is none:
#: it hands out each log once.
_RESENDABLE = (
    "eth_accounts", "eth_blobBaseFee", "eth_blockNumber", "eth_call", "eth_chainId", "eth_createAccessList",
    "eth_estimateGas", "eth_feeHistory", "eth_gasPrice", "eth_getB", "eth_getCode", "eth_getLogs", "eth_getProof",
    "eth_getStorageAt", "eth_getTransaction", "eth_maxPriorityFeePerGas", "eth_sendRawTransaction", "eth_syncing",
    "debug_trace", "net_", "txpool_", "web3_",
)  # fmt: skip

_CHUNK_BYTES = 1 << 16
#: A longer request is sent in pieces.
_WHOLE_BYTES = 1 << 19


@frozen(kw_only=True)
class RpcLimits:
    """All limits of one endpoint."""

    connect_timeout_seconds: float = field(default=5.0, validator=validators.gt(0))
    #: Longest silence while the answer comes.
    read_timeout_seconds: float = field(default=20.0, validator=validators.gt(0))
    #: Longest time of one attempt, from the wait for a connection to the last byte.
    total_timeout_seconds: float = field(default=30.0, validator=validators.gt(0))
    #: Of the answer's body, unpacked.
    max_response_bytes: int = field(default=64 << 20, validator=validators.gt(0))
    #: Calls in one request; a longer batch goes out as several requests, one after the other.
    max_batch: int = field(default=100, validator=validators.gt(0))
    #: Requests under way at once.
    max_concurrent: int = field(default=8, validator=validators.gt(0))
    #: How often a request is sent at most, the first time included.
    max_attempts: int = field(default=5, validator=validators.gt(0))
    #: The longest `Retry-After` that is waited for here; a longer one goes to the caller.
    max_retry_after_seconds: float = field(default=10.0, validator=validators.ge(0))
    #: Calls a second that go out, those of a batch counted each; 0: no limit of ours.
    calls_per_second: float = field(default=0.0, validator=validators.ge(0))


class RpcClient(KeepsConnections):
    """One endpoint. Made anywhere, used within one event loop, closed by `close` or by `async with`."""

    def __init__(
        self,
        url: str,
        *,
        limits: RpcLimits | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`url`: http(s), kept to itself. `sleep`: how retries wait.

        Raises:
            InvalidInput: not an absolute http(s) URL.
        """
        self.name = endpoint_name(url)
        self.limits = limits or RpcLimits()
        #: Calls by method and by what became of them, for whoever measures.
        self.traffic: Counter[tuple[str, str]] = Counter()
        self._url = url
        self._next_id = 1
        self._places = asyncio.Semaphore(self.limits.max_concurrent)
        self._bucket = Bucket(rate=self.limits.calls_per_second, sleep=sleep)
        self._retry = transport_retry(self.limits, sleep)

    def __repr__(self) -> str:
        return f"RpcClient({self.name})"

    async def call(self, method: str, *params: Json) -> Json:
        """One call's result.

        Raises:
            RpcRejected: the node answered with an error; `Reverted` where a contract did.
            RpcTooLarge: the answer is over the limit.
            RpcUnavailable: no usable answer, after the retries that are harmless.
        """
        call = Call(method, params)
        request_id = self._take_ids(1)
        body = await self._exchange(encode_single(call, request_id), [call])
        return result_of(decode_single(body, call, request_id, self.name))

    async def batch(self, calls: Sequence[Call]) -> list[Json]:
        """The results of many calls, in their order.

        Raises:
            RpcRejected: of the first call that the node answered with an error; and as `call`.
        """
        return [result_of(outcome) for outcome in await self.try_batch(calls)]

    async def try_batch(self, calls: Sequence[Call]) -> list[Json | RpcRejected]:
        """One outcome a call, in their order: its result, or the error the node answered this one call with.

        Raises:
            RpcRejected: the node refused a batch as a whole; and as `call`.
        """
        outcomes: list[Json | RpcRejected] = []
        for start in range(0, len(calls), self.limits.max_batch):
            part = calls[start : start + self.limits.max_batch]
            first_id = self._take_ids(len(part))
            body = await self._exchange(encode_batch(part, first_id), part)
            outcomes += decode_batch(body, part, first_id, self.name)
        return outcomes

    async def require_chain(self, expected: int) -> None:
        """Check that the endpoint serves the chain with this EIP-155 id.

        Raises:
            WrongChain: it serves another one.
        """
        actual = quantity(await self.call("eth_chainId"), self.name)
        if actual != expected:
            what = f"{self.name} serves chain {actual}, configured is {expected}"
            raise WrongChain(what, expected=expected, actual=actual)

    def _take_ids(self, how_many: int) -> int:
        first, self._next_id = self._next_id, self._next_id + how_many
        return first

    def _new_session(self) -> aiohttp.ClientSession:
        limits = self.limits
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=limits.max_concurrent),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Content-Type": "application/json"},
            timeout=aiohttp.ClientTimeout(
                total=limits.total_timeout_seconds,
                sock_connect=limits.connect_timeout_seconds,
                sock_read=limits.read_timeout_seconds,
            ),
        )

    async def _exchange(self, request: bytes, calls: Sequence[Call]) -> bytes:
        resendable = all(call.method.startswith(_RESENDABLE) for call in calls)
        attempt: Callable[[], Awaitable[bytes]] = partial(self._attempt, request, len(calls), resendable)
        try:
            try:
                # Nearly always this is all; the policy's own work would cost as much as a tenth of the request.
                answer = await attempt()
            except _LostError as first:
                answer = await self._again(first, attempt)
        except _LostError as lost:
            self.traffic.update((call.method, lost.error.code) for call in calls)
            raise lost.error from None
        self.traffic.update((call.method, "answered") for call in calls)
        return answer

    async def _again(self, first: _LostError, attempt: Callable[[], Awaitable[bytes]]) -> bytes:
        """Go on by the policy after a first attempt that was lost."""
        lost: _LostError | None = first

        async def go_on() -> bytes:
            nonlocal lost
            if lost is not None:
                failed, lost = lost, None
                raise failed
            return await attempt()

        # A copy for each exchange: the policy keeps its count of attempts in itself.
        answer: bytes = await self._retry.copy()(go_on)
        return answer

    async def _attempt(self, request: bytes, calls: int, resendable: bool) -> bytes:
        await self._bucket.take(calls)
        async with self._places:
            try:
                # A devnet's snapshot goes in one call; aiohttp wants what is as large as that in pieces.
                data = BytesIO(request) if len(request) > _WHOLE_BYTES else request
                async with self._session().post(self._url, data=data, allow_redirects=False) as response:
                    status = response.status
                    retry_after = _retry_after_seconds(response.headers.get("Retry-After"))
                    body = await self._read(response)
            # `from None`: the text of some of aiohttp's errors holds the whole URL.
            except aiohttp.ClientConnectorError as error:
                # Nothing was sent, so even a call that must not run twice may be sent again.
                raise _LostError(self._unavailable("cannot be reached", error), again=True) from None
            except TimeoutError as error:
                raise _LostError(self._unavailable("did not answer in time", error), again=resendable) from None
            except aiohttp.ClientError as error:
                raise _LostError(self._unavailable("broke the connection", error), again=resendable) from None
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            what = f"{self.name} refuses for now: HTTP 429, too many requests"
            limited = RpcRateLimited(what, endpoint=self.name, retry_after_seconds=retry_after)
            raise _LostError(limited, again=resendable, after=retry_after)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            failed = RpcUnavailable(f"{self.name} answered HTTP {status}", endpoint=self.name)
            raise _LostError(failed, again=resendable, after=retry_after)
        # Some nodes put a JSON-RPC error under a 4xx; a gateway's 4xx has no such body, and repeating cannot mend it.
        if status != HTTPStatus.OK and not body.lstrip().startswith((b"{", b"[")):
            remedy = "Check the URL's path and key, and whether the endpoint moved; redirects are not followed."
            raise RpcUnavailable(f"{self.name} answered HTTP {status}", endpoint=self.name, remedy=remedy)
        return body

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            body += chunk
            if len(body) > self.limits.max_response_bytes:
                raise RpcTooLarge(
                    f"{self.name} sent more than {self.limits.max_response_bytes} bytes in one answer",
                    endpoint=self.name,
                    max_bytes=self.limits.max_response_bytes,
                )
        return bytes(body)

    def _unavailable(self, what: str, error: Exception) -> RpcUnavailable:
        return RpcUnavailable(f"{self.name} {what} ({why(error)})", endpoint=self.name)


class _LostError(Exception):
    """An attempt that brought no answer: what to tell the caller, and whether to try again and when."""

    def __init__(self, error: RpcUnavailable, *, again: bool, after: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.again = again
        self.after = after


def transport_retry(limits: RpcLimits, sleep: Callable[[float], Awaitable[None]]) -> AsyncRetrying:
    """The policy for attempts that brought no answer: 0.25 s, 0.5 s, 1 s ... 8 s, or what `Retry-After` asked for."""
    backoff = wait_exponential(multiplier=0.25, max=8)

    def again(error: BaseException) -> bool:
        patient = isinstance(error, _LostError) and (error.after or 0) <= limits.max_retry_after_seconds
        return patient and isinstance(error, _LostError) and error.again

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.after if isinstance(error, _LostError) else None
        return backoff(state) if asked is None else asked

    def tell(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.debug("rpc retry", extra={"fields": {"error": str(error), "attempt": state.attempt_number}})

    return AsyncRetrying(
        sleep=sleep,
        stop=stop_after_attempt(limits.max_attempts),
        wait=wait,
        retry=retry_if_exception(again),
        before_sleep=tell,
        reraise=True,
    )


def _retry_after_seconds(header: str | None) -> float | None:
    """Seconds from a `Retry-After` header (RFC 9110, 10.2.3: a number or a date), None where there is none to read."""
    if header is None:
        return None
    if header.isascii() and header.isdigit():
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
