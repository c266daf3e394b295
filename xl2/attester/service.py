"""
Service: the attester behind HTTP: `POST /attest` with lane, kind and block, `GET /healthz`.

Promise: it listens on loopback unless told otherwise, answers each request within a limit, and tells the asker by the
status what to do: 200 a signature, 503 later, 422 never as it is. A broken promise of a chain (`Fatal`) stops it.
What is signed is decided by `attest`; `xl2_adapters.attester_http` asks.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

import orjson
from aiohttp import web
from attrs import frozen

from xl2.core.lane import Lane
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, checksum, hex_text
from xl2.errors import Fatal, InvalidInput, Refused, Retryable
from xl2.listening import Listening, listening
from xl2.ports import Attester, Log

log = logging.getLogger(__name__)

_MAX_REQUEST_BYTES = 4_096
_ANSWER_SECONDS = 30.0


@frozen(kw_only=True)
class Answering(Listening):
    """A running attester."""

    #: Set when a chain broke a promise: the owner stops the process with this error.
    broken: "asyncio.Future[Fatal]"


@asynccontextmanager
async def serve(attester: Attester, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Answering]:
    """Serve until the block ends. `port` 0: a free one. Raises `InvalidInput` where the address cannot be had."""
    broken: asyncio.Future[Fatal] = asyncio.get_running_loop().create_future()
    app = web.Application(client_max_size=_MAX_REQUEST_BYTES)
    app.router.add_post("/attest", _Attest(attester, broken).answer)
    app.router.add_get("/healthz", _healthz(attester, broken))
    async with listening(app, host=host, port=port, setting="attester.listen") as bound:
        log.info("attester listens", extra={"fields": {"host": bound.host, "port": bound.port}})
        yield Answering(host=bound.host, port=bound.port, broken=broken)


@frozen
class _Attest:
    attester: Attester
    broken: "asyncio.Future[Fatal]"

    async def answer(self, request: web.Request) -> web.Response:
        try:
            asked, block, count = _question(await request.read())
            async with asyncio.timeout(_ANSWER_SECONDS):
                signed = await self.attester.attest(asked, block, count)
        except Refused as refused:
            return _json(HTTPStatus.UNPROCESSABLE_ENTITY, {"error": refused.code, "what": refused.what})
        except Retryable as later:
            return _json(HTTPStatus.SERVICE_UNAVAILABLE, {"error": later.code, "what": later.what})
        except TimeoutError:
            what = f"the head was not recomputed within {_ANSWER_SECONDS:.0f} seconds"
            return _json(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "NotYet", "what": what})
        except Fatal as fatal:
            if not self.broken.done():
                self.broken.set_result(fatal)
            return _json(HTTPStatus.SERVICE_UNAVAILABLE, {"error": fatal.code, "what": fatal.what})
        head = signed.attestation.head
        answer = {
            "head": hex_text(head.head),
            "count": head.count,
            "block": signed.attestation.block,
            "contract": checksum(signed.attestation.contract),
            "signer": checksum(self.attester.address),
            "signature": hex_text(signed.signature),
        }
        return _json(HTTPStatus.OK, answer)


def _healthz(attester: Attester, broken: "asyncio.Future[Fatal]") -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        status = HTTPStatus.SERVICE_UNAVAILABLE if broken.done() else HTTPStatus.OK
        return _json(status, {"signer": checksum(attester.address)})

    return answer


def _question(body: bytes) -> tuple[Log, BlockNumber, int | None]:
    """What is asked for. Raises `InvalidInput` for anything but its members, or a lane that is none."""
    remedy = (
        'Send {"lane": "0x" and 114 hex digits, "kind": "lane" or "receipts", "block": a number}; '
        '"count": a number as well, where the head after so many entries is wanted.'
    )
    try:
        given = orjson.loads(body)
        lane, kind = bytes.fromhex(given["lane"].removeprefix("0x")), LogKind[given["kind"].upper()]
        block, count = given["block"], given.get("count")
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError) as bad:
        raise InvalidInput(f"the request is no question for a head: {bad!r}", remedy=remedy) from bad
    if type(block) is not int or not 0 <= block < 1 << 64:
        raise InvalidInput(f"block is {block!r}", field="block", value=block, remedy=remedy)
    if count is not None and (type(count) is not int or not 0 <= count < 1 << 40):
        raise InvalidInput(f"count is {count!r}", field="count", value=count, remedy=remedy)
    return Log(lane=Lane.parse(lane), kind=kind), BlockNumber(block), count


def _json(status: HTTPStatus, body: dict[str, object]) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")
