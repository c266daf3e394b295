"""Web3Signer: a signer behind HTTP that signs as Web3Signer does, with real keys; told to, it does so wrongly."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from attrs import define, field
from eth_account import Account
from eth_account.datastructures import SignedTransaction
from eth_account.messages import encode_defunct
from eth_keys.datatypes import PrivateKey

from xl2_adapters.web3_edge import signer

KEY, OTHER = "0x" + "61" * 32, "0x" + "62" * 32


@define
class Web3Signer:
    """Signs as Web3Signer does, with real keys; told to, it does so wrongly."""

    url: str = ""
    #: Chain of its command line: it signs transactions for no other.
    chain: int = 901
    keys: tuple[str, ...] = (OTHER, KEY)
    #: The key that is asked for by name of its account.
    key: str = KEY
    #: Changes to what it was asked to sign.
    changes: dict[str, Any] = field(factory=dict)
    #: Signs with this key instead.
    signs_with: str = ""
    #: Answers so instead, whatever was asked; made anew each time, as a response is sent once.
    instead: Callable[[], web.Response] | None = None
    hangs: bool = False
    asked: list[str] = field(factory=list)

    async def rpc(self, request: web.Request) -> web.Response:
        if trouble := await self._trouble(request):
            return trouble
        question = await request.json()
        params = question["params"]
        if question["method"] == "eth_sign":
            message = encode_defunct(hexstr=params[1])
            result = Account.from_key(self.signs_with or self.key).sign_message(message).signature.to_0x_hex()
        else:
            fields = {name: value for name, value in params[0].items() if name != "from"}
            fields |= {"type": 2, "chainId": self.chain, **self.changes}
            signed: SignedTransaction = Account.from_key(self.signs_with or self.key).sign_transaction(fields)
            result = signed.raw_transaction.to_0x_hex()
        return web.json_response({"jsonrpc": "2.0", "id": question["id"], "result": result})

    async def public_keys(self, request: web.Request) -> web.Response:
        if trouble := await self._trouble(request):
            return trouble
        return web.json_response([PrivateKey(bytes.fromhex(key[2:])).public_key.to_hex() for key in self.keys])

    async def sign(self, request: web.Request) -> web.Response:
        if trouble := await self._trouble(request):
            return trouble
        for key in self.keys:
            if PrivateKey(bytes.fromhex(key[2:])).public_key.to_hex() == request.match_info["public_key"]:
                data = bytes.fromhex((await request.json())["data"][2:])
                used = self.signs_with or key if key == self.key else key
                return web.Response(text="0x" + (await signer(used).sign_hash_of(data)).hex())
        return web.Response(status=404)

    async def _trouble(self, request: web.Request) -> web.Response | None:
        self.asked.append(f"{request.method} {request.path.split('0x')[0]}")
        if self.hangs:
            await asyncio.Event().wait()
        return self.instead() if self.instead else None


@asynccontextmanager
async def web3signer(**fields: Any) -> AsyncIterator[Web3Signer]:
    """Run one on a free port of loopback."""
    signing = Web3Signer(**fields)
    app = web.Application()
    app.router.add_post("/", signing.rpc)
    app.router.add_get("/api/v1/eth1/publicKeys", signing.public_keys)
    app.router.add_post("/api/v1/eth1/sign/{public_key}", signing.sign)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    signing.url = f"http://{host}:{port}"
    try:
        yield signing
    finally:
        await runner.cleanup()
