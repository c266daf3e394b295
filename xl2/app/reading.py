"""
Reading: what chains and the store say of themselves, looked at now and then, for metrics, readiness and the live view.

Promise: one look asks each chain a few things, once in `READ_SECONDS`; nobody who scrapes or asks makes requests to an
endpoint. A chain that does not answer hides no other, and is told of once, by name, as long as it stays silent.
"""

import asyncio
from collections.abc import Callable, Hashable, Mapping
from typing import Final

from attrs import define, field, frozen

from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.types import Address, ChainId, Wei, checksum
from xl2.errors import RpcRejected, RpcUnavailable, Xl2Error
from xl2.flow.alarms import Alarms
from xl2.operator.values import ChainReading, Check
from xl2.ports import Alarm, AlarmKind, Blocks, Chain, Clock, Endpoints, EndpointState, Store

READ_SECONDS: Final = 10.0
#: A chain whose newest block is older than this by our clock has stopped, or an endpoint or a clock stands still.
MAX_HEAD_AGE_SECONDS: Final = 120.0
#: A block that is the newest for longer is told of. What is final moves every few minutes where all is well.
_STANDS_SECONDS: Final = {"latest": 300.0, "finalized": 3_600.0}
_MEANWHILE: Final = "lanes that need it wait, all others go on, and nothing has to be started again"


@frozen(kw_only=True)
class _Silence:
    """Why a chain does not answer."""

    what: str
    remedy: str


