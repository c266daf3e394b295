"""Stuck messages: a lane is told of once, and again only after it was well; what is left out or paused is not stuck."""

from tests.heard import Heard
from tests.unit.operator.desk_scene import ATTESTED, SETTLED, Scene, scene
from xl2.app.stuck import LONGEST_SECONDS, Stuck
from xl2.core.lifecycle import Event
from xl2.core.types import Assurance
from xl2.flow.alarms import Alarms
from xl2.ports import AlarmKind, Happening

HOUR = LONGEST_SECONDS[Assurance.ATTESTED]


def stuck(at: Scene, heard: Heard) -> Stuck:
    return Stuck(store=at.store, clock=at.clock, alarms=Alarms(heard))


async def test_a_lane_whose_messages_stand_too_long_is_told_of_once_with_their_ids() -> None:
    heard = Heard()
    async with scene(settled=3, attested=2) as at:
        look = stuck(at, heard)
        await look.look()
        await at.clock.sleep(HOUR + 1)
        await look.look()
        await look.look()

    (alarm,) = heard.alarms
    assert (alarm.kind, alarm.lane, len(alarm.ids)) == (AlarmKind.STUCK_MESSAGE, ATTESTED, 2)
    assert "2 messages of lane 901-902-attested are stuck" in alarm.what
    assert "xl2 explain 0x" in alarm.what


async def test_slow_classes_may_take_longer() -> None:
    heard = Heard()
    async with scene(settled=1, attested=0) as at:
        look = stuck(at, heard)
        await at.clock.sleep(LONGEST_SECONDS[Assurance.SETTLED] - 1)
        await look.look()
        before = list(heard.alarms)
        await at.clock.sleep(2)
        await look.look()

    assert before == []
    assert [alarm.lane for alarm in heard.alarms] == [SETTLED]


async def test_it_is_told_again_only_after_it_was_well() -> None:
    heard = Heard()
    async with scene(settled=0, attested=1) as at:
        look = stuck(at, heard)
        await at.clock.sleep(HOUR + 1)
        await look.look()
        (record,) = await at.store.messages(lane=ATTESTED, states=(), after=None, limit=1)
        message = record.sent.message.id
        await at.store.happen([Happening(id=message, event=Event.DELIVERY, chain=ATTESTED.destination)], at.clock.now())
        await look.look()
        await at.store.happen(
            [Happening(id=message, event=Event.DESTINATION_REORG, chain=ATTESTED.destination)], at.clock.now()
        )
        await at.clock.sleep(HOUR + 1)
        await look.look()

    assert len(heard.alarms) == 2


async def test_what_is_paused_or_left_out_by_hand_is_not_stuck() -> None:
    heard = Heard()
    async with scene(settled=0, attested=2) as at:
        look = stuck(at, heard)
        await at.clock.sleep(HOUR + 1)
        await at.store.pause(ATTESTED, "audit", "operator", at.clock.now())
        await look.look()
        await at.store.resume(ATTESTED)
        ids = [one.sent.message.id for one in await at.store.messages(lane=None, states=(), after=None, limit=9)]
        await at.store.skip(ids, "poison")
        await look.look()

    assert heard.alarms == []


async def test_what_is_declined_is_not_stuck_and_hides_nothing_that_is() -> None:
    heard = Heard()
    async with scene(settled=0, attested=5) as at:
        ids = [one.sent.message.id for one in await at.store.messages(lane=None, states=(), after=None, limit=9)]
        look = stuck(at, heard)
        await at.store.decline(ids, at.clock.now() + 60, "its fee is below what is asked")
        await at.clock.sleep(HOUR + 1)
        await look.look()
        assert heard.alarms == []
        await at.store.postpone(ids[4:], at.clock.now() + 60, "no head")
        await look.look()

    (alarm,) = heard.alarms
    assert alarm.ids == tuple(ids[4:])
    assert "1 messages of lane" in alarm.what
