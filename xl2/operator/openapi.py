"""
OpenAPI: the table of routes in, the OpenAPI 3.1 document of the service out.

Promise: generated from the routes and the values that they answer with, so it cannot say anything else than they do.
"""

from collections.abc import Mapping
from typing import Any, Final

from xl2.operator.routes import ROUTES, Route
from xl2.operator.schema import Schema, schema_of
from xl2.operator.values import Health, Problem

#: Why a request is not answered, by status.
_PROBLEMS: Final[Mapping[int, str]] = {
    400: "The request is wrong; `remedy` says what to do.",
    403: "The Host header names another host.",
    404: "There is no such thing.",
    503: "Not now: try again.",
}
_TOKEN: Final[Mapping[int, str]] = {401: "The token is missing, or another."}
_WHY: Final[Schema] = {
    "type": "object",
    "properties": {"why": {"type": "string", "maxLength": 500, "description": "Kept with the order."}},
    "additionalProperties": False,
}


def document(version: str) -> dict[str, Any]:
    """The whole document."""
    components: dict[str, Schema] = {}
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, components)
    paths["/healthz"] = {
        "get": _get("healthz", "The process answers.", _json(schema_of(Health, components)), components)
    }
    text = {"text/plain": {"schema": {"type": "string"}}}
    paths["/metrics"] = {"get": _get("metrics", "Metrics, in the text format of Prometheus.", text, components)}
    stream = {"text/event-stream": {"schema": {"type": "string"}}}
    told = "What happens, as server-sent events: moved, rested, submitted, alarm. `Last-Event-ID` goes on where it was."
    paths["/events"] = {"get": _get("events", told, stream, components)}
    itself = _json({"type": "object"})
    paths["/openapi.json"] = {"get": _get("openapi", "This document.", itself, components)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "xl2 relayer",
            "version": version,
            "description": "What an operator sees of a running relayer, and what he can tell it.",
            "license": {"name": "Apache-2.0 OR MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route, components: dict[str, Schema]) -> dict[str, Any]:
    operation = _get(_name(route), route.what, _json(schema_of(route.answers, components)), components)
    if route.path == "/readyz":
        operation["responses"]["503"] = {
            "description": "Not ready.",
            "content": _json(schema_of(route.answers, components)),
        }
    if route.parameters:
        operation["parameters"] = [
            {
                "name": one.name,
                "in": "path" if one.in_path else "query",
                "required": one.in_path,
                "description": one.what,
                "schema": dict(one.schema),
            }
            for one in route.parameters
        ]
    if route.is_order:
        operation["security"] = [{"token": []}]
        operation["responses"] |= _problems(_TOKEN, components)
    if route.takes_why:
        operation["requestBody"] = {"required": False, "content": _json(dict(_WHY))}
    return operation


def _get(name: str, what: str, content: dict[str, Any], components: dict[str, Schema]) -> dict[str, Any]:
    answered = {"200": {"description": what, "content": content}}
    return {"operationId": name, "summary": what, "responses": {**answered, **_problems(_PROBLEMS, components)}}


def _problems(told: Mapping[int, str], components: dict[str, Schema]) -> dict[str, Any]:
    content = _json(schema_of(Problem, components))
    return {str(status): {"description": what, "content": content} for status, what in told.items()}


def _json(schema: Schema) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _name(route: Route) -> str:
    words = [part for part in route.path.split("/") if part and not part.startswith("{")]
    alone = route.path.endswith("}")
    return "_".join([*words[:-1], words[-1].removesuffix("s") if alone else words[-1]])
