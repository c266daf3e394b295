"""The golden vectors are what xl2.core computes, and what a second, naive way computes from the specification."""

from typing import Any

import orjson
import pytest
from eth_abi.abi import decode
from eth_abi.packed import encode_packed
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from tests.vectors import make
from xl2.core.interop import InteropAddress
from xl2.core.message import Message
from xl2.core.receipt import parse_receipt
from xl2.core.segment import Segment
from xl2.core.settlement import Settlement
from xl2.core.storage import LaneWord
from xl2.core.transfer import Transfer
from xl2.core.types import ChainId, address, hash32
from xl2.errors import ProofInvalid

MADE = make.vectors()


def stored(name: str) -> list[Any]:
    vectors = orjson.loads((make.HERE / f"{name}.json").read_bytes())
    assert isinstance(vectors, list)
    assert vectors
    return vectors


def raw(value: str) -> bytes:
    return bytes.fromhex(value.removeprefix("0x"))


def packed(*fields: tuple[str, Any]) -> bytes:
    return encode_packed([kind for kind, _ in fields], [value for _, value in fields])


def chain(start: bytes, entries: list[bytes]) -> bytes:
    head = start
    for entry in entries:
        head = keccak(packed(("bytes32", head), ("bytes32", entry)))
    return head


def words(joined: str) -> list[bytes]:
    data = raw(joined)
    return [data[at : at + 32] for at in range(0, len(data), 32)]


@pytest.mark.parametrize("name", sorted(MADE))
def test_the_stored_vectors_are_the_ones_the_core_makes(name: str) -> None:
    assert (make.HERE / f"{name}.json").read_text(encoding="utf-8") == make.text(MADE, name)


def test_no_vector_file_is_without_its_maker() -> None:
    assert {path.stem for path in make.HERE.glob("*.json")} == set(MADE)


def test_a_header_is_its_fields_side_by_side() -> None:
    for v in stored("messages"):
        header = packed(
            ("uint8", 1),
            ("uint8", int(v["allowNoCode"], 16)),
            ("uint8", int(v["assurance"], 16)),
            ("uint64", int(v["origin"], 16)),
            ("uint64", int(v["destination"], 16)),
            ("uint64", int(v["nonce"], 16)),
            ("address", v["outbox"]),
            ("address", v["inbox"]),
            ("address", v["sender"]),
            ("address", v["recipient"]),
            ("uint32", int(v["gasLimit"], 16)),
            ("uint64", int(v["expiry"], 16)),
            ("uint96", int(v["fee"], 16)),
            ("bytes32", keccak(raw(v["payload"]))),
        )

        assert header == raw(v["header"])
        assert keccak(header) == raw(v["id"])
        assert Message.parse(header, raw(v["payload"])).header == header


def test_lanes_name_their_logs_and_slots() -> None:
    for v in stored("lanes"):
        lane = packed(
            ("uint64", int(v["origin"], 16)),
            ("address", v["outbox"]),
            ("uint64", int(v["destination"], 16)),
            ("address", v["inbox"]),
            ("uint8", int(v["assurance"], 16)),
        )
        key = int(v["destination"], 16) * 256 + int(v["assurance"], 16)
        receipt_log = keccak(b"xl2.receipts.v1" + lane)

        def mapped(kind: str, at: Any, mapping: bytes) -> bytes:
            return keccak(packed((kind, at), ("bytes32", mapping)))

        lane_pages = mapped("uint256", key, keccak(text="xl2.outbox.pages"))
        receipt_pages = mapped("bytes32", receipt_log, keccak(text="xl2.inbox.receiptPages"))
        assert raw(v["lane"]) == lane
        assert raw(v["log"]) == keccak(b"xl2.lane.v1" + lane)
        assert raw(v["receiptLog"]) == receipt_log
        assert raw(v["laneSlot"]) == mapped("uint256", key, keccak(text="xl2.outbox.lanes"))
        assert raw(v["receiptSlot"]) == mapped("bytes32", receipt_log, keccak(text="xl2.inbox.receipts"))
        for page in (1, 70_000):
            assert raw(v[f"lanePageSlot{page}"]) == mapped("uint256", page, lane_pages)
            assert raw(v[f"receiptPageSlot{page}"]) == mapped("uint256", page, receipt_pages)


def test_a_lane_word_holds_inbox_count_and_escrow() -> None:
    for v in stored("lane_words"):
        word = int(v["inbox"], 16) + int(v["count"], 16) * 2**160 + int(v["escrowGwei"], 16) * 2**200
        unpacked = LaneWord.unpack(hash32(v["word"]))

        assert int(v["word"], 16) == word
        assert unpacked.count == int(v["count"], 16)
        assert unpacked.escrow == int(v["escrowGwei"], 16) * 10**9
        assert unpacked.inbox == address(v["inbox"])


def test_heads_are_a_hash_chain_over_the_entries() -> None:
    for v in stored("logs"):
        entries = [keccak(number.to_bytes(32)) for number in range(int(v["count"], 16))]

        assert chain(raw(v["log"]), entries) == raw(v["head"])
        assert chain(raw(v["log"]), entries[: 256 * int(v["lastPage"], 16)]) == raw(v["lastPageHead"])


