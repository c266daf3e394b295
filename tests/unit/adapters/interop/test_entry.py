"""What a relayer believes of a message, by what happens to it."""

from attrs import evolve

from tests.unit.adapters.interop.scene import message, place
from xl2_adapters.op_stack.interop import entry as rules
from xl2_adapters.op_stack.interop.entry import FAILED, Entry, State, delay


def test_failures_rest_ever_longer_and_never_for_ever() -> None:
    assert [delay(FAILED, attempt) for attempt in range(1, 11)] == [2, 4, 10, 30, 60, 300, 900, 3600, 3600, 3600]


def test_a_relay_that_fails_is_parked_with_its_reason() -> None:
    parked = rules.failed(Entry(sent=message(0)), 100.0, "its target says no")

    assert (parked.state, parked.due, parked.attempts, parked.cause) == (State.WAITING, 102.0, 1, "its target says no")


def test_a_refusal_in_company_is_nobodys_fault_until_each_was_tried_alone() -> None:
    entry = rules.carried(Entry(sent=message(0)), 7)

    halved = rules.refused(entry, 16, 100.0, "no")
    assert (halved.state, halved.width, halved.attempts, halved.due, halved.slot) == (State.WAITING, 8, 0, 100.0, None)
    assert rules.refused(halved, 1, 100.0, "no").cause == "no"


def test_a_delivered_message_stays_delivered_when_its_log_comes_again_or_goes() -> None:
    done = rules.delivered(Entry(sent=message(0)), place(9))

    assert rules.observed(done, message(0, block=6)).state is State.DELIVERED
    assert rules.taken_back(done).state is State.DELIVERED


def test_a_delivery_that_a_reorg_takes_back_waits_for_our_transaction_if_it_was_ours() -> None:
    mine = rules.delivered(rules.carried(Entry(sent=message(0)), 3), place(9))
    others = rules.delivered(Entry(sent=message(0)), place(9))

    assert rules.undelivered(mine).state is State.SENT
    assert rules.undelivered(others).state is State.WAITING


def test_a_message_in_flight_keeps_its_transaction_when_its_log_comes_again_elsewhere() -> None:
    in_flight = rules.carried(Entry(sent=message(0)), 3)
    again = message(0, block=6)

    assert rules.observed(in_flight, again) == evolve(in_flight, sent=again)


def test_a_log_that_was_taken_back_or_too_old_waits_anew_when_it_comes_again() -> None:
    for over in (rules.taken_back(Entry(sent=message(0))), rules.expired(Entry(sent=message(0)))):
        assert rules.observed(over, message(0, block=6)) == Entry(sent=message(0, block=6))
