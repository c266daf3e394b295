"""A root of Arbitrum is overwritten on L1 by a newer one while evidence under it is on its way: it is made anew."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from tests.devnet_clocks import UNDISPUTED
from tests.faults.anchored import L1, Anchored, anchored_on
from tests.faults.oracle import assert_each_paid_message_ended_once
from tests.faults.proxy import Fault
from tests.faults.scene import Parcel
from tests.faults.stable import Stable
from tests.waiting import until, until_true
from xl2.core.types import hex_text
from xl2_adapters.nitro.outbox import ROOT_UPDATED
from xl2_devnet import Description, Options, running
from xl2_devnet.accounts import account
from xl2_devnet.controls import ROOTS, Controls

OP, ARBITRUM = "op-a", "arbitrum-b"
#: A root is overwritten soon, also while nobody sends anything.
_CLOCKS = evolve(UNDISPUTED, idle_proposal_seconds=1.0)


@pytest.fixture(scope="module")
def devnet(controls: Controls) -> Iterator[Description]:
    """An L1, an OP-Stack chain, and Arbitrum."""
    with running(Options(l2=("op", "arbitrum"), clocks=_CLOCKS), controls=controls) as description:
        yield description


@pytest.fixture
async def anchored(devnet: Description, controls: Controls, tmp_path: Path) -> AsyncIterator[Anchored]:
    async with anchored_on(devnet, controls, tmp_path, origin=ARBITRUM, destination=OP) as found:
        yield found


async def test_a_push_under_a_root_that_was_overwritten_meanwhile_is_made_again(
    anchored: Anchored, stable: Stable, controls: Controls
) -> None:
    l1 = anchored.proxies[L1]
    # What it signs for L1 is in its journal, and reaches nobody.
    l1.fault(Fault.RESET, methods=("eth_sendRawTransaction",))
    relayer = stable.start(anchored.configuration("relayer", kinds=("routed",)))
    sent = await anchored.send(Parcel(), Parcel())
    await until_true(lambda: l1.spoiled[Fault.RESET] > 0, "a push that is signed and on its way")
    old = await roots(anchored)

    async def overwritten() -> bool | None:
        newest = await roots(anchored)
        return True if len(newest) > len(old) + 1 and newest[-1]["topics"][1] == old[-1]["topics"][1] else None

    await until(overwritten, "another block under the same root of sends")
    # What is made anew is not overwritten as well.
    controls.withhold(ROOTS, ARBITRUM)
    healed = await anchored.number()
    l1.heal()

    await anchored.hurry_until(assert_each_paid_message_ended_once(anchored, sent))
    controls.give(ROOTS, ARBITRUM)
    refused, *made = await paid_by(account("relayer").address, anchored, healed)
    assert refused["status"] == "0x0"
    assert made[0]["status"] == "0x1"
    assert relayer.lines(level=("error",)) == []


async def roots(anchored: Anchored) -> list[Any]:
    """What the outbox was told: root of sends and block, oldest first."""
    outbox = anchored.devnet.chain(ARBITRUM).rollup["outbox"]
    query: Any = {"fromBlock": "0x0", "toBlock": "latest", "address": outbox, "topics": [hex_text(ROOT_UPDATED.topic)]}
    found: Any = await anchored.l1.rpc.call("eth_getLogs", query)
    return list(found)


async def paid_by(payer: str, anchored: Anchored, since: int) -> list[Any]:
    """Receipts on L1 of an account's transactions, oldest first."""
    found: list[Any] = []
    for number in range(since, await anchored.number() + 1):
        receipts: Any = await anchored.l1.rpc.call("eth_getBlockReceipts", hex(number))
        found += [one for one in receipts if one["from"].lower() == payer.lower()]
    return found
