"""
Endpoints: each chain of a scene behind men in the middle, and a relayer's configuration that knows only those.

Promise: of the endpoints of a chain only one is ever made faulty, the others answer truly; and it is one that is asked:
the first, before which the others answer a little later, or whom a relayer has come to prefer to it all the same.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from attrs import field, frozen

from tests.faults.ground import A, B
from tests.faults.proxy import Fault, FaultProxy
from tests.faults.scene import Scene
from tests.waiting import until_true

_LATE_SECONDS = 0.05


@frozen(kw_only=True)
class Row:
    """One fault as a test switches it on."""

    fault: Fault
    methods: tuple[str, ...] | None = None
    times: int | None = None
    seconds: float | None = None
    #: So often it is met before it ends.
    least: int = 1
    #: What the alarm calls it; None: nobody can tell, and nobody is called anything.
    named: str | None = None

    @property
    def name(self) -> str:
        """For test ids."""
        return self.fault.name.lower()


def rows_by(rows: Iterable[Row], *, each_time: Collection[Fault]) -> list[Any]:
    """Rows as parameters of a test: some are tried each time, the others by `make soak`."""
    return [pytest.param(row, id=row.name, marks=() if row.fault in each_time else pytest.mark.soak) for row in rows]


@frozen(kw_only=True)
class Endpoints:
    """By chain, its endpoints; the first may be faulty."""

    proxies: Mapping[str, Sequence[FaultProxy]]
    #: By chain, whom `prefer` has chosen.
    _preferred: dict[str, FaultProxy] = field(factory=dict, init=False)

    @property
    def faulty(self) -> Sequence[FaultProxy]:
        """The one of each chain that may be faulty."""
        return [self._preferred.get(chain, proxies[0]) for chain, proxies in self.proxies.items()]

    def prefer(self) -> None:
        """From now on let it be whoever was asked most: not the first, where a busy machine held up its answers."""
        for chain, proxies in self.proxies.items():
            self._preferred[chain] = max(proxies, key=lambda one: one.asked["eth_getLogs"])

    def fault(self, row: Row) -> None:
        """Switch a fault on at one endpoint of each chain."""
        for proxy in self.faulty:
            proxy.fault(row.fault, methods=row.methods, times=row.times, seconds=row.seconds)

    def heal(self) -> None:
        """Switch all faults off."""
        for proxy in self.faulty:
            proxy.heal()

    def configuration(
        self,
        scene: Scene,
        name: str,
        *,
        relayer: Mapping[str, Any] | None = None,
        each: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Path:
        """A relayer's configuration; `relayer`: settings beside the usual ones, `each`: further keys by chain."""
        urls = {chain: proxies[0].url for chain, proxies in self.proxies.items()}
        file = scene.configuration(name, relayer=relayer, urls=urls)
        tree = orjson.loads(file.read_bytes())
        for chain, proxies in self.proxies.items():
            more = [proxy.url for proxy in proxies[1:]]
            # With several, the next one is asked after a tenth of it: an honest one keeps below that on a busy machine.
            seconds = 10 if more else 2
            tree["chains"][chain] |= {"rpc_timeout_seconds": seconds, "stale_seconds": 2, **(each or {}).get(chain, {})}
            tree["chains"][chain] |= {"rpc_urls": more} if more else {}
        file.write_bytes(orjson.dumps(tree))
        return file


@asynccontextmanager
async def endpoints(scene: Scene, *, each: int) -> AsyncIterator[Endpoints]:
    """So many endpoints before each chain, until the block ends."""
    async with AsyncExitStack() as stack:
        proxies = {
            name: [await stack.enter_async_context(FaultProxy(scene.grounds[name].url)) for _ in range(each)]
            for name in (A, B)
        }
        for chain in proxies.values():
            for proxy in chain[1:]:
                proxy.fault(Fault.SLOW, seconds=_LATE_SECONDS)
        yield Endpoints(proxies=proxies)


async def carrying(behind: Endpoints) -> None:
    """Return when a relayer observes both chains; from then on those may be faulty whom it asks."""
    await until_true(
        lambda: all(any(one.asked["eth_getLogs"] for one in chain) for chain in behind.proxies.values()),
        "a relayer that observes both chains",
    )
    behind.prefer()
