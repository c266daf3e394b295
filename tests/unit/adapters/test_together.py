"""Together: lanes that ask the same at the same time cost one request, and one that comes later is not in it."""

import asyncio
from collections.abc import Sequence

import pytest

from xl2.core.lane import Lane
from xl2.core.storage_proof import LogKind
from xl2.core.types import Address, Assurance, BlockNumber, ChainId, Hash32, Timestamp
from xl2.errors import RpcUnavailable
from xl2.ports import Block, Log, LogState
from xl2_adapters.together import Beside, OneRound, StatesTogether, UnderWay

AT = BlockNumber(9)


def log(destination: int) -> Log:
    lane = Lane(
        origin=ChainId(1),
        outbox=Address(b"\x01" * 20),
        destination=ChainId(destination),
        inbox=Address(b"\x02" * 20),
        assurance=Assurance.ATTESTED,
    )
    return Log(lane=lane, kind=LogKind.LANE)


class Chain:
    """Answers with how many were asked before."""

    def __init__(self) -> None:
        self.asked: list[list[Log]] = []

    async def states(self, logs: Sequence[Log], at: BlockNumber) -> tuple[Sequence[LogState], Block]:
        self.asked.append(list(logs))
        await asyncio.sleep(0)
        zero = Hash32(bytes(32))
        block = Block(number=at, hash=zero, parent_hash=zero, timestamp=Timestamp(0), gas_limit=1)
        return [LogState(count=one.lane.destination, head=zero) for one in logs], block


async def test_states_that_are_asked_for_at_once_come_in_one_request_each_to_whom_it_is_for() -> None:
    chain = Chain()
    together = StatesTogether(chain.states)

    found = await asyncio.gather(*(together.of(log(number), AT) for number in (2, 3, 4)))

    assert [state.count for state, _ in found] == [2, 3, 4]
    assert len(chain.asked) == 1


async def test_who_asks_when_the_request_is_out_has_one_of_his_own() -> None:
    chain = Chain()
    together = StatesTogether(chain.states)
    first = asyncio.ensure_future(together.of(log(2), AT))
    while not chain.asked:  # noqa: ASYNC110 - until the loop has sent it
        await asyncio.sleep(0)

    second, _ = await together.of(log(3), AT)

    assert ((await first)[0].count, second.count) == (2, 3)
    assert [len(logs) for logs in chain.asked] == [1, 1]


async def test_another_block_is_another_request() -> None:
    chain = Chain()
    together = StatesTogether(chain.states)

    found = await asyncio.gather(together.of(log(2), AT), together.of(log(2), BlockNumber(10)))

    assert [block.number for _, block in found] == [9, 10]
    assert len(chain.asked) == 2


async def test_a_question_under_way_serves_all_who_ask_it_and_a_later_one_is_asked_anew() -> None:
    asked: list[int] = []
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def send() -> int:
        asked.append(1)
        return await asyncio.shield(answer)

    shared: UnderWay[str, int] = UnderWay()
    waiting = [asyncio.ensure_future(shared.ask("head", send)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    answer.set_result(7)

    assert await asyncio.gather(*waiting[1:]) == [7, 7]
    assert await shared.ask("head", send) == 7
    assert len(asked) == 2


async def test_an_error_is_everybodys_who_shares_it_and_nobodys_later() -> None:
    asked: list[int] = []

    async def send() -> int:
        asked.append(1)
        raise RpcUnavailable("gone", endpoint="a")

    shared: UnderWay[str, int] = UnderWay()
    found = await asyncio.gather(*(shared.ask("head", send) for _ in range(2)), return_exceptions=True)
    with pytest.raises(RpcUnavailable):
        await shared.ask("head", send)

    assert all(isinstance(one, RpcUnavailable) for one in found)
    assert len(asked) == 2


async def test_what_nobody_waits_for_any_more_ends_with_the_chain_and_a_chain_that_is_used_again_asks_anew() -> None:
    chain, beside, ended = Chain(), Beside(), asyncio.Event()
    newest: UnderWay[str, int] = UnderWay(beside)
    together = StatesTogether(chain.states, beside)

    async def endless() -> int:
        try:
            return await asyncio.Future[int]()
        finally:
            ended.set()

    asking = asyncio.ensure_future(newest.ask("latest", endless))
    joining = asyncio.ensure_future(together.of(log(2), AT))
    await asyncio.sleep(0)
    asking.cancel()
    joining.cancel()
    await asyncio.gather(asking, joining, return_exceptions=True)
    was_going_on = not ended.is_set()
    await beside.close()
    state, _ = await together.of(log(3), AT)

    assert was_going_on
    assert ended.is_set()
    assert state.count == 3


class Counted:
    """Tells how many were asked before."""

    def __init__(self) -> None:
        self.sent = 0

    async def send(self) -> int:
        self.sent += 1
        number = self.sent
        await asyncio.sleep(0)
        return number


async def test_a_question_of_one_round_is_sent_once_and_another_key_is_another_question() -> None:
    counted, together = Counted(), OneRound[int, int]()

    found = await asyncio.gather(*(together.ask(key, counted.send) for key in (7, 7, 7, 8)))

    assert found == [1, 1, 1, 2]


async def test_who_asks_when_a_question_of_his_kind_is_out_has_one_that_is_sent_after_he_asked() -> None:
    counted, together = Counted(), OneRound[int, int]()
    first = asyncio.ensure_future(together.ask(7, counted.send))
    while not counted.sent:  # noqa: ASYNC110 - until the loop has sent it
        await asyncio.sleep(0)

    assert (await together.ask(7, counted.send), await first) == (2, 1)


async def test_a_question_that_was_ended_before_it_was_sent_is_nobodys_to_join() -> None:
    beside = Beside()
    together = OneRound[int, int](beside)
    counted = Counted()
    gone = asyncio.ensure_future(together.ask(7, counted.send))
    await asyncio.sleep(0)
    await beside.close()
    with pytest.raises(RpcUnavailable, match="was closed"):
        await gone

    assert await together.ask(7, counted.send) == 1