def test_a_segment_leads_from_its_start_over_its_ids_to_its_head() -> None:
    for v in stored("segments"):
        segment = Segment.parse(
            raw(v["segment"]), destination=ChainId(int(v["destination"], 16)), inbox=address(v["inbox"])
        )
        ids, suffix = words(v["ids"]), words(v["suffix"])

        assert chain(raw(v["start"]), ids + suffix) == raw(v["head"])
        assert int(v["end"], 16) == int(v["first"], 16) + len(ids) + len(suffix)
        assert [keccak(m.header) for m in segment.messages] == ids
        assert segment.lane.log == raw(v["log"])
        assert segment.encode() == raw(v["segment"])


def test_what_no_outbox_sends_is_refused_whatever_the_head() -> None:
    for v in stored("segments_refused"):
        with pytest.raises(ProofInvalid):
            Segment.parse(raw(v["wire"]), destination=ChainId(902), inbox=address(b"\1" * 20))


def test_receipts_are_their_fields_side_by_side() -> None:
    for v in stored("receipts"):
        if int(v["id"], 16):
            entry = b"\x82" + raw(v["id"])
        else:
            entry = packed(
                ("uint8", 0x81),
                ("uint40", int(v["page"], 16)),
                ("uint256", int(v["bitmap"], 16)),
                ("address", v["payee"]),
                ("uint96", int(v["fees"], 16)),
            )

        assert entry == raw(v["entry"])
        assert keccak(entry) == raw(v["hash"])
        assert parse_receipt(entry).encode() == entry


def test_a_settlement_leads_from_its_start_over_its_entries_to_its_head() -> None:
    for v in stored("settlements"):
        settlement = Settlement.parse(raw(v["segment"]))

        assert chain(raw(v["start"]), words(v["hashes"])) == raw(v["head"])
        assert int(v["end"], 16) == int(v["first"], 16) + len(words(v["hashes"]))
        assert [entry.hash for entry in settlement.entries] == words(v["hashes"])
        assert settlement.encode() == raw(v["segment"])
        lane = settlement.lane(
            origin=ChainId(int(v["origin"], 16)), outbox=address(v["outbox"]), inbox=address(v["inbox"])
        )
        assert lane.receipt_log == raw(v["receiptLog"])


def test_what_no_inbox_writes_is_refused_whatever_the_head() -> None:
    for v in stored("settlements_refused"):
        with pytest.raises(ProofInvalid):
            Settlement.parse(raw(v["wire"]))


def test_addresses_are_written_as_erc_7930_says() -> None:
    for v in stored("addresses"):
        chain = bytes.fromhex(f"{int(v['chain'], 16):x}".zfill(len(f"{int(v['chain'], 16):x}") + 1 & ~1))
        written = b"\x00\x01\x00\x00" + bytes([len(chain)]) + chain + b"\x14" + raw(v["account"])

        assert written == raw(v["interoperable"])
        assert InteropAddress.parse(written).encode() == written


def test_every_other_spelling_of_an_address_is_refused() -> None:
    for v in stored("addresses_refused"):
        with pytest.raises(ProofInvalid):
            InteropAddress.parse(raw(v["wire"]))


def test_a_transfer_is_three_abi_values() -> None:
    for v in stored("transfers"):
        sender, recipient, amount = decode(["bytes", "bytes", "uint256"], raw(v["payload"]))
        transfer = Transfer.parse(raw(v["payload"]))

        assert (recipient, amount) == (raw(v["recipient"]), int(v["amount"], 16))
        assert InteropAddress.parse(sender) == transfer.sender
        assert transfer.sender.chain == int(v["senderChain"], 16)
        assert transfer.sender.account == raw(v["senderAccount"])


def test_an_attestation_is_signed_as_any_wallet_signs_typed_data() -> None:
    for v in stored("attestations"):
        kinds = (("log", "bytes32"), ("head", "bytes32"), ("count", "uint64"), ("block", "uint64"))
        signable = encode_typed_data(
            {"name": "xl2", "version": "1", "chainId": int(v["chain"], 16), "verifyingContract": v["contract"]},
            {"Head": [{"name": name, "type": kind} for name, kind in kinds]},
            {
                "log": raw(v["log"]),
                "head": raw(v["head"]),
                "count": int(v["count"], 16),
                "block": int(v["block"], 16),
            },
        )
        proof = raw(v["proof"])
        signers = [proof[8 + 20 * index :][:20] for index in range(5)]
        signatures = [proof[8 + 5 * 20 + 65 * place :][:65] for place in range(int(v["threshold"], 16))]

        assert keccak(b"\x19" + signable.version + signable.header + signable.body) == raw(v["digest"])
        assert keccak(b"".join(signers)) == raw(v["signersHash"])
        assert len(proof) == 8 + 5 * 20 + 65 * len(signatures)
        for packed_signature in signatures:
            index, r, vs = packed_signature[0], packed_signature[1:33], int.from_bytes(packed_signature[33:])
            found = Account.recover_message(signable, vrs=(27 + (vs >> 255), int.from_bytes(r), vs % 2**255))
            assert raw(found) == signers[index]
