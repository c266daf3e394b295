"""
Pool: several endpoints of one chain behind the face of one.

Comes in: calls and batches. Goes out: results that one endpoint gave, that k of them agree on, or that a state root
which they agree on proves; see `trust` for which is which. Promise: an endpoint that lies, is behind, slow, limiting or
down costs time at most: it is noticed by name, left aside, and taken back after it proved itself. What k do not agree
on is `RpcDisagreement`, which is retryable: no error of an endpoint is a final answer. Implements `Rpc`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from xl2.core.types import ChainId
from xl2.errors import RpcDisagreement, RpcRejected, RpcTooLarge, RpcUnavailable, WrongChain, Xl2Error
from xl2.ports import Broadcast, EndpointState, Observer
from xl2_adapters.node_words import outcome_of
from xl2_adapters.providers.circle import Circle, PoolLimits, Provider
from xl2_adapters.providers.endpoint import Rpc, traffic_of
from xl2_adapters.providers.oversight import Oversight
from xl2_adapters.providers.proofs import holds
from xl2_adapters.providers.race import race
from xl2_adapters.providers.standing import Blame
from xl2_adapters.providers.tally import Outcome, Tally
from xl2_adapters.providers.trust import Trust, height_of, trust_of
from xl2_adapters.rpc_wire import Call, Json, count, mapping, quantity, result_of

__all__ = ["Pool", "PoolLimits"]

_BLOCK: Final = "eth_getBlockByNumber"
_TIP: Final = (Call(_BLOCK, ("latest", False)), Call(_BLOCK, ("latest", True)))


class Pool:
    """Endpoints of one chain, of which so many must agree."""

    def __init__(
        self,
        chain: ChainId,
        clients: Sequence[Rpc],
        limits: PoolLimits,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """
        Connect at the first question.

        `clients`: each its own endpoint, with names that differ. `clock`, `sleep`: how standings age, and how a second
        look waits.
        """
        self._circle = Circle(
            chain=chain,
            providers=tuple(Provider(client=client) for client in clients),
            limits=limits,
            clock=clock,
            sleep=sleep,
        )
        self._oversight = Oversight(circle=self._circle)

    @property
    def name(self) -> str:
        """What errors call it."""
        return " | ".join(one.name for one in self._circle.providers)

    @property
    def circle(self) -> Circle:
        """The endpoints with their standing."""
        return self._circle

    def states(self) -> Sequence[EndpointState]:
        """Each endpoint with its standing."""
        return [
            EndpointState(
                name=one.name,
                aside=one.standing.reason,
                alarm=one.alarm,
                seconds=one.standing.seconds,
                traffic=traffic_of(one.client),
                newest=one.standing.newest if one.standing.newest >= 0 else None,
                trouble=one.trouble,
            )
            for one in self._circle.providers
        ]

    async def look(self) -> None:
        """Look at all endpoints side by side, now."""
        await self._oversight.look()

    def report_to(self, observer: Observer) -> None:
        """Tell this observer from now on of who is left aside."""
        self._circle.observer = observer

    async def call(self, method: str, *params: Json) -> Json:
        """One call's result. Raises as `Rpc`, and `RpcDisagreement`."""
        (outcome,) = await self.try_batch([Call(method, params)])
        return result_of(outcome)

    async def batch(self, calls: Sequence[Call]) -> list[Json]:
        """Results of many calls, in their order. Raises as `call`, of the first that was refused."""
        return [result_of(outcome) for outcome in await self.try_batch(calls)]

    async def try_batch(self, calls: Sequence[Call]) -> list[Outcome]:
        """One outcome a call, in their order; what needs agreement and what does not goes out side by side."""
        self._oversight.keep_up()
        if _reads_beside_the_tip(calls):
            return await self._pinned(calls)
        groups: dict[tuple[Trust, int], list[int]] = {}
        for place, call in enumerate(calls):
            trust = trust_of(call)
            together = trust in (Trust.ANY, Trust.AGREED)
            groups.setdefault((trust, -1 if together else place), []).append(place)
        work = [self._ways[trust](self, [calls[place] for place in places]) for (trust, _), places in groups.items()]
        # One after the other where there is one: a task costs more than the call.
        found = [await work[0]] if len(work) == 1 else await _all(work)
        outcomes: list[Outcome] = [None] * len(calls)
        for places, answers in zip(groups.values(), found, strict=True):
            for place, answer in zip(places, answers, strict=True):
                outcomes[place] = answer
        return outcomes

    async def _pinned(self, calls: Sequence[Call]) -> list[Outcome]:
        """Views at the tip beside the tip itself are all of one block, which as many as must agree have."""
        at = next(place for place, call in enumerate(calls) if call in _TIP)
        (tip,) = await self._head([calls[at]])
        if not isinstance(tip, dict):
            return [tip] * len(calls)
        number = tip.get("number")
        rest = [
            Call(call.method, (call.params[0], number)) if _is_view_at_tip(call) else call
            for place, call in enumerate(calls)
            if place != at
        ]
        outcomes = await self.try_batch(rest)
        return [*outcomes[:at], tip, *outcomes[at:]]

    async def require_chain(self, expected: int) -> None:
        """Check that the endpoints serve this chain. Raises `WrongChain` where all that answer serve another."""
        asked = [(one, one.client.call("eth_chainId")) for one in self._circle.providers]
        found = await asyncio.gather(*(question for _, question in asked), return_exceptions=True)
        right, wrong = 0, []
        for (provider, _), answer in zip(asked, found, strict=True):
            if isinstance(answer, RpcUnavailable | RpcTooLarge | RpcRejected):
                self._circle.strike(provider, Blame.DOWN, answer.what)
            elif isinstance(answer, BaseException):
                raise answer
            elif (actual := quantity(answer, provider.name)) == expected:
                provider.checked = True
                right += 1
            else:
                wrong.append((provider, actual))
        if wrong and not right:
            provider, actual = wrong[0]
            what = f"{provider.name} serves chain {actual}, configured is {expected}"
            raise WrongChain(what, expected=expected, actual=actual)
        for provider, actual in wrong:
            self._circle.leave_aside(provider, Blame.WRONG_CHAIN, f"it serves chain {actual}, not {expected}")
        if right < 1:
            raise RpcUnavailable(f"none of {self.name} says which chain it serves", endpoint=self.name)

    async def close(self) -> None:
        """Close all connections."""
        await self._circle.close()

    async def _any(self, calls: Sequence[Call]) -> list[Outcome]:
        return await self._agree(calls, 1)

    async def _agreed(self, calls: Sequence[Call]) -> list[Outcome]:
        return await self._agree(calls, self._circle.limits.quorum)

    async def _agree(self, calls: Sequence[Call], needed: int) -> list[Outcome]:
        tally = Tally(calls=calls, needed=needed)
        height = max((found for call in calls if (found := height_of(call)) is not None), default=None)
        await race(self._circle, tally, self._circle.candidates(height))
        for contradiction in tally.contradictions():
            self._oversight.suspect(contradiction)
        try:
            results = tally.results()
        except RpcDisagreement as disagreement:
            self._circle.quarrel(disagreement.what)
            raise
        if needed > 1:
            self._circle.settled()
        return results

    async def _head(self, calls: Sequence[Call]) -> list[Outcome]:
        """The highest block of that name that as many as must agree have, as all of these have it."""
        (call,) = calls
        quorum = self._circle.limits.quorum
        if quorum == 1:
            return await self._agree(calls, 1)
        heads = _Heads(calls=calls, needed=quorum)
        await race(self._circle, heads, self._circle.candidates())
        lowest = heads.lowest()
        if lowest is None:
            return heads.results()
        if heads.alike():
            return heads.results()
        return await self._agree([Call(_BLOCK, (hex(lowest), *call.params[1:]))], quorum)

    async def _least(self, calls: Sequence[Call]) -> list[Outcome]:
        """The least that any of as many as must agree asks for."""
        tips = _Tips(calls=calls, needed=self._circle.limits.quorum)
        await race(self._circle, tips, self._circle.candidates())
        return tips.results() if tips.missing else [tips.least()]

    async def _proof(self, calls: Sequence[Call]) -> list[Outcome]:
        """A proof that holds under the agreed state root; where none does, the first one, for its reader to refuse."""
        (call,) = calls
        at = hex(height_of(call) or 0)
        (block,) = await self._agreed([Call(_BLOCK, (at, False))])
        first: Outcome = None
        lost = Tally(calls=calls, needed=1)
        liars: list[Provider] = []
        for provider in self._circle.candidates(height_of(call)):
            try:
                (outcome,) = await self._circle.ask(provider, calls)
            except (RpcUnavailable, RpcTooLarge, RpcRejected) as error:
                lost.lose(provider.name, error)
                continue
            if isinstance(outcome, RpcRejected):
                lost.add(provider.name, [outcome])
            elif isinstance(block, dict) and holds(call, outcome, block, provider.name):
                await self._found_out(liars, call, at, block)
                return [outcome]
            else:
                liars.append(provider)
                first = first or outcome
        return [first] if first is not None else lost.results()

    async def _found_out(self, liars: Sequence[Provider], call: Call, at: str, block: Json) -> None:
        """Whoever's proof held nowhere while another's did lies, unless the block changed meanwhile."""
        if not liars:
            return
        (again,) = await self._agreed([Call(_BLOCK, (at, False))])
        if isinstance(again, dict) and isinstance(block, dict) and again.get("hash") == block.get("hash"):
            for provider in liars:
                reason = f"{call.method}: its proof does not hold under the state root of block {int(at, 16)}"
                self._circle.leave_aside(provider, Blame.LIES, reason)

    async def _broadcast(self, calls: Sequence[Call]) -> list[Outcome]:
        """Handed to all; one that takes it is enough, and is not held up by the others."""
        taken = asyncio.get_running_loop().create_future()
        refusals: list[Outcome] = []
        errors: list[Exception] = []

        async def hand(provider: Provider) -> None:
            try:
                (outcome,) = await self._circle.ask(provider, calls)
            except (RpcUnavailable, RpcTooLarge, RpcRejected) as error:
                errors.append(error)
                return
            if isinstance(outcome, RpcRejected) and not _is_known(outcome):
                refusals.append(outcome)
            elif not taken.done():
                taken.set_result(outcome)

        tasks = [self._circle.later(hand(one), "a broadcast") for one in self._circle.candidates()]
        everyone = asyncio.ensure_future(asyncio.wait(tasks))
        try:
            await asyncio.wait((taken, everyone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            everyone.cancel()
        if taken.done():
            return [taken.result()]
        if refusals:
            return [refusals[0]]
        raise errors[0]

    _ways: Final = {
        Trust.ANY: _any,
        Trust.AGREED: _agreed,
        Trust.HEAD: _head,
        Trust.LEAST: _least,
        Trust.PROOF: _proof,
        Trust.ALL: _broadcast,
    }


class _Heads(Tally):
    """Newest blocks: any answer counts, for they need not be the same."""

    @property
    def missing(self) -> int:
        """How many more have to answer."""
        return max(0, self.needed - len(self._told()))

    def lowest(self) -> int | None:
        """Number of the highest block that as many as must agree have; None where that is none yet."""
        told = self._told()
        if len(told) < self.needed or any(block is None for _, block in told):
            return None
        numbers = sorted((count(mapping(block, by).get("number"), by) for by, block in told), reverse=True)
        return numbers[self.needed - 1]

    def alike(self) -> bool:
        """Whether all that answered said the same."""
        (said,) = self._said
        return len({one.vote for one in said if one.vote is not None}) == 1

    def _told(self) -> list[tuple[str, Json]]:
        (said,) = self._said
        return [(one.by, one.outcome) for one in said if not isinstance(one.outcome, RpcRejected)]


class _Tips(_Heads):
    """Prices: any number counts."""

    def least(self) -> Json:
        """The lowest."""
        return min(self._told(), key=lambda one: quantity(one[1], one[0]))[1]

    def _told(self) -> list[tuple[str, Json]]:
        return [(by, price) for by, price in super()._told() if _is_number(price)]


def _is_number(answer: Json) -> bool:
    try:
        quantity(answer, "")
    except RpcUnavailable:
        return False
    return True


def _reads_beside_the_tip(calls: Sequence[Call]) -> bool:
    return any(call in _TIP for call in calls) and any(_is_view_at_tip(call) for call in calls)


def _is_view_at_tip(call: Call) -> bool:
    return call.method == "eth_call" and len(call.params) == 2 and call.params[1] == "latest"


def _is_known(rejected: RpcRejected) -> bool:
    """Whether a node refused a transaction because it has it."""
    try:
        return outcome_of(rejected) is Broadcast.ACCEPTED
    except Xl2Error:
        return False


async def _all(work: Sequence[Awaitable[list[Outcome]]]) -> list[list[Outcome]]:
    """What several questions bring; where one fails the others are given up."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
