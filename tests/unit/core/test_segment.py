"""A segment carries consecutive messages of one lane, a settlement receipts, each as short as it can be."""

import pytest
from attrs import evolve

from tests.factories import gwei, lane, message, messages, segment, some_address, some_hash, some_id
from xl2.core.lane import Lane, closing_page, head_after, index_in_page, page_of, page_start
from xl2.core.message import Message
from xl2.core.receipt import Delivered, Expired, parse_receipt
from xl2.core.segment import Segment
from xl2.core.settlement import ExpiredMessage, Settlement, Unopened, opened
from xl2.core.types import Assurance, Nonce, Wei
from xl2.errors import InvalidInput, ProofInvalid

PAYEE = some_address("payee")
OF = lane()


def settlement(*entries: Unopened | Delivered | ExpiredMessage) -> Settlement:
    return Settlement(
        destination=OF.destination, assurance=OF.assurance, first=0, start=OF.receipt_log, entries=tuple(entries)
    )


def test_a_message_costs_67_bytes_beside_its_payload_and_less_if_it_is_like_the_one_before() -> None:
    first, second = (message(nonce=nonce, payload=b"") for nonce in (0, 1))
    alone, both = segment([first]), segment([first, second])

    assert len(alone.encode()) == 70 + 67
    assert len(both.encode()) == 70 + 67 + 3


@pytest.mark.parametrize(
    "carried",
    [
        (),
        (message(nonce=1), message(nonce=0)),
        (message(nonce=0), message(nonce=2)),
        (message(nonce=0), message(nonce=0)),
        (message(nonce=0), message(nonce=1, outbox=some_address("another outbox"))),
        (message(nonce=0), message(nonce=1, assurance=Assurance.ATTESTED)),
    ],
)
def test_a_gap_a_repeat_or_another_lanes_message_makes_no_segment(carried: tuple[Message, ...]) -> None:
    first = carried[0].nonce if carried else Nonce(0)

    with pytest.raises(InvalidInput, match="segment"):
        Segment(lane=OF, first=first, start=OF.log, messages=carried)


def test_a_suffix_leads_to_the_same_head_as_the_messages_it_stands_for() -> None:
    five = messages(5)
    whole, part = segment(five), segment(five[1:2], before=five[:1], after=five[2:])

    assert (part.head, part.end) == (whole.head, whole.end)
    assert part.end == 5


def test_a_segment_read_at_another_inbox_leads_to_another_log() -> None:
    carried = segment(messages(2))
    elsewhere = Segment.parse(carried.encode(), destination=OF.destination, inbox=some_address("another inbox"))

    assert elsewhere.lane.log != carried.lane.log
    assert elsewhere.head != carried.head


def test_what_no_outbox_sends_is_refused_with_the_reason() -> None:
    wire = bytearray(segment([message(fee=gwei(1))]).encode())
    wire[-len(message().payload) - 3] = 1  # last byte of the fee

    with pytest.raises(ProofInvalid, match=r"what no outbox sends: fee is .* not a whole number of gwei"):
        Segment.parse(bytes(wire), destination=OF.destination, inbox=OF.inbox)


def test_places_on_pages() -> None:
    places = (0, 255, 256, 511, 512)

    assert [page_of(place) for place in places] == [0, 0, 1, 1, 2]
    assert [index_in_page(place) for place in places] == [0, 255, 0, 255, 0]
    assert [page_start(closing_page(place)) for place in places] == [256, 256, 512, 512, 768]


def test_a_receipt_speaks_of_one_page() -> None:
    with pytest.raises(InvalidInput, match="2 pages"):
        Delivered.of([Nonce(255), Nonce(256)], payee=PAYEE, fees=Wei(0))
    with pytest.raises(InvalidInput, match="0 pages"):
        Delivered.of([], payee=PAYEE, fees=Wei(0))
    with pytest.raises(InvalidInput, match="empty"):
        Delivered(page=0, bitmap=0, payee=PAYEE, fees=Wei(0))


def test_an_entry_passes_for_nothing_else() -> None:
    delivered, expired = Delivered.of([Nonce(1)], payee=PAYEE, fees=Wei(0)), Expired(id=some_id(1))

    assert len({len(delivered.encode()), len(expired.encode()), 32, 64}) == 4
    for entry in (delivered.encode()[:-1], expired.encode() + b"\0", b"\x80" + some_id(1), b""):
        with pytest.raises(ProofInvalid):
            parse_receipt(entry)
    with pytest.raises(ProofInvalid, match="empty"):
        parse_receipt(b"\x81" + bytes(69))


@pytest.mark.parametrize(
    ("nonces", "size"),
    [([7], 1), ([255], 1), (range(3, 100), 2), (range(256), 2), ([0, 1], 2), ([0, 2], 32), ([*range(9), 11], 32)],
)
def test_a_bitmap_is_written_in_its_shortest_form(nonces: list[int], size: int) -> None:
    shown = settlement(Delivered.of(map(Nonce, nonces), payee=PAYEE, fees=Wei(0)))

    assert len(shown.encode()) == 48 + 1 + 5 + 20 + 12 + size
    assert Settlement.parse(shown.encode()) == shown


def test_an_unopened_entry_links_like_the_open_one() -> None:
    first = Delivered.of([Nonce(0)], payee=PAYEE, fees=gwei(1))
    second = evolve(first, bitmap=2)

    assert settlement(first, second).head == settlement(Unopened(hash=first.hash), second).head


def test_an_expired_message_brings_its_way_to_the_head_of_the_lane() -> None:
    five = messages(5, expiry=1)
    start = head_after(OF.log, [m.id for m in five[:2]])
    shown = opened(five[2], start=start, following=tuple(m.id for m in five[3:]))

    assert shown.id == five[2].id
    assert shown.hash == Expired(id=five[2].id).hash
    assert shown.lane_head == segment(five).head
    assert Lane.of(five[2]) == settlement(shown).lane(origin=OF.origin, outbox=OF.outbox, inbox=OF.inbox)


def test_what_has_no_room_on_the_wire_is_refused() -> None:
    with pytest.raises(InvalidInput, match="1 to 65535"):
        settlement()
    with pytest.raises(InvalidInput, match="163"):
        ExpiredMessage(header=b"short", start=some_hash("start"))
    with pytest.raises(InvalidInput, match="at most 255"):
        ExpiredMessage(header=bytes(163), start=some_hash("start"), following=tuple(map(some_id, range(256))))
