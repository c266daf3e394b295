"""A desk over a store in memory with messages of two lanes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from attrs import frozen

from tests import factories
from xl2.app.standing import Standings
from xl2.core.lane import Lane
from xl2.core.storage_proof import LogKind
from xl2.core.types import Assurance, BlockNumber, ChainId, MessageId, Wei
from xl2.operator.client import Direct
from xl2.operator.desk import Desk
from xl2.operator.routes import Asked
from xl2.operator.values import Check, Explained, Fact
from xl2.ports import Cursor, Log, Place, Record, Sent
from xl2.store import SqliteStore
from xl2.testing import ManualClock

SETTLED = factories.lane()
ATTESTED = factories.lane(assurance=Assurance.ATTESTED)
NAMES = {901: "op-a", 902: "op-b"}


@frozen(kw_only=True)
class Scene:
    """What a test asks."""

    desk: Desk
    store: SqliteStore
    clock: ManualClock
    #: Ids of the settled lane, by nonce.
    ids: tuple[MessageId, ...]

    async def ask(self, method: str, path: str, /, **asked: Any) -> Any:
        """The answer of a route, as JSON."""
        return await Direct(self.desk).ask(method, path, Asked(**asked))


@asynccontextmanager
async def scene(settled: int = 5, attested: int = 2, **changed: Any) -> AsyncIterator[Scene]:
    """Messages on both lanes, all observed."""
    clock = ManualClock()
    async with SqliteStore(":memory:") as store:
        sent = [await observed(store, SETTLED, settled, clock), await observed(store, ATTESTED, attested, clock)]
        standing = Standings(store=store, clock=clock, name=_name).all
        parts: dict[str, Any] = {"carried": lambda: (SETTLED,), "standing": standing, **changed}
        desk = Desk(store=store, clock=clock, name=_name, why=_why, started=clock.now(), **parts)
        yield Scene(desk=desk, store=store, clock=clock, ids=tuple(one.message.id for one in sent[0]))


async def observed(store: SqliteStore, lane: Lane, count: int, clock: ManualClock) -> list[Sent]:
    """So many messages of a lane, in the store."""
    place = Place(
        block=BlockNumber(7),
        block_hash=factories.some_hash("block"),
        tx_hash=factories.some_hash("transaction"),
        log_index=0,
    )
    sent = [Sent(message=one, place=place) for one in factories.messages(count, on=lane, fee=Wei(10**21))]
    cursor = Cursor(log=Log(lane=lane, kind=LogKind.LANE), block=place.block, block_hash=place.block_hash)
    await store.observe(cursor, sent, clock.now())
    return sent


def check(*, ok: bool) -> Check:
    """Something that was looked at."""
    return Check(what="store", ok=ok, said="it writes" if ok else "no space left", remedy="" if ok else "Make room.")


def _name(chain: ChainId) -> str:
    return NAMES[chain]


async def _why(record: Record) -> Explained:
    return Explained(
        id=record.sent.message.id,
        state=record.state,
        cause="nobody has delivered it",
        since=record.since,
        unblocks="Time.",
        next_attempt=record.due,
        attempts=record.attempts,
        facts=(Fact(name="proven", said="can be shown now"),),
    )
