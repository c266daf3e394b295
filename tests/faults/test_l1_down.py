"""L1 is away while the L2s go on: what needs it waits, says so and goes on by itself; what does not, goes on."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.devnet_clocks import UNDISPUTED
from tests.faults.anchored import L1, Anchored, ready, stopped, unready
from tests.faults.oracle import ask, assert_each_paid_message_ended_once
from tests.faults.proxy import Fault
from tests.faults.scene import Parcel
from tests.faults.stable import Stable
from tests.waiting import until, until_true
from xl2.core.types import Assurance
from xl2.ports import Fate
from xl2_devnet import Description, Options, running
from xl2_devnet.controls import Controls

#: Blocks of an L2, in which what does not need L1 is done long since.
_BLOCKS = 12


@pytest.fixture(scope="module")
def devnet(controls: Controls) -> Iterator[Description]:
    """One for this module, whose L1 nobody else relies on."""
    with running(Options(clocks=UNDISPUTED), controls=controls) as description:
        yield description


async def test_while_l1_does_not_answer_attested_messages_go_on_and_settled_ones_wait(
    anchored: Anchored, stable: Stable
) -> None:
    attested, l1 = await anchored.on(Assurance.ATTESTED), anchored.proxies[L1]
    configuration = anchored.configuration("relayer", kinds=("attested", "proven"))
    relayer = stable.start(configuration)
    await asyncio.to_thread(relayer.until_up)
    await until_true(lambda: l1.asked.total() > 0, "a relayer that asks L1")

    l1.fault(Fault.REFUSED)
    settled, fast = await anchored.send(Parcel(), Parcel()), await attested.send(Parcel())
    await assert_each_paid_message_ended_once(attested, fast)
    not_well = await until(lambda: unready(configuration), "a relayer that says it is not ready")
    l1.fault(Fault.HANG)
    l1.heal(Fault.REFUSED)
    await until_true(lambda: l1.spoiled[Fault.HANG] > 0, "a relayer whose questions to L1 hang")
    more = await attested.send(Parcel())
    await assert_each_paid_message_ended_once(attested, more)
    waiting = await ask(anchored, settled)
    l1.heal()

    await anchored.hurry_until(assert_each_paid_message_ended_once(anchored, settled))
    await until(lambda: ready(configuration), "a relayer that says it is ready")
    assert [one.fate for one in waiting] == [Fate.UNSEEN] * len(settled)
    assert not_well == ["chain l1"]
    (line,) = relayer.lines(level=("warning", "error"))
    assert line["alarm"] == "provider-down"
    assert f"127.0.0.1:{l1.port}" in line["event"]
    assert "Check that the endpoint is up" in line["event"]


async def test_while_l1_makes_no_blocks_and_its_node_is_stopped_nothing_is_lost(
    anchored: Anchored, stable: Stable, controls: Controls
) -> None:
    attested = await anchored.on(Assurance.ATTESTED)
    relayer = stable.start(anchored.configuration("relayer"))
    await asyncio.to_thread(relayer.until_up)

    controls.hold_l1()
    # With the first block after it what is final stands still.
    await anchored.until_blocks(2)
    settled, fast = await anchored.send(Parcel()), await attested.send(Parcel(), Parcel())
    await anchored.until_blocks(_BLOCKS)
    waiting = await ask(anchored, settled) + await ask(attested, fast)
    with stopped(anchored.devnet.chain(L1).chain_id):
        asked = anchored.proxies[L1].asked.total()
        await until_true(lambda: anchored.proxies[L1].asked.total() > asked, "a relayer that asks L1 in vain")
    controls.release_l1()

    await assert_each_paid_message_ended_once(attested, fast)
    await anchored.hurry_until(assert_each_paid_message_ended_once(anchored, settled))
    assert [one.fate for one in waiting] == [Fate.UNSEEN] * 3
    assert relayer.lines(level=("error",)) == []
