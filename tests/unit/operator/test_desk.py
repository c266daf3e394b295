"""The desk: what an operator asks and orders, by the table of routes, straight over a store."""

import pytest

from tests import factories
from tests.store_promises.scene import signed
from tests.unit.operator.desk_scene import ATTESTED, SETTLED, check, scene
from xl2.core.lifecycle import Event, State
from xl2.core.types import Assurance, hex_text
from xl2.errors import InvalidInput, NotFound
from xl2.ports import Happening


async def test_lanes_tell_how_many_messages_stand_in_each_state_and_since_when() -> None:
    async with scene() as at:
        told = await at.ask("GET", "/lanes")

    attested, settled = told["lanes"]
    assert (attested["name"], settled["name"]) == ("901-902-attested", "901-902-settled")
    assert settled["words"] == "op-a to op-b, settled"
    assert settled["states"] == {"observed": 5}
    assert (settled["pending"], settled["oldest_pending"]) == (5, at.clock.now())
    assert (attested["carried"], settled["carried"]) == (False, True)


async def test_a_lane_that_is_over_has_nothing_pending() -> None:
    async with scene(settled=1, attested=0) as at:
        for event in (Event.DELIVERY, Event.DESTINATION_FINAL, Event.SETTLEMENT):
            await at.store.happen([Happening(id=at.ids[0], event=event, chain=SETTLED.destination)], 1.0)
        (lane,) = (await at.ask("GET", "/lanes"))["lanes"]

    assert lane["states"] == {"settled": 1}
    assert (lane["pending"], lane["oldest_pending"]) == (0, None)


async def test_pages_hold_each_message_once_and_the_last_says_so() -> None:
    found, after, pages = [], None, 0
    async with scene() as at:
        while True:
            query = [("limit", "3"), *([("after", after)] if after else [])]
            page = await at.ask("GET", "/messages", query=query)
            found += [(one["lane"], one["nonce"]) for one in page["messages"]]
            pages, after = pages + 1, page["next"]
            if after is None:
                break

    assert sorted(found) == [("901-902-attested", n) for n in range(2)] + [("901-902-settled", n) for n in range(5)]
    assert pages == 3


async def test_messages_are_filtered_by_lane_and_state() -> None:
    async with scene() as at:
        await at.store.happen([Happening(id=at.ids[2], event=Event.DELIVERY, chain=SETTLED.destination)], 1.0)
        of_lane = await at.ask("GET", "/messages", query=[("lane", "901-902-attested")])
        delivered = await at.ask("GET", "/messages", query=[("state", "delivered"), ("state", "settled")])
        pending = await at.ask("GET", "/messages", query=[("lane", "901-902-settled"), ("state", "pending")])

    assert [one["nonce"] for one in of_lane["messages"]] == [0, 1]
    assert [one["nonce"] for one in delivered["messages"]] == [2]
    assert len(pending["messages"]) == 5


@pytest.mark.parametrize(
    "query",
    [
        ("limit", "0"),
        ("limit", "1001"),
        ("limit", "x"),
        ("limit", "٣"),
        ("state", "lost"),
        ("after", "1.2"),
        ("colour", "red"),
    ],
)
async def test_a_wrong_filter_is_refused_by_name(query: tuple[str, str]) -> None:
    async with scene() as at:
        with pytest.raises(InvalidInput) as refused:
            await at.ask("GET", "/messages", query=[query])

    assert refused.value.field in ("limit", "state", "after", "colour")
    assert refused.value.remedy


async def test_a_filter_that_is_given_twice_is_refused() -> None:
    async with scene() as at:
        with pytest.raises(InvalidInput, match="lane is given 2 times"):
            await at.ask("GET", "/messages", query=[("lane", "a"), ("lane", "b")])


async def test_a_lane_that_nobody_knows_is_told_which_there_are() -> None:
    async with scene() as at:
        with pytest.raises(NotFound) as unknown:
            await at.ask("POST", "/lanes/{lane}/pause", path={"lane": "901-903-settled"})

    assert "901-902-attested, 901-902-settled" in unknown.value.remedy


