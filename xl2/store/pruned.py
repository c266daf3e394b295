"""
Pruned: what is over, and was over for long, goes from the rows.

Promise: what a room may yet ask for stays. A page of messages is kept whole while one on it may yet be delivered or
refunded, as a segment's suffix and what follows an expired message never leave their page; else what a receipt speaks
of that is not settled is kept, and what is over goes. The last page stays, as the log goes on from it. Receipts go when
all they speak of has gone; one that is not settled stays with its page and the one before, by which it is proven back,
and so does the last settled one with all behind it. Of the journal goes what has its nonce used. Each function is one
piece of a transaction, of so many rows that nobody waits long for it.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

from xl2.core.lane import PAGE_SIZE, Lane, page_of, page_start
from xl2.core.lifecycle import State
from xl2.core.receipt import Delivered, Expired, parse_receipt
from xl2.core.types import Address, Hash32, MessageId, Wei
from xl2.store.rest import Rest
from xl2.store.session import Row, Session, among, first
from xl2.store.settled import mark_of

#: Pages that are looked at, and receipts, in one transaction.
_PAGES = 32
_RECEIPTS = 1_000
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
    over, kept = await _over(db, (place, low, high), before)
    if over:
        named, expired = await _spoken_of(db, place, low, high)
        over -= named
        kept |= expired
    pages: dict[int, set[int]] = defaultdict(set)
    for nonce in over:
        pages[page_of(nonce)].add(nonce)
    gone = [await _forget(db, place, page, nonces) for page, nonces in sorted(pages.items()) if page not in kept]
    return sum(gone), high


async def receipts(db: Session, lane: Lane, from_place: int) -> int | None:
    """Let receipts from an index on go that speak of nothing any more; from where to go on, None at the end."""
    place = lane.encode()
    found = await db.fetch(
        "SELECT place, data FROM entries WHERE lane = ?1 AND place >= ?2 AND place < ?3 ORDER BY place LIMIT ?4",
        place,
        from_place,
        await mark_of(db, place) - 1,
        _RECEIPTS,
    )
    if found:
        kept = await _proven_by(db, place, found[0][0], found[-1][0])
        looked_at = [row for row in found if not kept.intersection((page_of(row[0]), page_of(row[0] + 1)))]
        speaks = await _speaking(db, place, looked_at)
        over = [(place, row[0]) for row in looked_at if row[0] not in speaks]
        await db.many("DELETE FROM entries WHERE lane = ?1 AND place = ?2", over)
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


async def _over(db: Session, pages: tuple[bytes, int, int], before: float) -> tuple[set[int], set[int]]:
    """Nonces of messages that ended before, and pages that are kept whole."""
    found = await db.fetch(f"SELECT nonce, state, since FROM messages WHERE {_IN_PAGES} AND stands = 1", *pages)
    over, kept = set[int](), set[int]()
    for nonce, state, since in found:
        if state in _ENDED and since < before:
            over.add(nonce)
        elif state != State.CONFIRMED or since >= before:
            # What is confirmed wants nothing of its neighbours: it is a receipt that is proven back.
            kept.add(page_of(nonce))
    return over, kept


async def _spoken_of(db: Session, lane: bytes, low: int, high: int) -> tuple[set[int], set[int]]:
    """
    Of these nonces, those that receipts say were delivered; and pages of those that they say expired.

    Of receipts that are not settled: found by what they speak of, those of other pages aside; the plus keeps the index
    by place from being taken.
    """
    sql = (
        "SELECT data FROM entries WHERE lane = ?1 AND data >= ?2 AND data < ?3 "
        "AND (left_open = 1 OR +place >= coalesce((SELECT upto FROM settled WHERE lane = ?1), 0))"
    )
    delivered = await db.fetch(sql, lane, _before_deliveries(low), _before_deliveries(high))
    entries = [parse_receipt(row[0]) for row in [*delivered, *await db.fetch(sql, lane, *_EXPIRED)]]
    expired = [one.id for one in entries if not isinstance(one, Delivered)]
    nonces: Sequence[Sequence[int]] = await among(db, "SELECT nonce FROM messages WHERE id IN ({ids})", expired)
    named: set[int] = {nonce for one in entries if isinstance(one, Delivered) for nonce in one.nonces}
    return named, {page_of(row[0]) for row in nonces}


def _before_deliveries(nonce: int) -> bytes:
    """In the order of their bytes, deliveries of the nonce's page and of all behind it stand after this."""
    return Delivered(page=page_of(nonce), bitmap=1, payee=_NOBODY, fees=Wei(0)).encode()[:6]


async def _proven_by(db: Session, lane: bytes, low: int, last: int) -> set[int]:
    """Pages of receipts that are left open, of all that hold a place of these, or the one behind it."""
    sql = "SELECT place FROM entries WHERE lane = ?1 AND left_open = 1 AND place >= ?2 AND place < ?3"
    pages = page_start(page_of(low)), page_start(page_of(last + 1) + 1)
    return {page_of(row[0]) for row in await db.fetch(sql, lane, *pages)}


async def _speaking(db: Session, lane: bytes, found: Sequence[Row]) -> set[int]:
    """Places of receipts, given with their bytes, that are of messages that are here."""
    of = [(row[0], parse_receipt(row[1])) for row in found]
    pages = {one.page for _, one in of if isinstance(one, Delivered)}
    here = {page: await _nonces(db, lane, page) for page in pages}
    expired = {one.id for _, one in of if not isinstance(one, Delivered)}
    ids = {bytes(row[0]) for row in await among(db, "SELECT id FROM messages WHERE id IN ({ids})", sorted(expired))}
    return {
        place
        for place, one in of
        if (not here[one.page].isdisjoint(one.nonces) if isinstance(one, Delivered) else one.id in ids)
    }


async def _nonces(db: Session, lane: bytes, page: int) -> set[int]:
    """Those of a page that are here."""
    return {row[0] for row in await _within(db, "nonce", (lane, page_start(page), page_start(page + 1)))}


async def _forget(db: Session, lane: bytes, page: int, nonces: Collection[int]) -> int:
    """All that is known of these nonces of a page, what a reorg took back among it."""
    pages = lane, page_start(page), page_start(page + 1)
    found = [row for row in await _within(db, "nonce, id, state, stands", pages) if row[0] in nonces]
    sql = "DELETE FROM steps WHERE lane = ?1 AND nonce = ?2 AND message = ?3"
    await db.many(sql, [(lane, nonce, one) for nonce, one, _, _ in found])
    await db.many("DELETE FROM messages WHERE id = ?1", [(one,) for _, one, _, _ in found])
    standing = Counter(str(state) for _, _, state, stands in found if stands)
    await db.many(
        "UPDATE tallies SET messages = messages - ?3 WHERE lane = ?1 AND state = ?2",
        [(lane, state, messages) for state, messages in sorted(standing.items())],
    )
    return len(found)


async def _within(db: Session, columns: str, pages: tuple[bytes, int, int]) -> list[Row]:
    """Of messages in a range of nonces: those that stand and those that do not, by an index each."""
    sql = f"SELECT {columns} FROM messages WHERE {_IN_PAGES} AND stands = {{stands}}"
    return [row for stands in (1, 0) for row in await db.fetch(sql.format(stands=stands), *pages)]
