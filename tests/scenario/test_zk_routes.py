"""Messages between an OP-Stack rollup and a ZK-stack chain, by each kind of evidence that there can be."""

import asyncio
from collections.abc import Awaitable, Iterator, Mapping

import pytest

from tests.devnet_clocks import UNDISPUTED
from tests.scenario.beside import Failure, told, travelled, walked
from tests.scenario.walks import delivered_and_settled, expired_and_refunded
from tests.scenario.ways import WayOf, config_in, opened_attesters, opened_ways
from xl2_devnet import Description, Options, running

OP, ZK = "op-a", "zk-b"

#: Every pair and kind, but for state proofs of the ZK chain, which there are none of; and who sends and pays.
CARRIED = {
    (OP, ZK, "attested"): "alice",
    (OP, ZK, "proven"): "bob",
    (OP, ZK, "routed"): "carol",
    (ZK, OP, "attested"): "dave",
    (ZK, OP, "routed"): "grace",
}
OVERDUE = {(OP, ZK): "erin", (ZK, OP): "frank"}
TRAVELLERS = {(OP, ZK): "relayer", (ZK, OP): "guardian"}

Way = tuple[str, ...]


@pytest.fixture(scope="module")
def devnet() -> Iterator[Description]:
    """One L2 of the OP Stack, one of the ZK stack."""
    with running(Options(l2=("op", "zk"), clocks=UNDISPUTED)) as description:
        yield description


@pytest.fixture(scope="module")
def ended(devnet: Description, tmp_path_factory: pytest.TempPathFactory) -> Mapping[tuple[str, Way], Failure]:
    """All that goes from one to the other, at once; by what and which way, what it failed with."""

    async def all_at_once() -> Mapping[tuple[str, Way], Failure]:
        config = config_in(tmp_path_factory.mktemp("ways"), devnet)
        async with opened_attesters(config) as attesters, opened_ways(config, attesters) as way_of:
            walks: dict[tuple[str, Way], Awaitable[None]] = {}
            for way, role in CARRIED.items():
                origin, destination, kind = way
                # What came by a state proof of the OP chain goes back routed: its receipts stand on the chain without
                # state proofs.
                back = "routed" if kind == "proven" else kind
                walks["carried", way] = delivered_and_settled(way_of(kind, origin, destination, role), role, back)
            for between, role in OVERDUE.items():
                walks["refunded", between] = expired_and_refunded(way_of("routed", *between, role), role)
            for between, role in TRAVELLERS.items():
                walks["ether", between] = travelled(devnet, tmp_path_factory.mktemp(role), role, *between)
            return await walked(walks)

    return asyncio.run(all_at_once())


@pytest.mark.parametrize("way", CARRIED, ids="-".join)
def test_a_message_is_delivered_and_its_fee_earned(ended: Mapping[tuple[str, Way], Failure], way: Way) -> None:
    told(ended["carried", way])


@pytest.mark.parametrize("way", OVERDUE, ids="-".join)
def test_a_message_that_nobody_delivered_in_time_is_refunded(
    ended: Mapping[tuple[str, Way], Failure], way: Way
) -> None:
    told(ended["refunded", way])


@pytest.mark.parametrize("way", TRAVELLERS, ids="-".join)
def test_ether_travels_over_both_rollups_own_bridges_by_one_hash(
    ended: Mapping[tuple[str, Way], Failure], way: Way
) -> None:
    told(ended["ether", way])


async def test_that_there_are_no_state_proofs_of_a_zk_chain_is_said_in_words(way_of: WayOf) -> None:
    route = way_of("proven", ZK, OP)
    zk = route.opened.families["zk"]

    kinds = [prover.name for prover in route.opened.provers(ZK, OP, route.attesters)]

    assert kinds == ["attested", "routed"]
    assert "no storage proof leads from an L1 block to its state" in (zk.why_not("proven") or "")
    assert zk.why_not("attested") is None
    assert zk.why_not("routed") is None
