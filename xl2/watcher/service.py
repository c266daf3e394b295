"""
Service: a watcher behind HTTP: `GET /healthz`, and `GET /metrics` for Prometheus.

Promise: it answers reads only, and no secret is in an answer. Healthy means: everything was looked at to its end the
last time, and no contradiction is known; 503 says which is not so. What a metric counts is named in
docs/how-to/run-a-watcher.md.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

import orjson
from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from xl2.listening import Listening, listening
from xl2.ports import AlarmKind
from xl2.watcher.watch import Watcher

_Handler = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def serve(watcher: Watcher, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Listening]:
    """Serve until the block ends. `port` 0: a free one. Raises `InvalidInput` where the address cannot be had."""
    app = web.Application()
    app.router.add_get("/healthz", _healthz(watcher))
    app.router.add_get("/metrics", _metrics(watcher))
    async with listening(app, host=host, port=port, setting="watcher.listen") as bound:
        yield bound


def _healthz(watcher: Watcher) -> _Handler:
    async def answer(_: web.Request) -> web.Response:
        confirmed = [case for case in watcher.cases.values() if case.is_confirmed]
        body = {
            "contradictions": [case.contradiction.id.hex() for case in confirmed],
            "not_seen": list(watcher.lagging),
        }
        is_well = not confirmed and not watcher.lagging
        status = HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE
        return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")

    return answer


def _metrics(watcher: Watcher) -> _Handler:
    registry = CollectorRegistry()
    backing = Gauge(
        "xl2_watcher_backing_delta",
        "Locked, less minted, less in flight, in the token's smallest unit; below 0 it is broken",
        ["token"],
        registry=registry,
    )
    contradictions = Gauge("xl2_watcher_contradictions", "Contradictions confirmed", ["kind"], registry=registry)
    unpaused = Gauge(
        "xl2_watcher_pauses_open", "Pauses that a contradiction calls for and that are not in force", registry=registry
    )
    unseen = Gauge("xl2_watcher_not_seen", "Things that the last look at them did not see", registry=registry)

    async def answer(_: web.Request) -> web.Response:
        for name, asset in watcher.assets.items():
            if asset.delta is not None:
                backing.labels(token=name).set(asset.delta)
        confirmed = [case for case in watcher.cases.values() if case.is_confirmed]
        for kind in (AlarmKind.HEAD_CONTRADICTION, AlarmKind.BACKING_BREAK):
            contradictions.labels(kind=kind.value).set(sum(1 for case in confirmed if case.contradiction.kind is kind))
        unpaused.set(sum(1 for case in confirmed for one in case.pulled if not one.outcome.is_over))
        unseen.set(len(watcher.lagging))
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return answer
