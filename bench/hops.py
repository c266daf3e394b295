"""
Hops: how long ether takes from L1 to an L2 and back, by each family's own bridge on the devnet.

Nothing comes in, figures go out. Promise: a hop ends when the SDK says that it has arrived, as the chains show it.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import xl2
from bench.figures import Figure
from xl2.ports import Crossing, CrossingState
from xl2_devnet.clocks import BRISK
from xl2_devnet.demo.scene import Scene, scene
from xl2_devnet.devnet import up
from xl2_devnet.options import Options

#: One L2 of each family, by its kind.
KINDS: Final = ("op", "arbitrum", "zk")
#: Whose key crosses: one each, so that no two share nonces.
_KEYS: Final = ("alice", "carol", "dave")
_AMOUNT_WEI: Final = 10**15
_POLL_SECONDS: Final = 0.1
_PATIENCE_SECONDS: Final = 240.0


async def measure_hops(say: Callable[[str], object]) -> dict[str, Figure]:
    """`hop_down_<kind>` and `hop_up_<kind>`: from handing in the first transaction to arrival."""
    with tempfile.TemporaryDirectory(prefix="xl2-bench-") as folder:
        file = Path(folder) / "devnet.json"
        options = Options(l2=KINDS, clocks=BRISK, file=file)
        async with up(options, say=say), scene(file) as at_hand, asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(_there_and_back(at_hand, name, kind, key))
                for name, kind, key in zip(at_hand.chains, KINDS, _KEYS, strict=True)
            ]
    return {name: figure for task in running for name, figure in task.result().items()}


async def _there_and_back(at_hand: Scene, name: str, kind: str, key: str) -> dict[str, Figure]:
    client = at_hand.client(key)
    began = time.monotonic()
    deposit = await client.deposit(name, _AMOUNT_WEI)
    await _arrived(client, deposit)
    down = time.monotonic() - began
    began = time.monotonic()
    withdrawal = await client.withdraw(name, _AMOUNT_WEI)
    await client.advance(withdrawal.sent.tx_hash, until_over=True, timeout_seconds=_PATIENCE_SECONDS)
    back = time.monotonic() - began
    how = f"ether by the rollup's own bridge, L1 and L2 blocks of {BRISK.l1_block_seconds:g} s, all families at once"
    return {
        f"hop_down_{kind}": Figure(value=round(down, 2), unit="s", how=f"{how}; deposit to arrival on the L2"),
        f"hop_up_{kind}": Figure(value=round(back, 2), unit="s", how=f"{how}; withdrawal to arrival on L1"),
    }


async def _arrived(client: xl2.AsyncClient, crossing: Crossing) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while crossing.state is not CrossingState.ARRIVED:
            await asyncio.sleep(_POLL_SECONDS)
            crossing = await client.crossing(crossing.sent.tx_hash)
