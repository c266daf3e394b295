"""
Proxy: the JSON-RPC door of one L2, as its users see it.

Requests come in over HTTP; reads pass to the node as they are, but for what a kind of rollup answers itself; raw
transactions go through the `Gate`, everything else is refused. Promise: no user reaches what only a node's operator has
(`anvil_*`, `evm_*`, unlocked accounts, type 0x7E transactions): the chain behind it behaves as one that nobody owns.
HTTP only; there are no subscriptions.
"""

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from xl2.errors import Retryable, RpcRejected, Xl2Error
from xl2_devnet.aliases import alias_in, asked_of_anvil, told_to_user
from xl2_devnet.gate import Gate
from xl2_devnet.rollup import Answer, Pass
from xl2_devnet.safe_head import SafeHead

#: What a public node answers. Everything that is not here is refused.
_READS = frozenset(
    {
        "debug_traceCall", "debug_traceTransaction", "eth_accounts", "eth_blobBaseFee", "eth_blockNumber", "eth_call",
        "eth_chainId", "eth_createAccessList", "eth_estimateGas", "eth_feeHistory", "eth_gasPrice", "eth_getBalance",
        "eth_getBlockByHash", "eth_getBlockByNumber", "eth_getBlockReceipts", "eth_getBlockTransactionCountByHash",
        "eth_getBlockTransactionCountByNumber", "eth_getCode", "eth_getFilterChanges", "eth_getFilterLogs",
        "eth_getLogs", "eth_getProof", "eth_getStorageAt", "eth_getTransactionByBlockHashAndIndex",
        "eth_getTransactionByBlockNumberAndIndex", "eth_getTransactionByHash", "eth_getTransactionCount",
        "eth_getTransactionReceipt", "eth_maxPriorityFeePerGas", "eth_newBlockFilter", "eth_newFilter",
        "eth_simulateV1", "eth_syncing", "eth_uninstallFilter", "net_listening", "net_version", "txpool_content",
        "txpool_inspect", "txpool_status", "web3_clientVersion", "web3_sha3",
    }
)  # fmt: skip
_SEND = "eth_sendRawTransaction"
_MOST_REQUEST_BYTES = 64 << 20
_INVALID_REQUEST, _METHOD_NOT_FOUND, _INVALID_PARAMS, _INTERNAL = -32600, -32601, -32602, -32603


class PortTaken(Retryable):
    """The door's port is in use."""

    default_remedy = "Choose another port, or none: then a free one is taken."


@contextlib.asynccontextmanager
async def door(
    node_url: str,
    gate: Gate,
    *,
    port: int = 0,
    answers: Mapping[str, Answer] | None = None,
    aliases: Mapping[str, str] | None = None,
    safe_head: SafeHead | None = None,
) -> AsyncIterator[str]:
    """Serve the door of the node at `node_url` on `port` of 127.0.0.1 (0: a free one); its URL.

    `answers`: what anvil would not answer, or not so, by method. `aliases`: the node's transaction hash by any other
    that users may ask for; it grows while the door is open. `safe_head`: where `safe` and `finalized` are while they
    stand still.

    Raises:
        PortTaken: somebody else listens there.
    """
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=64), timeout=aiohttp.ClientTimeout(total=120)
    ) as session:
        aliases = {} if aliases is None else aliases
        serve = _Door(node_url, gate, session, answers=answers or {}, aliases=aliases, safe_head=safe_head)
        app = web.Application(client_max_size=_MOST_REQUEST_BYTES)
        app.router.add_post("/", serve.answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, "127.0.0.1", port).start()
            except OSError as error:
                raise PortTaken(f"port {port} of 127.0.0.1 cannot be opened: {error.strerror}") from error
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


