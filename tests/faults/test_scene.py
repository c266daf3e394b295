"""The scene and its oracle themselves: a healthy relayer ends every kind of message, and the oracle can say no."""

import pytest
from attrs import evolve

from tests.faults.daemon import daemon
from tests.faults.oracle import Told, ask, assert_each_message_was_executed_once, assert_each_paid_message_ended_once
from tests.faults.scene import Parcel, Scene
from xl2.core.types import Wei
from xl2.ports import Ending, Fate


async def test_a_healthy_relayer_ends_every_kind_of_message_once(scene: Scene) -> None:
    paid = await scene.send(*[Parcel(payload=bytes(size)) for size in range(10)])
    unpaid = await scene.send(Parcel(fee=Wei(0)))
    late = await scene.send(Parcel(habit="reverts", expires_in=60))
    scene.pass_time(100)

    with daemon(scene.configuration("relayer")) as relayer:
        told = await assert_each_paid_message_ended_once(scene, [*paid, *late])
        await assert_each_message_was_executed_once(scene, unpaid)
        code = relayer.stop()

    assert [one.ending for one in told] == [Ending.SETTLED] * len(paid) + [Ending.REFUNDED]
    assert code == 0
    assert relayer.lines(level=("warning", "error")) == []


async def test_what_nobody_carries_has_not_ended(scene: Scene) -> None:
    sent = await scene.send(Parcel())

    told = await ask(scene, sent)

    assert [(one.fate, one.executed, one.ended) for one in told] == [(Fate.UNSEEN, 0, False)]
    with pytest.raises(AssertionError, match="have not ended"):
        await assert_each_paid_message_ended_once(scene, sent, within_seconds=0.2)


async def test_the_oracle_says_no_to_each_way_of_ending_badly(scene: Scene) -> None:
    (sent,) = await scene.send(Parcel())
    good = Told(sent=sent, fate=Fate.DELIVERED, ending=Ending.SETTLED, executed=1, delivered=1, expired=0)

    assert good.fault is None
    assert evolve(good, ending=Ending.REFUNDED, executed=0, delivered=0, expired=2).fault is None
    for bad in (
        evolve(good, executed=2),
        evolve(good, delivered=2),
        evolve(good, expired=1),
        evolve(good, executed=0),
        evolve(good, ending=Ending.REFUNDED),
        evolve(good, ending=Ending.REFUNDED, delivered=0, expired=1),
    ):
        assert bad.fault is not None
