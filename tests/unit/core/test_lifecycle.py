"""The lifecycle leads every message to one of two ends, and its diagram in the docs is the one the code draws."""

import re
from pathlib import Path

import pytest

from xl2.core.lifecycle import Action, Event, State, decide, diagram, next_action, transitions
from xl2.errors import InvalidInput

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "lifecycle.md"
FENCE = re.compile(r"```mermaid\n.*?\n```", re.DOTALL)


def walk(*events: Event) -> State:
    state = State.UNSENT
    for event in events:
        state, _ = decide(state, event)
    return state


SENT = (Event.INCLUDED, Event.ORIGIN_FINAL)


def test_a_delivered_message_walks_through_every_room_to_settled() -> None:
    events = (*SENT, Event.HEAD_SHOWN, Event.DELIVERY, Event.DESTINATION_FINAL, Event.SETTLEMENT)
    state, rooms = State.UNSENT, list[Action]()
    for event in events:
        state, actions = decide(state, event)
        rooms += actions

    assert state is State.SETTLED
    assert rooms == [Action.OBSERVE, Action.PROVE, Action.DELIVER, Action.CONFIRM, Action.SETTLE]


def test_an_expired_message_is_refunded() -> None:
    events = (*SENT, Event.EXPIRY_PASSED, Event.EXPIRY_RECORDED, Event.DESTINATION_FINAL, Event.SETTLEMENT)

    assert walk(*events) is State.REFUNDED


def test_a_failed_message_is_retried_or_expires() -> None:
    failed = walk(*SENT, Event.HEAD_SHOWN, Event.FAILURE)

    assert next_action(failed) is Action.RETRY
    assert decide(failed, Event.DELIVERY)[0] is State.DELIVERED
    assert decide(failed, Event.EXPIRY_PASSED)[0] is State.OVERDUE


def test_a_reorg_before_finality_takes_back_one_room_and_no_more() -> None:
    assert decide(State.SENT, Event.ORIGIN_REORG) == (State.UNSENT, ())
    assert decide(State.DELIVERED, Event.DESTINATION_REORG) == (State.OBSERVED, (Action.PROVE,))
    assert decide(State.EXPIRED, Event.DESTINATION_REORG) == (State.OVERDUE, (Action.EXPIRE,))
    assert decide(State.SETTLED, Event.SETTLEMENT_REORG) == (State.CONFIRMED, (Action.SETTLE,))


@pytest.mark.parametrize("state", [s for s in State if s not in (State.UNSENT, State.SENT)])
def test_a_final_block_of_the_origin_that_is_taken_back_raises_an_alarm(state: State) -> None:
    assert Action.ALARM in decide(state, Event.ORIGIN_REORG)[1]


@pytest.mark.parametrize("state", [State.CONFIRMED, State.REFUNDABLE, State.SETTLED, State.REFUNDED])
def test_a_final_block_of_the_destination_that_is_taken_back_raises_an_alarm(state: State) -> None:
    assert Action.ALARM in decide(state, Event.DESTINATION_REORG)[1]


_TAKEN = [State.DELIVERED, State.CONFIRMED, State.SETTLED]
_TIMED_OUT = [State.EXPIRED, State.REFUNDABLE, State.REFUNDED]


@pytest.mark.parametrize(
    ("state", "event"),
    [
        *((state, event) for state in _TAKEN for event in (Event.EXPIRY_RECORDED, Event.HEAD_SHOWN)),
        *((state, event) for state in _TIMED_OUT for event in (Event.DELIVERY, Event.HEAD_SHOWN)),
    ],
)
def test_what_was_answered_is_never_answered_otherwise(state: State, event: Event) -> None:
    with pytest.raises(InvalidInput, match="cannot see"):
        decide(state, event)


@pytest.mark.parametrize(
    ("state", "event"),
    [
        *((state, event) for state in _TAKEN for event in (Event.DELIVERY, Event.FAILURE)),
        *((state, event) for state in _TIMED_OUT for event in (Event.EXPIRY_RECORDED, Event.FAILURE)),
    ],
)
def test_an_answer_that_is_heard_again_or_late_changes_nothing(state: State, event: Event) -> None:
    assert decide(state, event)[0] is state


def test_a_delivery_of_what_its_origin_took_back_meanwhile_is_kept_and_raises_an_alarm() -> None:
    assert decide(State.UNSENT, Event.DELIVERY) == (State.DELIVERED, (Action.ALARM, Action.CONFIRM))


def test_delivery_and_refund_exclude_each_other_unless_a_reorg_comes_between() -> None:
    forward = [(a, b) for (a, event), b in transitions().items() if "reorg" not in event]

    def reachable(start: State) -> set[State]:
        found, edge = {start}, {start}
        while edge:
            edge = {b for a, b in forward if a in edge} - found
            found |= edge
        return found

    assert reachable(State.DELIVERED) == {State.DELIVERED, State.CONFIRMED, State.SETTLED}
    assert reachable(State.EXPIRED) == {State.EXPIRED, State.REFUNDABLE, State.REFUNDED}


def test_every_state_is_reached_and_every_one_but_the_ends_waits_for_a_room() -> None:
    reached = {State.UNSENT} | set(transitions().values())

    assert reached == set(State)
    assert {s for s in State if next_action(s) is None} == {State.UNSENT, State.SETTLED, State.REFUNDED}


def test_the_diagram_in_the_docs_is_the_one_the_code_draws() -> None:
    assert FENCE.search(PAGE.read_text(encoding="utf-8")) is not None
    assert drawn(PAGE.read_text(encoding="utf-8")) == PAGE.read_text(encoding="utf-8"), (
        "run: python -m tests.unit.core.test_lifecycle"
    )


def drawn(page: str) -> str:
    """Page with the diagram as the code draws it now."""
    return FENCE.sub(lambda _: f"```mermaid\n{diagram()}\n```", page)


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
