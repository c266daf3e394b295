"""Messages between an OP-Stack chain and Arbitrum, by each kind of evidence, whatever its assertions or a node say."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import pytest
from attrs import evolve

from tests.devnet_clocks import UNDISPUTED
from tests.scenario.beside import Failure, told, travelled, walked
from tests.scenario.nitro_rule import ARBITRUM, OP, Rule, block_of
from tests.scenario.route import Route
from tests.scenario.walks import delivered_and_settled, expired_and_refunded, to_nobody
from tests.scenario.ways import WayOf
from tests.waiting import until
from xl2.config import Config
from xl2.core.lifecycle import State
from xl2.core.types import BlockNumber, hex_text
from xl2.errors import NotYet
from xl2_adapters.nitro.chain import NitroChain
from xl2_adapters.nitro.outbox import ROOT_UPDATED
from xl2_adapters.nitro.roots import Roots
from xl2_adapters.proven import ProvenProver
from xl2_devnet import Description, Options
from xl2_devnet.controls import Controls
from xl2_devnet.devnet import running
from xl2_devnet.nitro.assertion import ROLLUP

#: Origin and destination, by who goes there.
JOURNEYS = {"alice": (ARBITRUM, OP), "bob": (OP, ARBITRUM)}


@pytest.fixture(scope="module")
def devnet(controls: Controls) -> Iterator[Description]:
    """An L1, an OP-Stack chain, and Arbitrum; in place of two of the OP Stack."""
    with running(Options(l2=("op", "arbitrum"), clocks=UNDISPUTED), controls=controls) as description:
        yield description


async def test_messages_go_both_ways_by_each_kind_of_evidence_and_what_expires_is_refunded(way_of: WayOf) -> None:
    """All at once, as relayers do; each is told apart by its name where it fails."""
    carried = [
        ("attested", OP, ARBITRUM, "alice"),
        ("attested", ARBITRUM, OP, "bob"),
        ("proven", OP, ARBITRUM, "carol"),
        ("proven", ARBITRUM, OP, "dave"),
        ("routed", OP, ARBITRUM, "grace"),
        ("routed", ARBITRUM, OP, "relayer"),
    ]
    expiring = [("proven", ARBITRUM, OP, "erin"), ("routed", OP, ARBITRUM, "frank")]

    async def named(walk: Callable[[Route, str], Awaitable[None]], way: tuple[str, str, str, str]) -> None:
        try:
            await walk(way_of(*way), way[-1])
        except BaseException as failed:
            failed.add_note(f"{walk.__name__}: {way}")
            raise

    async with asyncio.TaskGroup() as tasks:
        for way in carried:
            tasks.create_task(named(delivered_and_settled, way))
        for way in expiring:
            tasks.create_task(named(expired_and_refunded, way))


@pytest.fixture(scope="module")
def travels(devnet: Description, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Failure]:
    """Both journeys at once; by who goes there, what it failed with."""
    return asyncio.run(
        walked({role: travelled(devnet, tmp_path_factory.mktemp(role), role, *way) for role, way in JOURNEYS.items()})
    )


@pytest.mark.parametrize("role", JOURNEYS, ids=lambda role: "-".join((*JOURNEYS[role], role)))
def test_ether_travels_from_rollup_to_rollup_by_their_own_bridges_and_one_hash_is_enough(
    travels: Mapping[str, Failure], role: str
) -> None:
    told(travels[role])


async def test_a_false_assertion_is_never_used(
    way_of: WayOf, rule: Rule, controls: Controls, devnet: Description
) -> None:
    rollup = devnet.chain(ARBITRUM).rollup["rollup"]
    home = rule.roots.roots.rollup

    async def false_claims() -> list[bytes] | None:
        query: Any = {"address": rollup, "fromBlock": "0x0", "topics": [ROLLUP.topic("AssertionCreated")]}
        logs: Any = await rule.below.rpc.call("eth_getLogs", query)
        events = [event for log in logs if (event := ROLLUP.event(log)) is not None]
        claimed = [event.arguments["assertion"][2][0][0][0] for event in events]
        unknown = [
            one for one in claimed if any(one) and await home.ask("eth_getBlockByHash", hex_text(one), False) is None
        ]
        return unknown or None

    controls.claim_falsely(ARBITRUM)
    # Batches, and so assertions, come with messages.
    way = way_of("proven", ARBITRUM, OP)
    records = await way.observed([await way.send(to_nobody(way.destination.chain, "proven"), role="grace")])
    false = await until(false_claims, "a false assertion on L1")
    await way.delivered(records)

    outbox = rule.roots.roots.outbox
    tip = await rule.tip()
    logs = await outbox.l1.logs(outbox.address, [[ROOT_UPDATED.topic]], BlockNumber(0), tip.number)
    confirmed = {ROOT_UPDATED.decode(log.topics, log.data, "l1")[1] for log in logs}
    assert await way.states(records) == {State.DELIVERED}
    assert not confirmed & set(false)


class Forgetful(NitroChain):
    """A chain whose node has forgotten, or never had, the blocks that L1 names."""

    async def ask(self, method: str, *params: Any) -> Any:
        return None if method == "eth_getBlockByHash" else await super().ask(method, *params)


async def test_a_node_without_the_confirmed_header_proves_nothing_and_says_so(
    way_of: WayOf, rule: Rule, config: Config
) -> None:
    way = way_of("proven", ARBITRUM, OP)
    records = await way.observed([await way.send(to_nobody(way.destination.chain, "proven"), role="frank")])
    forgetful = Forgetful(config.chain(ARBITRUM))
    roots = Roots(rollup=forgetful, outbox=rule.roots.roots.outbox)
    header = await rule.tip()

    with pytest.raises(NotYet, match="our node knows no block 0x"):
        await evolve(rule.roots, roots=roots).newest_settled(block_of(header), BlockNumber(1 << 40))
    await forgetful.close()
    # Another node of the chain goes on from there.
    assert isinstance(way.prover(ARBITRUM, OP), ProvenProver)
    await way.delivered(records)
    assert await way.states(records) == {State.DELIVERED}


async def test_many_messages_need_one_confirmed_root(way_of: WayOf) -> None:
    way = way_of("routed", ARBITRUM, OP)
    sent = [await way.send(to_nobody(way.destination.chain, "routed"), role="dave") for _ in range(5)]

    records = await way.observed(sent)
    outcome = await way.delivered(records)

    assert outcome.receipt is not None
    assert await way.states(records) == {State.DELIVERED}