async def test_two_lanes_of_one_short_name_must_be_named_in_full() -> None:
    async with scene() as at:
        other = SETTLED.__class__(
            origin=SETTLED.origin,
            outbox=SETTLED.inbox,
            destination=SETTLED.destination,
            inbox=SETTLED.outbox,
            assurance=Assurance.SETTLED,
        )
        await at.store.pause(other, "an old outbox", "operator", 1.0)

        with pytest.raises(InvalidInput, match="2 lanes are called 901-902-settled"):
            await at.desk.lane("901-902-settled")
        assert await at.desk.lane(hex_text(other.encode())) == other


async def test_a_message_is_told_whole_with_its_steps() -> None:
    async with scene() as at:
        await at.store.happen([Happening(id=at.ids[0], event=Event.DELIVERY, chain=SETTLED.destination)], 9.0)
        told = await at.ask("GET", "/messages/{id}", path={"id": hex_text(at.ids[0])})

    assert told["message"]["state"] == "delivered"
    assert told["message"]["fee"] == 10**21
    assert [step["state"] for step in told["steps"]][-1] == "delivered"
    assert told["payload"].startswith("0x")


async def test_an_id_that_is_none_and_one_that_is_unknown_are_told_apart() -> None:
    async with scene() as at:
        with pytest.raises(InvalidInput, match="not 32 bytes"):
            await at.ask("GET", "/messages/{id}", path={"id": "0x12"})
        with pytest.raises(NotFound, match="has not observed"):
            await at.ask("GET", "/messages/{id}/explain", path={"id": "0x" + "ab" * 32})


async def test_a_pause_stands_with_its_reason_until_it_is_resumed() -> None:
    async with scene() as at:
        await at.ask("POST", "/lanes/{lane}/pause", path={"lane": "901-902-settled"}, body={"why": "audit"}, by="eve")
        paused = next(one for one in (await at.ask("GET", "/lanes"))["lanes"] if one["name"] == "901-902-settled")
        resumed = await at.ask("POST", "/lanes/{lane}/resume", path={"lane": "901-902-settled"})
        again = await at.ask("POST", "/lanes/{lane}/resume", path={"lane": "901-902-settled"})
        left = await at.store.pauses()

    assert paused["paused"] == {"why": "audit", "since": at.clock.now(), "by": "eve"}
    assert (resumed["done"], again["done"]) == (
        "lane 901-902-settled is carried again",
        "lane 901-902-settled was not paused",
    )
    assert not left


async def test_a_second_reason_is_not_kept_and_whoever_gives_it_hears_so() -> None:
    async with scene() as at:
        lane = {"lane": "901-902-settled"}
        await at.ask("POST", "/lanes/{lane}/pause", path=lane, body={"why": "audit"}, by="eve")
        again = await at.ask("POST", "/lanes/{lane}/pause", path=lane, body={"why": "lunch"}, by="bob")
        (kept,) = await at.store.pauses()

    assert (kept.why, kept.by) == ("audit", "eve")
    assert again["done"] == (
        "lane 901-902-settled was paused before, by eve: audit; that reason stays, and 'lunch' is not kept: "
        "resume it first to give another"
    )


async def test_a_lane_of_the_configuration_can_be_paused_before_anything_was_seen_of_it() -> None:
    other = factories.lane(assurance=Assurance.OPTIMISTIC)
    async with scene(configured=lambda: (SETTLED, other)) as at:
        done = await at.ask("POST", "/lanes/{lane}/pause", path={"lane": "901-902-optimistic"})
        pauses = [one.lane for one in await at.store.pauses()]
        with pytest.raises(NotFound) as unknown:
            await at.ask("POST", "/lanes/{lane}/pause", path={"lane": "901-903-settled"})

    assert done["done"].startswith("lane 901-902-optimistic is paused")
    assert pauses == [other]
    assert "901-902-attested, 901-902-optimistic, 901-902-settled" in unknown.value.remedy


