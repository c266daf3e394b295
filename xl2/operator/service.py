"""
Service: the operator's view over HTTP.

Promise: every answer is JSON of the type that its route names, every failure a `Problem` with the words of our errors
and never a traceback; no request reaches the desk that the gate does not let in. What is asked is `routes`', what is
measured `metrics`', what happens `events`'.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from attrs import frozen

from xl2.errors import Fatal, InvalidInput, NotFound, Refused, Retryable, Xl2Error
from xl2.listening import Listening, listening
from xl2.operator.desk import Desk
from xl2.operator.events import Events, Listener
from xl2.operator.gate import Gate, Unauthorized, WrongHost
from xl2.operator.openapi import document
from xl2.operator.routes import ROUTES, Asked, Route
from xl2.operator.values import Health, Mistake, Problem, Readiness
from xl2.plain import plain

log = logging.getLogger(__name__)

_MAX_REQUEST_BYTES: Final = 16_384
#: A listener hears something at least so often, so that a dead connection is noticed.
_HEARTBEAT_SECONDS: Final = 15.0
_STOP_SECONDS: Final = 1.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@frozen(kw_only=True)
class View:
    """What is served."""

    desk: Desk
    gate: Gate
    events: Events
    #: Metrics as they are now, in the text format of Prometheus.
    metrics: Callable[[], Awaitable[bytes]]
    version: str
    #: A listener who takes nothing for so long is dropped.
    patience_seconds: float = 10.0


@asynccontextmanager
async def serve(view: View, *, host: str, port: int) -> AsyncIterator[Listening]:
    """Serve until the block ends. `port` 0: a free one. Raises `InvalidInput` where the address cannot be had."""
    app = web.Application(client_max_size=_MAX_REQUEST_BYTES, middlewares=[_answering(view)])
    for route in ROUTES:
        app.router.add_route(route.method, route.path, _handler(view, route))
    app.router.add_get("/healthz", _healthz(view))
    app.router.add_get("/metrics", _metrics(view))
    app.router.add_get("/events", _events(view))
    app.router.add_get("/openapi.json", _openapi(view))
    async with listening(app, host=host, port=port, setting="relayer.listen", stop_seconds=_STOP_SECONDS) as bound:
        log.info("operator's view listens", extra={"fields": {"host": bound.host, "port": bound.port}})
        try:
            yield bound
        finally:
            # Before the end is waited for: whoever listens to events never hangs up by himself.
            view.events.close()


def status_of(error: Xl2Error) -> HTTPStatus:
    """HTTP status of an error: what the caller should do next."""
    match error:
        case Unauthorized():
            return HTTPStatus.UNAUTHORIZED
        case WrongHost():
            return HTTPStatus.FORBIDDEN
        case NotFound():
            return HTTPStatus.NOT_FOUND
        case Retryable() | Fatal():
            return HTTPStatus.SERVICE_UNAVAILABLE
        case Refused():
            return HTTPStatus.BAD_REQUEST
        case _:
            return HTTPStatus.INTERNAL_SERVER_ERROR


def _answering(view: View) -> Any:  # noqa: ANN401 - aiohttp's own type of a middleware
    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            view.gate.admit(request.headers.get("Host", ""))
            return await handler(request)
        except Xl2Error as error:
            headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthorized) else {}
            return _problem(status_of(error), error.code, error.what, error.remedy, headers)
        except web.HTTPException as http:
            what = f"{request.method} {request.path}: {http.reason.lower()}"
            allow = {"Allow": http.headers["Allow"]} if "Allow" in http.headers else {}
            return _problem(HTTPStatus(http.status), "Http", what, "GET /openapi.json lists what there is.", allow)
        except Exception:  # the rim: a defect is logged here, and told to the caller without its traceback
            log.exception("defect in an answer", extra={"fields": {"path": request.path}})
            remedy = "Please report it with the relayer's log."
            what = f"{request.method} {request.path}: the relayer has a defect; its log says where"
            return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Defect", what, remedy, {})

    return answer


def _handler(view: View, route: Route) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        if route.is_order:
            view.gate.authorize(request.headers.get("Authorization"))
        asked = Asked(path=request.match_info, query=list(request.query.items()), body=await _body(request, route))
        answered = await route.answer(view.desk, asked)
        if route.is_order:
            log.info("order", extra={"fields": {"order": f"{route.method} {request.path}", "body": dict(asked.body)}})
        is_ready = not isinstance(answered, Readiness) or answered.ready
        return _json(HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE, plain(answered))

    return answer


async def _body(request: web.Request, route: Route) -> dict[str, object]:
    """The body of an order, where it takes one and has one. Raises `InvalidInput` for anything but an object."""
    text = await request.read() if route.takes_why else b""
    if not text:
        return {}
    try:
        body = json.loads(text)
    except ValueError as bad:
        raise InvalidInput(f"the body is no JSON: {bad}", remedy='Send {"why": "..."}, or nothing.') from bad
    if not isinstance(body, dict) or set(body) - {"why"}:
        raise InvalidInput("the body is no object with `why` alone", remedy='Send {"why": "..."}, or nothing.')
    return body


def _healthz(view: View) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return _json(HTTPStatus.OK, plain(Health(alive=True, version=view.version, started=view.desk.started)))

    return answer


def _metrics(view: View) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        body = await view.metrics()
        return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    return answer


def _openapi(view: View) -> Handler:
    told = document(view.version)

    async def answer(_: web.Request) -> web.Response:
        return _json(HTTPStatus.OK, told)

    return answer


def _events(view: View) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        last = request.headers.get("Last-Event-ID", "")
        after = int(last) if last.isascii() and last.isdigit() and len(last) < 20 else None
        with view.events.listening(after) as listener:
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
            await response.prepare(request)
            try:
                await _tell(listener, response, view.patience_seconds)
            except ConnectionError:
                pass  # who closes his end is no failure of ours
            except TimeoutError:
                # He does not read, so nothing can be said to him in good order.
                if request.transport is not None:
                    request.transport.abort()
        return response

    return answer


async def _tell(listener: Listener, response: web.StreamResponse, patience_seconds: float) -> None:
    while not listener.is_dropped:
        event = await listener.next(_HEARTBEAT_SECONDS)
        if event is None:
            text = ": here\n\n"
        else:
            data = json.dumps({"at": event.at, **event.data()})
            text = f"id: {event.number}\nevent: {event.kind}\ndata: {data}\n\n"
        async with asyncio.timeout(patience_seconds):
            await response.write(text.encode())


def _problem(status: HTTPStatus, code: str, what: str, remedy: str, headers: dict[str, str]) -> web.Response:
    return _json(status, plain(Problem(error=Mistake(code=code, what=what, remedy=remedy))), headers)


def _json(status: HTTPStatus, body: object, headers: dict[str, str] | None = None) -> web.Response:
    # The standard library's: an amount of wei may need more than 64 bits.
    safe = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})}
    return web.Response(status=status, text=json.dumps(body), content_type="application/json", headers=safe)
