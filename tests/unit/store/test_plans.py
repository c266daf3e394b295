"""What waits does not slow down what is asked: indexes answer, and nothing that waits is read through or sorted."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.store_promises.scene import ALICE, LANE, LANE_LOG, NOW, RECEIPT_LOG, cursor, sent
from xl2.core.lane import PAGE_SIZE
from xl2.core.lifecycle import State
from xl2.core.receipt import Delivered
from xl2.core.types import Nonce, Wei
from xl2.store import SqliteStore, pruned
from xl2.store.sqlite import SqliteDatabase

RECEIPT = Delivered(page=7, bitmap=1, payee=ALICE.address, fees=Wei(0))
Ask = Callable[[SqliteStore], Awaitable[object]]

ASKED: dict[str, Ask] = {
    "due": lambda store: store.due(LANE, [State.OBSERVED, State.FAILED], NOW, 500),
    "rouse": lambda store: store.rouse(LANE, NOW),
    "backlog": lambda store: store.backlog(),
    "messages": lambda store: store.messages(lane=LANE, states=[State.OBSERVED], after=(LANE, Nonce(1)), limit=50),
    "prune": lambda store: store.prune(LANE, NOW),
    "forget": lambda store: store._run(lambda db: pruned._forget(db, LANE.encode(), 0, range(PAGE_SIZE))),
    "spoken of": lambda store: store._run(lambda db: pruned._spoken_of(db, LANE.encode(), 0, PAGE_SIZE)),
    "over": lambda store: store._run(lambda db: pruned._over(db, (LANE.encode(), 0, PAGE_SIZE), NOW)),
    "proven by": lambda store: store._run(lambda db: pruned._proven_by(db, LANE.encode(), 3, 900)),
    "speaking": lambda store: store._run(lambda db: pruned._speaking(db, LANE.encode(), [(0, RECEIPT.encode())])),
    "unsettled": lambda store: store.unsettled(LANE, 3, 5),
    "mark settled": lambda store: store.mark_settled(LANE, [3, 5]),
    "range": lambda store: store.range(LANE, Nonce(0), Nonce(1)),
    "head": lambda store: store.head(LANE_LOG),
    "receipt head": lambda store: store.head(RECEIPT_LOG),
    "cursor": lambda store: store.cursor(LANE_LOG),
    "entries": lambda store: store.entries(LANE, 3, 5),
    "entry": lambda store: store.entry(LANE, RECEIPT.encode()),
    "words": lambda store: store.words(sent(1)[0].place.tx_hash),
    "prune journal": lambda store: store.prune_journal(NOW),
    "pending": lambda store: store.pending(LANE.origin, ALICE.address),
    "all_pending": lambda store: store.all_pending(),
    "record": lambda store: store.record(sent(1)[0].message.id),
    "last blocks": lambda store: store.last_blocks([one.message.id for one in sent(3)]),
    "steps": lambda store: store.steps(sent(1)[0].message.id),
}


@pytest.mark.parametrize("name", ASKED)
async def test_a_question_is_answered_by_an_index(tmp_path: Path, name: str) -> None:
    path, heard = tmp_path / "store.sqlite", list[str]()
    async with SqliteStore(path) as store:
        await store.observe(cursor(9), sent(3), NOW)
        database = store._database
        assert isinstance(database, SqliteDatabase)
        assert database._connection is not None
        database._connection.set_trace_callback(heard.append)
        await ASKED[name](store)

    statements = [one for one in heard if one.startswith(("SELECT", "UPDATE", "DELETE"))]
    with closing(sqlite3.connect(path)) as db:
        plan = [str(row[3]) for one in statements for row in db.execute(f"EXPLAIN QUERY PLAN {one}")]

    assert statements
    assert not [step for step in plan if "TEMP B-TREE" in step]
    # One row for each state of each lane is few.
    # What is open is few as well, and alone in its index.
    few = ("tallies", "transactions_open")
    assert not [step for step in plan if step.startswith("SCAN") and not any(one in step for one in few)], plan
