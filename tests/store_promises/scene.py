"""What tests of a store speak of: a lane, its messages, blocks and transactions."""

from collections.abc import Callable, Sequence

from tests import factories
from xl2.core.receipt import Expired
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, MessageId, Wei
from xl2.ports import Cursor, Entry, Log, Place, Record, Sent, SignedTransaction, Transaction
from xl2.store import SqlStore
from xl2.testing import MemorySigner

LANE = factories.lane()
LANE_LOG = Log(lane=LANE, kind=LogKind.LANE)
RECEIPT_LOG = Log(lane=LANE, kind=LogKind.RECEIPTS)
ALICE = MemorySigner.named("alice")
NOW = 100.0

#: Opens the store of a test, as often as it is asked: each time as another process would.
StoreOf = Callable[[], SqlStore]


def place(block: int) -> Place:
    return Place(
        block=BlockNumber(block),
        block_hash=factories.some_hash(f"block {block}"),
        tx_hash=factories.some_hash(f"transaction in {block}"),
        log_index=3,
    )


def cursor(block: int, log: Log = LANE_LOG) -> Cursor:
    return Cursor(log=log, block=BlockNumber(block), block_hash=factories.some_hash(f"block {block}"))


def sent(count: int, *, first: int = 0, block: int = 7) -> Sequence[Sent]:
    return [Sent(message=one, place=place(block)) for one in factories.messages(count, first=first, fee=Wei(10**9))]


def receipt(index: int = 0, block: int = 4) -> Entry:
    return Entry(lane=LANE, index=index, data=Expired(id=factories.some_id(index)).encode(), place=place(block))


async def signed(tx_nonce: int, fee: int = 10) -> SignedTransaction:
    transaction = Transaction(
        chain=LANE.origin,
        tx_nonce=tx_nonce,
        to=ALICE.address,
        data=b"data",
        value=Wei(2**90),
        gas_limit=21_000,
        max_fee=Wei(fee),
        priority_fee=Wei(1),
    )
    return await ALICE.sign_transaction(transaction, "")


def ids(*nonces: int) -> list[MessageId]:
    messages = sent(max(nonces) + 1)
    return [messages[nonce].message.id for nonce in nonces]


def nonces(records: Sequence[Record]) -> list[int]:
    return [record.sent.message.nonce for record in records]
