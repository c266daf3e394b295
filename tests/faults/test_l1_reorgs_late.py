"""L1 takes back what a delivery was made by, after it was made: a head that was pushed, a root that was proven."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.devnet_clocks import DEEP
from tests.faults.anchored import Anchored
from tests.faults.daemon import Daemon
from tests.faults.oracle import assert_each_message_was_executed_once, assert_each_paid_message_ended_once, until_fate
from tests.faults.scene import Parcel
from tests.faults.stable import Stable
from tests.waiting import until_true
from xl2.ports import Fate
from xl2_devnet import Description, Options, running
from xl2_devnet.controls import Controls


@pytest.fixture(scope="module")
def devnet(controls: Controls) -> Iterator[Description]:
    """One for this module, whose L1 nobody else relies on."""
    with running(Options(clocks=DEEP), controls=controls) as description:
        yield description


@pytest.mark.parametrize("depth", [*(pytest.param(depth, marks=pytest.mark.soak) for depth in (1, 8)), 64])
async def test_a_push_that_l1_takes_back_is_made_again(anchored: Anchored, stable: Stable, depth: int) -> None:
    relayer = stable.start(anchored.configuration("relayer", kinds=("routed",)))
    sent = await anchored.send(Parcel())
    await anchored.hurry_until(until_true(lambda: bool(pushes(relayer)), "a push"))
    push = await anchored.l1.receipt(pushes(relayer)[0]["tx_hash"])

    await anchored.take_back_from(int(push["blockNumber"], 16), depth=depth)
    stands_at = await anchored.l1.block(push["blockNumber"])
    await anchored.hurry_until(assert_each_message_was_executed_once(anchored, sent))

    assert stands_at["hash"] != push["blockHash"]
    # By another transaction, or by the very same, which was signed for that place among ours.
    made: list[Any] = [
        await anchored.l1.rpc.call("eth_getTransactionReceipt", one["tx_hash"]) for one in pushes(relayer)
    ]
    assert any(one is not None and one["blockHash"] != push["blockHash"] for one in made)
    assert relayer.alarms("deep-reorg") == []


async def test_deliveries_whose_root_l1_takes_back_are_made_again_and_paid_once(
    anchored: Anchored, stable: Stable
) -> None:
    relayer = stable.start(anchored.configuration("relayer", kinds=("proven",)))
    sent, first = await anchored.send(Parcel(), Parcel()), await anchored.games()
    created = await anchored.held_at_root(sent[-1], first)
    await until_fate(anchored, sent, Fate.DELIVERED)
    anchored.controls.release_l1()
    await anchored.take_back_from(created, depth=64)
    await until_fate(anchored, sent, Fate.UNSEEN)
    for depth in (1, 8):
        await anchored.hurry_until(until_fate(anchored, sent, Fate.DELIVERED))
        await anchored.take_back(depth)

    await anchored.hurry_until(assert_each_paid_message_ended_once(anchored, sent))

    assert relayer.alarms("deep-reorg") == []


def pushes(relayer: Daemon) -> list[dict[str, Any]]:
    """Heads that it has sent by L1."""
    return relayer.lines("prepared evidence")
