"""
Safe head: what of an L2 its users may call safe and finalized.

anvil says it by distance from the tip alone. On a real chain both stand still while nothing of the L2 reaches L1:
batches withheld, or an L1 without blocks. A call of a user comes in, the call as anvil is to answer it goes out.
Promise: from the first block after a test held something back to the first one after it let go, `safe` and `finalized`
stay where they were. Otherwise anvil's own answer stands.
"""

from collections.abc import Mapping
from typing import Any

from xl2_adapters.rpc import Call, RpcClient
from xl2_adapters.rpc_wire import mapping
from xl2_devnet.controls import BATCHES, Controls

_TAGS = ("safe", "finalized")
_BOUNDS = ("fromBlock", "toBlock")


class SafeHead:
    """How far one L2 stands on L1."""

    def __init__(self, *, chain: str, l2: RpcClient, controls: Controls) -> None:
        """`l2`: the anvil itself."""
        self._chain = chain
        self._l2 = l2
        self._controls = controls
        #: Block number, in hex, by tag; empty while nothing is held back.
        self._still: Mapping[str, str] = {}

    async def look(self) -> None:
        """Called after each block of the L2."""
        held = self._controls.l1_is_held or self._controls.withholds(BATCHES, self._chain)
        if not held:
            self._still = {}
        elif not self._still:
            blocks = await self._l2.batch([Call("eth_getBlockByNumber", (tag, False)) for tag in _TAGS])
            numbers = [str(mapping(block, self._l2.name)["number"]) for block in blocks]
            self._still = dict(zip(_TAGS, numbers, strict=True))

    def read(self, call: dict[str, Any]) -> dict[str, Any]:
        """The call with numbers for the tags that stand still; the very same call if there is none in it."""
        params = call.get("params")
        if not self._still or not isinstance(params, list):
            return call
        read = [self._number(param) for param in params]
        return call if read == params else {**call, "params": read}

    def _number(self, param: Any) -> Any:
        if isinstance(param, str):
            return self._still.get(param, param)
        if isinstance(param, dict):
            return {
                name: self._still.get(value, value) if name in _BOUNDS and isinstance(value, str) else value
                for name, value in param.items()
            }
        return param
