"""
New heads: a websocket that says that there is a new block, and nothing more.

Promise: what the socket says is never looked at but for that it spoke: blocks come from the endpoints. A dead socket is
opened anew, and costs till then what polling costs; it is told once when it dies and once when it is back.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import orjson

from xl2.core.types import ChainId

log = logging.getLogger(__name__)

_SUBSCRIBE: Final = orjson.dumps(
    {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]}
).decode()
_CONNECT_SECONDS: Final = 10.0
#: A socket that says nothing for so long is asked whether it lives.
_HEARTBEAT_SECONDS: Final = 20.0
_FIRST_REST_SECONDS: Final = 0.5
_LONGEST_REST_SECONDS: Final = 30.0


async def wake_on_heads(chain: ChainId, ws_url: str, wake: Callable[[], None]) -> None:
    """Call `wake` at each new head of a chain, until cancelled."""
    # Host and port only: the path may hold a key.
    name = f"{urlsplit(ws_url).scheme}://{urlsplit(ws_url).hostname}:{urlsplit(ws_url).port or ''}".rstrip(":")
    fields = {"chain": chain, "endpoint": name}
    rest, is_well = _FIRST_REST_SECONDS, True
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
        while True:
            why = "it closed the connection"
            try:
                async with session.ws_connect(ws_url, heartbeat=_HEARTBEAT_SECONDS) as socket:
                    await socket.send_str(_SUBSCRIBE)
                    async for message in socket:
                        if message.type is not aiohttp.WSMsgType.TEXT or not _is_head(message.data):
                            continue
                        if not is_well:
                            log.info("new heads are told again", extra={"fields": fields})
                        rest, is_well = _FIRST_REST_SECONDS, True
                        wake()
            # The text of some of aiohttp's errors holds the whole URL.
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                why = type(error).__name__
            if is_well:
                told = {**fields, "why": why, "remedy": "Work goes on, a little later; see to `ws_url` of the chain."}
                log.warning("new heads are not told, so blocks are polled for", extra={"fields": told})
            is_well = False
            await asyncio.sleep(rest)
            rest = min(_LONGEST_REST_SECONDS, 2 * rest)


def _is_head(text: str) -> bool:
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return isinstance(told, dict) and told.get("method") == "eth_subscription"
