"""Codecs are one to one: what is written is read back, and no byte of a wire can change unnoticed."""

from collections.abc import Callable
from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import lane, some_address
from xl2.core.attestation import AttestedProof, Signature
from xl2.core.lane import Lane, head_after
from xl2.core.message import GWEI, MAX_GAS_LIMIT, Message
from xl2.core.receipt import Delivered, Expired, parse_receipt
from xl2.core.segment import Segment
from xl2.core.settlement import Entry, ExpiredMessage, Settlement, Unopened
from xl2.core.storage import LaneWord
from xl2.core.types import Address, Assurance, BlockNumber, ChainId, Hash32, MessageId, Nonce, Timestamp, Wei
from xl2.errors import ProofInvalid, Refused

CHAINS = st.integers(1, 2**64 - 1).map(ChainId)
#: A few accounts that come again, and any other: neighbours on the wire share them or not.
ADDRESSES = st.one_of(
    st.sampled_from([some_address("a"), some_address("b")]), st.binary(min_size=20, max_size=20).map(Address)
)
HASHES = st.binary(min_size=32, max_size=32).map(Hash32)
IDS = HASHES.map(MessageId)
FEES = st.one_of(st.just(0), st.integers(0, (2**96 - 1) // GWEI)).map(lambda gwei: Wei(gwei * GWEI))
ASSURANCES = st.sampled_from(Assurance)
LANES = st.builds(Lane, origin=CHAINS, outbox=ADDRESSES, destination=CHAINS, inbox=ADDRESSES, assurance=ASSURANCES)


@st.composite
def messages(draw: st.DrawFn, on: Lane, nonce: int) -> Message:
    return Message(
        allow_no_code=draw(st.booleans()),
        assurance=on.assurance,
        origin=on.origin,
        destination=on.destination,
        nonce=Nonce(nonce),
        outbox=on.outbox,
        inbox=on.inbox,
        sender=draw(ADDRESSES),
        recipient=draw(ADDRESSES.filter(any)),
        gas_limit=draw(st.sampled_from([0, 21_000, MAX_GAS_LIMIT])),
        expiry=Timestamp(draw(st.sampled_from([0, 1, 2**64 - 1]))),
        fee=draw(FEES),
        payload=draw(st.binary(max_size=40)),
    )


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    on = draw(LANES)
    count = draw(st.integers(1, 5))
    first = draw(st.one_of(st.integers(0, 600), st.integers(0, 2**40 - count)))
    return Segment(
        lane=on,
        first=Nonce(first),
        start=draw(HASHES),
        messages=tuple(draw(messages(on, nonce)) for nonce in range(first, first + count)),
        suffix=tuple(draw(st.lists(IDS, max_size=3))),
    )


DELIVERED = st.builds(
    Delivered,
    page=st.one_of(st.just(0), st.integers(0, 2**32 - 1)),
    bitmap=st.one_of(
        st.integers(0, 255).map(lambda index: 1 << index),
        st.tuples(st.integers(0, 255), st.integers(0, 255)).map(lambda run: (2 << max(run)) - (1 << min(run))),
        st.integers(1, 2**256 - 1),
    ),
    payee=ADDRESSES,
    fees=FEES,
)
ENTRIES: st.SearchStrategy[Entry] = st.one_of(
    DELIVERED,
    st.builds(Unopened, hash=HASHES),
    st.builds(
        ExpiredMessage,
        header=st.binary(min_size=163, max_size=163),
        start=HASHES,
        following=st.lists(IDS, max_size=3).map(tuple),
    ),
)
SETTLEMENTS = st.builds(
    Settlement,
    destination=CHAINS,
    assurance=ASSURANCES,
    first=st.integers(0, 2**40 - 1),
    start=HASHES,
    entries=st.lists(ENTRIES, min_size=1, max_size=5).map(tuple),
)


def reader(of: Segment) -> Callable[[bytes], Segment]:
    return lambda wire: Segment.parse(wire, destination=of.lane.destination, inbox=of.lane.inbox)


def shown(of: Segment | Settlement) -> tuple[Any, ...]:
    """What evidence is asked for: the log by what names it, the head and its count."""
    if isinstance(of, Segment):
        return of.lane.log, of.head, of.end
    return of.destination, of.assurance, of.head, of.end


@st.composite
def touched(draw: st.DrawFn, wire: bytes) -> bytes:
    """Other bytes: one changed, some cut out, put in, or moved."""
    at = draw(st.integers(0, len(wire) - 1))
    size = draw(st.integers(1, 40))
    other = draw(
        st.sampled_from(
            (
                wire[:at] + bytes((wire[at] ^ draw(st.integers(1, 255)),)) + wire[at + 1 :],
                wire[:at] + wire[at + size :],
                wire[:at] + draw(st.binary(min_size=size, max_size=size)) + wire[at:],
                wire[:at] + wire[at + size :] + wire[at : at + size],
            )
        )
    )
    return other if other != wire else wire + b"\0"


@given(segments())
def test_a_segment_is_read_back_as_it_was_written(segment: Segment) -> None:
    assert reader(segment)(segment.encode()) == segment


@given(SETTLEMENTS)
def test_a_settlement_is_read_back_as_it_was_written(settlement: Settlement) -> None:
    assert Settlement.parse(settlement.encode()) == settlement


@given(st.data())
def test_touched_bytes_of_a_segment_lead_to_another_head_or_are_refused(data: st.DataObject) -> None:
    segment = data.draw(segments())
    wire = data.draw(touched(segment.encode()))
    try:
        other = reader(segment)(wire)
    except ProofInvalid:
        return

    assert other == segment or shown(other) != shown(segment)


@given(st.data())
def test_touched_bytes_of_a_settlement_lead_to_another_head_or_are_refused(data: st.DataObject) -> None:
    settlement = data.draw(SETTLEMENTS)
    wire = data.draw(touched(settlement.encode()))
    try:
        other = Settlement.parse(wire)
    except ProofInvalid:
        return

    # An expired message's way to the lane log is not hashed into the receipt log: it leads to a head of its own.
    assert [e.hash for e in other.entries] == [e.hash for e in settlement.entries] or shown(other) != shown(settlement)
    if shown(other) == shown(settlement):
        assert [lane_head(e) for e in other.entries] != [
            lane_head(e) for e in settlement.entries
        ] or other == settlement


def lane_head(entry: Entry) -> Hash32 | None:
    return entry.lane_head if isinstance(entry, ExpiredMessage) else None


@given(segments(), segments())
def test_two_segments_never_share_their_bytes_nor_their_head(one: Segment, other: Segment) -> None:
    on_one_lane = evolve(
        other,
        lane=one.lane,
        messages=tuple(
            evolve(
                m,
                origin=one.lane.origin,
                outbox=one.lane.outbox,
                destination=one.lane.destination,
                inbox=one.lane.inbox,
                assurance=one.lane.assurance,
            )
            for m in other.messages
        ),
    )

    assert (one == on_one_lane) == (one.encode() == on_one_lane.encode())
    assert (one.start, one.messages, one.suffix) == (on_one_lane.start, on_one_lane.messages, on_one_lane.suffix) or (
        one.head != on_one_lane.head
    )


@given(st.binary(max_size=400))
def test_no_bytes_make_a_parser_fail_otherwise_than_by_refusing(wire: bytes) -> None:
    on = lane()
    for parse in (
        lambda: Segment.parse(wire, destination=on.destination, inbox=on.inbox),
        lambda: Settlement.parse(wire),
        lambda: parse_receipt(wire),
        lambda: Message.parse(wire, b""),
        lambda: Lane.parse(wire),
        lambda: AttestedProof.parse(wire, signers=5),
    ):
        try:
            parse()
        except Refused:
            continue


@given(LANES)
def test_a_lane_and_a_message_are_read_back(on: Lane) -> None:
    assert Lane.parse(on.encode()) == on


@given(st.data(), LANES)
def test_a_message_is_read_back_and_no_byte_of_its_header_is_free(data: st.DataObject, on: Lane) -> None:
    message = data.draw(messages(on, 7))
    wire = data.draw(touched(message.header))

    assert Message.parse(message.header, message.payload) == message
    try:
        assert Message.parse(wire, message.payload).id != message.id
    except Refused:
        return


@given(st.one_of(DELIVERED, st.builds(Expired, id=IDS)))
def test_a_receipt_is_read_back_and_has_the_size_of_its_kind(receipt: Delivered | Expired) -> None:
    entry = receipt.encode()

    assert parse_receipt(entry) == receipt
    assert len(entry) == (70 if isinstance(receipt, Delivered) else 33)


@given(st.sets(st.integers(0, 255), min_size=1), st.integers(0, 2**32 - 1))
def test_a_receipts_nonces_are_the_set_it_was_made_of(indices: set[int], page: int) -> None:
    nonces = [Nonce(256 * page + index) for index in sorted(indices)]
    receipt = Delivered.of(reversed(nonces), payee=some_address("payee"), fees=Wei(0))

    assert receipt.nonces == tuple(nonces)
    assert receipt.page == page


@given(ADDRESSES, st.integers(0, 2**40 - 1), st.integers(0, 2**56 - 1))
def test_a_lane_word_is_unpacked_as_it_was_packed(inbox: Address, count: int, gwei: int) -> None:
    word = LaneWord(inbox=inbox, count=count, escrow=Wei(gwei * GWEI))

    assert LaneWord.unpack(word.pack()) == word


@given(
    st.lists(ADDRESSES, min_size=3, max_size=6),
    st.lists(st.tuples(st.integers(0, 2**256 - 1), st.integers(1, 2**254), st.integers(0, 1)), max_size=3),
    st.integers(0, 2**64 - 1),
)
def test_an_attested_proof_is_read_back(signers: list[Address], signed: list[tuple[int, int, int]], block: int) -> None:
    proof = AttestedProof(
        block=BlockNumber(block),
        signers=tuple(signers),
        signatures=tuple(Signature(index=i, r=r, s=s, y_parity=y) for i, (r, s, y) in enumerate(signed)),
    )

    assert AttestedProof.parse(proof.encode(), signers=len(signers)) == proof


@given(st.lists(HASHES, max_size=8), st.data())
def test_a_head_commits_to_every_entry_and_its_place(entries: list[Hash32], data: st.DataObject) -> None:
    start = lane().log
    other = data.draw(st.permutations(entries) | st.lists(HASHES, max_size=8))

    assert (head_after(start, entries) == head_after(start, other)) == (entries == other)
    cut = data.draw(st.integers(0, len(entries)))
    assert head_after(head_after(start, entries[:cut]), entries[cut:]) == head_after(start, entries)
