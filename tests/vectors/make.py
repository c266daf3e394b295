"""
Make the golden vectors: `python -m tests.vectors.make` writes tests/vectors/*.json from xl2.core.

A vector pins version 1 of the protocol. A diff in one of these files is a change of the protocol, never a detail: both
the contracts' tests and `tests/unit/core/test_vectors.py` read them. What the fields say stands in README.md here.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from attrs import evolve
from eth_account import Account

from tests.factories import gwei, lane, message, messages, segment, some_address, some_hash, some_id
from xl2.core.attestation import Attestation, AttestedProof, Signature, signers_hash
from xl2.core.evidence import Head
from xl2.core.interop import InteropAddress
from xl2.core.lane import PAGE_SIZE, Lane, head_after
from xl2.core.message import MAX_GAS_LIMIT, Message
from xl2.core.receipt import Delivered, Expired, Receipt
from xl2.core.segment import Segment
from xl2.core.settlement import Settlement, Unopened, opened
from xl2.core.storage import LaneWord, lane_page_slot, lane_slot, receipt_page_slot, receipt_slot
from xl2.core.transfer import Transfer
from xl2.core.types import Address, Assurance, BlockNumber, ChainId, Nonce, Timestamp, address, checksum, hex_text

HERE = Path(__file__).parent

#: One flat object of a file: names to text, where integers and bytes are hex with 0x.
Vector = dict[str, str]

_LANES = {
    "settled": lane(),
    "attested": lane(assurance=Assurance.ATTESTED),
    "optimistic": lane(assurance=Assurance.OPTIMISTIC),
    "ethereum to base": lane(origin=ChainId(1), destination=ChainId(8453)),
    "largest chain ids": lane(origin=ChainId(2**64 - 1), destination=ChainId(2**64 - 2)),
}

_MESSAGES = {
    "plain": message(),
    "every field set": message(
        nonce=7, allow_no_code=True, gas_limit=123_456, expiry=1_800_000_000, fee=gwei(3), payload=bytes(range(100))
    ),
    "empty payload": message(nonce=1, payload=b""),
    "largest fields": message(
        on=_LANES["largest chain ids"],
        nonce=2**40 - 1,
        gas_limit=MAX_GAS_LIMIT,
        expiry=2**64 - 1,
        fee=(2**96 - 1) // gwei(1) * gwei(1),
        payload=b"\xff" * 300,
    ),
    "attested": message(on=_LANES["attested"], fee=gwei(1)),
}


_ADDRESSES = {
    "mainnet": InteropAddress(chain=ChainId(1), account=some_address("account")),
    "two bytes of chain id": InteropAddress(chain=ChainId(902), account=some_address("account")),
    "largest chain id": InteropAddress(chain=ChainId(2**64 - 1), account=some_address("account")),
    "zero account": InteropAddress(chain=ChainId(10), account=Address(bytes(20))),
}

_TRANSFERS = {
    "one token": Transfer(sender=_ADDRESSES["mainnet"], recipient=some_address("recipient"), amount=10**18),
    "least": Transfer(sender=_ADDRESSES["largest chain id"], recipient=some_address("recipient"), amount=1),
    "most": Transfer(sender=_ADDRESSES["mainnet"], recipient=some_address("recipient"), amount=2**112 - 1),
}


def vectors() -> dict[str, list[Vector]]:
    """All files: name without `.json` to its vectors."""
    return {
        "lanes": [_lane(name, of) for name, of in _LANES.items()],
        "messages": [_message(name, of) for name, of in _MESSAGES.items()],
        "logs": [_log(count) for count in (0, 1, 2, 255, 256, 257, 600)],
        "lane_words": [_lane_word(*fields) for fields in ((0, 0), (1, 0), (2**40 - 1, 2**56 - 1), (600, 77))],
        "segments": list(_segments()),
        "segments_refused": list(_segments_refused()),
        "receipts": [_receipt(name, of) for name, of in _receipts().items()],
        "settlements": list(_settlements()),
        "settlements_refused": list(_settlements_refused()),
        "attestations": list(_attestations()),
        "addresses": [_address(name, of) for name, of in _ADDRESSES.items()],
        "addresses_refused": list(_addresses_refused()),
        "transfers": [_transfer(name, of) for name, of in _TRANSFERS.items()],
    }


def text(of: dict[str, list[Vector]], name: str) -> str:
    """Content of one file."""
    return json.dumps(of[name], indent=2, ensure_ascii=False) + "\n"


def _lane(name: str, of: Lane) -> Vector:
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


def _message(name: str, of: Message) -> Vector:
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


def _log(count: int) -> Vector:
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


def _lane_word(count: int, escrow_gwei: int) -> Vector:
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
        "ids": _joined(m.id for m in of.messages),
        "suffix": _joined(of.suffix),
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


def _segments() -> Iterable[Vector]:
    five = messages(5)
    yield _segment("one message, first of its lane", segment(five[:1]))
    yield _segment("one message, last of its lane", segment(five[4:], before=five[:4]))
    yield _segment("one message in the middle", segment(five[2:3], before=five[:2], after=five[3:]))
    yield _segment("each flag", segment(_mixed()))
    yield _segment("attested lane", segment(messages(2, on=_LANES["attested"])))
    page = messages(258)
    yield _segment("to a page head", segment(page[254:256], before=page[:254]))
    yield _segment("over a page's end", segment(page[254:257], before=page[:254], after=page[257:]))
    yield _segment("a hundred", segment(page[:100]))


def _refused(name: str, wire: bytes, why: str) -> Vector:
    return {"name": name, "wire": hex_text(wire), "why": why}


def _segments_refused() -> Iterable[Vector]:
    wire = segment(_mixed(), after=messages(1, first=7)).encode()
    first_flag = 8 + 20 + 1 + 5 + 2 + 2 + 32
    yield _refused("empty", b"", "no byte of it is there")
    yield _refused("header only", wire[:first_flag], "messages are missing")
    yield _refused("one byte short", wire[:-1], "the last id is cut")
    yield _refused("one byte long", wire + b"\0", "a byte is left over")
    yield _refused("one id long", wire + some_hash("id"), "an id is left over")
    yield _refused("no message", wire[:34] + b"\0\0" + wire[36:], "count is zero")
    yield _refused("class 3", wire[:28] + b"\3" + wire[29:], "there is no such class")
    for bit in (4, 5, 6, 7):
        flag = wire[first_flag] | 1 << bit
        yield _refused(f"flag bit {bit}", _with(wire, first_flag, flag), "the bit has no meaning")
    for bit, what in ((1, "sender"), (2, "recipient"), (3, "limits")):
        flag = wire[first_flag] & ~(1 << bit)
        yield _refused(f"first without {what}", _with(wire, first_flag, flag), "the first message gives every field")


def _receipts() -> dict[str, Receipt]:
    payee = some_address("payee")
    return {
        "one nonce": Delivered.of([Nonce(0)], payee=payee, fees=gwei(1)),
        "last of a page": Delivered.of([Nonce(511)], payee=payee, fees=gwei(0)),
        "a run": Delivered.of(map(Nonce, range(256, 356)), payee=payee, fees=gwei(100)),
        "a whole page": Delivered.of(map(Nonce, range(256)), payee=payee, fees=gwei(256)),
        "every other nonce": Delivered.of(map(Nonce, range(0, 256, 2)), payee=payee, fees=gwei(128)),
        "largest": Delivered.of([Nonce(2**40 - 1), Nonce(2**40 - 256)], payee=payee, fees=gwei((2**96 - 1) // gwei(1))),
        "expired": Expired(id=message(expiry=1).id),
    }


def _receipt(name: str, of: Receipt) -> Vector:
    delivered = of if isinstance(of, Delivered) else None
    expired = of if isinstance(of, Expired) else None
    return {
        "name": name,
        "page": hex(delivered.page if delivered else 0),
        "bitmap": hex(delivered.bitmap if delivered else 0),
        "payee": checksum(delivered.payee if delivered else some_address("nobody")),
        "fees": hex(delivered.fees if delivered else 0),
        "id": hex_text(expired.id if expired else bytes(32)),
        "entry": hex_text(of.encode()),
        "hash": hex_text(of.hash),
    }


def _settlement(name: str, of: Settlement) -> Vector:
    shared = lane(assurance=of.assurance)
    return {
        "name": name,
        "origin": hex(shared.origin),
        "outbox": checksum(shared.outbox),
        "inbox": checksum(shared.inbox),
        "destination": hex(of.destination),
        "assurance": hex(of.assurance),
        "segment": hex_text(of.encode()),
        "receiptLog": hex_text(shared.receipt_log),
        "first": hex(of.first),
        "entries": hex(len(of.entries)),
        "start": hex_text(of.start),
        "head": hex_text(of.head),
        "end": hex(of.end),
        "hashes": _joined(entry.hash for entry in of.entries),
    }


def _settlement_of(*entries: Receipt | Unopened, first: int = 0) -> Settlement:
    """Settlement of a lane on which messages 0 to 4 were sent; 2 expired."""
    five = messages(5, expiry=1)
    before = head_after(lane().receipt_log, map(some_id, range(first)))
    shown = opened(
        five[2], start=head_after(lane().log, (m.id for m in five[:2])), following=tuple(m.id for m in five[3:])
    )
    return Settlement(
        destination=lane().destination,
        assurance=lane().assurance,
        first=first,
        start=before,
        entries=tuple(shown if isinstance(entry, Expired) else entry for entry in entries),
    )


def _settlements() -> Iterable[Vector]:
    receipts = _receipts()
    one, run, scattered = receipts["one nonce"], receipts["a run"], receipts["every other nonce"]
    hidden = Unopened(hash=some_hash("hidden"))
    assert isinstance(one, Delivered)
    yield _settlement("one nonce", _settlement_of(one))
    yield _settlement("one run", _settlement_of(run))
    yield _settlement("one scattered bitmap", _settlement_of(scattered))
    yield _settlement("a page whole", _settlement_of(receipts["a whole page"]))
    yield _settlement("expired", _settlement_of(receipts["expired"]))
    yield _settlement("unopened before and after", _settlement_of(hidden, one, hidden, first=300))
    yield _settlement("each flag", _settlement_of(one, run, scattered, receipts["expired"], hidden, one, first=7))
    singles = [evolve(one, bitmap=1 << index) for index in range(100)]
    yield _settlement("a hundred singles", _settlement_of(*singles))


def _settlements_refused() -> Iterable[Vector]:
    receipts = _receipts()
    one, run = receipts["one nonce"], receipts["a run"]
    wire = _settlement_of(one, run).encode()
    first_tag = 8 + 1 + 5 + 2 + 32
    yield _refused("empty", b"", "no byte of it is there")
    yield _refused("one byte short", wire[:-1], "the last entry is cut")
    yield _refused("one byte long", wire + b"\0", "a byte is left over")
    yield _refused("no entry", wire[:14] + b"\0\0" + wire[16:first_tag], "count is zero")
    yield _refused("class 3", wire[:8] + b"\3" + wire[9:], "there is no such class")
    yield _refused("tag 3", _with(wire, first_tag, wire[first_tag] | 3), "there is no such kind")
    yield _refused("tag bit 7", _with(wire, first_tag, wire[first_tag] | 1 << 7), "the bit has no meaning")
    yield _refused("bitmap form 3", _with(wire, first_tag, wire[first_tag] | 3 << 5), "there is no such form")
    for bit, what in ((2, "page"), (3, "payee"), (4, "fees")):
        tag = wire[first_tag] & ~(1 << bit)
        yield _refused(f"first without {what}", _with(wire, first_tag, tag), "the first delivered gives every field")
    backwards = wire[:-2] + wire[-1:] + wire[-2:-1]
    yield _refused("run backwards", backwards, "its last nonce is before its first")
    unopened = _settlement_of(Unopened(hash=some_hash("hidden"))).encode()
    yield _refused("unopened with a flag", _with(unopened, first_tag, 1 << 2), "an unopened entry is tagged zero")
    expired = _settlement_of(receipts["expired"]).encode()
    yield _refused("expired with a flag", _with(expired, first_tag, 2 | 1 << 3), "an expired entry is tagged two")
    yield _refused("expired, one id short", expired[:-32], "an id is missing")


def _attestations() -> Iterable[Vector]:
    # A verifier names its signers in rising order of their addresses.
    keys = sorted((index.to_bytes(32) for index in range(1, 6)), key=lambda key: address(Account.from_key(key).address))
    signers = tuple(address(Account.from_key(key).address) for key in keys)
    heads = {
        "lane log": Head(log=lane().log, head=segment(messages(3)).head, count=3),
        "receipt log": Head(log=lane().receipt_log, head=some_hash("head"), count=2**40 - 1),
    }
    for name, head in heads.items():
        attestation = Attestation(
            head=head, block=BlockNumber(123_456), chain=lane().destination, contract=some_address("attested heads")
        )
        signatures = tuple(
            Signature.of(index, bytes(Account.unsafe_sign_hash(attestation.digest, keys[index]).signature))
            for index in (0, 2, 3)
        )
        proof = AttestedProof(block=attestation.block, signers=signers, signatures=signatures)
        yield {
            "name": name,
            "chain": hex(attestation.chain),
            "contract": checksum(attestation.contract),
            "log": hex_text(head.log),
            "head": hex_text(head.head),
            "count": hex(head.count),
            "block": hex(attestation.block),
            "digest": hex_text(attestation.digest),
            "signers": _joined(signers),
            "signersHash": hex_text(signers_hash(signers)),
            "threshold": hex(len(signatures)),
            "proof": hex_text(proof.encode()),
        }


def _address(name: str, of: InteropAddress) -> Vector:
    return {
        "name": name,
        "chain": hex(of.chain),
        "account": checksum(of.account),
        "interoperable": hex_text(of.encode()),
    }


def _addresses_refused() -> Iterable[Vector]:
    wire = InteropAddress(chain=ChainId(902), account=some_address("account")).encode()
    account = wire[-20:]
    prefix = wire[:4]
    yield _refused("empty", b"", "no byte of it is there")
    yield _refused("cut", wire[:-1], "the address is cut")
    yield _refused("one byte long", wire + b"\0", "a byte is left over")
    yield _refused("version 2", _with(wire, 1, 2), "there is no such version")
    yield _refused("another chain type", _with(wire, 3, 2), "the chain is no EIP-155 chain")
    yield _refused("no chain", prefix + b"\0\x14" + account, "there is no chain id")
    yield _refused("no account", prefix + b"\2\3\x86\0", "there is no address")
    yield _refused("leading zero", prefix + b"\3\0\3\x86\x14" + account, "the chain id has a leading zero")
    yield _refused("chain 0", prefix + b"\1\0\x14" + account, "zero is no chain id")
    yield _refused("nine bytes of chain id", prefix + b"\x09" + b"\1" * 9 + b"\x14" + account, "over 64 bits")
    yield _refused("19 bytes", prefix + b"\2\3\x86\x13" + account[:19], "an address has 20 bytes")


def _transfer(name: str, of: Transfer) -> Vector:
    return {
        "name": name,
        "senderChain": hex(of.sender.chain),
        "senderAccount": checksum(of.sender.account),
        "recipient": checksum(of.recipient),
        "amount": hex(of.amount),
        "payload": hex_text(of.encode()),
    }


def _joined(parts: Iterable[bytes]) -> str:
    return hex_text(b"".join(parts))


def _with(wire: bytes, at: int, byte: int) -> bytes:
    """Put another byte at one place."""
    return wire[:at] + byte.to_bytes(1) + wire[at + 1 :]


def main() -> None:
    """Write all files."""
    made = vectors()
    for name in made:
        (HERE / f"{name}.json").write_text(text(made, name), encoding="utf-8")


if __name__ == "__main__":
    main()
