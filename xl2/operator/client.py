"""
Client: a route and what it takes in, its answer as JSON out, from a running relayer or straight from a store.

Promise: both give the same JSON, and both raise our own errors: what the relayer refused is raised here as it was
there. The token goes to nobody but the process that wrote down where it listens.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote

import aiohttp
from attrs import field, frozen

from xl2 import errors, whole
from xl2.errors import Refused, Retryable, RpcUnavailable, Xl2Error
from xl2.operator.desk import Desk
from xl2.operator.routes import ROUTES, Asked, Route
from xl2.plain import plain

_SECONDS: Final = 30.0


@frozen(kw_only=True)
class Whereabouts:
    """Where a relayer answers, as it wrote down at its start."""

    url: str
    #: When it started; tells one process from another at the same address.
    started: float
    #: The account that it signs with; empty: not written down, by an earlier version.
    pays: str = ""


class Answers(Protocol):
    """Who can be asked."""

    async def ask(self, method: str, path: str, asked: Asked) -> Any:  # noqa: ANN401 - JSON
        """Answer of the route with this method and path, as JSON."""
        ...


@frozen
class Direct:
    """Answers from a store; no relayer runs on it."""

    desk: Desk

    async def ask(self, method: str, path: str, asked: Asked) -> Any:  # noqa: ANN401 - JSON
        """See `Answers`."""
        return json.loads(json.dumps(plain(await route_of(method, path).answer(self.desk, asked))))


@frozen
class Remote:
    """Answers from a running relayer."""

    url: str
    token: str = field(repr=False)

    async def ask(self, method: str, path: str, asked: Asked) -> Any:  # noqa: ANN401 - JSON
        """See `Answers`. Raises `RpcUnavailable` where nobody answers."""
        route = route_of(method, path)
        for name, value in asked.path.items():
            path = path.replace("{" + name + "}", quote(value, safe=""))
        headers = {"Authorization": f"Bearer {self.token}"} if route.is_order else {}
        body = dict(asked.body) if route.takes_why else None
        status, told = await _request(method, self.url + path, headers=headers, params=asked.query, body=body)
        if status >= 400 and isinstance(told, dict) and "error" in told:
            raise _raised(status, told["error"])
        return told


def route_of(method: str, path: str) -> Route:
    """A route of the table."""
    return next(route for route in ROUTES if (route.method, route.path) == (method, path))


async def find(file: Path) -> Whereabouts | None:
    """Where a relayer answers that wrote this file; None where it is gone."""
    where = _written(file)
    if where is None:
        return None
    try:
        status, health = await _request("GET", where.url + "/healthz")
    except RpcUnavailable:
        return None
    is_same = status == 200 and isinstance(health, dict) and health.get("started") == where.started
    return where if is_same else None


def _written(file: Path) -> Whereabouts | None:
    try:
        told = json.loads(file.read_text("utf-8"))
        pays = str(told.get("pays", ""))
        return Whereabouts(url=str(told["url"]), started=float(told["started"]), pays=pays)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_down(file: Path, where: Whereabouts) -> None:
    """Write down where we answer, whole or not at all."""
    whole.write(file, f"{json.dumps(plain(where))}\n".encode())


async def _request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Any = (),  # noqa: ANN401 - pairs
    body: Mapping[str, object] | None = None,
) -> tuple[int, Any]:
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.request(method, url, headers=headers, params=list(params), json=body) as response,
        ):
            return response.status, await response.json()
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as bad:
        raise RpcUnavailable(
            f"the relayer at {url.partition('//')[2].partition('/')[0]} does not answer: {str(bad) or 'timed out'}",
            endpoint="relayer",
            remedy="See whether it runs; its log says why it does not answer.",
        ) from bad


def _raised(status: int, told: Mapping[str, Any]) -> Xl2Error:
    """What the relayer refused, as it was there."""
    code, what, remedy = (str(told.get(name, "")) for name in ("code", "what", "remedy"))
    if code in ("NotFound", "InvalidInput", "NotYet", "Incapable"):
        made: Xl2Error = getattr(errors, code)(what, remedy=remedy)
        return made
    return (Retryable if status >= 500 else Refused)(what, remedy=remedy)
