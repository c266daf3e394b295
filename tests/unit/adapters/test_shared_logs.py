"""Shared logs: lanes that look at the same block cost one reading, and one that leaves ends it for none."""

import asyncio
from collections.abc import Sequence

import pytest

from xl2.core.types import Address, BlockNumber, Hash32
from xl2.errors import RpcUnavailable
from xl2.ports import Place
from xl2_adapters.contracts import shared_logs
from xl2_adapters.contracts.shared_logs import SharedLogs
from xl2_adapters.evm import Evm, Log
from xl2_adapters.rpc import RpcClient

OUTBOX = Address(b"\x01" * 20)
OURS, THEIRS = b"ours", b"theirs"


def log(block: int, whose: bytes = OURS) -> Log:
    place = Place(block=BlockNumber(block), block_hash=Hash32(bytes(32)), tx_hash=Hash32(bytes(32)), log_index=0)
    return Log(topics=(whose,), data=b"", place=place)


def by_topic(logs: Sequence[Log]) -> list[tuple[bytes, tuple[Log, ...]]]:
    return [(one.topics[0], (one,)) for one in logs]


class Slow(Evm):
    """Answers when it is let."""

    def __init__(self) -> None:
        super().__init__(901, RpcClient("http://127.0.0.1:1"))  # type: ignore[arg-type]
        self.asked: list[tuple[int, int]] = []
        self.hash: Hash32 | None = None
        self.answer: asyncio.Future[list[Log]] = asyncio.get_running_loop().create_future()

    def known_hash(self, number: BlockNumber) -> Hash32 | None:
        del number
        return self.hash

    async def logs(
        self, contract: Address, topics: Sequence[Sequence[bytes] | None], first: BlockNumber, last: BlockNumber
    ) -> list[Log]:
        del contract, topics
        self.asked.append((first, last))
        return await asyncio.shield(self.answer)


async def test_lanes_that_ask_at_the_same_time_share_a_reading_and_get_their_own_blocks() -> None:
    evm = Slow()
    shared = SharedLogs(evm, OUTBOX, [], by_topic)
    reads = [asyncio.ensure_future(shared.read(OURS, BlockNumber(first), BlockNumber(9))) for first in (3, 3, 5)]
    await asyncio.sleep(0)
    evm.answer.set_result([log(3), log(5)])

    found = await asyncio.gather(*reads)

    assert evm.asked == [(3, 9)]
    assert [[one.place.block for (one,) in logs] for logs in found] == [[3, 5], [3, 5], [5]]


async def test_each_gets_its_own_in_the_order_of_the_chain() -> None:
    evm = Slow()
    evm.answer.set_result([log(3, THEIRS), log(4), log(5, THEIRS), log(6)])
    shared = SharedLogs(evm, OUTBOX, [], by_topic)

    found = [await shared.read(whose, BlockNumber(3), BlockNumber(9)) for whose in (OURS, THEIRS, b"nobody's")]

    assert [[one.place.block for (one,) in logs] for logs in found] == [[4, 6], [3, 5], []]


async def test_what_was_read_of_a_block_that_nobody_knows_is_read_anew() -> None:
    evm = Slow()
    evm.answer.set_result([])
    shared = SharedLogs(evm, OUTBOX, [], by_topic)

    for _ in range(2):
        await shared.read(OURS, BlockNumber(3), BlockNumber(9))
        await asyncio.sleep(0)

    assert evm.asked == [(3, 9), (3, 9)]


async def test_what_was_just_read_of_the_same_block_serves_and_of_another_of_that_height_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A busy machine may stand still between two readings.
    monkeypatch.setattr(shared_logs, "KEPT_SECONDS", 3_600.0)
    evm = Slow()
    evm.answer.set_result([log(3), log(5)])
    shared = SharedLogs(evm, OUTBOX, [], by_topic)

    evm.hash = Hash32(b"\x01" * 32)
    for first in (3, 5):
        await shared.read(OURS, BlockNumber(first), BlockNumber(9))
        await asyncio.sleep(0)
    evm.hash = Hash32(b"\x02" * 32)
    await shared.read(OURS, BlockNumber(5), BlockNumber(9))

    assert evm.asked == [(3, 9), (5, 9)]


async def test_a_reading_is_let_go_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_logs, "KEPT_SECONDS", 0.0)
    evm = Slow()
    evm.answer.set_result([])
    evm.hash = Hash32(b"\x01" * 32)
    shared = SharedLogs(evm, OUTBOX, [], by_topic)

    await shared.read(OURS, BlockNumber(3), BlockNumber(9))
    while shared._readings:  # noqa: ASYNC110 - until the loop has let go of it
        await asyncio.sleep(0)
    await shared.read(OURS, BlockNumber(3), BlockNumber(9))

    assert evm.asked == [(3, 9), (3, 9)]


async def test_an_error_is_nobodys_a_moment_later() -> None:
    evm = Slow()
    evm.answer.set_exception(RpcUnavailable("gone", endpoint="a"))
    evm.hash = Hash32(b"\x01" * 32)
    shared = SharedLogs(evm, OUTBOX, [], by_topic)

    for _ in range(2):
        with pytest.raises(RpcUnavailable):
            await shared.read(OURS, BlockNumber(3), BlockNumber(9))
        await asyncio.sleep(0)

    assert evm.asked == [(3, 9), (3, 9)]


async def test_one_that_leaves_ends_no_other_and_an_error_is_everybodys() -> None:
    evm = Slow()
    shared = SharedLogs(evm, OUTBOX, [], by_topic)
    first, second = (asyncio.ensure_future(shared.read(OURS, BlockNumber(3), BlockNumber(9))) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    evm.answer.set_exception(RpcUnavailable("gone", endpoint="a"))

    with pytest.raises(RpcUnavailable):
        await second
