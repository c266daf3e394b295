"""
Attester over HTTP: the port `RemoteAttester` in, one `POST /attest` or `GET /healthz` out.

Promise: whatever an attester answers is either a `SignedHead`, still unchecked, or a typed error; nothing waits without
a limit, and a redirect is not followed. Its connections are kept from question to question, until `close`. Signatures
are checked by `attested`. The other end is `xl2.attester.service`.
"""

import asyncio
from http import HTTPStatus

import aiohttp
import orjson
from aiohttp import hdrs

from xl2.core.attestation import Attestation
from xl2.core.evidence import Head
from xl2.core.types import Address, BlockNumber, address, hash32, hex_text
from xl2.errors import InvalidInput, NotYet, Refused, RpcUnavailable
from xl2.mask import masked
from xl2.ports import Log, SignedHead
from xl2_adapters.connections import KeepsConnections
from xl2_adapters.rpc_wire import endpoint_name
from xl2_adapters.unreachable import why

_MAX_ANSWER_BYTES = 4_096
#: Who is asked for its name answers at once or not at all.
_NAME_SECONDS = 5.0


class HttpAttester(KeepsConnections):
    """
    An attester behind a URL. Implements `xl2.ports.RemoteAttester`.

    Made anywhere, used within one event loop, closed by `close` or by `async with`.
    """

    def __init__(self, url: str, signer: Address, *, timeout_seconds: float = 30.0) -> None:
        """`url`: base of the service, http(s), else `InvalidInput`. `signer`: whose signatures to expect."""
        self.name = endpoint_name(url)
        self._base = url.rstrip("/")
        self._signer = signer
        self._timeout_seconds = timeout_seconds

    @property
    def address(self) -> Address:
        """Whose signature to expect."""
        return self._signer

    async def attest(self, log: Log, at: BlockNumber, count: int | None = None) -> SignedHead:
        """Ask for the log's head at a block, or after so many entries."""
        question = {"lane": hex_text(log.lane.encode()), "kind": log.kind.name.lower(), "block": at}
        question |= {} if count is None else {"count": count}
        status, body = await self._asked(hdrs.METH_POST, "/attest", orjson.dumps(question), self._timeout_seconds)
        return self._read(status, body, log)

    async def answers_as(self) -> Address:
        """Ask for the account that it signs as; it signs nothing for that. Raises `RpcUnavailable`."""
        seconds = min(self._timeout_seconds, _NAME_SECONDS)
        status, body = await self._asked(hdrs.METH_GET, "/healthz", None, seconds)
        try:
            return address(orjson.loads(body)["signer"])
        except (KeyError, TypeError, ValueError, InvalidInput) as bad:
            what = f"{self.name} answered HTTP {status} as no attester does"
            raise RpcUnavailable(what, endpoint=self.name) from bad

    async def _asked(self, method: str, path: str, question: bytes | None, seconds: float) -> tuple[int, bytes]:
        """Status and body, within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                return await self._again_if_cut(method, self._base + path, question)
        except TimeoutError:
            what = f"{self.name} did not answer within {seconds:g} s"
        except aiohttp.ClientError as error:
            what = f"{self.name} cannot be reached ({why(error)})"
        raise RpcUnavailable(what, endpoint=self.name, remedy="See whether it runs, or correct attester.urls.")

    async def _again_if_cut(self, method: str, url: str, question: bytes | None) -> tuple[int, bytes]:
        """Status and body. The other end may end a connection that was kept just as it is used again."""
        try:
            return await self._exchange(method, url, question)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            # The same question has the same answer, so that asking twice is harmless; a dead connection is not reused.
            return await self._exchange(method, url, question)

    async def _exchange(self, method: str, url: str, question: bytes | None) -> tuple[int, bytes]:
        async with self._session().request(method, url, data=question, allow_redirects=False) as response:
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > _MAX_ANSWER_BYTES:
                    break
            return response.status, bytes(body[:_MAX_ANSWER_BYTES])

    def _new_session(self) -> aiohttp.ClientSession:
        # The limit is the whole question's, and no answer is told what another left here.
        return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None), cookie_jar=aiohttp.DummyCookieJar())

    def _read(self, status: int, body: bytes, log: Log) -> SignedHead:
        try:
            given = orjson.loads(body)
            if status == HTTPStatus.SERVICE_UNAVAILABLE:
                raise NotYet(masked(str(given["what"])))
            if status != HTTPStatus.OK:
                raise Refused(masked(str(given["what"])))
            head = Head(log=log.id, head=hash32(given["head"]), count=given["count"])
            attestation = Attestation(
                head=head, block=given["block"], chain=log.reader, contract=address(given["contract"])
            )
            signature = bytes.fromhex(given["signature"].removeprefix("0x"))
        except (KeyError, TypeError, AttributeError, ValueError) as bad:
            what = f"{self.name} answered HTTP {status} with what is no attestation"
            raise RpcUnavailable(what, endpoint=self.name) from bad
        return SignedHead(attestation=attestation, signature=signature)
