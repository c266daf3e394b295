"""Sent logs: lanes that look at an outbox at the same time cost one reading, and one that leaves ends it for none."""

import asyncio
from collections.abc import Sequence

import pytest

from xl2.core.types import Address, BlockNumber, Hash32
from xl2.errors import RpcUnavailable
from xl2.ports import Place
from xl2_adapters.contracts.sent_logs import SentLogs
from xl2_adapters.evm import Evm, Log
from xl2_adapters.rpc import RpcClient

OUTBOX = Address(b"\x01" * 20)


def log(block: int) -> Log:
    place = Place(block=BlockNumber(block), block_hash=Hash32(bytes(32)), tx_hash=Hash32(bytes(32)), log_index=0)
    return Log(topics=(), data=b"", place=place)


class Slow(Evm):
    """Answers when it is let."""

    def __init__(self) -> None:
        super().__init__(901, RpcClient("http://127.0.0.1:1"))  # type: ignore[arg-type]
        self.asked: list[tuple[int, int]] = []
        self.answer: asyncio.Future[list[Log]] = asyncio.get_running_loop().create_future()

    async def logs(
        self, contract: Address, topics: Sequence[Sequence[bytes] | None], first: BlockNumber, last: BlockNumber
    ) -> list[Log]:
        del contract, topics
        self.asked.append((first, last))
        return await asyncio.shield(self.answer)


async def test_lanes_that_ask_at_the_same_time_share_a_reading_and_get_their_own_blocks() -> None:
    evm = Slow()
    shared = SentLogs(evm, OUTBOX, [])
    reads = [asyncio.ensure_future(shared.read(BlockNumber(first), BlockNumber(9))) for first in (3, 3, 5)]
    await asyncio.sleep(0)
    evm.answer.set_result([log(3), log(5)])

    found = await asyncio.gather(*reads)

    assert evm.asked == [(3, 9)]
    assert [[one.place.block for one in logs] for logs in found] == [[3, 5], [3, 5], [5]]


async def test_what_was_read_before_is_read_anew() -> None:
    evm = Slow()
    evm.answer.set_result([])
    shared = SentLogs(evm, OUTBOX, [])

    for _ in range(2):
        await shared.read(BlockNumber(3), BlockNumber(9))
        await asyncio.sleep(0)

    assert evm.asked == [(3, 9), (3, 9)]


async def test_one_that_leaves_ends_no_other_and_an_error_is_everybodys() -> None:
    evm = Slow()
    shared = SentLogs(evm, OUTBOX, [])
    first, second = (asyncio.ensure_future(shared.read(BlockNumber(3), BlockNumber(9))) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    evm.answer.set_exception(RpcUnavailable("gone", endpoint="a"))

    with pytest.raises(RpcUnavailable):
        await second
