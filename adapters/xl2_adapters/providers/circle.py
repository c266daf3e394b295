"""
Circle: the endpoints of one chain, each with its standing; who is asked next, and who is told of what they did.

Comes in: clients and what they answer. Goes out: candidates in order, one alarm when one is left aside, one line in the
log when it is back. Promise: nobody is left out for good: who is left aside is asked last, and may
prove himself. Whether answers agree is `tally`'s, whether tips do `survey`'s.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from attrs import define, field, frozen, validators

from xl2.core.types import ChainId
from xl2.errors import RpcRateLimited, RpcRejected, RpcTooLarge, RpcUnavailable
from xl2.ports import Alarm, AlarmKind, AlarmLines, Observer
from xl2_adapters.providers.endpoint import Rpc
from xl2_adapters.providers.standing import Blame, Standing
from xl2_adapters.providers.tally import Outcome
from xl2_adapters.rpc_wire import Call, quantity

log = logging.getLogger(__name__)

_CHAIN_ID = Call("eth_chainId")
_ALARMS = {Blame.LIES: AlarmKind.RPC_DISAGREEMENT, Blame.WRONG_CHAIN: AlarmKind.RPC_DISAGREEMENT}
_REMEDIES = {
    AlarmKind.RPC_DISAGREEMENT: "replace it, and find out what it said that was believed",
    AlarmKind.PROVIDER_DOWN: "it is asked again by itself; if this stays, see to it or replace it",
}
_QUARREL = "nothing is believed until they do: find out who is wrong, or add another endpoint"
_RATE_LIMITED_SECONDS = 10.0


@frozen(kw_only=True)
class PoolLimits:
    """How endpoints are weighed against each other."""

    #: So many must say the same of what others build on.
    quorum: int = field(validator=validators.ge(1))
    #: Whose newest block is older than the others' by more, by block time stamps, is stale.
    stale_seconds: float = field(default=15.0, validator=validators.gt(0))
    #: Who has not answered by then has company: the next one is asked as well, and the first to answer serves.
    patience_seconds: float = field(default=2.0, validator=validators.gt(0))
    #: How often all are looked at side by side, while the chain is asked anything.
    survey_seconds: float = field(default=5.0, validator=validators.gt(0))
    #: Blocks travel: who contradicts the others is asked again after so long before that is called a lie.
    second_look_seconds: float = field(default=1.0, validator=validators.ge(0))


@define(eq=False, kw_only=True)
class Provider:
    """One endpoint."""

    client: Rpc
    standing: Standing = field(factory=Standing)
    #: Whether it said that it serves the right chain.
    checked: bool = False
    #: What went wrong when it was last looked at; empty: nothing.
    trouble: str = ""

    @property
    def name(self) -> str:
        """What the log calls it."""
        return self.client.name

    @property
    def alarm(self) -> AlarmKind | None:
        """What its being left aside is alarmed as; None: it is asked."""
        blame = self.standing.blame
        return None if blame is None else _ALARMS.get(blame, AlarmKind.PROVIDER_DOWN)


@define(eq=False, kw_only=True)
class Circle:
    """Endpoints of one chain."""

    chain: ChainId
    providers: Sequence[Provider]
    limits: PoolLimits
    #: Who is told; else the log alone.
    observer: Observer = field(factory=AlarmLines)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _tasks: set["asyncio.Task[Any]"] = field(factory=set, init=False)
    #: What was told as a disagreement of all, and not settled since.
    open_quarrel: str = field(default="", init=False)

    def candidates(self, height: int | None = None) -> list[Provider]:
        """All, in the order in which they are asked: best first, those without the block later, those aside last."""
        now = self.clock()

        def order(one: Provider) -> tuple[bool, bool, float]:
            lacks = height is not None and 0 <= one.standing.newest < height
            return one.standing.aside, lacks, one.standing.cost(now)

        return sorted(self.providers, key=order)

    def named(self, name: str) -> Provider:
        """One by its name."""
        return next(one for one in self.providers if one.name == name)

    async def ask(self, provider: Provider, calls: Sequence[Call]) -> list[Outcome]:
        """
        What one endpoint says, and a note in its standing of how it did.

        Raises `RpcUnavailable`, `RpcTooLarge`, or `RpcRejected` where it refuses a batch as a whole.
        """
        since = self.clock()
        try:
            outcomes = await self._checked(provider, calls)
        except RpcRateLimited as limited:
            seconds = max(_RATE_LIMITED_SECONDS, limited.retry_after_seconds or 0.0)
            self.leave_aside(provider, Blame.LIMITS, limited.what, seconds=seconds)
            raise
        except (RpcUnavailable, RpcTooLarge) as error:
            self.strike(provider, Blame.DOWN, error.what)
            raise
        provider.standing.answered(self.clock() - since)
        return outcomes

    def strike(self, provider: Provider, blame: Blame, reason: str) -> None:
        """It failed once."""
        if provider.standing.strike(blame, reason, self.clock()):
            self._tell(provider)

    def leave_aside(self, provider: Provider, blame: Blame, reason: str, *, seconds: float | None = None) -> None:
        """Ask it last from now on, till it proves itself."""
        if provider.standing.leave_aside(blame, reason, self.clock(), seconds=seconds):
            self._tell(provider)

    def take_back(self, provider: Provider) -> None:
        """It proved itself."""
        reason = provider.standing.reason
        provider.standing.take_back(self.clock())
        fields = {"chain": self.chain, "endpoint": provider.name, "was": reason}
        log.info("an endpoint is back", extra={"fields": fields})

    def quarrel(self, what: str) -> None:
        """Nobody can be named, but they do not agree: told once, till they do again."""
        if self.open_quarrel:
            return
        self.open_quarrel = what
        kind = AlarmKind.RPC_DISAGREEMENT
        told = f"the endpoints of chain {self.chain} do not agree: {what}; {_QUARREL}"
        self.observer.alarmed(Alarm(kind=kind, what=told, chain=self.chain))

    def settled(self) -> None:
        """They agree."""
        self.open_quarrel = ""

    def later(self, work: Coroutine[Any, Any, Any], name: str) -> "asyncio.Task[Any]":
        """Work that nobody waits for; it ends with `close` at the latest."""
        task = asyncio.get_running_loop().create_task(work, name=f"{name} of chain {self.chain}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """End what runs, and close all connections."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for one in self.providers:
            await one.client.close()

    async def _checked(self, provider: Provider, calls: Sequence[Call]) -> list[Outcome]:
        if provider.checked:
            return await _outcomes(provider.client, calls)
        told, *outcomes = await _outcomes(provider.client, [_CHAIN_ID, *calls])
        if isinstance(told, RpcRejected):
            raise RpcUnavailable(told.what, endpoint=provider.name)
        found = quantity(told, provider.name)
        if found != self.chain:
            reason = f"it serves chain {found}, not {self.chain}"
            self.leave_aside(provider, Blame.WRONG_CHAIN, reason)
            raise RpcUnavailable(f"{provider.name}: {reason}", endpoint=provider.name)
        provider.checked = True
        return outcomes

    def _tell(self, provider: Provider) -> None:
        standing = provider.standing
        blame = standing.blame or Blame.DOWN
        what = f"endpoint {provider.name} of chain {self.chain} {blame.value} and is left aside: {standing.reason}"
        kind = provider.alarm or AlarmKind.PROVIDER_DOWN
        what = f"{what}; {_REMEDIES[kind]}"
        self.observer.alarmed(Alarm(kind=kind, what=what, chain=self.chain, endpoint=provider.name))


async def _outcomes(client: Rpc, calls: Sequence[Call]) -> list[Outcome]:
    """A call by itself goes as one: some endpoints take no batches."""
    if len(calls) != 1:
        return await client.try_batch(calls)
    try:
        return [await client.call(calls[0].method, *calls[0].params)]
    except RpcRejected as rejected:
        return [rejected]
