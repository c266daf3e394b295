"""
Deliveries: what one inbox says it delivered, against how long the lane's log is; contradictions out.

It catches what `heads` cannot see: evidence that a contract in between passed on to the inbox. Promise: a nonce that
was delivered is below the count of its lane's log by a block that is young enough, or else somebody vouched for a
message that nobody sent. Which verifier that was cannot be told, so the lane is what is paused.
"""

from collections.abc import Mapping, Sequence

from attrs import define, field

from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.receipt import Delivered, parse_receipt
from xl2.core.storage_proof import LogKind
from xl2.core.types import BlockNumber, ChainId, Hash32, Nonce
from xl2.errors import ProofInvalid, Retryable
from xl2.ports import Entry, Log
from xl2.watcher.contradiction import Contradiction
from xl2.watcher.eyes import Eye
from xl2.watcher.facts import At, NonceDelivered
from xl2.watcher.spans import spans


@define(kw_only=True)
class DeliveryWatch:
    """Deliveries on one chain."""

    destination: Eye
    origins: Mapping[ChainId, Eye]
    #: Lanes that end there.
    lanes: Sequence[Lane]
    margin_seconds: int
    #: First block that was not read for good.
    _next: BlockNumber = field(default=BlockNumber(0), init=False)
    #: Deliveries whose message was not seen to be sent.
    _open: dict[tuple[Lane, Nonce], Entry] = field(factory=dict, init=False)
    #: By lane: what was seen to be sent, in final blocks.
    _sent: dict[Lane, int] = field(factory=dict, init=False)
    #: By log: entries of the longest head that somebody was seen to vouch for.
    _vouched: dict[Hash32, int] = field(factory=dict, init=False)

    async def look(self) -> list[Contradiction]:
        """Read what was delivered since, and judge what can be judged."""
        chain = self.destination.chain
        final = (await chain.head(Finality.FINALIZED)).number
        newest = (await chain.head(Finality.LATEST)).number
        for start, last in spans(self._next, newest):
            for shown in await chain.watched().heads_shown(start, last):
                self._vouched[shown.log] = max(shown.count, self._vouched.get(shown.log, 0))
            for lane in self.lanes:
                await self._read(lane, start, last)
        # What is not final is read again: it may have moved.
        self._next = BlockNumber(max(self._next, final + 1))
        found: list[Contradiction] = []
        cause: Retryable | ProofInvalid | None = None
        for (lane, nonce), entry in list(self._open.items()):
            try:
                contradiction = await self._judge(lane, nonce, entry)
            except (Retryable, ProofInvalid) as error:
                # One lane that cannot be judged keeps no other from it.
                cause = error
                continue
            found += [] if contradiction is None else [contradiction]
        if cause is not None and not found:
            raise cause
        return found

    async def _read(self, lane: Lane, first: BlockNumber, last: BlockNumber) -> None:
        for entry in await self.destination.chain.receipts(lane, first, last):
            receipt = parse_receipt(entry.data)
            if isinstance(receipt, Delivered) and max(receipt.nonces) >= self._sent.get(lane, 0):
                self._open[lane, max(receipt.nonces)] = entry

    async def _judge(self, lane: Lane, nonce: Nonce, entry: Entry) -> Contradiction | None:
        if self._vouched.get(lane.log, 0) > nonce:
            # Who vouched for it is known, and judged by `heads`: then the others on the lane need not be paused.
            del self._open[lane, nonce]
            return None
        origin, log = self.origins[lane.origin], Log(lane=lane, kind=LogKind.LANE)
        final = await origin.log_by(log, await origin.at(Finality.FINALIZED), nonce + 1)
        self._sent[lane] = max(self._sent.get(lane, 0), final.entries)
        if final.head is not None:
            del self._open[lane, nonce]
            return None
        newest = await origin.log_by(log, await origin.at(Finality.LATEST), nonce + 1)
        block = await self.destination.chain.block(entry.place.block)
        delivered = NonceDelivered(
            at=At.of(self.destination.id, block, is_final=block.number < self._next),
            tx_hash=entry.place.tx_hash,
            lane=lane,
            nonce=nonce,
        )
        contradiction = Contradiction(facts=(delivered, newest))
        return contradiction if contradiction.why(self.margin_seconds) else None
