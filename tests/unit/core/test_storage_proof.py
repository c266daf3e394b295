"""A proof names a log by its lane, and nobody chooses account or slot beside it."""

import orjson
import pytest

from tests.factories import lane, some_hash
from tests.vectors.make import HERE
from xl2.core.hashing import keccak
from xl2.core.header import Header
from xl2.core.storage import lane_page_slot, lane_slot, receipt_page_slot, receipt_slot
from xl2.core.storage_proof import LogKind, LogPlace, cached_proof, inline_proof, pack_nodes, read_nodes, root_proof
from xl2.core.types import BlockNumber, hash32
from xl2.core.wire import Reader
from xl2.errors import ProofInvalid

NODES = (b"n" * 40, b"m" * 32)


def test_log_account_and_slot_follow_from_lane_kind_and_page() -> None:
    of = lane()
    sent, sent_page = LogPlace(lane=of, kind=LogKind.LANE), LogPlace(lane=of, kind=LogKind.LANE, page=3)
    came, came_page = LogPlace(lane=of, kind=LogKind.RECEIPTS), LogPlace(lane=of, kind=LogKind.RECEIPTS, page=3)

    assert [p.log for p in (sent, sent_page, came, came_page)] == [of.log] * 2 + [of.receipt_log] * 2
    assert [p.account for p in (sent, sent_page, came, came_page)] == [of.outbox] * 2 + [of.inbox] * 2
    assert [p.slot for p in (sent, sent_page, came, came_page)] == [
        lane_slot(of),
        lane_page_slot(of, 3),
        receipt_slot(of),
        receipt_page_slot(of, 3),
    ]


def test_a_place_is_63_bytes_and_read_back() -> None:
    place = LogPlace(lane=lane(), kind=LogKind.RECEIPTS, page=2**40 - 1)

    assert len(place.encode()) == 63
    assert LogPlace.read(Reader(place.encode(), "place")) == place
    with pytest.raises(ProofInvalid, match="kind 2"):
        LogPlace.read(Reader(place.encode()[:57] + b"\2" + bytes(5), "place"))
    with pytest.raises(ProofInvalid, match="ends"):
        LogPlace.read(Reader(place.encode()[:-1], "place"))


def test_both_forms_of_a_proof_are_their_parts_side_by_side() -> None:
    place = LogPlace(lane=lane(), kind=LogKind.LANE)
    header, settled = b"h" * 600, some_hash("settled") * 3000
    root = root_proof(l1_header=header, settled=settled, account_nodes=NODES)

    assert root == (600).to_bytes(2) + header + (96_000).to_bytes(3) + settled + pack_nodes(NODES)
    assert inline_proof(place, root=root, storage_nodes=NODES) == b"\1" + place.encode() + root + pack_nodes(NODES)
    assert cached_proof(place, l2_block=BlockNumber(7), storage_nodes=NODES) == (
        b"\0" + place.encode() + (7).to_bytes(8) + pack_nodes(NODES)
    )


def test_the_l1_header_of_a_real_root_proof_gives_its_state_root_and_time() -> None:
    vectors = orjson.loads((HERE / "proofs" / "games.json").read_bytes())
    assert vectors
    for v in vectors:
        proof = bytes.fromhex(v["rootProof"][2:])
        read = Reader(proof, "root proof")
        encoded = read.take(read.uint(2))
        header = Header.parse(encoded, block_hash=keccak(encoded))
        settled, account_nodes = read.take(read.uint(3)), read_nodes(read)
        read.end()

        assert header.state_root == hash32(v["l1StateRoot"]), v["name"]
        assert (header.number, header.timestamp) == (int(v["l1Number"], 16), int(v["l1Timestamp"], 16)), v["name"]
        assert root_proof(l1_header=encoded, settled=settled, account_nodes=account_nodes) == proof, v["name"]
