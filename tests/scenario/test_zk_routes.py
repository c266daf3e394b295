"""Messages between an OP-Stack rollup and a ZK-stack chain, by each kind of evidence that there can be."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from attrs import evolve
from eth_account import Account

from tests.devnet_user import User
from tests.integration.clients import client_of
from tests.scenario.route import PATIENCE_SECONDS, Opened, Route
from tests.scenario.test_routes import FEE, to_nobody
from xl2.config import Config
from xl2.core.evidence import Finality
from xl2.core.lifecycle import State
from xl2.core.types import Timestamp, address, checksum
from xl2.errors import NotYet
from xl2.flow import deliver
from xl2.ports import Attester, CrossingState, Fate
from xl2.store import SqliteStore
from xl2_devnet import Description
from xl2_devnet.accounts import account
from xl2_devnet.clocks import BRISK
from xl2_devnet.devnet import running
from xl2_devnet.options import Options

WayOf = Callable[[str, str, str], Route]
OP, ZK = "op-a", "zk-b"

#: Every pair and kind, but for state proofs of the ZK chain, which there are none of.
WAYS = [(OP, ZK, "attested"), (OP, ZK, "proven"), (OP, ZK, "routed"), (ZK, OP, "attested"), (ZK, OP, "routed")]


@pytest.fixture(scope="module")
def devnet() -> Iterator[Description]:
    """One L2 of the OP Stack, one of the ZK stack."""
    with running(Options(l2=("op", "zk"), clocks=BRISK)) as description:
        yield description


@pytest.fixture
async def way_of(config: Config, attesters: list[Attester]) -> AsyncIterator[WayOf]:
    """`way_of(OP, ZK, "proven")`: from one chain to the other, with a store of its own."""
    opened = Opened(config)
    stores: list[SqliteStore] = []

    def way(origin: str, destination: str, kind: str) -> Route:
        stores.append(SqliteStore(":memory:"))
        return Route(
            config=config,
            opened=opened,
            origin_name=origin,
            destination_name=destination,
            kind=kind,
            attesters=attesters,
            store=stores[-1],
        )

    yield way
    for store in stores:
        await store.close()
    await opened.close()


def back(route: Route) -> Route:
    """The same for receipts: what came by a state proof of the OP chain goes back routed, if it goes to it."""
    return evolve(route, kind="routed") if route.kind == "proven" else route


@pytest.mark.parametrize(("origin", "destination", "kind"), WAYS)
async def test_a_message_is_delivered_and_its_fee_earned(
    way_of: WayOf, origin: str, destination: str, kind: str
) -> None:
    route = way_of(origin, destination, kind)
    earned_before = await route.origin.credit(route.account("relayer").address)

    sent = await route.send(to_nobody(route.destination.chain, kind))
    records = await route.observed([sent])
    await route.delivered(records)
    await route.confirmed(records)
    await back(route).settled(records)

    tip = await route.destination.head(Finality.LATEST)
    assert await route.destination.fates([sent.message], tip.number) == [Fate.DELIVERED]
    assert await route.states(records) == {State.SETTLED}
    assert await route.origin.credit(route.account("relayer").address) >= earned_before + FEE


@pytest.mark.parametrize(("origin", "destination"), [(OP, ZK), (ZK, OP)])
async def test_a_message_that_nobody_delivered_in_time_is_refunded(
    way_of: WayOf, origin: str, destination: str
) -> None:
    route = way_of(origin, destination, "routed")
    expiry = Timestamp((await route.destination.head(Finality.LATEST)).timestamp + 4)
    sender = route.account("erin").address
    sent = await route.send(to_nobody(route.destination.chain, "routed", expiry=expiry), role="erin")
    records = await route.observed([sent])

    async def overdue() -> None:
        seen = await deliver.look([sent.message], route.destination)
        if not seen.happenings:
            raise NotYet("its time is not over")
        await route.store.happen(seen.happenings, 0.0)

    await route.until(overdue)
    outcome = await deliver.expire(sent.message, route.destination, route.submitter(route.destination))
    await route.store.happen(outcome.happenings, 0.0)
    await route.confirmed(records)
    await route.settled(records)

    assert await route.states(records) == {State.REFUNDED}
    assert await route.origin.credit(sender) >= FEE


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
    route = way_of(ZK, OP, "proven")
    zk = route.opened.families["zk"]

    kinds = [prover.name for prover in route.opened.provers(ZK, OP, route.attesters)]

    assert kinds == ["attested", "routed"]
    assert "no storage proof leads from an L1 block to its state" in (zk.why_not("proven") or "")
    assert zk.why_not("attested") is None
    assert zk.why_not("routed") is None
