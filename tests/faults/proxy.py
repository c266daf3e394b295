"""
Proxy: a man in the middle between whoever speaks JSON-RPC and a node, whose faults are switched on and off.

```python
async with FaultProxy(anvil_url) as proxy:
    ...                                               # proxy.url is as good as anvil_url
    proxy.fault(Fault.MISSING_LOG, times=1)           # the next `eth_getLogs` loses its last log
    proxy.fault(Fault.SERVER_ERROR, methods=("eth_call",))
    proxy.heal()
    assert proxy.spoiled[Fault.MISSING_LOG] == 1
```

HTTP with single calls and batches, and websockets, which pass as they are until they are cut. Promise: it listens on a
free port of loopback and keeps it through a refusal of connections; without a fault it changes nothing; what it spoiled
it counts. What a fault does to calls and answers is `spoil`'s.
"""

import asyncio
import contextlib
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

import aiohttp
import orjson
from aiohttp import web
from attrs import define, evolve, field

from tests.faults import spoil
from tests.faults.spoil import Answer, Call, Fault, Frozen

__all__ = ["Fault", "FaultProxy"]

_JSON = {"Content-Type": "application/json"}
#: More than the client under test takes in one answer.
_HUGE_BYTES = 80 << 20
_CHUNK = b" " * (1 << 20)
_LATE_SECONDS = 0.5
_DRIP_SECONDS = 0.5
_RETRY_AFTER_SECONDS = 2


@define(eq=False)
class _Rule:
    """A fault that is switched on."""

    fault: Fault
    #: None: all.
    methods: frozenset[str] | None
    #: None: until it is healed.
    left: int | None
    seconds: float
    frozen: Frozen | None = None

    @property
    def is_over(self) -> bool:
        return self.left == 0

    def touches(self, calls: Sequence[Call]) -> bool:
        return not self.is_over and any(self.methods is None or call["method"] in self.methods for call in calls)


