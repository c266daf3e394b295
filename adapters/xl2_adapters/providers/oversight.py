"""
Oversight: endpoints are looked at side by side now and then, and twice where they contradict each other.

Promise: it costs one small batch an endpoint every few seconds, and only while the chain is asked anything. Nobody is
called a liar for a block that was still under way; who was left aside is taken back after he showed the right chain,
the others' newest block and their hash of it.
"""

import asyncio

from attrs import define, field

from xl2.errors import RpcRejected, RpcTooLarge, RpcUnavailable
from xl2_adapters.providers.circle import Circle, Provider
from xl2_adapters.providers.standing import Blame
from xl2_adapters.providers.survey import Seen, Tip, apart, judge
from xl2_adapters.providers.tally import Contradiction
from xl2_adapters.providers.trust import height_of, vote_of
from xl2_adapters.rpc_wire import Call, Json, count, mapping, quantity

_TAGS = ("latest", "finalized")
_LOOK = (Call("eth_chainId"), *(Call("eth_getBlockByNumber", (tag, False)) for tag in _TAGS))
#: How long a look may take, in times of the patience with a call.
_PATIENCE = 2
#: Who was well for so many looks in a row has nothing to make up for.
_LOOKS_TO_FORGIVE = 60


@define(eq=False, kw_only=True)
class Oversight:
    """Over one circle."""

    circle: Circle
    _next_look: float = field(default=float("-inf"), init=False)
    _well: dict[str, int] = field(factory=dict, init=False)
    #: Endpoints that are looked at a second time now.
    _suspects: set[str] = field(factory=set, init=False)

    def keep_up(self) -> None:
        """Look at all endpoints, where it is time; nobody waits for it."""
        now = self.circle.clock()
        if now >= self._next_look:
            self._next_look = now + self.circle.limits.survey_seconds
            self.circle.later(self.look(), "a survey")

    async def look(self) -> None:
        """Look at all endpoints now, but those whose time aside is not over."""
        now = self.circle.clock()
        asked = [one for one in self.circle.providers if not one.standing.aside or one.standing.may_prove_itself(now)]
        proving = {one.name for one in asked if one.standing.aside}
        found = await asyncio.gather(*(self._see(one) for one in asked))
        seen = [one for one in found if one is not None]
        chain, quorum, stale = self.circle.chain, self.circle.limits.quorum, self.circle.limits.stale_seconds
        verdicts = {one.by: one for one in judge(seen, chain=chain, quorum=quorum, stale_seconds=stale)}
        for one in seen:
            self.circle.named(one.by).standing.newest = one.latest.number
        quarrel = apart([one for one in seen if one.chain == chain], quorum=quorum, stale_seconds=stale)
        if quarrel:
            self.circle.quarrel(quarrel)
        for provider in asked:
            verdict = verdicts.get(provider.name)
            is_well = verdict is None and any(one.by == provider.name for one in seen)
            if provider.name in proving:
                await self._let_prove(provider, is_well=is_well, others=seen)
            elif verdict is not None:
                self.circle.leave_aside(provider, verdict.blame, verdict.reason)
            self._note(provider, is_well=is_well)

    def suspect(self, contradiction: Contradiction) -> None:
        """Look a second time at who contradicted the others; nobody waits for it."""
        if contradiction.by not in self._suspects and not self.circle.named(contradiction.by).standing.aside:
            self._suspects.add(contradiction.by)
            self.circle.later(self._look_again(contradiction), "a second look")

    async def _look_again(self, first: Contradiction) -> None:
        try:
            await self.circle.sleep(self.circle.limits.second_look_seconds)
            suspect, other = self.circle.named(first.by), self.circle.named(first.against)
            calls = [first.call, Call("eth_blockNumber")]
            (said, newest), (agreed, _) = await asyncio.gather(
                self.circle.ask(suspect, calls), self.circle.ask(other, calls)
            )
        except (RpcUnavailable, RpcTooLarge, RpcRejected):
            return
        finally:
            self._suspects.discard(first.by)
        theirs, others = vote_of(first.call, said), vote_of(first.call, agreed)
        if others is None or said is None or agreed is None or theirs == others:
            return
        if theirs is None:
            self.circle.leave_aside(suspect, Blame.DOWN, f"it refuses what {first.against} answers: {first.said}")
            return
        height = height_of(first.call)
        if height is not None and isinstance(newest, str) and quantity(newest, suspect.name) < height:
            self.circle.strike(suspect, Blame.STALE, f"it has no block {height} yet, and answers for it")
            return
        reason = f"{first.call.method}: it says {first.said}, {first.against} and others say {first.agreed}"
        self.circle.leave_aside(suspect, Blame.LIES, reason)

    async def _see(self, provider: Provider) -> Seen | None:
        # What is left aside for its chain is let say again which it serves.
        seconds = _PATIENCE * self.circle.limits.patience_seconds
        try:
            # Else one that hangs would hold up what is to be known of the others.
            async with asyncio.timeout(seconds):
                seen = _seen(provider.name, await provider.client.batch(_LOOK))
        except TimeoutError:
            provider.trouble = f"it did not say within {seconds:g} s which block is its newest"
            self.circle.strike(provider, Blame.SLOW, provider.trouble)
            return None
        except (RpcUnavailable, RpcTooLarge, RpcRejected) as error:
            provider.trouble = error.what
            self.circle.strike(provider, Blame.DOWN, error.what)
            return None
        provider.trouble = ""
        return seen

    async def _let_prove(self, provider: Provider, *, is_well: bool, others: list[Seen]) -> None:
        """Take it back, where it has a block as the others have it."""
        if is_well and await self._agrees(provider, others):
            provider.checked = True
            self.circle.take_back(provider)
        else:
            provider.standing.failed_to_prove(self.circle.clock())

    async def _agrees(self, provider: Provider, seen: list[Seen]) -> bool:
        trusted = [one for one in seen if one.by != provider.name and not self.circle.named(one.by).standing.aside]
        if not trusted:
            return True
        mine = next(one for one in seen if one.by == provider.name)
        call = Call("eth_getBlockByNumber", (hex(min(mine.latest.number, trusted[0].latest.number)), False))
        try:
            ours, theirs = await asyncio.gather(
                provider.client.call(call.method, *call.params),
                self.circle.named(trusted[0].by).client.call(call.method, *call.params),
            )
        except (RpcUnavailable, RpcTooLarge, RpcRejected):
            return False
        return ours is not None and vote_of(call, ours) == vote_of(call, theirs)

    def _note(self, provider: Provider, *, is_well: bool) -> None:
        self._well[provider.name] = self._well.get(provider.name, 0) + 1 if is_well else 0
        if self._well[provider.name] >= _LOOKS_TO_FORGIVE:
            provider.standing.forgive()


def _seen(name: str, outcomes: list[Json]) -> Seen:
    chain, latest, finalized = outcomes
    return Seen(
        by=name,
        chain=quantity(chain, name),
        latest=_tip(latest, name),
        finalized=None if finalized is None else _tip(finalized, name),
    )


def _tip(block: Json, name: str) -> Tip:
    fields = mapping(block, name)
    return Tip(number=count(fields.get("number"), name), timestamp=count(fields.get("timestamp"), name))
