"""
Pruned: what is over, and was over for long, goes from the rows.

Promise: what a room may yet ask for stays. Messages go by whole pages, all of whose messages are settled or refunded
and of which no receipt speaks that is not settled: a segment's suffix and what follows an expired message never leave
their page. The last page stays, as the log goes on from it. Receipts go when all they speak of has gone; the last
settled one stays with all behind it, as the next settlement starts from its head. Of the journal goes what has its
nonce used. Each function is one piece of a transaction, of so many rows that nobody waits long for it.
"""

from collections import Counter
from collections.abc import Sequence

from xl2.core.lane import PAGE_SIZE, Lane, page_of, page_start
from xl2.core.lifecycle import State
from xl2.core.receipt import Delivered, Expired, parse_receipt
from xl2.core.types import Address, Hash32, MessageId, Wei
from xl2.store.rest import Rest
from xl2.store.session import Row, Session, among, first

#: Pages that are looked at, and receipts, in one transaction.
_PAGES = 32
_RECEIPTS = 1_000
#: More than stand on any page.
_ALL = 1 << 62
_NOBODY = Address(bytes(20))
#: In the order of their bytes, all expiries stand between these.
_EXPIRED = tuple(Expired(id=MessageId(Hash32(bytes([fill]) * 32))).encode() for fill in (0x00, 0xFF))

_ENDED = (State.SETTLED, State.REFUNDED)
_IN_PAGES = "lane = ?1 AND nonce >= ?2 AND nonce < ?3"


async def messages(db: Session, lane: Lane, before: float, from_nonce: int) -> tuple[int, int | None]:
    """Let messages from a nonce on go that ended before; how many, and from where to go on, None at the end."""
    place = lane.encode()
    tip = await first(db, "SELECT max(nonce) FROM messages WHERE lane = ?1 AND stands = 1", place)
    lowest = await _first_ended(db, place, from_nonce)
    if tip is None or lowest is None or page_of(tip[0]) == page_of(lowest):
        return 0, None
    low = page_start(page_of(lowest))
    high = min(low + _PAGES * PAGE_SIZE, page_start(page_of(tip[0])))
    whole = await db.fetch(
        f"SELECT nonce / {PAGE_SIZE} FROM messages WHERE {_IN_PAGES} AND stands = 1 AND state IN (?4, ?5) "
        f"AND since < ?6 GROUP BY nonce / {PAGE_SIZE} HAVING count(*) = {PAGE_SIZE}",
        place,
        low,
        high,
        *_ENDED,
        before,
    )
    if not whole:
        return 0, high
    spoken_of = await _spoken_of(db, place, low, high)
    gone = 0
    for page in sorted({int(row[0]) for row in whole} - spoken_of):
        gone += await _forget(db, place, page * PAGE_SIZE, (page + 1) * PAGE_SIZE)
    return gone, high


async def receipts(db: Session, lane: Lane, from_place: int) -> int | None:
    """Let receipts from an index on go that speak of nothing any more; from where to go on, None at the end."""
    place = lane.encode()
    found = await db.fetch(
        "SELECT place, data FROM entries WHERE lane = ?1 AND place >= ?2 "
        "AND place < (SELECT upto - 1 FROM settled WHERE lane = ?1) ORDER BY place LIMIT ?3",
        place,
        from_place,
        _RECEIPTS,
    )
    over = [row[0] for row in found if not await _speaks(db, place, row[1])]
    await db.many("DELETE FROM entries WHERE lane = ?1 AND place = ?2", [(place, one) for one in over])
    return found[-1][0] + 1 if len(found) == _RECEIPTS else None


async def journal(db: Session, before: float) -> int:
    """Let transactions go whose nonce was used before."""
    return await db.execute("DELETE FROM transactions WHERE state <> 'open' AND ended < ?1", before)


async def _first_ended(db: Session, lane: bytes, from_nonce: int) -> int | None:
    """Lowest nonce of a message that is over: found by an index, past whatever waits."""
    sql = (
        "SELECT min(nonce) FROM messages WHERE lane = ?1 AND state = ?2 AND resting = ?3 AND stands = 1 AND nonce >= ?4"
    )
    rests = [(state, rest) for state in _ENDED for rest in Rest]
    found = [await first(db, sql, lane, *rest, from_nonce) for rest in rests]
    return min((int(row[0]) for row in found if row is not None and row[0] is not None), default=None)


async def _spoken_of(db: Session, lane: bytes, low: int, high: int) -> set[int]:
    """
    Of pages of these nonces, those of messages of which receipts speak that are not settled.

    One receipt that waits keeps the mark before all behind it, so they are found by what they speak of, those of other
    pages aside; the plus keeps the index by place from being taken.
    """
    sql = (
        "SELECT data FROM entries WHERE lane = ?1 AND data >= ?2 AND data < ?3 "
        "AND +place >= coalesce((SELECT upto FROM settled WHERE lane = ?1), 0)"
    )
    delivered = await db.fetch(sql, lane, _before_deliveries(low), _before_deliveries(high))
    entries = [parse_receipt(row[0]) for row in [*delivered, *await db.fetch(sql, lane, *_EXPIRED)]]
    expired = [one.id for one in entries if not isinstance(one, Delivered)]
    nonces: Sequence[Sequence[int]] = await among(db, "SELECT nonce FROM messages WHERE id IN ({ids})", expired)
    return {one.page for one in entries if isinstance(one, Delivered)} | {row[0] // PAGE_SIZE for row in nonces}


def _before_deliveries(nonce: int) -> bytes:
    """In the order of their bytes, deliveries of the nonce's page and of all behind it stand after this."""
    return Delivered(page=nonce // PAGE_SIZE, bitmap=1, payee=_NOBODY, fees=Wei(0)).encode()[:6]


async def _speaks(db: Session, lane: bytes, data: bytes) -> bool:
    """Whether a receipt is of messages that are here."""
    receipt = parse_receipt(data)
    if isinstance(receipt, Delivered):
        low = page_start(receipt.page)
        return bool(await _within(db, "1", (lane, low, low + PAGE_SIZE), 1))
    return await first(db, "SELECT 1 FROM messages WHERE id = ?1", receipt.id) is not None


async def _forget(db: Session, lane: bytes, low: int, high: int) -> int:
    """All that is known of a range of nonces, what a reorg took back among it."""
    found = await _within(db, "nonce, id, state, stands", (lane, low, high), _ALL)
    sql = "DELETE FROM steps WHERE lane = ?1 AND nonce = ?2 AND message = ?3"
    await db.many(sql, [(lane, nonce, one) for nonce, one, _, _ in found])
    await db.many("DELETE FROM messages WHERE id = ?1", [(one,) for _, one, _, _ in found])
    standing = Counter(str(state) for _, _, state, stands in found if stands)
    await db.many(
        "UPDATE tallies SET messages = messages - ?3 WHERE lane = ?1 AND state = ?2",
        [(lane, state, messages) for state, messages in sorted(standing.items())],
    )
    return len(found)


async def _within(db: Session, columns: str, pages: tuple[bytes, int, int], limit: int) -> list[Row]:
    """Of messages in a range of nonces: those that stand and those that do not, by an index each, so many of each."""
    sql = f"SELECT {columns} FROM messages WHERE {_IN_PAGES} AND stands = {{stands}} LIMIT ?4"
    return [row for stands in (1, 0) for row in await db.fetch(sql.format(stands=stands), *pages, limit)]
