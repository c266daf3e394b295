"""
Observing: events and storage of a chain tell one story, whatever range they are asked for in.

Promise checked: `xl2.ports.Origin`, `Chain.log_state`.
"""

from xl2.core.hashing import keccak
from xl2.core.lane import Lane, head_after
from xl2.core.storage_proof import LogKind
from xl2.core.types import Assurance, BlockNumber, MessageId
from xl2.ports import Log
from xl2.testing.conformance.subject import Subject, expect


class Observing:
    """Checks of what is seen on the home chain."""

    async def test_a_message_is_seen_once_with_the_fields_that_its_id_commits_to(self, subject: Subject) -> None:
        """By its block and by its id, and in the block that it says."""
        home, lane = subject.home, await _lane(subject)
        sent = await subject.send(lane, b"seen once")
        at = sent.place.block

        there = [one for one in await home.sent(lane, at, at) if one.message.id == sent.message.id]
        expect(there == [sent], f"block {at} shows {there} for the message {sent}")
        expect(Lane.of(sent.message) == lane, f"it was sent on {lane} and is of {Lane.of(sent.message)}")
        expect(sent.message.payload == b"seen once", f"its payload is {sent.message.payload!r}")
        found = await home.find_sent(sent.message.id)
        expect(found == sent, f"by its id it is {found}, by its block {sent}")
        block = await home.block(at)
        expect(block.hash == sent.place.block_hash, f"block {at} is {block.hash.hex()}, not the one it names")
        receipt = await home.tx_receipt(sent.place.tx_hash)
        expect(
            receipt is not None and receipt.succeeded and receipt.block == at,
            f"its transaction's receipt is {receipt}",
        )

    async def test_an_id_that_was_never_sent_is_none_and_no_error(self, subject: Subject) -> None:
        """Absence is an answer."""
        found = await subject.home.find_sent(MessageId(keccak(b"never sent")))
        expect(found is None, f"a made-up id was found: {found}")

    async def test_ranges_that_are_cut_tell_the_same_as_one(self, subject: Subject) -> None:
        """Each block alone, and all at once: the same messages in nonce order."""
        home, lane = subject.home, await _lane(subject)
        three = [await subject.send(lane, bytes((n,))) for n in range(3)]
        first, last = three[0].place.block, three[-1].place.block

        whole = list(await home.sent(lane, first, last))
        blocks = [BlockNumber(at) for at in range(first, last + 1)]
        parts = [one for at in blocks for one in await home.sent(lane, at, at)]
        expect(whole == parts, f"blocks {first} to {last} show {len(whole)} messages, one by one {len(parts)}")
        nonces = [one.message.nonce for one in whole]
        expect(nonces == list(range(nonces[0], nonces[0] + len(nonces))), f"their nonces are {nonces}")
        ours = [one.message.id for one in three]
        expect([one.message.id for one in whole if one.message.id in ours] == ours, "not in the order they were sent")

    async def test_storage_holds_the_head_that_the_events_lead_to(self, subject: Subject) -> None:
        """The hash chain of all messages of a lane, recomputed, at a final block."""
        home, lane = subject.home, await _lane(subject)
        at = await subject.until_final(await subject.send(lane, b"counted"))
        log = Log(lane=lane, kind=LogKind.LANE)

        state = await home.log_state(log, at)
        ids = [one.message.id for one in await home.sent(lane, BlockNumber(0), at)]
        expect(state.count == len(ids), f"storage counts {state.count} messages at block {at}, events {len(ids)}")
        head = head_after(lane.log, ids)
        expect(state.head == head, f"storage holds head {state.head.hex()}, events lead to {head.hex()}")


async def _lane(subject: Subject) -> Lane:
    return await subject.lane(Assurance.SETTLED)