@define(kw_only=True)
class Readings:
    """What was read last."""

    #: By id, each with the account that pays there.
    chains: Mapping[ChainId, tuple[Blocks, Address]]
    #: Those with an outbox, where fees are claimed, and who earns them; None: whoever pays.
    origins: Mapping[ChainId, Chain]
    payee: Address | None
    store: Store
    clock: Clock
    name: Callable[[ChainId], str]
    alarms: Alarms
    #: Is told of each reading.
    told: Callable[[ChainReading], None]
    #: Newest block of each chain by finality, and since when it is that, in steady time.
    _moved: dict[tuple[ChainId, str], tuple[int, float]] = field(factory=dict, init=False)
    #: What is alarmed of each chain.
    _causes: dict[ChainId, set[Hashable]] = field(factory=dict, init=False)
    _last: dict[ChainId, ChainReading | _Silence] = field(factory=dict, init=False)

    async def keep(self, *, is_alarmed: bool = True) -> None:
        """Read for ever. `is_alarmed`: a person is told of what is found; else who looks finds it."""
        while True:
            await self.read(is_alarmed=is_alarmed)
            await self.clock.sleep(READ_SECONDS)

    async def read(self, *, is_alarmed: bool = True) -> None:
        """Read all chains once."""
        await asyncio.gather(*(self._read(chain, is_alarmed=is_alarmed) for chain in self.chains))

    @property
    def last(self) -> list[ChainReading]:
        """Chains that answered last time."""
        found = [self._last.get(chain) for chain in self.chains]
        return [one for one in found if isinstance(one, ChainReading)]

    @property
    def endpoints(self) -> list[tuple[ChainId, EndpointState]]:
        """Endpoints of chains that can tell of them."""
        known = [(chain, blocks) for chain, (blocks, _) in self.chains.items() if isinstance(blocks, Endpoints)]
        return [(chain, one) for chain, blocks in known for one in blocks.endpoints]

    @property
    def quarrels(self) -> list[tuple[ChainId, str]]:
        """Chains whose endpoints do not agree, and over what."""
        known = [(chain, blocks) for chain, (blocks, _) in self.chains.items() if isinstance(blocks, Endpoints)]
        return [(chain, blocks.quarrel) for chain, blocks in known if blocks.quarrel]

    def checks(self) -> list[Check]:
        """Whether each chain answers, and goes on."""
        return [self._check(chain) for chain in self.chains]

    async def store_check(self, lane: Lane | None) -> Check:
        """Whether the store takes what is written."""
        try:
            if lane is None:
                await self.store.backlog()
            else:
                # Never goes back, so this changes nothing; but it is written and made durable like anything else.
                await self.store.mark_settled(lane, [])
        except Xl2Error as error:
            return Check(what="store", ok=False, said=error.what, remedy=error.remedy)
        return Check(what="store", ok=True, said="it writes" if lane else "it reads")

    def _check(self, chain: ChainId) -> Check:
        what, found = f"chain {self.name(chain)}", self._last.get(chain)
        if found is None:
            return Check(what=what, ok=False, said="not asked yet", remedy="Wait a moment.")
        if isinstance(found, _Silence):
            return Check(what=what, ok=False, said=found.what, remedy=found.remedy)
        said = f"newest block {found.heads['latest']}, {found.head_age_seconds:.0f} s old"
        if found.head_age_seconds > MAX_HEAD_AGE_SECONDS:
            remedy = "Compare with another endpoint, and look at this machine's clock."
            return Check(what=what, ok=False, said=said, remedy=remedy)
        return Check(what=what, ok=True, said=said)

    async def _read(self, chain: ChainId, *, is_alarmed: bool) -> None:
        blocks, account = self.chains[chain]
        try:
            found = await self._reading(blocks, account)
        except Xl2Error as silent:
            self._last[chain] = _Silence(what=silent.what, remedy=silent.remedy)
            if is_alarmed and isinstance(silent, RpcUnavailable | RpcRejected):
                what = f"chain {self.name(chain)} does not answer: {silent.what}; {_MEANWHILE}. {silent.remedy}"
                alarm = Alarm(kind=AlarmKind.PROVIDER_DOWN, what=what, chain=chain, endpoint=silent.endpoint)
                self._tell(chain, (AlarmKind.PROVIDER_DOWN, silent.endpoint), alarm)
        else:
            self._last[chain] = found
            self.told(found)
            self._well(chain)
            if is_alarmed:
                self._mind_heads(chain, found.heads)

    def _mind_heads(self, chain: ChainId, heads: Mapping[str, int]) -> None:
        """Tell where blocks come no more, or become final no more; counted by a clock that never jumps."""
        for kind, longest in _STANDS_SECONDS.items():
            number, since = self._moved.get((chain, kind), (-1, 0.0))
            if heads[kind] != number:
                self._moved[chain, kind] = heads[kind], self.clock.steady()
                self.alarms.well((AlarmKind.PROVIDER_DOWN, chain, kind))
                continue
            stood = self.clock.steady() - since
            # Where all blocks are final nothing waits to become so.
            if stood > longest and (kind == "latest" or number < heads["latest"]):
                what = (
                    f"the {kind} block of chain {self.name(chain)} is {number} for {stood:.0f} s; {_MEANWHILE}. "
                    "Compare with another endpoint: the chain itself may stand, or what it settles on"
                )
                alarm = Alarm(kind=AlarmKind.PROVIDER_DOWN, what=what, chain=chain)
                self.alarms.tell((AlarmKind.PROVIDER_DOWN, chain, kind), alarm)

    def _tell(self, chain: ChainId, cause: Hashable, alarm: Alarm) -> None:
        """Once for all who fail over the same."""
        self._causes.setdefault(chain, set()).add(cause)
        self.alarms.tell(cause, alarm, ("chain", chain))

    def _well(self, chain: ChainId) -> None:
        for cause in self._causes.pop(chain, ()):
            self.alarms.well(cause, ("chain", chain))

    async def _reading(self, blocks: Blocks, account: Address) -> ChainReading:
        latest, final, balance, included = await asyncio.gather(
            blocks.head(Finality.LATEST),
            blocks.head(Finality.FINALIZED),
            blocks.balance(account),
            blocks.tx_nonce(account),
        )
        ours = await self.store.pending(blocks.chain, account)
        earner, has, claimable = await self._earned(blocks, account, balance)
        open_nonces = {one.signed.transaction.tx_nonce for one in ours}
        return ChainReading(
            chain=blocks.chain,
            name=self.name(blocks.chain),
            heads={"latest": latest.number, "finalized": final.number},
            head_age_seconds=max(0.0, self.clock.now() - latest.timestamp),
            account=checksum(account),
            balance=balance,
            earner=None if earner is None else checksum(earner),
            earner_balance=has,
            claimable=claimable,
            open_nonces=len([nonce for nonce in open_nonces if nonce >= included]),
        )

    async def _earned(self, blocks: Blocks, account: Address, balance: Wei) -> tuple[Address | None, Wei, Wei]:
        """Who earns on a chain, what he has, and what he may claim."""
        origin = self.origins.get(blocks.chain)
        if origin is None:
            return None, Wei(0), Wei(0)
        earner = self.payee or account
        if earner == account:
            return earner, balance, await origin.credit(earner)
        has, claimable = await asyncio.gather(blocks.balance(earner), origin.credit(earner))
        return earner, has, claimable
