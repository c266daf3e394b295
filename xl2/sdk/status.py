"""
Status: a message id and the chains in, every room the message has passed out.

Promise: read from the chains alone, so any machine gives the same answer; an endpoint that does not answer is an error,
never "not found"; what was once seen is taken back only when its block is no longer there. Who moves a message, and why
it does not move, is left to `relay` and `explain`.
"""

from collections.abc import Mapping

from attrs import define, field

from xl2.core.evidence import Finality
from xl2.core.lane import Lane
from xl2.core.lifecycle import State
from xl2.core.message import Message
from xl2.core.receipt import Delivered, Expired, parse_receipt
from xl2.core.types import BlockNumber, ChainId, MessageId, Timestamp, checksum, hex_text
from xl2.errors import NotFound, NotYet
from xl2.ports import Blocks, Chain, Ending, Entry, Fate, Place
from xl2.ports import Sent as SentLog
from xl2.sdk.values import Status, Step

#: How far along a state is; a status never goes back while its blocks stand.
_ORDER = {state: place for place, state in enumerate(State)}


@define
class Statuses:
    """Asks the chains, and remembers what they said."""

    chains: Mapping[ChainId, Chain]
    #: A message stays where it was sent: found once, it is not searched for again.
    _sent: dict[MessageId, SentLog] = field(factory=dict, init=False)
    _last: dict[MessageId, Status] = field(factory=dict, init=False)

    def remember(self, sent: SentLog) -> None:
        """Take this for where a message was sent; it is checked when its status is asked for."""
        self._sent.setdefault(sent.message.id, sent)

    async def find(self, message_id: MessageId) -> SentLog:
        """
        The message as its outbox accepted it.

        Raises `NotFound` when every chain answered that it never sent it.
        """
        if message_id not in self._sent:
            for chain in self.chains.values():
                found = await chain.find_sent(message_id)
                if found is not None:
                    self._sent[message_id] = found
                    break
            else:
                asked = ", ".join(str(chain) for chain in self.chains)
                raise NotFound(
                    f"no outbox of the chains {asked} has sent message {hex_text(message_id)}",
                    remedy="Check the id and the configuration; a transaction that is not included yet has no message.",
                )
        return self._sent[message_id]

    async def of(self, message_id: MessageId) -> Status:
        """What both chains say of the message now."""
        sent = await self.find(message_id)
        if not await self._stands(sent.message.origin, sent.place):
            del self._sent[message_id]
            self._last.pop(message_id, None)
            sent = await self.find(message_id)
        seen = await self._read(sent)
        last = self._last.get(message_id)
        # An endpoint that is behind says less than was seen before.
        if last is not None and _ORDER[seen.state] < _ORDER[last.state] and await self._all_stand(last):
            return last
        self._last[message_id] = seen
        return seen

    async def _read(self, sent: SentLog) -> Status:
        message = sent.message
        origin, destination = self.chains[message.origin], self._destination(message)
        steps = [await _step(State.SENT, origin, sent.place)]
        if (await origin.head(Finality.FINALIZED)).number >= sent.place.block:
            steps.append(
                Step(state=State.OBSERVED, chain=origin.chain, block=sent.place.block, detail="block is final")
            )
        if destination is None:
            return _status(message, steps)
        steps += await self._there(message, destination, since=steps[0].at or Timestamp(0))
        ending, place = await origin.ended(message)
        if ending is not Ending.OPEN:
            state = State.SETTLED if ending is Ending.SETTLED else State.REFUNDED
            steps.append(await _step(state, origin, place) if place else Step(state=state, chain=origin.chain))
        return _status(message, steps)

    async def _there(self, message: Message, destination: Chain, since: Timestamp) -> list[Step]:
        """Rooms at the destination."""
        tip = await destination.head(Finality.LATEST)
        (fate,) = await destination.fates([message], tip.number)
        lane = Lane.of(message)
        first = await block_at(destination, since, tip.number)
        entry = await self._entry(message, destination, lane, first, tip.number)
        steps = []
        for failure in await destination.failures([message.id], first, tip.number):
            reason = f"the recipient failed: {hex_text(failure.reason) if failure.reason else 'no reason given'}"
            steps.append(await _step(State.FAILED, destination, failure.place, reason))
        steps = steps[-1:]
        if fate is not Fate.DELIVERED and entry is None:
            if message.is_expired(tip.timestamp):
                steps.append(
                    Step(state=State.OVERDUE, chain=destination.chain, at=message.expiry, detail="its time has run out")
                )
            return steps
        if entry is None:
            # The bit is set and its event is below the first block looked at, or withheld: say what is known.
            return [*steps, Step(state=State.DELIVERED, chain=destination.chain, block=tip.number)]
        receipt = parse_receipt(entry.data)
        is_final = (await destination.head(Finality.FINALIZED)).number >= entry.place.block
        if isinstance(receipt, Delivered):
            detail = f"the fee is earned by {checksum(receipt.payee)}"
            steps.append(await _step(State.DELIVERED, destination, entry.place, detail))
            then = State.CONFIRMED
        else:
            steps.append(await _step(State.EXPIRED, destination, entry.place, "recorded that its time has run out"))
            then = State.REFUNDABLE
        if is_final:
            block = entry.place.block
            steps.append(Step(state=then, chain=destination.chain, block=block, detail="block is final"))
        return steps

    async def _entry(
        self, message: Message, destination: Chain, lane: Lane, first: BlockNumber, last: BlockNumber
    ) -> Entry | None:
        """The receipt that speaks of the message: its delivery, else the first record of its expiry."""
        expired = None
        for entry in await destination.receipts(lane, first, last):
            receipt = parse_receipt(entry.data)
            if isinstance(receipt, Delivered) and message.nonce in receipt.nonces:
                return entry
            if isinstance(receipt, Expired) and receipt.id == message.id:
                expired = expired or entry
        return expired

    def _destination(self, message: Message) -> Chain | None:
        return self.chains.get(message.destination)

    async def _all_stand(self, status: Status) -> bool:
        return all([await self._step_stands(step) for step in status.steps])

    async def _step_stands(self, step: Step) -> bool:
        if step.block is None or step.block_hash is None:
            return True
        try:
            return (await self.chains[step.chain].block(step.block)).hash == step.block_hash
        except NotYet:
            return True  # the endpoint is behind the block: that takes nothing back

    async def _stands(self, chain: ChainId, place: Place) -> bool:
        try:
            return (await self.chains[chain].block(place.block)).hash == place.block_hash
        except NotYet:
            return True


async def block_at(chain: Blocks, when: Timestamp, tip: BlockNumber) -> BlockNumber:
    """
    First block whose time is `when` or later, by halving; the tip where there is none yet.

    A little earlier than `when`: clocks of two chains differ, and a message may arrive a moment before it was sent.
    """
    wanted = when - _CLOCK_SKEW_SECONDS
    low, high = 0, int(tip)
    while low < high:
        middle = (low + high) // 2
        if (await chain.block(BlockNumber(middle))).timestamp < wanted:
            low = middle + 1
        else:
            high = middle
    return BlockNumber(low)


#: Clocks of rollups may lag their L1 by a sequencing window; an hour is the widest among those in use.
_CLOCK_SKEW_SECONDS = 3_600


async def _step(state: State, chain: Blocks, place: Place, detail: str = "") -> Step:
    block = await chain.block(place.block)
    return Step(
        state=state,
        chain=chain.chain,
        block=place.block,
        at=block.timestamp,
        tx_hash=place.tx_hash,
        block_hash=place.block_hash,
        detail=detail,
    )


def _status(message: Message, steps: list[Step]) -> Status:
    return Status(id=message.id, state=steps[-1].state, message=message, steps=tuple(steps))
