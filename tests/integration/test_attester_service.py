"""The attester behind HTTP: its answers tell the asker what to do, and nothing that is sent to it does harm."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.unit.attester.test_attest import CAROL, CONTRACT
from xl2.attester.attest import HeadAttester
from xl2.attester.service import Answering, serve
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, hex_text
from xl2.errors import Incident, NotYet, Refused, RpcUnavailable
from xl2.ports import Log
from xl2.testing import World
from xl2_adapters.attester_http import HttpAttester


@pytest.fixture
async def world() -> World:
    world = World()
    await world.chain(901).put(world.lane(901, 902))
    world.chain(901).mine(2)
    return world


@pytest.fixture
def attester(world: World) -> HeadAttester:
    chains = {world.chain(one).chain: world.chain(one) for one in (901, 902)}
    return HeadAttester(signer=CAROL, chains=chains, verifiers=dict.fromkeys(chains, CONTRACT))


@pytest.fixture
async def listening(attester: HeadAttester) -> AsyncIterator[Answering]:
    async with serve(attester) as found:
        yield found


def log_of(world: World) -> Log:
    return Log(lane=world.lane(901, 902), kind=LogKind.LANE)


def client(listening: Answering) -> HttpAttester:
    return HttpAttester(f"http://{listening.host}:{listening.port}", CAROL.address)


async def test_over_http_the_answer_is_the_same(world: World, attester: HeadAttester, listening: Answering) -> None:
    assert await client(listening).attest(log_of(world), BlockNumber(1)) == await attester.attest(
        log_of(world), BlockNumber(1)
    )


async def test_it_listens_on_loopback_unless_told_otherwise(listening: Answering) -> None:
    assert listening.host == "127.0.0.1"
    assert listening.port > 0


async def test_a_block_that_is_not_final_is_not_signed_yet(world: World, listening: Answering) -> None:
    with pytest.raises(NotYet, match="is not final"):
        await client(listening).attest(log_of(world), BlockNumber(99))


async def test_a_chain_that_it_does_not_know_is_refused(listening: Answering) -> None:
    elsewhere = World((901, 902, 903)).lane(903, 901)

    with pytest.raises(Refused, match="does not attest"):
        await client(listening).attest(Log(lane=elsewhere, kind=LogKind.LANE), BlockNumber(1))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b"{}",
        b'{"lane": "0x00", "kind": "lane", "block": 1}',
        b'{"lane": 5, "kind": "lane", "block": 1}',
        b'{"lane": "0xzz", "kind": "lane", "block": 1}',
        b'{"lane": "LANE", "kind": "other", "block": 1}',
        b'{"lane": "LANE", "kind": "lane", "block": -1}',
        b'{"lane": "LANE", "kind": "lane", "block": "1"}',
        b'{"lane": "LANE", "kind": "lane", "block": true}',
        b'{"lane": "LANE", "kind": "lane"}',
    ],
)
async def test_what_is_no_question_is_refused_and_said_so(world: World, listening: Answering, body: bytes) -> None:
    lane = hex_text(log_of(world).lane.encode()).encode()
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://{listening.host}:{listening.port}/attest", data=body.replace(b"LANE", lane)) as response,
    ):
        told = await response.json()

    assert response.status == 422
    assert told["what"]


async def test_a_long_request_is_cut_off(listening: Answering) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://{listening.host}:{listening.port}/attest", data=b"x" * 100_000) as response,
    ):
        assert response.status == 413


async def test_a_broken_promise_of_a_chain_is_told_to_the_owner(world: World, listening: Answering) -> None:
    world.chain(901).fail(Incident("a final block is gone"))

    with pytest.raises(NotYet, match="a final block is gone"):
        await client(listening).attest(log_of(world), BlockNumber(1))

    assert listening.broken.result().what == "a final block is gone"


async def test_an_attester_that_is_not_there_is_unavailable(world: World, attester: HeadAttester) -> None:
    async with serve(attester) as found:
        gone = client(found)

    with pytest.raises(RpcUnavailable, match="cannot be reached"):
        await gone.attest(log_of(world), BlockNumber(1))
