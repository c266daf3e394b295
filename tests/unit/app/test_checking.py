"""Checks: an error is what one says, and a person waits for no chain that does not answer."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.unit.sdk.scene import Scene
from xl2.app.checking import look, look_at_chain
from xl2.app.doctor_relayer import _lanes
from xl2.errors import NotYet, RpcUnavailable
from xl2.operator.values import Check


async def well() -> str:
    return "all is well"


async def hanging() -> str:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")


async def away() -> str:
    raise RpcUnavailable("it cannot be reached", endpoint="http://127.0.0.1:1")


async def test_a_check_says_what_was_found_out() -> None:
    check = await look_at_chain("a: endpoint", well)

    assert (check.what, check.ok, check.said) == ("a: endpoint", True, "all is well")


@pytest.mark.parametrize("looking", [look, look_at_chain])
async def test_an_error_is_what_a_check_says_with_its_remedy(looking: Callable[..., Awaitable[Check]]) -> None:
    check = await looking("a: endpoint", away)

    assert (check.ok, check.said) == (False, "it cannot be reached")
    assert check.remedy


async def test_a_chain_that_hangs_is_ill_when_its_time_is_over() -> None:
    check = await look_at_chain("a: endpoint", hanging, seconds=0.01)

    assert (check.ok, check.said) == (False, "no answer within 0.01 s")
    assert "rpc_timeout_seconds" in check.remedy


async def test_lanes_of_chains_that_do_not_answer_are_said_to_be_not_looked_at() -> None:
    scene = Scene()
    both = [scene.a, scene.b]

    assert "can be carried" in await _lanes(scene.parts, both)
    with pytest.raises(NotYet, match=r"not looked at, as .+ cannot be asked"):
        await _lanes(scene.parts, both[:1])
    await scene.client.close()
