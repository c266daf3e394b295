"""Batching: a batch is as large as its gas allows, as far as deliveries have told what messages take."""

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from xl2.core.message import MAX_GAS_LIMIT, MAX_PAYLOAD_SIZE, MAX_TX_GAS, Message
from xl2.core.segment import Segment, packed_size
from xl2.core.types import Nonce
from xl2.flow.prove import BYTE_GAS, BatchLimits, fitting
from xl2.relayer.choosing.batching import Batching, reaches
from xl2.testing import World

MOST = BatchLimits()


def segment(count: int, gas_limit: int = 100_000) -> Segment:
    lane = World().lane(901, 902)
    messages = tuple(
        Message(
            assurance=lane.assurance,
            origin=lane.origin,
            destination=lane.destination,
            nonce=Nonce(nonce),
            outbox=lane.outbox,
            inbox=lane.inbox,
            sender=lane.outbox,
            recipient=lane.inbox,
            gas_limit=gas_limit,
            payload=b"hello",
        )
        for nonce in range(count)
    )
    return Segment(lane=lane, first=Nonce(0), start=lane.log, messages=messages)


def test_more_go_out_at_once_when_deliveries_were_cheap() -> None:
    batching = Batching(most=MOST)
    before = batching.limits.messages

    for _ in range(9):
        batching.delivered(before, before * 5_000)

    assert batching.limits.messages > 2 * before


def test_fewer_go_out_at_once_when_a_delivery_was_dear() -> None:
    batching = Batching(most=MOST)
    before = batching.limits.messages

    batching.delivered(10, 10 * 150_000)

    assert batching.limits.messages < before // 2


def test_what_was_too_much_is_halved_and_grows_back() -> None:
    batching = Batching(most=MOST)

    batching.too_much(segment(40))
    after = batching.limits.messages
    for _ in range(9):
        batching.delivered(batching.limits.messages, batching.limits.messages * 9_000)

    assert after == 20
    assert batching.limits.messages > 100


def test_a_delivery_has_the_dearest_limit_in_reserve_and_stays_a_tenth_below_the_cap() -> None:
    batching = Batching(most=MOST)

    small, large = segment(3).messages, segment(900, gas_limit=9_000_000).messages

    assert batching.gas_limit(small) >= 3 * batching.message_gas + 100_000 * 64 // 63
    assert 9_000_000 * 64 // 63 < batching.gas_limit(large) <= MAX_TX_GAS * 9 // 10


def test_a_delivery_of_long_payloads_has_the_gas_that_its_bytes_alone_must_have() -> None:
    (message,) = segment(1).messages
    long = evolve(message, payload=b"\xa5" * MAX_PAYLOAD_SIZE)

    assert Batching(most=BatchLimits()).gas_limit([long]) >= 21_000 + BYTE_GAS * MAX_PAYLOAD_SIZE


def test_the_packed_size_is_the_one_on_the_wire() -> None:
    one, three = segment(1), segment(3)

    grown = sum(packed_size(three.messages[place], three.messages[place - 1]) for place in (1, 2))

    assert len(three.encode()) - len(one.encode()) == grown
    assert len(one.encode()) == packed_size(one.messages[0], None) + 8 + 20 + 1 + 5 + 2 + 2 + 32


#: What a sender may choose, its edges above all.
GAS_LIMITS = st.one_of(
    st.sampled_from([0, 1, 200_000, MAX_GAS_LIMIT - 1, MAX_GAS_LIMIT]), st.integers(0, MAX_GAS_LIMIT)
)
SIZES = st.one_of(st.sampled_from([0, 1, MAX_PAYLOAD_SIZE]), st.integers(0, MAX_PAYLOAD_SIZE))


@st.composite
def neighbours(draw: st.DrawFn) -> list[Message]:
    """Messages of one lane by nonce, some of them missing."""
    (pattern,) = segment(1).messages
    nonce, found = 0, []
    for gas_limit, size, gap in draw(
        st.lists(st.tuples(GAS_LIMITS, SIZES, st.sampled_from([1, 1, 1, 2])), min_size=1, max_size=12)
    ):
        nonce += gap
        found.append(evolve(pattern, nonce=Nonce(nonce), gas_limit=gas_limit, payload=bytes(size)))
    return found


@st.composite
def learned(draw: st.DrawFn) -> Batching:
    """After deliveries that took what a test says, and some that were too much."""
    batching = Batching(most=MOST)
    for gas_used in draw(st.lists(st.one_of(st.none(), st.integers(0, MAX_TX_GAS)), max_size=6)):
        if gas_used is None:
            batching.too_much(segment(3))
        else:
            batching.delivered(batching.limits.messages, gas_used)
    return batching


@given(learned(), neighbours())
def test_no_delivery_comes_within_a_tenth_of_the_gas_that_a_transaction_may_have(
    batching: Batching, messages: list[Message]
) -> None:
    chosen = messages[: fitting(messages, batching.limits)]

    assert 10 * batching.gas_limit(chosen) <= 9 * MAX_TX_GAS


@given(learned(), st.integers(1, 600), GAS_LIMITS)
def test_many_small_messages_stay_below_it_too(batching: Batching, count: int, gas_limit: int) -> None:
    messages = segment(count, gas_limit).messages
    chosen = messages[: fitting(messages, batching.limits)]

    assert chosen
    assert 10 * batching.gas_limit(chosen) <= 9 * MAX_TX_GAS


@given(learned(), neighbours(), st.integers(1, 5))
def test_how_far_a_delivery_reaches_is_the_same_from_every_place_as_one_by_one(
    batching: Batching, messages: list[Message], most: int
) -> None:
    assert reaches((), batching.limits) == []
    for limits in (batching.limits, evolve(batching.limits, messages=most)):
        ends = reaches(messages, limits)

        assert ends == [place + fitting(messages[place:], limits) for place in range(len(messages))]
        assert ends == sorted(ends)
