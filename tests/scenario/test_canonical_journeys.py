"""Ether from any family of rollups to any other by their own bridges alone, each journey known by its first hash."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account

from tests.faults.anchored import UNDISPUTED
from tests.integration.clients import client_of
from xl2.core.types import address
from xl2.ports import CrossingState
from xl2_devnet import Description, Options
from xl2_devnet.devnet import running

PATIENCE_SECONDS = 150.0
FAMILIES = ("op", "arbitrum", "zk")


@pytest.fixture(scope="module")
def families() -> Iterator[Description]:
    """One chain of each family."""
    with running(Options(l2=FAMILIES, clocks=UNDISPUTED)) as description:
        yield description


@pytest.mark.parametrize(
    ("role", "origin", "destination"),
    [("alice", "op-a", "arbitrum-b"), ("bob", "arbitrum-b", "zk-c"), ("carol", "zk-c", "op-a")],
)
async def test_ether_travels_between_families_by_their_own_bridges(
    families: Description, tmp_path: Path, role: str, origin: str, destination: str
) -> None:
    recipient = Account.create().address
    async with client_of(families, tmp_path, role) as client:
        begun = await client.travel(origin, destination, "0.01", recipient)

        done = await client.advance(begun.first.sent.tx_hash, until_over=True, timeout_seconds=PATIENCE_SECONDS)
        again = await client.advance(begun.first.sent.tx_hash)

        chain = client._parts.chain(destination)
        assert await chain.balance(address(recipient)) == 10**16
    assert done.journey.second is not None
    assert done.journey.second.state is CrossingState.ARRIVED
    assert again.acts == ()
