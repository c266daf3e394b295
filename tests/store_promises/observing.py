"""What was observed is durable, whole or not at all, and moves by what the chains say only."""

import asyncio

import pytest

from tests import factories
from tests.store_promises.scene import (
    ALICE,
    LANE,
    LANE_LOG,
    NOW,
    RECEIPT_LOG,
    StoreOf,
    cursor,
    nonces,
    place,
    receipt,
    sent,
)
from xl2.core.lane import head_after
from xl2.core.lifecycle import Event, State
from xl2.core.receipt import Delivered, Expired, Receipt
from xl2.core.types import BlockNumber, Nonce, Wei
from xl2.errors import InvalidInput, NotFound
from xl2.ports import Entry, Happening


class ObservingPromises:
    """See the module."""

    async def test_what_was_observed_is_there_after_a_restart(self, store_of: StoreOf) -> None:
        messages = sent(3)
        async with store_of() as store:
            await store.observe(cursor(9), messages, NOW)

        async with store_of() as store:
            records = await store.range(LANE, Nonce(0), Nonce(9))

            assert [record.sent for record in records] == messages
            assert await store.cursor(LANE_LOG) == cursor(9)
            assert [record.state for record in records] == [State.OBSERVED] * 3

    async def test_heads_are_those_of_the_log(self, store_of: StoreOf) -> None:
        messages = sent(3)
        ids = [one.message.id for one in messages]
        async with store_of() as store:
            await store.observe(cursor(9), messages, NOW)

            assert await store.head(LANE_LOG) == head_after(LANE.log, ids)
            assert [await store.head(LANE_LOG, count) for count in range(4)] == [
                head_after(LANE.log, ids[:count]) for count in range(4)
            ]
            with pytest.raises(NotFound):
                await store.head(LANE_LOG, 4)

    async def test_a_gap_is_refused_and_leaves_cursor_and_rows_as_they_were(self, store_of: StoreOf) -> None:
        async with store_of() as store:
            await store.observe(cursor(9), sent(2), NOW)

            with pytest.raises(InvalidInput, match="next on its lane's log is 3"):
                await store.observe(cursor(12), [*sent(1, first=2), *sent(1, first=4)], NOW)

            assert await store.count(LANE_LOG) == 2
            assert await store.cursor(LANE_LOG) == cursor(9)

    async def test_only_events_that_can_follow_move_a_message(self, store_of: StoreOf) -> None:
        (one,) = sent(1)
        delivery = Happening(id=one.message.id, event=Event.DELIVERY, chain=LANE.destination, place=place(20))
        final = Happening(id=one.message.id, event=Event.DESTINATION_FINAL, chain=LANE.destination)
        async with store_of() as store:
            await store.observe(cursor(9), [one], NOW)

            with pytest.raises(InvalidInput, match="cannot see"):
                await store.happen([delivery, final, final], NOW)
            untouched = await store.record(one.message.id)
            await store.happen([delivery, final], NOW + 1)
            moved = await store.record(one.message.id)
            steps = await store.steps(one.message.id)

        assert untouched is not None
        assert untouched.state is State.OBSERVED
        assert moved is not None
        assert (moved.state, moved.since, moved.attempts) == (State.CONFIRMED, NOW + 1, 0)
        assert [step.state for step in steps] == [State.SENT, State.OBSERVED, State.DELIVERED, State.CONFIRMED]
        assert steps[2].tx_hash == place(20).tx_hash

    async def test_what_was_seen_of_a_state_that_has_passed_changes_nothing(self, store_of: StoreOf) -> None:
        one, two = sent(2)
        delivered = [Happening(id=of.message.id, event=Event.DELIVERY, chain=LANE.destination) for of in (one, two)]
        settled = Happening(id=one.message.id, event=Event.SETTLEMENT, chain=LANE.origin)
        final = [
            Happening(id=of.message.id, event=Event.DESTINATION_FINAL, chain=LANE.destination, seen_in=State.DELIVERED)
            for of in (one, two)
        ]
        async with store_of() as store:
            await store.observe(cursor(9), [one, two], NOW)
            await store.happen([*delivered, settled], NOW)

            await store.happen(final, NOW)
            records = await store.range(LANE, Nonce(0), Nonce(1))

        assert [record.state for record in records] == [State.SETTLED, State.CONFIRMED]

    async def test_the_newest_step_tells_the_block_where_a_message_was_seen_last(self, store_of: StoreOf) -> None:
        placed, glimpsed, told, new = sent(4)
        chain = LANE.destination
        async with store_of() as store:
            await store.observe(cursor(9), [placed, glimpsed, told, new], NOW)
            await store.happen(
                [
                    Happening(id=placed.message.id, event=Event.DELIVERY, chain=chain, place=place(20)),
                    Happening(id=glimpsed.message.id, event=Event.DELIVERY, chain=chain, seen_at=BlockNumber(21)),
                    Happening(id=told.message.id, event=Event.DELIVERY, chain=chain),
                ],
                NOW,
            )

            found = await store.last_blocks([one.message.id for one in (new, told, glimpsed, placed)])

        assert found == {
            placed.message.id: 20, glimpsed.message.id: 21, told.message.id: None, new.message.id: new.place.block,
        }  # fmt: skip

    async def test_what_stands_too_long_is_listed_without_what_is_declined_or_skipped(self, store_of: StoreOf) -> None:
        messages = sent(4)
        async with store_of() as store:
            await store.observe(cursor(9), messages, NOW)
            ids = [one.message.id for one in messages]
            await store.decline(ids[:2], NOW + 60, "its fee is too low")
            await store.skip(ids[2:3], "poison")

            first = await store.late(LANE, [State.OBSERVED], NOW + 1, 10)
            declined = await store.range(LANE, Nonce(0), Nonce(3))
            await store.postpone(ids[:1], NOW + 60, "no head")
            then = await store.late(LANE, [State.OBSERVED, State.PROVEN], NOW + 1, 10)
            none = await store.late(LANE, [State.OBSERVED], NOW, 10)
            one = await store.late(LANE, [State.OBSERVED], NOW + 1, 1)

        assert [found.sent.message.id for found in first] == ids[3:]
        assert [record.declined for record in declined] == [True, True, False, False]
        assert [found.sent.message.id for found in then] == [ids[0], ids[3]]
        assert none == []
        assert [found.sent.message.id for found in one] == ids[:1]

    async def test_what_is_postponed_is_not_due_until_then(self, store_of: StoreOf) -> None:
        messages = sent(3)
        async with store_of() as store:
            await store.observe(cursor(9), messages, NOW)
            await store.postpone([messages[1].message.id], NOW + 60, "the head is not known")

            now = await store.due(LANE, [State.OBSERVED], NOW, 10)
            later = await store.due(LANE, [State.OBSERVED], NOW + 60, 10)

        assert [one.sent.message.nonce for one in now] == [0, 2]
        assert [one.sent.message.nonce for one in later] == [0, 1, 2]
        assert (later[1].cause, later[1].attempts) == ("the head is not known", 1)

    async def test_a_delivery_that_is_refused_again_and_again_makes_no_message_younger_and_no_history_longer(
        self, store_of: StoreOf
    ) -> None:
        (message,) = sent(1)
        (one,) = ids = [message.message.id]
        shown, lost = (
            Happening(id=one, event=event, chain=LANE.destination) for event in (Event.HEAD_SHOWN, Event.HEAD_LOST)
        )
        async with store_of() as store:
            await store.observe(cursor(9), [message], NOW)
            before = await store.steps(one)
            for turn in range(1, 5):
                await store.happen([shown], NOW + turn)
                await store.happen([lost], NOW + turn)
                await store.postpone(ids, NOW + turn, "the inbox refuses it")

            (record,) = await store.due(LANE, [State.OBSERVED], NOW + 9, 10)
            after = await store.steps(one)
            await store.happen([shown, lost, shown], NOW + 20)
            at_last = await store.steps(one)

        assert (record.since, record.attempts, record.cause) == (NOW, 4, "the inbox refuses it")
        assert after == before
        assert [step.event for step in at_last] == [*(step.event for step in before), Event.HEAD_SHOWN]

    async def test_what_waits_for_a_chain_is_not_due_until_then_and_that_is_no_attempt(self, store_of: StoreOf) -> None:
        (message,) = sent(1)
        async with store_of() as store:
            await store.observe(cursor(9), [message], NOW)
            await store.postpone([message.message.id], NOW + 5, "no endpoint answers")
            await store.wait([message.message.id], NOW + 60, "its head is not there yet")

            now = await store.due(LANE, [State.OBSERVED], NOW + 59, 10)
            (later,) = await store.due(LANE, [State.OBSERVED], NOW + 60, 10)

        assert now == []
        assert (later.cause, later.attempts, later.declined) == ("its head is not there yet", 1, False)

    async def test_whose_time_has_come_is_due_by_a_clock_that_went_back_as_well(self, store_of: StoreOf) -> None:
        async with store_of() as store:
            await store.observe(cursor(9), sent(2), NOW)

            turned_back = await store.due(LANE, [State.OBSERVED], NOW - 3_600, 10)

        assert [one.sent.message.nonce for one in turned_back] == [0, 1]

    async def test_what_rests_on_a_lane_is_due_once_it_is_roused_and_what_is_skipped_once_it_is_taken_up(
        self, store_of: StoreOf
    ) -> None:
        messages = sent(4)
        ids = [one.message.id for one in messages]
        async with store_of() as store:
            await store.observe(cursor(9), messages, NOW)
            await store.postpone(ids[:3], NOW + 3_600, "no head")
            await store.skip([ids[0]], "poison")

            before = await store.due(LANE, [State.OBSERVED], NOW - 3_600, 10)
            roused = await store.rouse(LANE, NOW - 3_600)
            after = await store.due(LANE, [State.OBSERVED], NOW - 3_600, 10)
            await store.unskip([ids[0]])
            taken_up = await store.due(LANE, [State.OBSERVED], NOW - 3_600, 10)

        assert [one.sent.message.nonce for one in before] == [3]
        assert roused == len(ids[1:3])
        assert [one.sent.message.nonce for one in after] == [1, 2, 3]
        assert [(one.cause, one.attempts) for one in after] == [("no head", 1), ("no head", 1), ("", 0)]
        assert [one.sent.message.nonce for one in taken_up] == [0, 1, 2, 3]

    async def test_however_many_rest_all_are_roused_a_few_at_a_time(
        self, store_of: StoreOf, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("xl2.store.sql._ROUSED_AT_ONCE", 2)
        messages = sent(9)
        async with store_of() as store:
            await store.observe(cursor(9), messages, NOW)
            expiring = [
                Happening(id=one.message.id, event=Event.EXPIRY_PASSED, chain=LANE.destination) for one in messages[:4]
            ]
            await store.happen(expiring, NOW)
            for place, one in enumerate(messages):
                await store.postpone([one.message.id], NOW + 10 * (place // 3 + 1), "later")

            roused = await store.rouse(LANE, NOW)
            due = await store.due(LANE, [State.OBSERVED, State.OVERDUE], NOW, 10)

        assert roused == len(messages)
        assert [one.sent.message.nonce for one in due] == list(range(len(messages)))

    async def test_however_many_rest_until_the_same_moment_all_are_roused_a_few_at_a_time(
        self, store_of: StoreOf, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("xl2.store.sql._ROUSED_AT_ONCE", 2)
        messages = sent(7)
        async with store_of() as store:
            await store.observe(cursor(9), messages, NOW)
            await store.postpone([one.message.id for one in messages], NOW + 64, "nobody pays")

            roused = await store.rouse(LANE, NOW)
            due = await store.due(LANE, [State.OBSERVED], NOW, 10)

        assert roused == len(messages)
        assert nonces(due) == list(range(len(messages)))

    async def test_whoever_never_rested_waits_for_no_crowd_whose_rest_ends_at_once(self, store_of: StoreOf) -> None:
        crowd, fresh = sent(40), sent(2, first=40, block=8)
        seen: set[int] = set()
        async with store_of() as store:
            await store.observe(cursor(7), crowd, NOW)
            await store.postpone([one.message.id for one in crowd], NOW + 64, "nobody pays")
            await store.observe(cursor(9), fresh, NOW)

            looks = []
            for _ in range(6):
                found = await store.due(LANE, [State.OBSERVED], NOW + 64, 8)
                looks.append(nonces(found))
                await store.postpone([one.sent.message.id for one in found], NOW + 128, "still nobody")
                seen.update(nonces(found))

        assert looks[0][-2:] == [40, 41]
        assert all(len(look) <= 8 for look in looks)
        assert seen == set(range(42))

    async def test_due_is_by_lane_lowest_nonce_first_and_at_most_the_limit(self, store_of: StoreOf) -> None:
        async with store_of() as store:
            await store.observe(cursor(9), sent(5), NOW)

            found = await store.due(LANE, [State.OBSERVED, State.FAILED], NOW, 2)

        assert [one.sent.message.nonce for one in found] == [0, 1]

    async def test_a_reorg_takes_back_rows_and_cursors_above_it(self, store_of: StoreOf) -> None:
        early, late = sent(2, block=5), sent(2, first=2, block=8)
        async with store_of() as store:
            await store.observe(cursor(6), early, NOW)
            await store.observe(cursor(9), late, NOW)

            gone = await store.take_back(LANE_LOG, BlockNumber(6), NOW)
            standing = await store.range(LANE, Nonce(0), Nonce(9))
            taken = await store.record(late[0].message.id)

            assert gone == 2
            assert [one.sent.message.nonce for one in standing] == [0, 1]
            assert await store.cursor(LANE_LOG) == cursor(6)
            assert taken is not None
            assert taken.state is State.UNSENT

    async def test_receipts_are_kept_in_order_and_found_by_their_bytes(self, store_of: StoreOf) -> None:
        receipts: list[Receipt] = [
            Delivered(page=0, bitmap=3, payee=ALICE.address, fees=Wei(5)),
            Expired(id=factories.some_id(1)),
            Expired(id=factories.some_id(1)),
        ]
        entries = [
            Entry(lane=LANE, index=index, data=one.encode(), place=place(4)) for index, one in enumerate(receipts)
        ]
        async with store_of() as store:
            await store.observe_receipts(cursor(5, RECEIPT_LOG), entries)

            assert await store.entries(LANE, 1, 10) == entries[1:]
            assert await store.entry(LANE, entries[2].data) == entries[1]
            assert await store.head(RECEIPT_LOG, 1) == head_after(LANE.receipt_log, [receipts[0].hash])
            assert await store.take_back(RECEIPT_LOG, BlockNumber(3), NOW) == 3

    async def test_what_was_settled_is_known_to_who_opens_the_store_again(self, store_of: StoreOf) -> None:
        async with store_of() as store:
            await store.observe_receipts(cursor(5, RECEIPT_LOG), [receipt(index) for index in range(6)])
            await store.mark_settled(LANE, [0, 2, 4])

        async with store_of() as store:
            assert [one.index for one in await store.unsettled(LANE, 0, 9)] == [1, 3, 5]

    async def test_a_cancelled_asker_leaves_no_transaction_half_done(self, store_of: StoreOf) -> None:
        async with store_of() as store:
            writing = asyncio.ensure_future(store.observe(cursor(9), sent(50), NOW))
            await asyncio.sleep(0)
            writing.cancel()
            await asyncio.wait([writing])

        async with store_of() as store:
            assert await store.count(LANE_LOG) in (0, 50)
            assert (await store.cursor(LANE_LOG) is None) == (await store.count(LANE_LOG) == 0)

    async def test_the_backlog_counts_by_lane_and_state(self, store_of: StoreOf) -> None:
        async with store_of() as store:
            await store.observe(cursor(9), sent(3), NOW)

            assert await store.backlog() == [(LANE, State.OBSERVED, 3, NOW)]

    async def test_a_closed_store_does_not_open_again(self, store_of: StoreOf) -> None:
        async with store_of() as store:
            pass

        with pytest.raises(RuntimeError):
            await store.backlog()
