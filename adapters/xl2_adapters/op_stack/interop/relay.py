"""
Relay: messages between any chains that share interop are carried, all to all; read this file to see all of it.

For each chain one task watches its messenger, one decides what is relayed to it, a few hand that out. Promise: nothing
is lost and nothing is sent twice, whenever the process ends: what was seen, what is due and what was signed stand in
the journal before they are acted on. Errors of endpoints are waited out, those of messages parked with their reason;
only what would risk money ends it. What comes in: endpoints, a signer, a journal.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from attrs import field, frozen, validators

from xl2.core.types import BlockNumber, ChainId, Timestamp
from xl2.errors import Fatal, Refused, Retryable, RpcRateLimited, Xl2Error
from xl2.ports import Clock, Signer
from xl2_adapters.evm import Evm
from xl2_adapters.op_stack.interop.backlog import Backlog, Scope
from xl2_adapters.op_stack.interop.carrier import Carrier, CarrierPolicy
from xl2_adapters.op_stack.interop.entry import ENDPOINT, delay
from xl2_adapters.op_stack.interop.journal import Journal
from xl2_adapters.op_stack.interop.watch import Seen, Step, Watcher, WatchPolicy

log = logging.getLogger(__name__)

#: Longest rest of a carrier that waits for nothing in particular.
_IDLE_SECONDS: Final = 2.0


@frozen(kw_only=True)
class RelayPolicy:
    """How a relayer goes about it."""

    watch: WatchPolicy = field(factory=WatchPolicy)
    carrier: CarrierPolicy = field(factory=CarrierPolicy)
    scope: Scope = field(factory=Scope)
    #: Between two looks at a chain's tip.
    poll_seconds: float = field(default=0.2, validator=validators.gt(0))
    #: How far before the tip a new journal begins, in blocks of each chain.
    blocks_back: int = field(default=1_800, validator=validators.ge(0))


@frozen
class _Tip:
    """Last block of a chain whose logs were taken up."""

    block: BlockNumber
    timestamp: Timestamp


class Relay:
    """Carries messages among some chains, for as long as it runs."""

    def __init__(
        self, chains: Sequence[Evm], signer: Signer, journal: Journal, clock: Clock, policy: RelayPolicy | None = None
    ) -> None:
        """`chains`: each is watched and relayed to. `signer`: pays on all of them, and sends nothing else there."""
        self._policy = policy or RelayPolicy()
        self._clock = clock
        self._journal = journal
        self._chains = {evm.chain: evm for evm in chains}
        self._backlog = Backlog(journal, self._chains, self._policy.scope)
        self._carriers = {
            evm.chain: Carrier(evm, signer, self._backlog, journal, clock, policy=self._policy.carrier)
            for evm in chains
        }
        self._tips: dict[ChainId, _Tip] = {}
        self._news = {chain: asyncio.Event() for chain in self._chains}

    async def run(self) -> None:
        """
        Carry until cancelled.

        Raises what is `Fatal`: a wrong chain behind an endpoint, a journal that cannot be trusted, a reorg that is
        longer than what was kept.
        """
        await self._backlog.load()
        for carrier in self._carriers.values():
            await carrier.load()
        try:
            async with asyncio.TaskGroup() as group:
                for chain, carrier in self._carriers.items():
                    group.create_task(self._watch(chain))
                    group.create_task(self._carry(chain))
                    for _ in range(self._policy.carrier.broadcasts):
                        group.create_task(carrier.hand_out())
        except BaseExceptionGroup as several:
            fatal, others = several.split(Fatal)
            if fatal is None or others is not None:
                raise
            raise _first(fatal) from several

    async def _watch(self, chain: ChainId) -> None:
        watcher = Watcher(self._chains[chain], self._policy.watch)
        trail = await self._journal.trail(chain)
        failures = 0
        while True:
            try:
                seen = await (watcher.look(trail) if trail else watcher.begin(self._policy.blocks_back))
                if seen is None and chain not in self._tips:
                    self._tips[chain] = await self._tip_of(chain, trail)
                    self._news[chain].set()
                failures = 0
            except (Retryable, Refused) as cause:
                failures += 1
                await self._rest(chain, cause, failures)
                continue
            if seen is not None:
                trail = seen.trail
                await self._take_up(chain, seen)
            if seen is None or not (seen.sent or seen.relayed or seen.undone_above is not None):
                await self._clock.sleep(self._policy.poll_seconds)

    async def _take_up(self, chain: ChainId, seen: Seen) -> None:
        if seen.undone_above is not None:
            log.warning("reorg", extra={"fields": {"chain": chain, "above": seen.undone_above}})
        await self._backlog.see(chain, seen)
        self._tips[chain] = _Tip(seen.upto, seen.timestamp)
        for touched in {chain, *(sent.message.destination for sent in seen.sent)} & self._news.keys():
            self._news[touched].set()

    async def _tip_of(self, chain: ChainId, trail: Sequence[Step]) -> _Tip:
        block = await self._chains[chain].block(trail[-1].number)
        return _Tip(block.number, block.timestamp)

    async def _carry(self, chain: ChainId) -> None:
        carrier, news = self._carriers[chain], self._news[chain]
        failures = 0
        while True:
            tip = self._tips.get(chain)
            news.clear()
            try:
                busy = tip is not None and await carrier.step(tip.block, tip.timestamp)
                failures = 0
            except (Retryable, Refused) as cause:
                failures += 1
                await self._rest(chain, cause, failures)
                continue
            if not busy:
                await self._until_news(chain)

    async def _until_news(self, chain: ChainId) -> None:
        due = self._backlog.next_due(chain)
        rest = _IDLE_SECONDS if due is None else min(max(due - self._clock.steady(), 0.05), _IDLE_SECONDS)
        try:
            async with asyncio.timeout(rest):
                await self._news[chain].wait()
        except TimeoutError:
            return

    async def _rest(self, chain: ChainId, cause: Xl2Error, failures: int) -> None:
        """No error of an endpoint, and no lack of money, is final."""
        log.log(
            logging.INFO if failures == 1 else logging.WARNING,
            "resting",
            extra={"fields": {"chain": chain, "cause": cause.what, "failures": failures}},
        )
        asked = cause.retry_after_seconds if isinstance(cause, RpcRateLimited) else None
        await self._clock.sleep(max(delay(ENDPOINT, failures), asked or 0.0))


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
