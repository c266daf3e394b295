"""
L1 mark: whether L1 is still what it was when one last looked.

Promise: a reorg that takes back the newest block that was seen is told once to each who watches, whatever came in its
place. So whoever reads L1 at that block, and not at a newer one, hears of all that takes back what he read. What
follows from it is left to whoever asks.
"""

from collections.abc import Mapping
from typing import Any

from xl2_adapters.rpc import Call, RpcClient
from xl2_adapters.rpc_wire import mapping


class L1Mark:
    """One watcher's mark on L1."""

    def __init__(self, l1: RpcClient) -> None:
        """No mark yet: the first look only sets it."""
        self._l1 = l1
        self._mark: Mapping[str, Any] | None = None

    @property
    def number(self) -> str:
        """Number of the newest block that was seen, in hex; only behind a look."""
        if self._mark is None:
            raise RuntimeError("nobody has looked at L1")
        return str(self._mark["number"])

    async def went_back(self) -> bool:
        """Whether L1 took back the newest block of the last look; the mark moves on."""
        seen = self._mark
        calls = [Call("eth_getBlockByNumber", ("latest", False))]
        if seen is not None:
            calls.append(Call("eth_getBlockByNumber", (seen["number"], False)))
        newest, *there = await self._l1.batch(calls)
        self._mark = mapping(newest, self._l1.name)
        if seen is None:
            return False
        return there[0] is None or mapping(there[0], self._l1.name)["hash"] != seen["hash"]
