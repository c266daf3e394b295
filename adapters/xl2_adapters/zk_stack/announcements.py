"""
Announcements: how heads of a ZK-stack chain get to L1, which holds no state of it that a storage proof could start at.

Anybody has the chain's `Announcer` say to L1 what a log's head is; once the batch is executed, `LiveBatches` on L1
takes the message for what it is, and the router sends the head on. Promise: what is handed out was verified under the
executed root; an announcement that covers the log is never made twice while one is on its way.
"""

from collections.abc import Sequence

from attrs import field, frozen

from xl2.core.evidence import Finality
from xl2.core.types import Address, BlockNumber, Hash32, checksum, hex_text
from xl2.errors import NotYet, ProofInvalid
from xl2.ports import Block, Call, Log, Needed
from xl2_adapters.abi import Event, Method
from xl2_adapters.chain import EvmChain
from xl2_adapters.log_head import place_of
from xl2_adapters.rollup import Pushable
from xl2_adapters.tx_logs import included
from xl2_adapters.zk_stack.batches import Batches
from xl2_adapters.zk_stack.messages import messages_of

ANNOUNCE = Method("announce(bytes)")
ANNOUNCED = Event("Announced(bytes32 indexed,bytes32 indexed,uint64)")

#: Block u64 ‖ destination u64, then log 32 ‖ head 32 each.
_FRONT, _ENTRY = 16, 64
#: How far back announcements are looked for: a week of blocks of a second; and how far each time, as reorgs may reach.
_LOOK_BACK_BLOCKS, _RECENT_BLOCKS = 604_800, 1_000


@frozen(kw_only=True)
class Announced:
    """A head that was said to L1."""

    head: Hash32
    count: int
    block: BlockNumber
    tx_hash: Hash32


@frozen(kw_only=True)
class Announcements:
    """Heads of one chain. Implements `xl2_adapters.rollup.HeadSource`."""

    home: EvmChain
    batches: Batches
    #: On the chain.
    announcer: Address
    #: By log: up to which block announcements were looked for, and those found, newest first.
    _seen: dict[Hash32, tuple[BlockNumber, Sequence[Announced]]] = field(factory=dict, init=False, repr=False)

    async def newest(self, log: Log, count: int, tip: Block, upto: BlockNumber) -> Pushable | Needed:
        """The newest announcement that covers the log and whose batch L1 has executed; else what is to be done."""
        covering = [one for one in await self._announced(log) if one.count >= count]
        why = ""
        for one in covering:
            if one.block > upto:
                why = why or f"a head announced in block {one.block} is looked at up to block {upto} only"
                continue
            try:
                return await self._pushable(log, one, tip)
            except NotYet as not_yet:
                why = why or not_yet.what
        if covering:
            raise NotYet(why, remedy="Wait: announcements come to l1 with their batch.")
        # Refused here what the announcer would refuse: a log without so many entries.
        place, _ = await place_of(self.home, log, count, upto)
        call = Call(
            chain=self.home.chain,
            to=self.announcer,
            data=ANNOUNCE.encode(place.encode()),
            what=f"have chain {self.home.chain} say a head to l1",
        )
        return Needed(calls=(call,), why=f"no head of {count} or more entries was said to l1")

    async def covered(self, log: Log, count: int, head: Hash32, at: BlockNumber) -> int | None:
        """By the announcements of that very block: a head may have been said in the middle of it."""
        said = [one.count for one in await self._announced_in(log, at, at) if one.head == head]
        if not said:
            return None
        return max(said) if max(said) >= count else 0

    async def _announced(self, log: Log) -> Sequence[Announced]:
        """What was said of a log, newest first. Old blocks are looked at once, recent ones each time."""
        tip = (await self.home.head(Finality.LATEST)).number
        first = BlockNumber(max(self.home.settings.start, tip - _LOOK_BACK_BLOCKS))
        upto, known = self._seen.get(log.id, (first, ()))
        since = max(first, BlockNumber(upto - _RECENT_BLOCKS))
        found = [*await self._announced_in(log, since, tip), *(one for one in known if one.block < since)]
        self._seen[log.id] = (tip, found)
        return found

    async def _announced_in(self, log: Log, first: BlockNumber, last: BlockNumber) -> list[Announced]:
        found = await self.home.logs(self.announcer, [[ANNOUNCED.topic], [log.id]], first, last)
        said = []
        for entry in reversed(found):
            _, head, count = ANNOUNCED.decode(entry.topics, entry.data, self.home.endpoint)
            place = entry.place
            said.append(Announced(head=Hash32(head), count=count, block=place.block, tx_hash=place.tx_hash))
        return said

    async def _pushable(self, log: Log, one: Announced, tip: Block) -> Pushable:
        transaction = await included(self.home, one.tx_hash)
        if transaction is None:
            del self._seen[log.id]
            raise NotYet(f"the announcement of block {one.block} was taken back")
        for message in messages_of(transaction, self.home.endpoint):
            if message.sender == self.announcer and _says(message.data, one.block, log, one.head):
                proof = await self.batches.message(
                    one.tx_hash, message.sender, message.data, nth=message.nth, at=tip.number
                )
                return Pushable(number=one.block, proof=proof.encode())
        raise ProofInvalid(
            f"{self.home.endpoint} told of an announcement of {hex_text(one.head)} by {checksum(self.announcer)} whose "
            f"transaction {hex_text(one.tx_hash)} said no such thing to l1"
        )


def _says(message: bytes, block: BlockNumber, log: Log, head: Hash32) -> bool:
    """Whether an announcer's message names this head, for the log's reader."""
    front = block.to_bytes(8) + log.reader.to_bytes(8)
    entries = [message[at : at + _ENTRY] for at in range(_FRONT, len(message), _ENTRY)]
    return message[:_FRONT] == front and log.id + head in entries
