"""Finality stands still while blocks go on: nothing is delivered below it, and work goes on when it does."""

import asyncio

from tests.faults.endpoints import carrying, endpoints
from tests.faults.ground import A, B
from tests.faults.oracle import ask, assert_each_paid_message_ended_once, until_fate
from tests.faults.proxy import Fault
from tests.faults.scene import Parcel, Scene
from tests.faults.stable import Stable
from tests.waiting import until_true
from xl2.ports import Ending, Fate

#: Many times what final blocks are behind else.
_BLOCKS = 60


async def test_nothing_is_delivered_while_no_block_of_the_origin_becomes_final(scene: Scene, stable: Stable) -> None:
    async with endpoints(scene, each=1) as behind:
        relayer = stable.start(behind.configuration(scene, "relayer"))
        await carrying(behind)
        (origin,) = behind.proxies[A]

        origin.fault(Fault.FINALITY_FROZEN)
        await until_true(lambda: origin.spoiled[Fault.FINALITY_FROZEN] > 0, "finality to stand still")
        sent = await scene.send(Parcel(), Parcel())
        await scene.until_blocks(_BLOCKS)
        during = await ask(scene, sent)
        origin.heal()

        await assert_each_paid_message_ended_once(scene, sent)
        code = await asyncio.to_thread(relayer.stop)

    assert [one.fate for one in during] == [Fate.UNSEEN] * len(sent)
    assert relayer.lines(level=("error",)) == []
    assert code == 0


async def test_nothing_is_settled_while_no_block_of_the_destination_becomes_final(scene: Scene, stable: Stable) -> None:
    async with endpoints(scene, each=1) as behind:
        stable.start(behind.configuration(scene, "relayer"))
        await carrying(behind)
        (destination,) = behind.proxies[B]

        destination.fault(Fault.FINALITY_FROZEN)
        await until_true(lambda: destination.spoiled[Fault.FINALITY_FROZEN] > 0, "finality to stand still")
        sent = await scene.send(Parcel(), Parcel())
        await until_fate(scene, sent, Fate.DELIVERED)
        await scene.until_blocks(_BLOCKS)
        during = await ask(scene, sent)
        destination.heal()

        await assert_each_paid_message_ended_once(scene, sent)

    assert [one.ending for one in during] == [Ending.OPEN] * len(sent)
