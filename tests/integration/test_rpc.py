"""The RPC client against an endpoint that misbehaves, over a real socket."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
import pytest
from aiohttp import web

from xl2.errors import InvalidInput, RpcRateLimited, RpcRejected, RpcTooLarge, RpcUnavailable, WrongChain
from xl2_adapters.rpc import Call, RpcClient, RpcLimits, transport_retry

Handler = Callable[[Any], Awaitable[web.StreamResponse]]
READ = Call("eth_blockNumber")


class Endpoint:
    """A loopback HTTP endpoint that answers by a script: one handler a request, the last one for all the rest."""

    def __init__(self, *script: Handler) -> None:
        self.script = list(script)
        self.requests: list[Any] = []
        self.slept: list[float] = []
        self.url = ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        body = orjson.loads(await request.read())
        self.requests.append(body)
        handler = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return await handler(body)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def client(self, **limits: Any) -> RpcClient:
        return RpcClient(self.url, limits=RpcLimits(**limits), sleep=self.sleep)


@pytest.fixture
async def endpoint() -> AsyncIterator[Callable[..., Awaitable[Endpoint]]]:
    runners: list[web.AppRunner] = []

    async def start(*script: Handler) -> Endpoint:
        served = Endpoint(*script)
        app = web.Application()
        app.router.add_post("/{key}", served.serve)
        # Handlers that hang must not hold up the test's end.
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        served.url = f"http://user:k3y@127.0.0.1:{port}/k3y"
        return served

    yield start
    for runner in runners:
        await runner.cleanup()


async def honest(body: Any) -> web.Response:
    """Answers each call with its method and id, a batch in reverse order."""
    if isinstance(body, list):
        answers = [{"jsonrpc": "2.0", "id": call["id"], "result": hex(call["id"])} for call in body]
        return web.json_response(answers[::-1])
    return web.json_response({"jsonrpc": "2.0", "id": body["id"], "result": hex(body["id"])})


def status(code: int, **headers: str) -> Handler:
    async def answer(_: Any) -> web.Response:
        return web.Response(status=code, headers=headers, text="<html>no</html>")

    return answer


async def node_error(body: Any) -> web.Response:
    return web.json_response(
        {"jsonrpc": "2.0", "id": body["id"], "error": {"code": -32000, "message": "nonce too low"}}
    )


async def hang(_: Any) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError


Start = Callable[..., Awaitable[Endpoint]]


async def test_a_call_returns_its_result(endpoint: Start) -> None:
    served = await endpoint(honest)

    async with served.client() as rpc:
        assert await rpc.call("eth_blockNumber") == "0x1"
        assert await rpc.call("eth_blockNumber") == "0x2"


async def test_a_batch_answered_out_of_order_is_put_in_order(endpoint: Start) -> None:
    served = await endpoint(honest)

    async with served.client() as rpc:
        assert await rpc.batch([READ] * 3) == ["0x1", "0x2", "0x3"]


async def test_a_batch_over_the_limit_goes_out_in_parts(endpoint: Start) -> None:
    served = await endpoint(honest)

    async with served.client(max_batch=2) as rpc:
        results = await rpc.batch([READ] * 5)

    assert results == ["0x1", "0x2", "0x3", "0x4", "0x5"]
    assert [len(request) for request in served.requests] == [2, 2, 1]


async def test_an_empty_batch_asks_nothing(endpoint: Start) -> None:
    served = await endpoint(honest)

    async with served.client() as rpc:
        assert await rpc.batch([]) == []
    assert served.requests == []


async def test_a_node_error_is_never_repeated(endpoint: Start) -> None:
    served = await endpoint(node_error)

    async with served.client() as rpc:
        with pytest.raises(RpcRejected, match="nonce too low"):
            await rpc.call("eth_sendRawTransaction", "0x00")
    assert len(served.requests) == 1


async def test_a_server_error_is_repeated_until_the_answer_comes(endpoint: Start) -> None:
    served = await endpoint(status(503), status(502), honest)

    async with served.client() as rpc:
        assert await rpc.call("eth_blockNumber") == "0x1"
    assert served.slept == [0.25, 0.5]


async def test_retry_after_is_obeyed(endpoint: Start) -> None:
    served = await endpoint(status(429, **{"Retry-After": "3"}), honest)

    async with served.client() as rpc:
        await rpc.call("eth_blockNumber")
    assert served.slept == [3.0]


async def test_a_retry_after_beyond_patience_goes_to_the_caller(endpoint: Start) -> None:
    served = await endpoint(status(429, **{"Retry-After": "3600"}))

    async with served.client() as rpc:
        with pytest.raises(RpcRateLimited) as limited:
            await rpc.call("eth_blockNumber")
    assert limited.value.retry_after_seconds == 3600
    assert len(served.requests) == 1


async def test_attempts_end(endpoint: Start) -> None:
    served = await endpoint(status(503))

    async with served.client(max_attempts=3) as rpc:
        with pytest.raises(RpcUnavailable, match="HTTP 503"):
            await rpc.call("eth_blockNumber")
    assert len(served.requests) == 3


async def test_a_raw_transaction_is_sent_again(endpoint: Start) -> None:
    served = await endpoint(status(503), honest)

    async with served.client() as rpc:
        await rpc.call("eth_sendRawTransaction", "0x00")
    assert len(served.requests) == 2


@pytest.mark.parametrize("method", ["eth_sendTransaction", "evm_mine", "evm_increaseTime", "eth_getFilterChanges"])
async def test_a_call_that_may_have_run_is_not_sent_again(endpoint: Start, method: str) -> None:
    served = await endpoint(status(503))

    async with served.client() as rpc:
        with pytest.raises(RpcUnavailable):
            await rpc.call(method)
        with pytest.raises(RpcUnavailable):
            await rpc.batch([READ, Call(method)])
    assert len(served.requests) == 2


async def test_a_refused_connection_is_tried_again_even_for_a_call_that_must_not_run_twice() -> None:
    probe = await asyncio.start_server(lambda _, __: None, "127.0.0.1", 0)
    port = probe.sockets[0].getsockname()[1]
    probe.close()
    await probe.wait_closed()
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async with RpcClient(f"http://127.0.0.1:{port}/k3y", limits=RpcLimits(max_attempts=3), sleep=sleep) as rpc:
        with pytest.raises(RpcUnavailable, match=r"cannot be reached \(Connection refused\)"):
            await rpc.call("evm_mine")
    assert slept == [0.25, 0.5]


async def test_a_silent_endpoint_is_given_up(endpoint: Start) -> None:
    served = await endpoint(hang)

    async with served.client(read_timeout_seconds=0.5, max_attempts=2) as rpc:
        with pytest.raises(RpcUnavailable, match="did not answer in time"):
            await rpc.call("eth_blockNumber")
    assert len(served.requests) == 2


async def test_html_is_no_answer(endpoint: Start) -> None:
    served = await endpoint(status(200))

    async with served.client() as rpc:
        with pytest.raises(RpcUnavailable, match="is not JSON"):
            await rpc.call("eth_blockNumber")


async def test_a_body_that_breaks_off_is_asked_for_again() -> None:
    asked = 0

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"jsonrpc"')
        await writer.drain()
        writer.close()

    async def at_once(_: float) -> None:
        return

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, RpcClient(f"http://127.0.0.1:{port}", limits=RpcLimits(max_attempts=3), sleep=at_once) as rpc:
        with pytest.raises(RpcUnavailable, match="broke the connection"):
            await rpc.call("eth_blockNumber")
    assert asked == 3


async def test_a_redirect_is_not_followed(endpoint: Start) -> None:
    served = await endpoint(status(307, Location="http://127.0.0.1:1/elsewhere"))

    async with served.client() as rpc:
        with pytest.raises(RpcUnavailable, match="HTTP 307"):
            await rpc.call("eth_blockNumber")
    assert len(served.requests) == 1


async def test_a_body_over_the_limit_is_refused(endpoint: Start) -> None:
    async def huge(_: Any) -> web.Response:
        return web.Response(body=b"[" * 5000)

    served = await endpoint(huge)

    async with served.client(max_response_bytes=4096) as rpc:
        with pytest.raises(RpcTooLarge) as refused:
            await rpc.call("eth_blockNumber")
    assert refused.value.max_bytes == 4096


async def test_a_packed_body_is_measured_unpacked(endpoint: Start) -> None:
    async def bomb(_: Any) -> web.Response:
        response = web.Response(body=b"[" * 1_000_000)
        response.enable_compression(web.ContentCoding.gzip)
        return response

    served = await endpoint(bomb)

    async with served.client(max_response_bytes=100_000) as rpc:
        with pytest.raises(RpcTooLarge):
            await rpc.call("eth_blockNumber")


async def test_no_more_requests_than_allowed_are_under_way(endpoint: Start) -> None:
    under_way = 0
    most = 0
    both_in = asyncio.Event()

    async def count(body: Any) -> web.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if under_way == 2:
            both_in.set()
        await both_in.wait()
        under_way -= 1
        return await honest(body)

    served = await endpoint(count)

    async with served.client(max_concurrent=2) as rpc, asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(rpc.call("eth_blockNumber"))
    assert most == 2


async def test_concurrent_calls_do_not_share_their_attempts(endpoint: Start) -> None:
    served = await endpoint(*[status(503)] * 8, honest)

    async with served.client(max_attempts=9) as rpc, asyncio.TaskGroup() as group:
        calls = [group.create_task(rpc.call("eth_blockNumber")) for _ in range(4)]
    assert sorted(str(call.result()) for call in calls) == ["0x1", "0x2", "0x3", "0x4"]


async def test_an_endpoint_of_another_chain_is_refused(endpoint: Start) -> None:
    served = await endpoint(honest)

    async with served.client() as rpc:
        await rpc.require_chain(1)
        with pytest.raises(WrongChain) as wrong:
            await rpc.require_chain(10)
    assert (wrong.value.expected, wrong.value.actual) == (10, 2)


@pytest.mark.parametrize("script", [status(503), status(200), status(404), status(429), hang, node_error])
async def test_no_error_or_log_line_tells_the_secret_part_of_the_url(
    endpoint: Start, caplog: pytest.LogCaptureFixture, script: Handler
) -> None:
    served = await endpoint(script)
    caplog.set_level(logging.DEBUG)

    async with served.client(max_attempts=2, read_timeout_seconds=0.1) as rpc:
        with pytest.raises((RpcUnavailable, RpcRejected)) as failed:
            await rpc.call("eth_blockNumber")

    assert "k3y" not in repr(rpc) + str(failed.value) + str(failed.getrepr(style="native"))
    assert all("k3y" not in str(record.__dict__) for record in caplog.records if record.name.startswith("xl2"))


async def test_a_bad_url_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(InvalidInput):
        RpcClient("localhost:8545")


async def test_the_delays_of_the_retry_policy() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async with RpcClient("http://127.0.0.1:1", limits=RpcLimits(max_attempts=8), sleep=sleep) as rpc:
        with pytest.raises(RpcUnavailable):
            await rpc.call("eth_blockNumber")

    assert slept == [0.25, 0.5, 1, 2, 4, 8, 8]
    assert transport_retry(RpcLimits(), sleep).reraise
