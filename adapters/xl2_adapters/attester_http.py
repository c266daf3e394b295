"""
Attester over HTTP: the port `Attester` in, one `POST /attest` out.

Promise: whatever an attester answers is either a `SignedHead`, still unchecked, or a typed error; nothing waits without
a limit, and a redirect is not followed. Signatures are checked by `attested`. The other end is `xl2.attester.service`.
"""

from http import HTTPStatus

import aiohttp
import orjson

from xl2.core.attestation import Attestation
from xl2.core.evidence import Head
from xl2.core.types import Address, BlockNumber, address, hash32, hex_text
from xl2.errors import NotYet, Refused, RpcUnavailable
from xl2.mask import masked
from xl2.ports import Log, SignedHead
from xl2_adapters.rpc_wire import endpoint_name

_MAX_ANSWER_BYTES = 4_096


class HttpAttester:
    """An attester behind a URL. Implements `xl2.ports.Attester`."""

    def __init__(self, url: str, signer: Address, *, timeout_seconds: float = 30.0) -> None:
        """`url`: base of the service, http(s), else `InvalidInput`. `signer`: whose signatures to expect."""
        self.name = endpoint_name(url)
        self._url = url.rstrip("/") + "/attest"
        self._signer = signer
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)

    @property
    def address(self) -> Address:
        """Whose signature to expect."""
        return self._signer

    async def attest(self, log: Log, at: BlockNumber, count: int | None = None) -> SignedHead:
        """Ask for the log's head at a block, or after so many entries."""
        question = {"lane": hex_text(log.lane.encode()), "kind": log.kind.name.lower(), "block": at}
        question |= {} if count is None else {"count": count}
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout) as session,
                session.post(self._url, data=orjson.dumps(question), allow_redirects=False) as response,
            ):
                body = await response.content.read(_MAX_ANSWER_BYTES)
                status = response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            what = f"attester {self.name} cannot be reached ({type(error).__name__})"
            raise RpcUnavailable(what, endpoint=self.name) from None
        return self._read(status, body, log)

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
            what = f"attester {self.name} answered HTTP {status} with what is no attestation"
            raise RpcUnavailable(what, endpoint=self.name) from bad
        return SignedHead(attestation=attestation, signature=signature)