class _Door:
    def __init__(
        self,
        node_url: str,
        gate: Gate,
        session: aiohttp.ClientSession,
        *,
        answers: Mapping[str, Answer],
        aliases: Mapping[str, str],
        safe_head: SafeHead | None,
    ) -> None:
        self._node_url = node_url
        self._gate = gate
        self._session = session
        self._answers = answers
        self._aliases = aliases
        self._safe_head = safe_head

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            asked = orjson.loads(body)
        except orjson.JSONDecodeError:
            return _json(_error(None, -32700, "the request is not JSON"))
        calls = asked if isinstance(asked, list) else [asked]
        if not calls or not all(isinstance(call, dict) for call in calls):
            return _json(_error(None, _INVALID_REQUEST, "a request is an object, or an array of objects"))
        if all(self._is_plain(call) for call in calls):
            return web.Response(body=await self._pass(body), content_type="application/json")
        answers = await self._mixed(calls)
        return _json(answers if isinstance(asked, list) else answers[0])

    def _is_plain(self, call: dict[str, Any]) -> bool:
        method = call.get("method")
        if method not in _READS or method in self._answers or alias_in(call, self._aliases) is not None:
            return False
        return self._told_safe(call) is call

    def _told_safe(self, call: dict[str, Any]) -> dict[str, Any]:
        return call if self._safe_head is None else self._safe_head.read(call)

    async def _mixed(self, calls: list[dict[str, Any]]) -> list[Any]:
        answers: list[Any] = [None] * len(calls)
        sends = [place for place, call in enumerate(calls) if _is_send(call)]
        reads = []
        calls = [self._told_safe(call) for call in calls]
        for place, call in enumerate(calls):
            if place in sends:
                continue
            answers[place] = await self._own(call)
            if answers[place] is None and call.get("method") in _READS:
                reads.append(place)
            elif answers[place] is None:
                answers[place] = _refusal(call)
        try:
            results = await self._gate.send([calls[place]["params"][0] for place in sends])
        except Xl2Error as error:
            results = [RpcRejected(error.what, endpoint="", rpc_code=_INTERNAL)] * len(sends)
        for place, result in zip(sends, results, strict=True):
            answers[place] = _answer(calls[place].get("id"), result)
        if reads:
            found = await self._read([calls[place] for place in reads])
            for place, answer in zip(reads, found, strict=True):
                answers[place] = answer
        return answers

    async def _own(self, call: dict[str, Any]) -> dict[str, Any] | None:
        """What this kind of rollup answers itself; None: that is anvil's to answer, or nobody's."""
        answer = self._answers.get(str(call.get("method")))
        if answer is None:
            return None
        params = call.get("params", [])
        try:
            result = await answer(params if isinstance(params, list) else [])
        except RpcRejected as error:
            return _answer(call.get("id"), error)
        except Xl2Error as error:
            return _error(call.get("id"), _INTERNAL, error.what)
        return None if isinstance(result, Pass) else _answer(call.get("id"), result)

    async def _read(self, calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
        aliases = [alias_in(call, self._aliases) for call in calls]
        asked = [
            call if alias is None else asked_of_anvil(call, self._aliases[alias])
            for call, alias in zip(calls, aliases, strict=True)
        ]
        passed = orjson.loads(await self._pass(orjson.dumps(asked)))
        by_id = {str(answer.get("id")): answer for answer in passed} if isinstance(passed, list) else {}
        answers = []
        for call, alias in zip(calls, aliases, strict=True):
            missing = _error(call.get("id"), _INTERNAL, "the node gave no answer")
            answer = by_id.get(str(call.get("id")), missing)
            answers.append(answer if alias is None else told_to_user(answer, alias))
        return answers

    async def _pass(self, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json"}
        async with self._session.post(self._node_url, data=body, headers=headers) as response:
            return await response.read()


def _is_send(call: dict[str, Any]) -> bool:
    params = call.get("params")
    return call.get("method") == _SEND and isinstance(params, list) and len(params) == 1 and isinstance(params[0], str)


def _refusal(call: dict[str, Any]) -> dict[str, Any]:
    if call.get("method") == _SEND:
        return _error(call.get("id"), _INVALID_PARAMS, f"{_SEND} takes one hex string")
    return _error(call.get("id"), _METHOD_NOT_FOUND, f"the method {call.get('method')} does not exist/is not available")


def _answer(request_id: Any, result: Any) -> dict[str, Any]:
    if isinstance(result, RpcRejected):
        # The client's sentence ends with the node's own words, which senders match.
        message = result.what.partition(f"{_SEND}: ")[2] or result.what
        return _error(request_id, result.rpc_code or -32000, message)
    return {"jsonrpc": "2.0", "id": request_id, "result": result}


def _error(request_id: Any, code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": message}}


def _json(value: Any) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")
