"""Alice pays Bob: the smallest call there is, and who makes it."""

import asyncio

from tests.unit.flow.walk import until
from xl2.flow.fees import FeeCaps
from xl2.flow.inclusion import Patience
from xl2.flow.submit import JournalledSubmitter, SubmitPolicy
from xl2.ports import Call, Observer, TxReceipt
from xl2.store import SqliteStore
from xl2.testing import ManualClock, MemoryChain, MemorySigner

ALICE = MemorySigner.named("alice")


def transfer(chain: MemoryChain, **fields: object) -> Call:
    given = {"chain": chain.chain, "to": MemorySigner.named("bob").address, "data": b"", "what": "pay bob"}
    return Call(**(given | fields))  # type: ignore[arg-type]


def submitter(
    chain: MemoryChain,
    store: SqliteStore,
    clock: ManualClock,
    *,
    caps: FeeCaps | None = None,
    observer: Observer | None = None,
    **patience: float,
) -> JournalledSubmitter:
    policy = SubmitPolicy(patience=Patience(**patience), caps=caps or FeeCaps())  # type: ignore[arg-type]
    return JournalledSubmitter(chain, ALICE, store, clock, policy, observer=observer)


async def in_the_pool(chain: MemoryChain, by: JournalledSubmitter) -> "asyncio.Task[TxReceipt]":
    """Alice's payment on its way: its node has it, and no block."""
    chain.automine = False
    under_way = asyncio.ensure_future(by.submit(transfer(chain)))
    await until(lambda: bool(chain.broadcasts))
    return under_way
