"""Vectors of messages: lanes, headers, logs, the outbox's words, and segments on the wire."""

from collections.abc import Iterable

from attrs import evolve

from tests.factories import gwei, lane, message, messages, segment, some_address, some_hash, some_id
from tests.vectors.vector import Vector, joined, refused, with_byte
from xl2.core.lane import PAGE_SIZE, Lane, head_after
from xl2.core.message import MAX_GAS_LIMIT, Message
from xl2.core.segment import Segment
from xl2.core.storage import LaneWord, lane_page_slot, lane_slot, receipt_page_slot, receipt_slot
from xl2.core.types import Assurance, ChainId, Nonce, Timestamp, checksum, hex_text

LANES = {
    "settled": lane(),
    "attested": lane(assurance=Assurance.ATTESTED),
    "optimistic": lane(assurance=Assurance.OPTIMISTIC),
    "ethereum to base": lane(origin=ChainId(1), destination=ChainId(8453)),
    "largest chain ids": lane(origin=ChainId(2**64 - 1), destination=ChainId(2**64 - 2)),
}

MESSAGES = {
    "plain": message(),
    "every field set": message(
        nonce=7, allow_no_code=True, gas_limit=123_456, expiry=1_800_000_000, fee=gwei(3), payload=bytes(range(100))
    ),
    "empty payload": message(nonce=1, payload=b""),
    "largest fields": message(
        on=LANES["largest chain ids"],
        nonce=2**40 - 1,
        gas_limit=MAX_GAS_LIMIT,
        expiry=2**64 - 1,
        fee=(2**96 - 1) // gwei(1) * gwei(1),
        payload=b"\xff" * 300,
    ),
    "attested": message(on=LANES["attested"], fee=gwei(1)),
}


def lane_vector(name: str, of: Lane) -> Vector:
    return {
        "name": name,
        "origin": hex(of.origin),
        "outbox": checksum(of.outbox),
        "destination": hex(of.destination),
        "inbox": checksum(of.inbox),
        "assurance": hex(of.assurance),
        "lane": hex_text(of.encode()),
        "log": hex_text(of.log),
        "receiptLog": hex_text(of.receipt_log),
        "laneSlot": hex_text(lane_slot(of)),
        "lanePageSlot1": hex_text(lane_page_slot(of, 1)),
        "lanePageSlot70000": hex_text(lane_page_slot(of, 70_000)),
        "receiptSlot": hex_text(receipt_slot(of)),
        "receiptPageSlot1": hex_text(receipt_page_slot(of, 1)),
        "receiptPageSlot70000": hex_text(receipt_page_slot(of, 70_000)),
    }


def message_vector(name: str, of: Message) -> Vector:
    return {
        "name": name,
        "allowNoCode": hex(of.allow_no_code),
        "assurance": hex(of.assurance),
        "origin": hex(of.origin),
        "destination": hex(of.destination),
        "nonce": hex(of.nonce),
        "outbox": checksum(of.outbox),
        "inbox": checksum(of.inbox),
        "sender": checksum(of.sender),
        "recipient": checksum(of.recipient),
        "gasLimit": hex(of.gas_limit),
        "expiry": hex(of.expiry),
        "fee": hex(of.fee),
        "payload": hex_text(of.payload),
        "header": hex_text(of.header),
        "id": hex_text(of.id),
    }


def log_vector(count: int) -> Vector:
    """Log of the entries keccak256(uint256 0), keccak256(uint256 1), ..."""
    start = lane().log
    last_page = count // PAGE_SIZE
    return {
        "name": f"{count} entries",
        "log": hex_text(start),
        "count": hex(count),
        "head": hex_text(head_after(start, map(some_id, range(count)))),
        "lastPage": hex(last_page),
        "lastPageHead": hex_text(head_after(start, map(some_id, range(last_page * PAGE_SIZE)))),
    }


