"""The attester behind HTTP: its answers tell the asker what to do, and nothing that is sent to it does harm."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from attrs import define, evolve, field

from tests.attesters import CAROL, attester_of, log_of, world_with_a_message
from xl2.app.clients import signer_of
from xl2.app.parts import parts_of
from xl2.attester.attest import HeadAttester
from xl2.attester.service import Answering, serve
from xl2.config import load
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, checksum, hex_text
from xl2.errors import Incident, NotYet, Refused, RpcUnavailable
from xl2.listening import listening as served
from xl2.ports import Log
from xl2.store import IN_MEMORY, SqliteStore
from xl2.testing import World
from xl2.wallet import Unattended
from xl2_adapters.attested import AttestedProver
from xl2_adapters.attester_http import HttpAttester

EXAMPLE = Path(__file__).parents[2] / "examples" / "xl2.toml"
AT = BlockNumber(1)


@pytest.fixture
async def world() -> World:
    return await world_with_a_message()


@pytest.fixture
def attester(world: World) -> HeadAttester:
    return attester_of(world, CAROL)


@pytest.fixture
async def listening(attester: HeadAttester) -> AsyncIterator[Answering]:
    async with serve(attester) as found:
        yield found


@define
class Wire:
    """Connections to an attester, each carried on byte by byte and counted."""

    port: int
    url: str = ""
    #: So many were opened, and these are open.
    opened: int = 0
    open: set[asyncio.StreamWriter] = field(factory=set)
    #: Set at the end of each.
    ended: asyncio.Event = field(factory=asyncio.Event)
    #: The next question ends its connection and is not passed on.
    cuts: bool = False
    #: Questions are swallowed, and their connections stay open.
    swallows: bool = False

    async def carry(self, asking: asyncio.StreamReader, told: asyncio.StreamWriter) -> None:
        self.opened += 1
        self.open.add(told)
        answering, asked = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            async with asyncio.TaskGroup() as ways:
                back = ways.create_task(self._back(answering, told))
                while question := await asking.read(1 << 16):
                    if self.cuts:
                        self.cuts = False
                        break
                    if not self.swallows:
                        asked.write(question)
                back.cancel()
        finally:
            self.open.discard(told)
            self.ended.set()
            for end in (told, asked):
                end.close()

    async def _back(self, answering: asyncio.StreamReader, told: asyncio.StreamWriter) -> None:
        while answer := await answering.read(1 << 16):
            told.write(answer)

    async def until_none_is_open(self) -> None:
        async with asyncio.timeout(60):
            while self.open:
                self.ended.clear()
                await self.ended.wait()


@pytest.fixture
async def wire(attester: HeadAttester) -> AsyncIterator[Wire]:
    async with serve(attester) as found:
        wire = Wire(found.port)
        server = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
        wire.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield wire
        finally:
            server.close()
            for told in wire.open:
                told.close()
            await wire.until_none_is_open()


@pytest.fixture
async def client(listening: Answering) -> AsyncIterator[HttpAttester]:
    async with HttpAttester(listening.url, CAROL.address) as asked:
        yield asked


async def test_over_http_the_answer_is_the_same(world: World, attester: HeadAttester, client: HttpAttester) -> None:
    answered = await client.attest(log_of(world), BlockNumber(1))

    assert answered == await attester.attest(log_of(world), BlockNumber(1))


async def test_it_listens_on_loopback_unless_told_otherwise(listening: Answering) -> None:
    assert listening.host == "127.0.0.1"
    assert listening.port > 0


async def test_a_block_that_is_not_final_is_not_signed_yet(world: World, client: HttpAttester) -> None:
    with pytest.raises(NotYet, match="is not final"):
        await client.attest(log_of(world), BlockNumber(99))


async def test_a_chain_that_it_does_not_know_is_refused(client: HttpAttester) -> None:
    elsewhere = World((901, 902, 903)).lane(903, 901)

    with pytest.raises(Refused, match="does not attest"):
        await client.attest(Log(lane=elsewhere, kind=LogKind.LANE), BlockNumber(1))


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


async def test_a_broken_promise_of_a_chain_is_told_to_the_owner(
    world: World, listening: Answering, client: HttpAttester
) -> None:
    world.chain(901).fail(Incident("a final block is gone"))

    with pytest.raises(NotYet, match="a final block is gone"):
        await client.attest(log_of(world), BlockNumber(1))

    assert listening.broken.result().what == "a final block is gone"


async def test_questions_one_after_the_other_go_over_one_connection(world: World, wire: Wire) -> None:
    async with HttpAttester(wire.url, CAROL.address) as asked:
        answers = [await asked.attest(log_of(world), AT) for _ in range(5)]

    assert len({one.signature for one in answers}) == 1
    assert wire.opened == 1
    await wire.until_none_is_open()


async def test_who_was_closed_and_is_asked_again_connects_anew(world: World, wire: Wire) -> None:
    async with HttpAttester(wire.url, CAROL.address) as asked:
        first = await asked.attest(log_of(world), AT)
        await asked.close()
        await wire.until_none_is_open()

        assert await asked.attest(log_of(world), AT) == first

    assert wire.opened == 2


async def test_a_connection_that_ends_under_a_question_costs_no_answer(world: World, wire: Wire) -> None:
    async with HttpAttester(wire.url, CAROL.address) as asked:
        first = await asked.attest(log_of(world), AT)
        wire.cuts = True

        assert await asked.attest(log_of(world), AT) == first

    assert not wire.cuts
    assert wire.opened == 2


async def test_an_attester_that_came_back_at_its_old_place_is_asked_there(world: World, attester: HeadAttester) -> None:
    async with serve(attester) as found:
        asked = HttpAttester(found.url, CAROL.address)
        first = await asked.attest(log_of(world), AT)

    async with serve(attester, port=found.port), asked:
        assert await asked.attest(log_of(world), AT) == first


async def test_an_attester_says_who_it_is_and_signs_nothing_for_it(client: HttpAttester) -> None:
    assert await client.answers_as() == CAROL.address


async def test_who_answers_and_is_no_attester_is_said_to_be_none() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="<html>hello</html>")

    app = web.Application()
    app.router.add_get("/healthz", answer)
    async with (
        served(app, host="127.0.0.1", port=0, setting="none") as at,
        HttpAttester(at.url, CAROL.address) as stranger,
    ):
        with pytest.raises(RpcUnavailable, match="answered HTTP 200 as no attester does"):
            await stranger.answers_as()


async def test_no_more_is_read_of_an_answer_than_an_attester_says() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"signer": checksum(CAROL.address), "more": "x" * 1_000_000})

    app = web.Application()
    app.router.add_get("/healthz", answer)
    async with (
        served(app, host="127.0.0.1", port=0, setting="none") as at,
        HttpAttester(at.url, CAROL.address) as endless,
    ):
        with pytest.raises(RpcUnavailable, match="answered HTTP 200 as no attester does"):
            await endless.answers_as()


async def test_an_attester_that_is_not_there_is_unavailable(world: World, attester: HeadAttester) -> None:
    async with serve(attester) as found:
        pass

    async with HttpAttester(found.url, CAROL.address) as gone:
        with pytest.raises(RpcUnavailable, match="cannot be reached"):
            await gone.attest(log_of(world), AT)
        with pytest.raises(RpcUnavailable, match="cannot be reached"):
            await gone.answers_as()


async def test_an_attester_that_says_nothing_is_waited_for_no_longer_than_its_limit(world: World, wire: Wire) -> None:
    wire.swallows = True

    async with HttpAttester(wire.url, CAROL.address, timeout_seconds=0.2) as silent:
        with pytest.raises(RpcUnavailable, match=r"did not answer within 0\.2 s"):
            await silent.attest(log_of(world), AT)


async def test_parts_keep_one_connection_to_an_attester_and_close_it_with_themselves(world: World, wire: Wire) -> None:
    config = load(EXAMPLE, {})
    urls = {next(iter(config.attester.urls)): wire.url}
    config = evolve(config, attester=evolve(config.attester, urls=urls))
    parts = parts_of(config, store=SqliteStore(IN_MEMORY), signer=signer_of(config), hooks=Unattended())
    read_at_901 = (
        Log(lane=world.lane(902, 901), kind=LogKind.LANE),
        Log(lane=world.lane(901, 902), kind=LogKind.RECEIPTS),
    )

    provers = [prover for log in read_at_901 for prover in parts.provers(log) if isinstance(prover, AttestedProver)]
    for prover in provers:
        (asked,) = prover.attesters
        await asked.attest(log_of(world), AT)
    await parts.close()

    assert len(provers) == 2
    assert wire.opened == 1
    await wire.until_none_is_open()
