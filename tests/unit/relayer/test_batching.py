"""Batching: a batch is as large as its gas allows, as far as deliveries have told what messages take."""

from attrs import evolve

from xl2.core.message import MAX_PAYLOAD_SIZE, MAX_TX_GAS, Message
from xl2.core.segment import Segment, packed_size
from xl2.core.types import Nonce
from xl2.flow.prove import BYTE_GAS, BatchLimits
from xl2.relayer.batching import Batching
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
