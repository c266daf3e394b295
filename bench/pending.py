"""
Pending: a store with very many messages that wait.

Comes in: a store and how many. Goes out: how long its questions take, and how much memory. What waits is made here, and
is no message of any chain: the store does not know the difference.
"""

import asyncio
import resource
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import asdict, frozen

from xl2.core.lane import Lane
from xl2.core.lifecycle import Event, State
from xl2.core.message import Message
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, Assurance, BlockNumber, ChainId, Hash32, Nonce, Wei
from xl2.ports import Cursor, Happening, Log, Place, Sent
from xl2.store import SqlStore, open_store

#: Messages that one look observes.
_BATCH = 5_000

LANE = Lane(
    origin=ChainId(901),
    outbox=Address(b"\x01" * 20),
    destination=ChainId(902),
    inbox=Address(b"\x02" * 20),
    assurance=Assurance.ATTESTED,
)


@frozen(kw_only=True)
class Pending:
    """What a store with so many pending messages takes."""

    messages: int
    #: To write them all down as observed.
    observe_per_s: float
    #: From a closed file to the first question answered.
    open_s: float
    #: The next 500 messages, of all that are due, and of all while 100,000 before them rest.
    due_500_s: float
    due_500_past_resting_s: float
    backlog_s: float
    #: Most memory that the process had.
    peak_mb: float


@frozen(kw_only=True)
class Transitions:
    """How fast messages move in a store, in batches of so many."""

    batch: int
    #: Observed, proven, delivered, confirmed, settled: six changes of state a message, all durable.
    per_s: float


async def pending(count: int, place: str, base: Path) -> Pending:
    """Fill a store, and ask it."""
    async with open_store(place, base) as store:
        since = time.perf_counter()
        for first in range(0, count, _BATCH):
            await store.observe(_cursor(first), messages(min(_BATCH, count - first), first), 0.0)
        filled = time.perf_counter() - since
    since = time.perf_counter()
    async with open_store(place, base) as store:
        await store.cursor(Log(lane=LANE, kind=LogKind.LANE))
        opened = time.perf_counter() - since
        due = await _seconds(store, 1.0)
        since = time.perf_counter()
        await store.backlog()
        backlog = time.perf_counter() - since
        resting = await store.range(LANE, Nonce(0), Nonce(min(100_000, count // 10) - 1))
        await store.postpone([one.sent.message.id for one in resting], 1e9, "no head")
        past = await _seconds(store, 2.0)
    return Pending(
        messages=count,
        observe_per_s=count / filled,
        open_s=opened,
        due_500_s=due,
        due_500_past_resting_s=past,
        backlog_s=backlog,
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


async def transitions(count: int, batch: int, place: str, base: Path) -> Transitions:
    """Let messages walk through all their states."""
    walk = (Event.HEAD_SHOWN, Event.DELIVERY, Event.DESTINATION_FINAL, Event.SETTLEMENT)
    async with open_store(place, base) as store:
        since = time.perf_counter()
        for first in range(0, count, batch):
            sent = messages(batch, first)
            await store.observe(_cursor(first), sent, 0.0)
            for event in walk:
                await store.happen(
                    [Happening(id=one.message.id, event=event, chain=LANE.destination) for one in sent], 0.0
                )
        seconds = time.perf_counter() - since
    # `observe` makes two steps of each.
    return Transitions(batch=batch, per_s=count * (len(walk) + 2) / seconds)


def messages(count: int, first: int) -> Sequence[Sent]:
    """Messages of the lane from a nonce on."""
    return [
        Sent(
            message=Message(
                assurance=LANE.assurance,
                origin=LANE.origin,
                destination=LANE.destination,
                nonce=Nonce(first + number),
                outbox=LANE.outbox,
                inbox=LANE.inbox,
                sender=Address(b"\x03" * 20),
                recipient=Address(b"\x04" * 20),
                gas_limit=100_000,
                fee=Wei(10**9),
                payload=b"pending",
            ),
            place=_place(first),
        )
        for number in range(count)
    ]


def _place(block: int) -> Place:
    return Place(block=BlockNumber(block), block_hash=_hash(block), tx_hash=_hash(block), log_index=0)


def _cursor(block: int) -> Cursor:
    return Cursor(log=Log(lane=LANE, kind=LogKind.LANE), block=BlockNumber(block), block_hash=_hash(block))


def _hash(number: int) -> Hash32:
    return Hash32(number.to_bytes(32))


async def _seconds(store: SqlStore, now: float) -> float:
    since = time.perf_counter()
    await store.due(LANE, [State.OBSERVED, State.FAILED], now, 500)
    return time.perf_counter() - since


async def main() -> None:
    """Measure a store in a file."""
    async with AsyncExitStack() as stack:
        base = Path(stack.enter_context(TemporaryDirectory(prefix="xl2-pending-")))
        for batch in (1, 100, 1000):
            print(asdict(await transitions(50 * batch, batch, f"walk-{batch}.sqlite", base)))
        for count in (10_000, 100_000, 1_000_000):
            print(asdict(await pending(count, f"{count}.sqlite", base)))


if __name__ == "__main__":
    asyncio.run(main())
