"""
Observe: the events of a log's home go into the store, as far as its blocks are final enough.

Promise: what was observed is a log without gap whose head and count are what the contract's storage holds at the
cursor's block; nothing is kept from blocks of two forks. A reorg below the cursor takes back what stood there. A gap,
or events that do not lead to the storage, is told (`ProofInvalid`) and observed anew the next time. When to look is the
pipeline's.
"""

import logging
from collections.abc import Sequence

from attrs import frozen

from xl2.core.evidence import Finality
from xl2.core.lane import head_after
from xl2.core.receipt import parse_receipt
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, Hash32, hex_text
from xl2.errors import Incident, NotYet, ProofInvalid
from xl2.ports import Block, Chain, Cursor, Entry, Log, LogState, Sent, Store

log = logging.getLogger(__name__)

#: Blocks looked at in one go, about three weeks of an OP-Stack chain: bounds what one transaction of the store holds.
#: Storage is read at the last of them, so who is further behind needs an endpoint that keeps old states.
MAX_BLOCKS = 1_000_000


@frozen(kw_only=True)
class Observed:
    """What one look brought."""

    cursor: Cursor
    #: New entries of the log.
    entries: int
    #: New messages, where it is a lane log.
    sent: tuple[Sent, ...] = ()
    #: Entries that a reorg took back.
    taken_back: int
    #: There is more behind the cursor already.
    more: bool


async def observe(chain: Chain, log: Log, store: Store, finality: Finality, now: float) -> Observed | None:
    """
    Look once at a log. None: no block more than before.

    Raises `ProofInvalid` where events and storage differ, `NotYet` where a block changed while it was read, `Incident`
    where a block that was final is gone.
    """
    cursor, known = await store.reached(log)
    newest, taken_back = await chain.head(finality), 0
    following = await _following(chain, cursor, newest)
    if cursor is not None and not _follows(following, cursor) and not await _stands(chain, cursor):
        if finality >= Finality.FINALIZED:
            raise Incident(
                f"block {cursor.block} of chain {log.home} was final, and is another block now",
                remedy="Pause the lane; find out whether the endpoint or the chain broke its word.",
            )
        taken_back = await back_to_fork(chain, store, log, now)
        cursor, known = await store.reached(log)
        newest = await chain.head(finality)
        following = await _following(chain, cursor, newest)
    first = BlockNumber(cursor.block + 1 if cursor else 0)
    if newest.number < first:
        return None
    last = newest if newest.number < first + MAX_BLOCKS else await chain.block(BlockNumber(first + MAX_BLOCKS - 1))
    if cursor is not None and not _follows(following, cursor):
        raise NotYet(f"block {cursor.block} of chain {log.home} changed while it was read")
    after = Cursor(log=log, block=last.number, block_hash=last.hash)
    found: Sequence[Sent | Entry]
    sent: Sequence[Sent] = ()
    if log.kind is LogKind.LANE:
        found = sent = await chain.sent(log.lane, first, last.number)
        await _check(chain, log, known, _ids(sent), last)
        await store.observe(after, sent, now)
    else:
        found = entries = await chain.receipts(log.lane, first, last.number)
        await _check(chain, log, known, _hashes(entries), last)
        await store.observe_receipts(after, entries)
    more = last.number < newest.number
    return Observed(cursor=after, entries=len(found), sent=tuple(sent), taken_back=taken_back, more=more)


async def back_to_fork(chain: Chain, store: Store, seen: Log, now: float) -> int:
    """
    Drop cursors of a log until one is of the chain that stands; how much was taken back.

    Raises `NotYet` where the chain is shorter than a cursor: an endpoint that is behind is no reorg.
    """
    cursor, newest = await store.cursor(seen), None
    taken_back = 0
    while cursor is not None and not await _stands(chain, cursor):
        taken_back += await store.take_back(seen, BlockNumber(cursor.block - 1), now)
        newest, cursor = newest or cursor.block, await store.cursor(seen)
        # Also what stands between the fork and the next cursor: nobody knows on which side of it.
        taken_back += await store.take_back(seen, BlockNumber(cursor.block if cursor else -1), now)
    if newest is not None:
        fields = {"chain": seen.home, "log": seen.kind.name.lower(), "block": newest, "taken_back": taken_back}
        # What was final is told as an incident by who meets it; below that it costs time alone.
        log.info("reorg", extra={"fields": fields})
    return taken_back


async def _check(chain: Chain, log: Log, known: LogState, found: Sequence[tuple[int, Hash32]], last: Block) -> None:
    """Compare what the events lead to with what storage holds at the same block."""
    indices = [index for index, _ in found]
    if indices != list(range(known.count, known.count + len(found))):
        raise ProofInvalid(
            f"events of log {hex_text(log.id)} up to block {last.number} of chain {log.home} have places {indices}, "
            f"next is {known.count}",
            remedy="It is observed again; if this stays, the endpoint leaves events out: ask another one.",
        )
    head = head_after(known.head, (entry for _, entry in found))
    stored, read_at = await chain.log_state_beside(log, last.number)
    if stored != LogState(head=head, count=known.count + len(found)):
        raise ProofInvalid(
            f"events of log {hex_text(log.id)} lead to {known.count + len(found)} entries and head {hex_text(head)}, "
            f"storage at block {last.number} of chain {log.home} holds {stored.count} and {hex_text(stored.head)}",
            remedy="It is observed again; if this stays, the endpoint leaves events out: ask another one.",
        )
    if read_at.hash != last.hash:
        raise NotYet(f"block {last.number} of chain {log.home} changed while it was read")


async def _following(chain: Chain, cursor: Cursor | None, newest: Block) -> Block | None:
    """The block behind a cursor; None before there is a cursor, or such a block."""
    if cursor is None or newest.number <= cursor.block:
        return None
    return newest if newest.number == cursor.block + 1 else await chain.block(BlockNumber(cursor.block + 1))


def _follows(following: Block | None, cursor: Cursor) -> bool:
    """Whether a cursor's block is known to stand, as a block that stands is made on it."""
    return following is not None and following.parent_hash == cursor.block_hash


async def _stands(chain: Chain, cursor: Cursor) -> bool:
    # `NotYet` where the chain is shorter goes on to the caller: an endpoint that is behind is no reorg.
    return (await chain.block(cursor.block)).hash == cursor.block_hash


def _ids(sent: Sequence[Sent]) -> list[tuple[int, Hash32]]:
    return [(one.message.nonce, one.message.id) for one in sent]


def _hashes(entries: Sequence[Entry]) -> list[tuple[int, Hash32]]:
    return [(one.index, parse_receipt(one.data).hash) for one in entries]
