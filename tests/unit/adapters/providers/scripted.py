"""Endpoints without a socket: one chain that all of them know, and what each of them makes of it."""

import asyncio
from collections.abc import Callable, Sequence

from attrs import define, field

from tests.heard import Heard
from xl2.core.types import ChainId
from xl2.errors import RpcRejected, RpcUnavailable, WrongChain
from xl2_adapters.providers import Pool, PoolLimits
from xl2_adapters.rpc_wire import Call, Json, result_of

CHAIN = ChainId(901)

#: What an endpoint makes of the truth: the answer, or an error that it raises.
Habit = Callable[[Call, Json], Json]


@define
class Clock:
    """Time that stands until it is told to go on."""

    at: float = 1_000.0

    def __call__(self) -> float:
        return self.at


def block_hash(number: int) -> str:
    """Hash of a block of the chain."""
    return f"0x{number:064x}"


@define(eq=False)
class Scripted:
    """One endpoint. Implements `Rpc`."""

    name: str
    tip: int = 100
    habit: Habit = lambda _call, told: told
    asked: list[Call] = field(factory=list)
    closed: bool = False

    async def call(self, method: str, *params: Json) -> Json:
        (outcome,) = await self.try_batch([Call(method, params)])
        return result_of(outcome)

    async def batch(self, calls: Sequence[Call]) -> list[Json]:
        return [result_of(outcome) for outcome in await self.try_batch(calls)]

    async def try_batch(self, calls: Sequence[Call]) -> list[Json | RpcRejected]:
        await asyncio.sleep(0)
        return [self._answer(call) for call in calls]

    async def require_chain(self, expected: int) -> None:
        if expected != CHAIN:
            raise WrongChain("scripted", expected=expected, actual=CHAIN)

    async def close(self) -> None:
        self.closed = True

    def _answer(self, call: Call) -> Json | RpcRejected:
        self.asked.append(call)
        try:
            return self.habit(call, self._truth(call))
        except RpcRejected as rejected:
            return rejected

    def _truth(self, call: Call) -> Json:
        match call.method:
            case "eth_chainId":
                return hex(CHAIN)
            case "eth_blockNumber":
                return hex(self.tip)
            case "eth_getBlockByNumber":
                tags = {"latest": self.tip, "safe": self.tip - 2, "finalized": self.tip - 4}
                tag = str(call.params[0])
                number = tags[tag] if tag in tags else int(tag, 16)
                return block(number) if number <= self.tip else None
            case "eth_getLogs":
                return [log(1), log(2)]
            case "eth_sendRawTransaction":
                return "0x" + "77" * 32
            case _:
                return "0x2a"


def block(number: int) -> dict[str, Json]:
    """A block of the chain."""
    return {"number": hex(number), "hash": block_hash(number), "timestamp": hex(10_000 + number), "stateRoot": "0x01"}


def log(index: int) -> dict[str, Json]:
    """A log of the chain."""
    return {
        "blockNumber": "0x5",
        "blockHash": block_hash(5),
        "transactionHash": "0x" + "11" * 32,
        "logIndex": hex(index),
        "address": "0x" + "AA" * 20,
        "topics": ["0x" + "22" * 32],
        "data": "0x00",
    }


def down(name: str) -> Habit:
    """Answers nothing."""

    def habit(_call: Call, _told: Json) -> Json:
        raise RpcUnavailable(f"{name} cannot be reached", endpoint=name)

    return habit


def about(method: str, said: Json | Callable[[Json], Json]) -> Habit:
    """Says something of its own to one method."""

    def habit(call: Call, told: Json) -> Json:
        if call.method != method:
            return told
        return said(told) if callable(said) else said

    return habit


@define(eq=False)
class Group:
    """A pool over three endpoints, its clock and its observer."""

    endpoints: list[Scripted]
    pool: Pool
    clock: Clock
    told: Heard

    @classmethod
    def of(cls, *endpoints: Scripted, quorum: int = 2) -> "Group":
        clock, told = Clock(), Heard()

        async def at_once(seconds: float) -> None:
            del seconds
            await asyncio.sleep(0)

        # These answer at once; were the machine to stand still meanwhile, others must not be asked in their place.
        limits = PoolLimits(quorum=quorum, patience_seconds=3_600)
        pool = Pool(CHAIN, endpoints, limits, clock=clock, sleep=at_once)
        pool.report_to(told)
        return cls(list(endpoints), pool, clock, told)

    async def quiet(self) -> None:
        """Return when nothing goes on in the background."""
        for _ in range(200):
            await asyncio.sleep(0)

    @property
    def aside(self) -> dict[str, str]:
        """Why endpoints are left aside, by name."""
        return {one.name: one.aside for one in self.pool.states() if one.aside}
