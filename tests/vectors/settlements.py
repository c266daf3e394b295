"""Vectors of what becomes of messages: receipts, and settlements on the wire."""

from collections.abc import Iterable

from attrs import evolve

from tests.factories import gwei, lane, message, messages, some_address, some_hash, some_id
from tests.vectors.vector import Vector, joined, refused, with_byte
from xl2.core.lane import head_after
from xl2.core.receipt import Delivered, Expired, Receipt
from xl2.core.settlement import Settlement, Unopened, opened
from xl2.core.types import Nonce, checksum, hex_text


def receipts() -> dict[str, Receipt]:
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


def receipt_vector(name: str, of: Receipt) -> Vector:
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
        "hashes": joined(entry.hash for entry in of.entries),
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


def settlements() -> Iterable[Vector]:
    known = receipts()
    one, run, scattered = known["one nonce"], known["a run"], known["every other nonce"]
    hidden = Unopened(hash=some_hash("hidden"))
    assert isinstance(one, Delivered)
    yield _settlement("one nonce", _settlement_of(one))
    yield _settlement("one run", _settlement_of(run))
    yield _settlement("one scattered bitmap", _settlement_of(scattered))
    yield _settlement("a page whole", _settlement_of(known["a whole page"]))
    yield _settlement("expired", _settlement_of(known["expired"]))
    yield _settlement("unopened before and after", _settlement_of(hidden, one, hidden, first=300))
    yield _settlement("each flag", _settlement_of(one, run, scattered, known["expired"], hidden, one, first=7))
    singles = [evolve(one, bitmap=1 << index) for index in range(100)]
    yield _settlement("a hundred singles", _settlement_of(*singles))


def settlements_refused() -> Iterable[Vector]:
    known = receipts()
    one, run = known["one nonce"], known["a run"]
    wire = _settlement_of(one, run).encode()
    first_tag = 8 + 1 + 5 + 2 + 32
    yield refused("empty", b"", "no byte of it is there")
    yield refused("one byte short", wire[:-1], "the last entry is cut")
    yield refused("one byte long", wire + b"\0", "a byte is left over")
    yield refused("no entry", wire[:14] + b"\0\0" + wire[16:first_tag], "count is zero")
    yield refused("class 3", wire[:8] + b"\3" + wire[9:], "there is no such class")
    yield refused("tag 3", with_byte(wire, first_tag, wire[first_tag] | 3), "there is no such kind")
    yield refused("tag bit 7", with_byte(wire, first_tag, wire[first_tag] | 1 << 7), "the bit has no meaning")
    yield refused("bitmap form 3", with_byte(wire, first_tag, wire[first_tag] | 3 << 5), "there is no such form")
    for bit, what in ((2, "page"), (3, "payee"), (4, "fees")):
        tag = wire[first_tag] & ~(1 << bit)
        yield refused(f"first without {what}", with_byte(wire, first_tag, tag), "the first delivered gives every field")
    backwards = wire[:-2] + wire[-1:] + wire[-2:-1]
    yield refused("run backwards", backwards, "its last nonce is before its first")
    unopened = _settlement_of(Unopened(hash=some_hash("hidden"))).encode()
    yield refused("unopened with a flag", with_byte(unopened, first_tag, 1 << 2), "an unopened entry is tagged zero")
    expired = _settlement_of(known["expired"]).encode()
    yield refused("expired with a flag", with_byte(expired, first_tag, 2 | 1 << 3), "an expired entry is tagged two")
    yield refused("expired, one id short", expired[:-32], "an id is missing")
