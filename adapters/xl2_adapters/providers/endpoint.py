"""
Endpoint: what an adapter asks of JSON-RPC, whether one endpoint stands behind it or several.

Promise: `RpcClient` (one endpoint) and `Pool` (several) both implement it, so nothing above knows which it has.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from xl2.errors import RpcRejected
from xl2_adapters.rpc_wire import Call, Json


class Rpc(Protocol):
    """Calls and batches in, results or typed errors out; see `RpcClient`."""

    @property
    def name(self) -> str:
        """What errors and logs call it; no URL with a path or a key."""
        ...

    async def call(self, method: str, *params: Json) -> Json:
        """One call's result. Raises `RpcRejected`, `RpcTooLarge`, `RpcUnavailable`."""
        ...

    async def batch(self, calls: Sequence[Call]) -> list[Json]:
        """Results of many calls, in their order. Raises as `call`, of the first that failed."""
        ...

    async def try_batch(self, calls: Sequence[Call]) -> list[Json | RpcRejected]:
        """One outcome a call, in their order: its result, or the error it was answered with."""
        ...

    async def require_chain(self, expected: int) -> None:
        """Check which chain is served. Raises `WrongChain`."""
        ...

    async def close(self) -> None:
        """Close all connections. What is closed opens new ones when used again."""
        ...


@runtime_checkable
class Measured(Protocol):
    """Endpoints that count their calls."""

    @property
    def traffic(self) -> Mapping[tuple[str, str], int]:
        """Calls so far, by method and by what became of them."""
        ...


def traffic_of(rpc: Rpc) -> Mapping[tuple[str, str], int]:
    """Calls to endpoints so far, by method and by what became of them; nothing of what does not count."""
    return dict(rpc.traffic) if isinstance(rpc, Measured) else {}
