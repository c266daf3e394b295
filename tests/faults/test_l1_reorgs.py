"""L1 takes back the root that a message waits for, or that its evidence was just made from: it is proven again."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.devnet_clocks import DEEP, DEEP_FINAL
from tests.faults.anchored import Anchored
from tests.faults.oracle import assert_each_paid_message_ended_once
from tests.faults.scene import Parcel
from tests.faults.stable import Stable
from xl2_devnet import Description, Options, running
from xl2_devnet.controls import Controls

_DEPTHS = (1, 8, 64)


@pytest.fixture(scope="module")
def devnet(controls: Controls) -> Iterator[Description]:
    """One for this module, whose L1 nobody else relies on."""
    with running(Options(clocks=DEEP), controls=controls) as description:
        yield description


async def test_a_root_that_l1_takes_back_before_it_was_used_is_waited_for_again(
    anchored: Anchored, stable: Stable
) -> None:
    relayer = stable.start(anchored.configuration("relayer", kinds=("proven",)))
    sent = await anchored.send(Parcel(), Parcel())
    first, gone = await anchored.games(), []
    for depth in _DEPTHS:
        await anchored.mine(DEEP_FINAL)
        _, game = await anchored.covering(sent[-1], first)
        gone.append(await anchored.take_back_from(await anchored.created_at(game), depth=depth))

    await anchored.hurry_until(assert_each_paid_message_ended_once(anchored, sent))

    assert all(taken >= depth for taken, depth in zip(gone, _DEPTHS, strict=True)), gone
    assert relayer.alarms("deep-reorg") == []


async def test_evidence_that_was_signed_and_not_sent_when_its_root_went_is_made_again(
    anchored: Anchored, stable: Stable, controls: Controls
) -> None:
    configuration = anchored.configuration("relayer", kinds=("proven",))
    sent, first = await anchored.send(Parcel(), Parcel()), await anchored.games()
    killed = stable.start(configuration, dies_at="a transaction is journalled: deliver")
    created = await anchored.held_at_root(sent[-1], first)
    await asyncio.to_thread(killed.wait)
    controls.release_l1()
    await anchored.take_back_from(created, depth=_DEPTHS[-1])

    relayer = stable.start(configuration)
    await anchored.hurry_until(assert_each_paid_message_ended_once(anchored, sent))

    assert relayer.alarms("deep-reorg") == []
