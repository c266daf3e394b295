"""
Inbox: its calls, views and events in Python's words. The manual is `contracts/src/interfaces/IInbox.sol`.

Promise: a receipt read from a log is given out as the very bytes that extended the receipt log.
"""

from collections.abc import Sequence

from attrs import field, frozen

from xl2.core.lane import Lane, index_in_page, page_of
from xl2.core.message import Message
from xl2.core.receipt import Delivered, Expired, Receipt
from xl2.core.types import Address, BlockNumber, Hash32, MessageId, Wei, address, hex_text
from xl2.ports import Block, Call, Entry, Failure, Fate, LogState
from xl2_adapters.abi import Event, Method
from xl2_adapters.contracts.shared_logs import SharedLogs
from xl2_adapters.evm import Evm, Log

DELIVER = Method("deliver(bytes,bytes,address)")
RETRY = Method("retry(bytes,bytes,uint256,address)")
EXPIRE = Method("expire(bytes)")
DELIVERED_BITMAP = Method("delivered(bytes32,uint256)", "(uint256)")
FAILED_BY = Method("failed(bytes32)", "(uint256)")
RECEIPTS = Method("receipts(bytes32)", "(bytes32,uint64)")
HEADS = Method("heads()", "(address)")
METHODS = (DELIVER, RETRY, EXPIRE, DELIVERED_BITMAP, FAILED_BY, RECEIPTS, HEADS)

DELIVERED = Event("Delivered(bytes32 indexed,uint64,uint64,uint256,address indexed,uint96)")
FAILED = Event("Failed(bytes32 indexed,uint256,bytes)")
EXPIRED = Event("Expired(bytes32 indexed,bytes32 indexed,uint64)")
EVENTS = (DELIVERED, FAILED, EXPIRED)

#: A page of a lane's log.
_Page = tuple[Hash32, int]


@frozen
class Inbox:
    """The inbox of a chain."""

    evm: Evm
    address: Address
    _logs: SharedLogs[bytes] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """All lanes of the inbox write the same events."""
        topics = [[DELIVERED.topic, EXPIRED.topic]]
        object.__setattr__(self, "_logs", SharedLogs(self.evm, self.address, topics, _by_lane_log))

    async def fates(self, messages: Sequence[Message], at: BlockNumber, *, failed: bool = True) -> list[Fate]:
        """What became of messages: one bitmap a page; then, where asked for, one word for each not delivered."""
        pages = _pages_of(messages)
        answers = await self.evm.views(self._bitmap_views(pages), at) if pages else []
        return await self._fates(messages, pages, answers, at, failed=failed)

    async def fates_beside(
        self, messages: Sequence[Message], at: BlockNumber | None, *, failed: bool = True
    ) -> tuple[Block, list[Fate]]:
        """The same with the block: it is asked for last, so that the tip is never older than what the inbox says."""
        pages = _pages_of(messages)
        answers, block = await self.evm.views_beside(self._bitmap_views(pages), at)
        return block, await self._fates(messages, pages, answers, block.number, failed=failed)

    async def _fates(
        self,
        messages: Sequence[Message],
        pages: Sequence[_Page],
        answers: Sequence[bytes],
        at: BlockNumber,
        *,
        failed: bool,
    ) -> list[Fate]:
        bitmaps = {
            page: DELIVERED_BITMAP.decode(answer, self.evm.endpoint)[0]
            for page, answer in zip(pages, answers, strict=True)
        }
        fates = [
            Fate.DELIVERED if bitmaps[_page_of(message)] >> index_in_page(message.nonce) & 1 else Fate.UNSEEN
            for message in messages
        ]
        left = [place for place, fate in enumerate(fates) if fate is Fate.UNSEEN] if failed else []
        if left:
            words = await self.evm.views([(self.address, FAILED_BY.encode(messages[place].id)) for place in left], at)
            for place, word in zip(left, words, strict=True):
                if FAILED_BY.decode(word, self.evm.endpoint)[0]:
                    fates[place] = Fate.FAILED
        return fates

    def asks_state(self, lane: Lane) -> tuple[Address, bytes]:
        """The view that tells head and count of the receipt log."""
        return self.address, RECEIPTS.encode(lane.receipt_log)

    def state(self, lane: Lane, answer: bytes) -> LogState:
        """What it answers. Before the first entry the head is the log's name."""
        head, count = RECEIPTS.decode(answer, self.evm.endpoint)
        return LogState(head=Hash32(head) if count else lane.receipt_log, count=count)

    async def receipts(self, lane: Lane, first: BlockNumber, last: BlockNumber) -> list[Entry]:
        """Entries of a lane's receipt log in a range of blocks."""
        entries = []
        for (log,) in await self._logs.read(lane.log, first, last):
            receipt: Receipt
            if log.topics[0] == DELIVERED.topic:
                values = DELIVERED.decode(log.topics, log.data, self.evm.endpoint)
                _, index, page, bitmap, payee, fees = values
                receipt = Delivered(page=page, bitmap=bitmap, payee=address(payee), fees=Wei(fees))
            else:
                message_id, _, index = EXPIRED.decode(log.topics, log.data, self.evm.endpoint)
                receipt = Expired(id=message_id)
            entries.append(Entry(lane=lane, index=index, data=receipt.encode(), place=log.place))
        return sorted(entries, key=lambda entry: entry.index)

    async def failures(self, ids: Sequence[MessageId], first: BlockNumber, last: BlockNumber) -> list[Failure]:
        """Failed executions of these messages in a range of blocks."""
        if not ids:
            return []
        logs = await self.evm.logs(self.address, [[FAILED.topic], list(ids)], first, last)
        failures = []
        for log in logs:
            message_id, _, reason = FAILED.decode(log.topics, log.data, self.evm.endpoint)
            failures.append(Failure(id=MessageId(Hash32(message_id)), reason=reason, place=log.place))
        return failures

    def deliver_call(self, segment: bytes, evidence: bytes, payee: Address) -> Call:
        """Deliver a segment."""
        count = int.from_bytes(segment[34:36])
        what = f"deliver {count} message{'s' if count > 1 else ''} from chain {int.from_bytes(segment[:8])}"
        return self._call(DELIVER.encode(segment, evidence, payee), what)

    def retry_call(self, message: Message, gas_limit: int, payee: Address) -> Call:
        """Call the recipient of a failed message again."""
        data = RETRY.encode(message.header, message.payload, gas_limit, payee)
        return self._call(data, f"retry message {hex_text(message.id)} with {gas_limit} gas")

    def expire_call(self, message: Message) -> Call:
        """Record that a message's expiry has passed."""
        return self._call(EXPIRE.encode(message.header), f"expire message {hex_text(message.id)}")

    def _bitmap_views(self, pages: Sequence[_Page]) -> list[tuple[Address, bytes]]:
        return [(self.address, DELIVERED_BITMAP.encode(log, page)) for log, page in pages]

    def _call(self, data: bytes, what: str) -> Call:
        return Call(chain=self.evm.chain, to=self.address, data=data, what=what)


def _by_lane_log(logs: Sequence[Log]) -> list[tuple[bytes, tuple[Log, ...]]]:
    """Each entry by the lane log that its event names; what names none is no entry."""
    named = [(log.topics[1 if log.topics[0] == DELIVERED.topic else 2 :], log) for log in logs]
    return [(topics[0], (log,)) for topics, log in named if topics]


def _page_of(message: Message) -> _Page:
    return Lane.of(message).log, page_of(message.nonce)


def _pages_of(messages: Sequence[Message]) -> list[_Page]:
    return sorted({_page_of(message) for message in messages})
