"""
Assets: one token over all its chains, as one endpoint of each has it; contradictions out.

Promise: only final blocks are read, and what a bridge holds is read at the very block that its events were read to.
Two rules stand here. Each end alone: the home holds at least what its events have locked, and elsewhere there is no
more than was minted. All ends together: what arrived had left, once, with that amount. Both hold exactly when locked is
at least minted and in flight, whatever blocks the chains were read at; `delta` is that sum, for people and metrics.
Where an end is linked to a bridge that is none of them, nobody here can tell what was never sent: it is not judged.
"""

import logging
from collections.abc import Mapping

from attrs import define, field

from xl2.core.evidence import Finality
from xl2.core.interop import InteropAddress
from xl2.core.types import Address, BlockNumber, ChainId, checksum
from xl2.errors import Incident, NotYet
from xl2.ports import Motion
from xl2.watcher.contradiction import Contradiction
from xl2.watcher.eyes import Eye
from xl2.watcher.facts import At, Holding, NeverSent, TransferMoved
from xl2.watcher.ledger import Deed, End, Ledger
from xl2.watcher.spans import spans

logger = logging.getLogger(__name__)


@define(kw_only=True)
class AssetWatch:
    """One token."""

    #: Bridge and endpoint of each chain that it is on.
    ends: Mapping[ChainId, Address]
    eyes: Mapping[ChainId, Eye]
    margin_seconds: int
    ledger: Ledger = field(factory=Ledger, init=False)
    #: Locked, less minted, less in flight, when all ends were last read.
    delta: int | None = field(default=None, init=False)
    #: Last block that was read, by chain.
    _upto: dict[ChainId, At] = field(factory=dict, init=False)
    _is_home: dict[ChainId, bool] = field(factory=dict, init=False)
    #: As each end was last seen: no block is read twice.
    _holdings: dict[ChainId, Holding] = field(factory=dict, init=False)
    #: Bridges that an end is linked to and that are not watched.
    strangers: set[InteropAddress] = field(factory=set, init=False)

    async def look(self) -> list[Contradiction]:
        """Read what the ends did since, and what they hold."""
        holdings = [await self._read(chain) for chain in self.ends]
        held = sum(one.held for one in holdings if one.is_home)
        self.delta = self.ledger.delta(held, sum(one.held for one in holdings if not one.is_home))
        found = [self._of(Contradiction(facts=(one,), ends=self._concerned(one.at.chain))) for one in holdings]
        early = () if self.strangers else self.ledger.early.values()
        found += [self._of(await self._never_sent(deed)) for deed in early]
        for arrived, other in await self._clashes():
            facts = (await self._moved(arrived), await self._moved(other))
            found.append(self._of(Contradiction(facts=facts, ends=self._concerned(*(one.at.chain for one in facts)))))
        return [one for one in found if one is not None]

    def _of(self, contradiction: Contradiction) -> Contradiction | None:
        return contradiction if contradiction.why(self.margin_seconds) else None

    def _concerned(self, *chains: ChainId) -> dict[ChainId, Address]:
        """These ends, and the home, through which alone value can leave."""
        return {chain: end for chain, end in self.ends.items() if chain in chains or self._is_home[chain]}

    async def _read(self, chain: ChainId) -> Holding:
        eye, bridge = self.eyes[chain], self.ends[chain]
        watched, last = eye.chain.watched(), self._holdings.get(chain)
        if chain not in self._is_home:
            self._is_home[chain] = await watched.is_home(bridge)
        at = await eye.at(Finality.FINALIZED)
        if last is not None and last.at == at:
            return last
        await self._read_moves(chain, at)
        held = await watched.holding(bridge, at.number)
        if (await eye.chain.block(at.number)).hash != at.hash:
            raise NotYet(f"block {at.number} of chain {chain} changed while it was read")
        end = self.ledger.ends.get(chain, End())
        found = self._holdings[chain] = Holding(
            at=self._upto[chain], bridge=bridge, is_home=self._is_home[chain], held=held,
            sent=end.sent, received=end.received, refunded=end.refunded,
        )  # fmt: skip
        return found

    async def _read_moves(self, chain: ChainId, at: At) -> None:
        """Book what an end did up to a block."""
        eye, known = self.eyes[chain], self._upto.get(chain)
        if known is not None and at.number < known.number:
            raise NotYet(f"{eye.name} went back from final block {known.number} of chain {chain} to {at.number}")
        if known is not None and (await eye.chain.block(known.number)).hash != known.hash:
            raise Incident(
                f"block {known.number} of chain {chain} was final, and is another block now, says {eye.name}",
                remedy="Find out whether the endpoint or the chain broke its word.",
            )
        first = known.number + 1 if known else 0
        deeds: list[Deed] = []
        links: list[InteropAddress] = []
        for start, last in spans(first, at.number):
            moves = await eye.chain.watched().moves(self.ends[chain], start, last)
            deeds += [Deed(chain=chain, moved=one) for one in moves]
            links += await eye.chain.watched().links(self.ends[chain], start, last)
        # All or nothing, so that a question that is cut off is asked again whole.
        for deed in deeds:
            self.ledger.take(deed)
        self._upto[chain] = at
        for link in links:
            if self.ends.get(link.chain) != link.account and link not in self.strangers:
                self.strangers.add(link)
                fields = {"chain": chain, "linked_to": link.chain, "bridge": checksum(link.account)}
                logger.warning("a token is linked to a bridge that is not configured", extra={"fields": fields})

    async def _never_sent(self, deed: Deed) -> Contradiction:
        others = [
            NeverSent(at=at, bridge=self.ends[chain], id=deed.moved.id)
            for chain, at in self._upto.items()
            if chain != deed.chain
        ]
        return Contradiction(facts=(await self._moved(deed), *others), ends=self._concerned(deed.chain))

    async def _clashes(self) -> list[tuple[Deed, Deed]]:
        """Pairs of deeds that cannot both be."""
        found = list(self.ledger.clashes)
        for second in self.ledger.again:
            arrived = self.ledger.arrived_at(second.moved.id)
            if arrived is None:
                continue  # it will be read to arrive, and then clash
            chain, block = arrived[0], BlockNumber(arrived[1])
            moves = await self.eyes[chain].chain.watched().moves(self.ends[chain], block, block)
            same = [one for one in moves if one.id == second.moved.id and one.motion is Motion.RECEIVED]
            found += [(Deed(chain=chain, moved=one), second) for one in same]
        return found

    async def _moved(self, deed: Deed) -> TransferMoved:
        moved = deed.moved
        block = await self.eyes[deed.chain].chain.block(moved.place.block)
        return TransferMoved(
            at=At.of(deed.chain, block, is_final=True),
            tx_hash=moved.place.tx_hash,
            bridge=self.ends[deed.chain],
            motion=moved.motion,
            id=moved.id,
            amount=moved.amount,
        )