def lane_word_vector(count: int, escrow_gwei: int) -> Vector:
    word = LaneWord(inbox=lane().inbox, count=count, escrow=gwei(escrow_gwei))
    return {
        "name": f"{count} sent, {escrow_gwei} gwei",
        "inbox": checksum(word.inbox),
        "count": hex(word.count),
        "escrowGwei": hex(escrow_gwei),
        "word": hex_text(word.pack()),
    }


def _segment(name: str, of: Segment) -> Vector:
    return {
        "name": name,
        "destination": hex(of.lane.destination),
        "inbox": checksum(of.lane.inbox),
        "segment": hex_text(of.encode()),
        "log": hex_text(of.lane.log),
        "assurance": hex(of.lane.assurance),
        "first": hex(of.first),
        "messages": hex(len(of.messages)),
        "start": hex_text(of.start),
        "head": hex_text(of.head),
        "end": hex(of.end),
        "ids": joined(m.id for m in of.messages),
        "suffix": joined(of.suffix),
        "firstHeader": hex_text(of.messages[0].header),
        "firstPayload": hex_text(of.messages[0].payload),
        "lastHeader": hex_text(of.messages[-1].header),
        "lastPayload": hex_text(of.messages[-1].payload),
    }


def _mixed(first: int = 0) -> tuple[Message, ...]:
    """Neighbours that share some fields and not others, so that each flag of the wire occurs."""
    same = message(nonce=first, fee=gwei(5), expiry=2_000_000_000)
    return (
        same,
        evolve(same, nonce=Nonce(first + 1)),
        evolve(same, nonce=Nonce(first + 2), sender=some_address("another sender"), payload=b""),
        evolve(same, nonce=Nonce(first + 3), recipient=some_address("another recipient"), payload=b"\0" * 257),
        evolve(same, nonce=Nonce(first + 4), gas_limit=50_000),
        evolve(same, nonce=Nonce(first + 5), fee=gwei(6), allow_no_code=True),
        evolve(same, nonce=Nonce(first + 6), expiry=Timestamp(0)),
    )


def segments() -> Iterable[Vector]:
    five = messages(5)
    yield _segment("one message, first of its lane", segment(five[:1]))
    yield _segment("one message, last of its lane", segment(five[4:], before=five[:4]))
    yield _segment("one message in the middle", segment(five[2:3], before=five[:2], after=five[3:]))
    yield _segment("each flag", segment(_mixed()))
    yield _segment("attested lane", segment(messages(2, on=LANES["attested"])))
    page = messages(258)
    yield _segment("to a page head", segment(page[254:256], before=page[:254]))
    yield _segment("over a page's end", segment(page[254:257], before=page[:254], after=page[257:]))
    yield _segment("a hundred", segment(page[:100]))


def segments_refused() -> Iterable[Vector]:
    wire = segment(_mixed(), after=messages(1, first=7)).encode()
    first_flag = 8 + 20 + 1 + 5 + 2 + 2 + 32
    yield refused("empty", b"", "no byte of it is there")
    yield refused("header only", wire[:first_flag], "messages are missing")
    yield refused("one byte short", wire[:-1], "the last id is cut")
    yield refused("one byte long", wire + b"\0", "a byte is left over")
    yield refused("one id long", wire + some_hash("id"), "an id is left over")
    yield refused("no message", wire[:34] + b"\0\0" + wire[36:], "count is zero")
    yield refused("class 3", wire[:28] + b"\3" + wire[29:], "there is no such class")
    for bit in (4, 5, 6, 7):
        flag = wire[first_flag] | 1 << bit
        yield refused(f"flag bit {bit}", with_byte(wire, first_flag, flag), "the bit has no meaning")
    for bit, what in ((1, "sender"), (2, "recipient"), (3, "limits")):
        flag = wire[first_flag] & ~(1 << bit)
        yield refused(f"first without {what}", with_byte(wire, first_flag, flag), "the first message gives every field")
