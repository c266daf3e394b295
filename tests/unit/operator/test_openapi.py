"""The OpenAPI document: valid, whole, and true of what the desk answers."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.unit.operator.desk_scene import scene
from xl2.core.types import hex_text
from xl2.errors import InvalidInput
from xl2.operator.openapi import document
from xl2.operator.routes import ROUTES, Asked, Route
from xl2.operator.schema import schema_of

DOCUMENT = document("1.2.3")


def schema(path: str, method: str, status: str = "200") -> dict[str, Any]:
    """Schema of an answer, with the components that it refers to."""
    content = DOCUMENT["paths"][path][method]["responses"][status]["content"]
    return {**content["application/json"]["schema"], "components": DOCUMENT["components"]}


def test_the_document_is_valid() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_every_route_is_in_it_and_names_are_their_own() -> None:
    names = [operation["operationId"] for path in DOCUMENT["paths"].values() for operation in path.values()]

    assert {(one.path, one.method.lower()) for one in ROUTES} <= {
        (path, method) for path, methods in DOCUMENT["paths"].items() for method in methods
    }
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_a_filter_that_there_is_none_of_is_refused_and_not_passed_over(route: Route) -> None:
    async with scene() as at:
        with pytest.raises(InvalidInput, match="has no filter 'x'") as refused:
            await route.answer(at.desk, Asked(query=[("x", "1")]))

    known = [one.name for one in route.parameters if not one.in_path]
    assert all(name in refused.value.remedy for name in known)
    assert "400" in DOCUMENT["paths"][route.path][route.method.lower()]["responses"]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_orders_need_the_token_and_questions_do_not(route: Route) -> None:
    operation = DOCUMENT["paths"][route.path][route.method.lower()]

    assert ("security" in operation) is route.is_order
    assert {f"{{{one['name']}}}" for one in operation.get("parameters", ()) if one["in"] == "path"} == set(
        re.findall(r"{\w+}", route.path)
    )


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_what_the_desk_answers_is_what_the_document_says(route: Route) -> None:
    async with scene(drain=lambda: None) as at:
        path = {"id": hex_text(at.ids[0]), "lane": "901-902-settled"}
        told = await at.ask(route.method, route.path, path=path)

    Draft202012Validator(schema(route.path, route.method.lower())).validate(told)


def test_a_type_without_a_schema_is_no_silent_any() -> None:
    with pytest.raises(TypeError, match="no JSON schema"):
        schema_of(complex, {})
