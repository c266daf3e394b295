"""
Endpoints: what the app does with chains that can tell of what stands behind them.

Promise: a chain that cannot is left as it is: nothing here is needed to carry messages.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from xl2.core.types import ChainId
from xl2.ports import Blocks, Endpoints, EndpointState, Observer


def report_to(observer: Observer, chains: Iterable[Blocks]) -> None:
    """Let an observer hear of endpoints that lie, fall behind or fail."""
    for chain in chains:
        if isinstance(chain, Endpoints):
            chain.report_to(observer)


async def wake_on_heads(chains: Iterable[Blocks], wake: Callable[[ChainId], None]) -> None:
    """Call `wake` with a chain at each of its new heads, where a websocket tells of them; until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        for chain in chains:
            if isinstance(chain, Endpoints):
                tasks.create_task(chain.wake_on_heads(_waking(wake, chain.chain)), name=f"heads of {chain.chain}")


async def look_at_endpoints(chain: Blocks) -> Sequence[tuple[EndpointState, str]]:
    """Each endpoint of a chain that has several, asked now, with what is wrong with it; empty: nothing."""
    if not isinstance(chain, Endpoints) or len(chain.endpoints) == 1:
        return ()
    return [(one, one.aside or one.trouble) for one in await chain.look_at_endpoints()]


def _waking(wake: Callable[[ChainId], None], chain: ChainId) -> Callable[[], None]:
    return lambda: wake(chain)