async def test_open_transactions_are_told_by_nonce_with_the_newest_attempt_at_it() -> None:
    async with scene() as at:
        before = await at.ask("GET", "/transactions")
        first, newest = await signed(7), await signed(7, fee=12)
        for one in (first, newest):
            await at.store.keep(one, "deliver 2 messages")
        (told,) = (await at.ask("GET", "/transactions"))["transactions"]
        await at.store.void(first.transaction.chain, first.sender, 7)
        after = await at.ask("GET", "/transactions")

    assert before == after == {"transactions": []}
    assert (told["name"], told["tx_nonce"], told["what"]) == ("op-a", 7, "deliver 2 messages")
    assert (told["tx_hash"], told["attempts"], told["max_fee"]) == (hex_text(newest.hash), 2, 12)


async def test_a_parked_lane_stands_as_an_alarm_and_one_that_somebody_paused_does_not() -> None:
    async with scene() as at:
        await at.store.pause(SETTLED, "a final block is gone", "incident", 9.0)
        await at.store.pause(ATTESTED, "audit", "eve", 9.0)
        (told,) = (await at.ask("GET", "/alarms"))["alarms"]

    assert (told["kind"], told["lane"], told["since"]) == ("deep-reorg", "901-902-settled", 9.0)
    assert told["what"] == "a final block is gone"
    assert told["runbook"] == "docs/operations/runbooks/deep-reorg.md"


async def test_a_skipped_message_is_due_again_when_it_is_retried() -> None:
    async with scene() as at:
        states = [State.OBSERVED]
        await at.store.postpone([at.ids[1]], at.clock.now() + 3600, "its recipient failed")
        await at.ask("POST", "/messages/{id}/skip", path={"id": hex_text(at.ids[0])}, body={"why": "a bad payload"})
        without = await at.store.due(SETTLED, states, at.clock.now(), 10)
        told = await at.ask("GET", "/messages/{id}", path={"id": hex_text(at.ids[0])})
        for one in at.ids[:2]:
            await at.ask("POST", "/messages/{id}/retry", path={"id": hex_text(one)})
        due = await at.store.due(SETTLED, states, at.clock.now(), 10)

    assert [one.sent.message.nonce for one in without] == [2, 3, 4]
    assert told["message"]["skipped"] == "a bad payload"
    assert [one.sent.message.nonce for one in due] == [0, 1, 2, 3, 4]


async def test_what_is_over_can_be_neither_retried_nor_skipped() -> None:
    async with scene() as at:
        for event in (Event.DELIVERY, Event.DESTINATION_FINAL, Event.SETTLEMENT):
            await at.store.happen([Happening(id=at.ids[0], event=event, chain=SETTLED.destination)], 1.0)

        with pytest.raises(InvalidInput, match="is settled: there is nothing to try"):
            await at.ask("POST", "/messages/{id}/retry", path={"id": hex_text(at.ids[0])})
        with pytest.raises(InvalidInput, match="is settled: there is nothing to leave"):
            await at.ask("POST", "/messages/{id}/skip", path={"id": hex_text(at.ids[0])})


@pytest.mark.parametrize("why", [5, None, ["x"], "x" * 501])
async def test_a_reason_is_text_of_some_length(why: object) -> None:
    async with scene() as at:
        with pytest.raises(InvalidInput, match="why is no text"):
            await at.ask("POST", "/lanes/{lane}/pause", path={"lane": "901-902-attested"}, body={"why": why})
        assert ATTESTED not in {pause.lane for pause in await at.store.pauses()}


async def test_readiness_is_what_all_checks_say() -> None:
    async def checks() -> list[object]:
        return [check(ok=True), check(ok=False)]

    async with scene(checks=checks) as at:
        told = await at.ask("GET", "/readyz")

    assert told["ready"] is False
    assert told["checks"][1] == {"what": "store", "ok": False, "said": "no space left", "remedy": "Make room."}


async def test_only_a_running_relayer_can_be_drained() -> None:
    drained: list[bool] = []
    async with scene() as at, scene(drain=lambda: drained.append(True)) as running:
        with pytest.raises(NotFound, match="no relayer runs here"):
            await at.ask("POST", "/drain")
        await running.ask("POST", "/drain")

    assert drained == [True]
