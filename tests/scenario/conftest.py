"""Routes over the session's devnet, and recipients on it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest

from tests.devnet_user import User
from tests.faults.recipients import RECIPIENTS, VALVE
from tests.scenario.nitro_rule import Rule, opened_rule
from tests.scenario.route import Opened, Route
from xl2.attester.attest import HeadAttester
from xl2.attester.service import serve
from xl2.config import Config, load
from xl2.core.types import Address, address
from xl2.ports import Attester
from xl2.store import SqliteStore
from xl2_adapters.attester_http import HttpAttester
from xl2_adapters.web3_edge import signer
from xl2_devnet import Description
from xl2_devnet.accounts import ATTESTERS, account

RouteOf = Callable[[str], Route]


class WayOf(Protocol):
    """`way_of("proven", "op-a", "arbitrum-b", "alice")`: alice pays for its steps."""

    def __call__(self, kind: str, origin: str, destination: str, payer: str = "relayer") -> Route: ...


@pytest.fixture
def config(devnet: Description, tmp_path: Path) -> Config:
    """What a user of the devnet has: its file."""
    path = tmp_path / "devnet.json"
    path.write_bytes(devnet.to_json())
    return load(path)


@pytest.fixture
async def attesters(config: Config) -> AsyncIterator[list[Attester]]:
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


@pytest.fixture
async def way_of(config: Config, attesters: list[Attester]) -> AsyncIterator[WayOf]:
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


@pytest.fixture
def route_of(way_of: WayOf) -> RouteOf:
    """`route_of("proven")`: from op-a to op-b."""
    return lambda kind: way_of(kind, "op-a", "op-b")


class Valve:
    """A recipient on a chain that reverts until it is opened."""

    def __init__(self, user: User, contract: str) -> None:
        self._user = user
        self._contract = contract

    @property
    def address(self) -> Address:
        return address(self._contract)

    async def open(self) -> None:
        await self._user.send(self._contract)


@pytest.fixture
async def valve(devnet: Description) -> AsyncIterator[Valve]:
    """A closed valve on op-b."""
    user = User(devnet.chain("op-b"), account("dave").private_key)
    yield Valve(user, await user.create(RECIPIENTS[VALVE]))
    await user.close()


@pytest.fixture
async def rule(devnet: Description, config: Config) -> AsyncIterator[Rule]:
    """Arbitrum's confirmed roots, on a devnet that has Arbitrum."""
    async with opened_rule(devnet, config) as found:
        yield found