@define(eq=False)
class FaultProxy:
    """Stands before one node."""

    #: The node itself: http.
    node: str
    #: How often each fault spoiled something.
    spoiled: Counter[Fault] = field(factory=Counter, init=False)
    #: How often each method was asked for.
    asked: Counter[str] = field(factory=Counter, init=False)
    _rules: list[_Rule] = field(factory=list, init=False)
    _healed: asyncio.Event = field(factory=asyncio.Event, init=False)
    _session: aiohttp.ClientSession = field(init=False)
    _runner: web.AppRunner = field(init=False)
    _server: asyncio.Server | None = field(default=None, init=False)
    #: Bound and never listening: while the proxy refuses connections, nobody else gets its port.
    _keeper: socket.socket = field(init=False)
    _tasks: set["asyncio.Task[Any]"] = field(factory=set, init=False)
    _sockets: set[web.WebSocketResponse] = field(factory=set, init=False)

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        port: int = self._keeper.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Its own endpoint."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        """The same for websockets."""
        return f"ws://127.0.0.1:{self.port}"

    def fault(
        self,
        fault: Fault,
        *,
        methods: Iterable[str] | None = None,
        times: int | None = None,
        seconds: float | None = None,
    ) -> None:
        """
        Switch a fault on.

        `methods`: which calls it touches; else those that it is about. `times`: it ends by itself after so many.
        `seconds`: how late `SLOW` is, how long `DRIP` waits between bytes, what `RATE_LIMIT_UNTIL` asks for.
        """
        chosen = spoil.USUAL.get(fault) if methods is None else tuple(methods)
        usual = {Fault.DRIP: _DRIP_SECONDS, Fault.RATE_LIMIT_UNTIL: _RETRY_AFTER_SECONDS}.get(fault, _LATE_SECONDS)
        rule = _Rule(
            fault=fault,
            methods=None if chosen is None else frozenset(chosen),
            left=times,
            seconds=usual if seconds is None else seconds,
        )
        self._healed.clear()
        self._rules.append(rule)
        if fault is Fault.REFUSED:
            self.spoiled[fault] += 1
            self._stop_listening()

    def heal(self, fault: Fault | None = None) -> None:
        """Switch a fault off, or all of them. What hangs is cut."""
        self._rules = [rule for rule in self._rules if fault is not None and rule.fault is not fault]
        self._healed.set()
        if self._server is None and not any(rule.fault is Fault.REFUSED for rule in self._rules):
            task = asyncio.get_running_loop().create_task(self._listen())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    @property
    def sockets(self) -> int:
        """How many websockets are open."""
        return len(self._sockets)

    async def cut_sockets(self) -> None:
        """Break every websocket that is open."""
        for one in list(self._sockets):
            await one.close()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=64), timeout=aiohttp.ClientTimeout(total=120)
        )
        app = web.Application(client_max_size=1 << 26)
        app.router.add_post("/", self._serve)
        app.router.add_get("/", self._serve_socket)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        self._keeper = _bound(0)
        await self._listen()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._rules.clear()
        self._healed.set()
        await self.cut_sockets()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._stop_listening()
        await self._runner.cleanup()
        await self._session.close()
        self._keeper.close()

    async def _listen(self) -> None:
        assert self._runner.server is not None
        listening = _bound(self.port)
        self._server = await asyncio.get_running_loop().create_server(self._runner.server, sock=listening)

    def _stop_listening(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for connection in self._runner.server.connections if self._runner.server else ():
            if connection.transport is not None:
                connection.transport.abort()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        asked = orjson.loads(await request.read())
        calls: list[Call] = asked if isinstance(asked, list) else [asked]
        self.asked.update(call["method"] for call in calls)
        rules = [rule for rule in self._rules if rule.touches(calls)]
        # One breaks a connection at a time: the last that was switched on.
        whole = next((rule for rule in reversed(rules) if rule.fault in spoil.WHOLE), None)
        if whole is not None:
            self._count(whole)
            told = await self._before(whole, request)
            if told is not None:
                return told
        answers = await self._answers(calls, [rule for rule in rules if rule.fault not in spoil.WHOLE])
        if whole is not None and whole.fault is Fault.REORDERED_BATCH:
            answers.reverse()
        if whole is not None and whole.fault is Fault.PARTIAL_BATCH and isinstance(asked, list):
            answers = answers[:-1]
        body = orjson.dumps(answers if isinstance(asked, list) else answers[0])
        return await self._after(whole, request, body) if whole else web.Response(body=body, headers=_JSON)

    async def _before(self, rule: _Rule, request: web.Request) -> web.StreamResponse | None:
        """The answer to a request that never reaches the node; None where it does."""
        told: web.StreamResponse | None = None
        match rule.fault:
            case Fault.RESET | Fault.REFUSED:
                # Also a connection that was accepted just before nobody listened any more.
                told = _cut(request)
            case Fault.HANG:
                await self._healed.wait()
                told = _cut(request)
            case Fault.SLOW:
                await self._rest(rule.seconds)
            case Fault.RATE_LIMIT:
                told = web.Response(status=429, text="slow down")
            case Fault.RATE_LIMIT_UNTIL:
                told = web.Response(status=429, headers={"Retry-After": str(int(rule.seconds))})
            case Fault.SERVER_ERROR:
                told = web.Response(status=503)
            case Fault.HTML:
                told = web.Response(text="<html><body>We will be back soon.</body></html>", content_type="text/html")
            case Fault.HUGE:
                told = await self._huge(request)
            case _:
                pass
        return told

    async def _after(self, rule: _Rule, request: web.Request, body: bytes) -> web.StreamResponse:
        """An answer of the node, as a spoiled connection brings it."""
        if rule.fault is Fault.TRUNCATED:
            return web.Response(body=body[: len(body) // 2], headers=_JSON)
        if rule.fault not in (Fault.HANG_MID_BODY, Fault.DRIP):
            return web.Response(body=body, headers=_JSON)
        response = web.StreamResponse(headers=_JSON)
        response.content_length = len(body)
        await response.prepare(request)
        if rule.fault is Fault.HANG_MID_BODY:
            await response.write(body[: len(body) // 2])
            await self._healed.wait()
            return _cut(request)
        with contextlib.suppress(ConnectionError):
            for at in range(len(body)):
                await response.write(body[at : at + 1])
                await self._rest(rule.seconds)
        return response

    async def _huge(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=_JSON)
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            for _ in range(_HUGE_BYTES // len(_CHUNK)):
                await response.write(_CHUNK)
        return response

    async def _answers(self, calls: Sequence[Call], rules: Sequence[_Rule]) -> list[Answer]:
        """What the node says to each call, and what of it gets through."""
        out: list[Call] = []
        known: dict[int, Answer] = {}
        spoilt: dict[int, list[_Rule]] = {}
        for place, call in enumerate(calls):
            asked = call
            for rule in rules:
                if "method" in asked and rule.touches([call]):
                    asked = await self._ask(rule, asked)
                    if "method" not in asked:
                        self._count(rule)
                    spoilt.setdefault(place, []).append(rule)
            if "method" in asked:
                out.append(asked)
            else:
                known[place] = asked
        told = {answer["id"]: answer for answer in await self._node(out)} if out else {}
        answers = []
        for place, call in enumerate(calls):
            answer = known.get(place) or told[call["id"]]
            # Asked again of each: other answers, of this batch or of a request beside it, may have been its last.
            for rule in [] if place in known else [rule for rule in spoilt.get(place, ()) if not rule.is_over]:
                was = answer
                answer = rule.frozen.tell(call, answer) if rule.frozen else spoil.tell(rule.fault, answer)
                if answer != was or rule.frozen:
                    self._count(rule)
            answers.append(answer)
        return answers

    async def _ask(self, rule: _Rule, call: Call) -> Call | Answer:
        if rule.fault not in spoil.FROZEN:
            return spoil.ask(rule.fault, call)
        if rule.frozen is None:
            now = await self._where()
            now = now.back(spoil.BLOCKS_BACK) if rule.fault is Fault.HEAD_BACK else now
            rule.frozen = evolve(now, is_final_alone=rule.fault is Fault.FINALITY_FROZEN)
        return rule.frozen.ask(call)

    async def _where(self) -> Frozen:
        tags = ("latest", "safe", "finalized")
        found = await self._node([_call(place, "eth_getBlockByNumber", tag, False) for place, tag in enumerate(tags)])
        numbers = {answer["id"]: int(answer["result"]["number"], 16) for answer in found}
        return Frozen(latest=numbers[0], safe=numbers[1], finalized=numbers[2])

    async def _node(self, calls: Sequence[Call]) -> list[Answer]:
        async with self._session.post(self.node, data=orjson.dumps(list(calls)), headers=_JSON) as response:
            found: list[Answer] = orjson.loads(await response.read())
        return found

    async def _serve_socket(self, request: web.Request) -> web.StreamResponse:
        if any(rule.fault in spoil.WHOLE for rule in self._rules):
            return _cut(request)
        ours = web.WebSocketResponse()
        await ours.prepare(request)
        self._sockets.add(ours)
        try:
            async with self._session.ws_connect(self.node.replace("http", "ws", 1)) as theirs:
                pumps = [
                    asyncio.ensure_future(_pump(ours.receive, theirs.send_str)),
                    asyncio.ensure_future(_pump(theirs.receive, ours.send_str)),
                ]
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            self._sockets.discard(ours)
            await ours.close()
        return ours

    async def _rest(self, seconds: float) -> None:
        """Wait, or until all faults are healed."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._healed.wait(), seconds)

    def _count(self, rule: _Rule) -> None:
        self.spoiled[rule.fault] += 1
        if rule.left is not None:
            rule.left -= 1


async def _pump(receive: Callable[[], Any], send: Callable[[str], Any]) -> None:
    """Text frames from one side to the other, until either closes."""
    while (message := await receive()).type is aiohttp.WSMsgType.TEXT:
        await send(message.data)


def _call(request_id: int, method: str, *params: Any) -> Call:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": list(params)}


def _bound(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", port))
    return made


def _cut(request: web.Request) -> web.StreamResponse:
    """Break the connection with a reset; the response is never sent."""
    if request.transport is not None:
        made = request.transport.get_extra_info("socket")
        if made is not None:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response()
