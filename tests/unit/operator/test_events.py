"""Events: telling never waits, whoever does not keep up is dropped, whoever comes back goes on where he was."""

import sys

import pytest

from tests import factories
from xl2.core.lifecycle import Event
from xl2.errors import NotYet
from xl2.operator.events import Events, Listener
from xl2.ports import Alarm, AlarmKind, Happening

LANE = factories.lane()


def events() -> Events:
    return Events(lambda: 5.0)


def move(told: Events, number: int = 0) -> None:
    told.moved(LANE, [moved(number)])


def moved(number: int) -> Happening:
    return Happening(id=factories.some_id(number), event=Event.DELIVERY, chain=LANE.destination)


async def heard(listener: Listener, count: int) -> list[int]:
    found = [await listener.next(1.0) for _ in range(count)]
    return [one.number for one in found if one is not None]


async def test_every_listener_hears_what_happens_in_order() -> None:
    told = events()
    with told.listening() as one, told.listening() as other:
        for number in range(3):
            move(told, number)

        assert await heard(one, 3) == await heard(other, 3) == [1, 2, 3]


async def test_an_event_names_the_messages_that_moved_at_once() -> None:
    told = events()
    with told.listening() as listener:
        move(told, 4)
        event = await listener.next(1.0)

    assert event is not None
    assert (event.kind, event.at) == ("moved", 5.0)
    assert event.data() == {
        "lane": "901-902-settled",
        "messages": [{"id": "0x" + factories.some_id(4).hex(), "event": "delivery"}],
    }


async def test_an_alarm_is_told_with_its_ids_and_value() -> None:
    told = events()
    alarm = Alarm(kind=AlarmKind.DEEP_REORG, what="12 blocks are gone", lane=LANE, ids=(factories.some_id(1),))
    with told.listening() as listener:
        told.alarmed(alarm)
        event = await listener.next(1.0)

    assert event is not None
    assert event.data()["alarm"] == "deep-reorg"
    assert event.data()["ids"] == ["0x" + factories.some_id(1).hex()]


async def test_a_listener_who_does_not_keep_up_is_dropped_and_no_other() -> None:
    told = events()
    with told.listening() as slow, told.listening() as quick:
        numbers = []
        for number in range(300):
            move(told, number)
            numbers += await heard(quick, 1)

        assert slow.is_dropped
        assert not quick.is_dropped
        assert numbers == list(range(1, 301))
        assert await slow.next(1.0) is None


async def test_whoever_comes_back_hears_what_he_missed_first() -> None:
    told = events()
    for number in range(5):
        move(told, number)
    with told.listening(after=2) as listener:
        move(told, 6)

        assert await heard(listener, 4) == [3, 4, 5, 6]


async def test_a_number_of_an_earlier_process_is_as_good_as_none() -> None:
    told = events()
    move(told)
    with told.listening(after=900) as listener:
        move(told)

        assert await heard(listener, 1) == [2]


async def test_only_so_much_is_kept_for_those_who_come_back() -> None:
    told = events()
    for number in range(1_500):
        move(told, number)
    with told.listening(after=0) as listener:
        found = await heard(listener, 1_000)

    assert found == list(range(501, 1_501))


async def test_what_is_kept_names_only_so_many_messages_however_many_moved_at_once() -> None:
    told = events()
    for number in range(60):
        told.moved(LANE, [moved(1_000 * number + place) for place in range(1_000)])
    with told.listening(after=0) as listener:
        found = await heard(listener, 50)

    assert found == list(range(11, 61))


def test_what_is_kept_holds_no_happening() -> None:
    told, happening = events(), moved(1)
    before = sys.getrefcount(happening)
    told.moved(LANE, [happening])

    assert sys.getrefcount(happening) == before


async def test_there_is_room_for_so_many_listeners_and_a_place_is_given_back() -> None:
    told = events()
    for _ in range(100):
        with told.listening():
            pass
    opened = [told.listening() for _ in range(32)]
    for one in opened:
        one.__enter__()

    with pytest.raises(NotYet, match="32 listen already"), told.listening():
        pass


async def test_nobody_is_kept_waiting_when_the_relayer_stops() -> None:
    told = events()
    with told.listening() as listener:
        told.close()

        assert await listener.next(60.0) is None
