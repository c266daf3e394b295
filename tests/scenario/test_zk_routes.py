"""Messages between an OP-Stack rollup and a ZK-stack chain, by each kind of evidence that there can be."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account

from tests.devnet_user import User
from tests.integration.clients import client_of
from tests.scenario.conftest import WayOf
from tests.scenario.walks import delivered_and_settled, expired_and_refunded
from tests.waiting import PATIENCE_SECONDS
from xl2.core.types import address, checksum
from xl2.ports import CrossingState
from xl2_devnet import Description
from xl2_devnet.accounts import account
from xl2_devnet.clocks import BRISK
from xl2_devnet.devnet import running
from xl2_devnet.options import Options

OP, ZK = "op-a", "zk-b"

#: Every pair and kind, but for state proofs of the ZK chain, which there are none of.
WAYS = [(OP, ZK, "attested"), (OP, ZK, "proven"), (OP, ZK, "routed"), (ZK, OP, "attested"), (ZK, OP, "routed")]


@pytest.fixture(scope="module")
def devnet() -> Iterator[Description]:
    """One L2 of the OP Stack, one of the ZK stack."""
    with running(Options(l2=("op", "zk"), clocks=BRISK)) as description:
        yield description


@pytest.mark.parametrize(("origin", "destination", "kind"), WAYS)
async def test_a_message_is_delivered_and_its_fee_earned(
    way_of: WayOf, origin: str, destination: str, kind: str
) -> None:
    # What came by a state proof of the OP chain goes back routed: its receipts stand on the chain without state proofs.
    await delivered_and_settled(way_of(kind, origin, destination), back="routed" if kind == "proven" else kind)


@pytest.mark.parametrize(("origin", "destination"), [(OP, ZK), (ZK, OP)])
async def test_a_message_that_nobody_delivered_in_time_is_refunded(
    way_of: WayOf, origin: str, destination: str
) -> None:
    await expired_and_refunded(way_of("routed", origin, destination))


@pytest.mark.parametrize(("origin", "destination"), [(OP, ZK), (ZK, OP)])
async def test_ether_travels_over_both_rollups_own_bridges_by_one_hash(
    devnet: Description, tmp_path: Path, origin: str, destination: str
) -> None:
    recipient = address(Account.create().address)

    async with client_of(devnet, tmp_path, "dave") as client:
        begun = await client.travel(origin, destination, "0.5", checksum(recipient))
        done = await client.advance(begun.first.sent.tx_hash, until_over=True, timeout_seconds=PATIENCE_SECONDS)

    async with User(devnet.chain(destination), account("dave").private_key) as there:
        assert await there.balance(checksum(recipient)) == 5 * 10**17
    assert done.journey.current.state is CrossingState.ARRIVED


async def test_that_there_are_no_state_proofs_of_a_zk_chain_is_said_in_words(way_of: WayOf) -> None:
    route = way_of("proven", ZK, OP)
    zk = route.opened.families["zk"]

    kinds = [prover.name for prover in route.opened.provers(ZK, OP, route.attesters)]

    assert kinds == ["attested", "routed"]
    assert "no storage proof leads from an L1 block to its state" in (zk.why_not("proven") or "")
    assert zk.why_not("attested") is None
    assert zk.why_not("routed") is None
