"""
Ways: from one chain of a running devnet to another, by each kind of evidence.

Comes in: a devnet's configuration. Goes out: `WayOf`, which makes a `Route` with a store of its own. Promise: whatever
was opened for them is closed with the block.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Protocol

from tests.scenario.route import Opened, Route
from xl2.attester.attest import HeadAttester
from xl2.attester.service import serve
from xl2.config import Config, load
from xl2.ports import Attester
from xl2.store import SqliteStore
from xl2_adapters.attester_http import HttpAttester
from xl2_adapters.web3_edge import signer
from xl2_devnet import Description
from xl2_devnet.accounts import ATTESTERS


class WayOf(Protocol):
    """`way_of("proven", "op-a", "arbitrum-b", "alice")`: alice pays for its steps."""

    def __call__(self, kind: str, origin: str, destination: str, payer: str = "relayer") -> Route: ...


def config_in(folder: Path, devnet: Description) -> Config:
    """What a user of the devnet has: its file."""
    path = folder / "devnet.json"
    path.write_bytes(devnet.to_json())
    return load(path)


@asynccontextmanager
async def opened_attesters(config: Config) -> AsyncIterator[list[Attester]]:
    """Five attesters, each with its own view of the chains; two behind HTTP."""
    async with AsyncExitStack() as opened:
        found: list[Attester] = []
        for place, known in enumerate(ATTESTERS):
            own = Opened(config)
            chains = {one.chain: own.chain(one.name) for one in config.settings() if one.anchor}
            for chain in chains.values():
                opened.push_async_callback(chain.close)
            verifiers = {
                one.chain: verifier.address
                for one in config.settings()
                for verifier in one.verifiers
                if verifier.kind == "attested"
            }
            attester = HeadAttester(signer=signer(known.private_key), chains=chains, verifiers=verifiers)
            if place < 2:
                listening = await opened.enter_async_context(serve(attester))
                found.append(await opened.enter_async_context(HttpAttester(listening.url, attester.address)))
            else:
                found.append(attester)
        yield found


@asynccontextmanager
async def opened_ways(config: Config, attesters: list[Attester]) -> AsyncIterator[WayOf]:
    """Ways from one chain to another, each with a store of its own."""
    opened = Opened(config)
    stores: list[SqliteStore] = []

    def way(kind: str, origin: str, destination: str, payer: str = "relayer") -> Route:
        stores.append(SqliteStore(":memory:"))
        return Route(
            config=config,
            opened=opened,
            origin_name=origin,
            destination_name=destination,
            kind=kind,
            attesters=attesters,
            store=stores[-1],
            payer=payer,
        )

    yield way
    for store in stores:
        await store.close()
    await opened.close()
