"""Walked: what is settled for good is asked about once, and a log that was changed is looked at anew."""

from collections.abc import Sequence

from tests.unit.flow.walk import Walk
from xl2.core.receipt import Expired
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, Hash32, MessageId
from xl2.flow.walked import Walked
from xl2.ports import Cursor, Entry, Log, Place


async def written(walk: Walk, count: int, *, fork: int) -> Sequence[Entry]:
    """So many receipts in the second block of a fork."""
    block, block_hash = BlockNumber(2), Hash32(bytes([fork]) * 32)
    place = Place(block=block, block_hash=block_hash, tx_hash=Hash32(b"\x02" * 32), log_index=0)
    data = [Expired(id=MessageId(Hash32(bytes([index]) * 32))).encode() for index in range(count)]
    entries = [Entry(lane=walk.lane, index=index, data=one, place=place) for index, one in enumerate(data)]
    log = Log(lane=walk.lane, kind=LogKind.RECEIPTS)
    await walk.store.observe_receipts(Cursor(log=log, block=block, block_hash=block_hash), entries)
    return entries


async def test_what_is_open_is_next_and_behind_it_what_was_never_looked_at(walk: Walk) -> None:
    entries, walked = await written(walk, 8, fork=1), Walked()

    walked.note(entries[:4], [True, False, False, True])
    walked.note(entries[4:6], [False, False])
    found = [walked.next(first) for first in (0, 1, 4, 7)]
    walked.note(entries[3:5], [False, False])

    assert found == [0, 3, 6, 7]
    assert walked.next(1) == 6


async def test_what_begins_behind_a_gap_says_nothing_of_the_gap(walk: Walk) -> None:
    entries, walked = await written(walk, 8, fork=1), Walked()

    walked.note(entries[4:], [False] * 4)

    assert walked.next(0) == 0


async def test_what_the_mark_has_passed_is_over(walk: Walk) -> None:
    entries, walked = await written(walk, 4, fork=1), Walked()
    walked.note(entries, [True, False, True, False])

    await walked.begin(walk.lane, walk.store, 1)

    assert walked.next(0) == 2


async def test_what_was_known_of_receipts_that_were_taken_back_is_forgotten(walk: Walk) -> None:
    entries, walked = await written(walk, 4, fork=1), Walked()
    walked.note(entries, [True, False, False, False])
    await walked.begin(walk.lane, walk.store, 0)
    before = walked.next(1)

    await walk.store.take_back(Log(lane=walk.lane, kind=LogKind.RECEIPTS), BlockNumber(1), walk.clock.now())
    await written(walk, 4, fork=3)
    await walked.begin(walk.lane, walk.store, 0)

    assert (before, walked.next(1)) == (4, 1)
