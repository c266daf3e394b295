"""
Outbox: its calls, views and events in Python's words. The manual is `contracts/src/interfaces/IOutbox.sol`.

Promise: a message read from a log is given out only if its recomputed id is the one the log names.
"""

from collections.abc import Sequence

from attrs import field, frozen

from xl2.core.amounts import wei_and_ether
from xl2.core.evidence import Finality
from xl2.core.interop import InteropAddress
from xl2.core.lane import Lane, index_in_page, page_of
from xl2.core.message import Message
from xl2.core.types import (
    ZERO_ADDRESS,
    Address,
    Assurance,
    BlockNumber,
    ChainId,
    Hash32,
    MessageId,
    Timestamp,
    Wei,
    address,
    checksum,
    hex_text,
)
from xl2.errors import NotFound, ProofInvalid
from xl2.ports import Call, Ending, LogState, Place, Sent
from xl2_adapters.abi import Event, Method
from xl2_adapters.contracts.sent_log import (
    ALLOW_NO_CODE,
    ASSURANCE,
    EXPIRY,
    GAS_LIMIT,
    Home,
    destination_of,
    message_of,
)
from xl2_adapters.contracts.shared_logs import SharedLogs
from xl2_adapters.evm import Evm, Log, topic_of

SEND = Method("sendMessage(bytes,bytes,bytes[])", "(bytes32)")
ADD_FEE = Method("addFee(uint64,uint8,uint64)")
SETTLE = Method("settle(bytes,bytes)")
CLAIM_FOR = Method("claimFor(address)")
LANE = Method("lane(uint64,uint8)", "(bytes32,address,uint64,uint64)")
SETTLED = Method("settled(uint64,uint8,uint256)", "(uint256)")
EXPIRED = Method("expired(bytes32)", "(bool)")
CREDIT = Method("credit(address)", "(uint256)")
TOP_UP = Method("topUp(uint64,uint8,uint64)", "(uint256)")
HEADS = Method("heads()", "(address)")
METHODS = (SEND, ADD_FEE, SETTLE, CLAIM_FOR, LANE, SETTLED, EXPIRED, CREDIT, TOP_UP, HEADS)

MESSAGE_SENT = Event("MessageSent(bytes32 indexed,bytes,bytes,bytes,uint256,bytes[])")
MESSAGE_PLACED = Event("MessagePlaced(uint256)")
SETTLED_EVENT = Event("Settled(uint256 indexed,uint256,address indexed,uint256)")
REFUNDED = Event("Refunded(bytes32 indexed,uint256 indexed,address indexed,uint256)")
EVENTS = (MESSAGE_SENT, MESSAGE_PLACED, SETTLED_EVENT, REFUNDED)


@frozen
class Outbox:
    """The outbox of a chain."""

    evm: Evm
    address: Address
    #: Inboxes by destination: the outbox sets each once, so what was read stays true.
    _inboxes: dict[ChainId, Address] = field(factory=dict, init=False, eq=False, repr=False)
    _logs: SharedLogs[ChainId] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """All lanes of the outbox write the same events."""
        topics = [[MESSAGE_SENT.topic, MESSAGE_PLACED.topic]]
        object.__setattr__(self, "_logs", SharedLogs(self.evm, self.address, topics, self._by_destination))

    @property
    def _home(self) -> Home:
        return Home(self.evm.chain, self.address, self.evm.endpoint)

    async def lane_to(self, destination: ChainId, assurance: Assurance) -> Lane:
        """Open lane. Raises `NotFound` where there is none."""
        _, inbox, _ = await self._lane(destination, assurance, None)
        if inbox == ZERO_ADDRESS:
            raise NotFound(
                f"the outbox {checksum(self.address)} on chain {self.evm.chain} has no lane to chain {destination}",
                remedy="Check the destination's chain id, or have the lane registered.",
            )
        return Lane(
            origin=self.evm.chain, outbox=self.address, destination=destination, inbox=inbox, assurance=assurance
        )

    def asks_state(self, lane: Lane) -> tuple[Address, bytes]:
        """The view that tells head and count of the lane log."""
        return self.address, LANE.encode(lane.destination, lane.assurance)

    def state(self, lane: Lane, answer: bytes) -> LogState:
        """What it answers. Before the first message the head is the log's name."""
        head, _, count, _ = LANE.decode(answer, self.evm.endpoint)
        return LogState(head=Hash32(head) if count else lane.log, count=count)

    async def sent(self, lane: Lane, first: BlockNumber, last: BlockNumber) -> list[Sent]:
        """Messages of a lane in a range of blocks, in the order of their logs."""
        told = await self._logs.read(lane.destination, first, last)
        messages = [await self._message(*one) for one in told]
        return [sent for sent in messages if Lane.of(sent.message) == lane]

    async def find(self, message_id: MessageId, since: BlockNumber) -> Sent | None:
        """A message by its id."""
        tip = (await self.evm.head(Finality.LATEST)).number
        named = await self.evm.logs(self.address, [[MESSAGE_SENT.topic], [message_id]], since, tip)
        if not named:
            return None
        block = named[-1].place.block
        logs = await self.evm.logs(self.address, [[MESSAGE_SENT.topic, MESSAGE_PLACED.topic]], block, block)
        told = [two for _, two in self._by_destination(logs) if two[0].topics[1:] == (message_id,)]
        return await self._message(*told[0]) if told else None

    async def endings(self, messages: Sequence[Message], at: BlockNumber) -> list[Ending]:
        """What became of the fees of messages: one bitmap a page, and one word for each that may have been refunded."""
        keys = [(one.destination, one.assurance, page_of(one.nonce)) for one in messages]
        pages = sorted(set(keys))
        endpoint = self.evm.endpoint
        answers = await self.evm.views([(self.address, SETTLED.encode(*page)) for page in pages], at) if pages else []
        bitmaps = {page: SETTLED.decode(answer, endpoint)[0] for page, answer in zip(pages, answers, strict=True)}
        endings = [
            Ending.SETTLED if bitmaps[key] >> index_in_page(one.nonce) & 1 else Ending.OPEN
            for one, key in zip(messages, keys, strict=True)
        ]
        # A refund settles its nonce as well, and what never expires is never refunded.
        ended = [place for place, one in enumerate(messages) if endings[place] is Ending.SETTLED and one.expiry]
        if ended:
            words = await self.evm.views([(self.address, EXPIRED.encode(messages[place].id)) for place in ended], at)
            for place, word in zip(ended, words, strict=True):
                if EXPIRED.decode(word, endpoint)[0]:
                    endings[place] = Ending.REFUNDED
        return endings

    async def ended(self, message: Message, is_refunded: bool, first: BlockNumber, last: BlockNumber) -> Place | None:
        """Where a message's fee was credited: to whoever earned it, or back to its sender."""
        if is_refunded:
            logs = await self.evm.logs(self.address, [[REFUNDED.topic], [message.id]], first, last)
            return logs[0].place if logs else None
        page = page_of(message.nonce) * 256
        place = message.destination << 72 | message.assurance << 64 | page
        for log in await self.evm.logs(self.address, [[SETTLED_EVENT.topic], [topic_of(place)]], first, last):
            _, bitmap, _, _ = SETTLED_EVENT.decode(log.topics, log.data, self.evm.endpoint)
            if bitmap >> message.nonce % 256 & 1:
                return log.place
        return None

    async def top_ups(self, messages: Sequence[Message]) -> list[Wei]:
        """What was added to the fees of messages and is not settled yet."""
        views = [(self.address, TOP_UP.encode(one.destination, one.assurance, one.nonce)) for one in messages]
        return [Wei(TOP_UP.decode(answer, self.evm.endpoint)[0]) for answer in await self.evm.views(views)]

    async def credit(self, account: Address) -> Wei:
        """What an account can claim."""
        (amount,) = CREDIT.decode(await self.evm.view(self.address, CREDIT.encode(account)), self.evm.endpoint)
        return Wei(amount)

    def send_call(
        self,
        lane: Lane,
        *,
        recipient: Address,
        payload: bytes,
        gas_limit: int,
        expiry: Timestamp,
        allow_no_code: bool,
        fee: Wei,
    ) -> Call:
        """Send a message: what the outbox defaults to is not said."""
        attributes = [ASSURANCE.encode(lane.assurance), GAS_LIMIT.encode(gas_limit)]
        attributes += [EXPIRY.encode(expiry)] if expiry else []
        attributes += [ALLOW_NO_CODE.encode()] if allow_no_code else []
        to = InteropAddress(chain=lane.destination, account=recipient).encode()
        what = f"send {len(payload)} bytes to {checksum(recipient)} on chain {lane.destination}"
        return self._call(SEND.encode(to, payload, attributes), what, fee)

    def add_fee_call(self, message: Message, amount: Wei) -> Call:
        """Top a fee up."""
        data = ADD_FEE.encode(message.destination, message.assurance, message.nonce)
        return self._call(data, f"add {wei_and_ether(amount)} to the fee of message {hex_text(message.id)}", amount)

    def settle_call(self, lane: Lane, segment: bytes, evidence: bytes) -> Call:
        """Prove receipts back."""
        what = f"settle receipts of the {lane.assurance.name.lower()} lane {lane.origin} to {lane.destination}"
        return self._call(SETTLE.encode(segment, evidence), what)

    def claim_call(self, account: Address) -> Call:
        """Pay credits out."""
        return self._call(CLAIM_FOR.encode(account), f"claim the credit of {checksum(account)}")

    def _call(self, data: bytes, what: str, value: Wei = Wei(0)) -> Call:
        return Call(chain=self.evm.chain, to=self.address, data=data, value=value, what=what)

    async def _lane(
        self, destination: ChainId, assurance: Assurance, at: BlockNumber | None
    ) -> tuple[Hash32, Address, int]:
        answer = await self.evm.view(self.address, LANE.encode(destination, assurance), at)
        head, inbox, count, _ = LANE.decode(answer, self.evm.endpoint)
        return Hash32(head), address(inbox), count

    def _by_destination(self, logs: Sequence[Log]) -> list[tuple[ChainId, tuple[Log, Log]]]:
        """Each `MessageSent` with the `MessagePlaced` that follows it, by the chain that this names."""
        told = []
        sent: Log | None = None
        for log in logs:
            if log.topics[0] == MESSAGE_SENT.topic:
                sent = log
                continue
            if sent is None or sent.place.block_hash != log.place.block_hash:
                raise ProofInvalid(f"{self.evm.endpoint} sent a MessagePlaced of block {log.place.block} alone")
            told.append((destination_of(log.data), (sent, log)))
            sent = None
        return told

    async def _inbox(self, destination: ChainId) -> Address:
        if destination not in self._inboxes:
            self._inboxes[destination] = (await self._lane(destination, Assurance.SETTLED, None))[1]
        return self._inboxes[destination]

    async def _message(self, sent: Log, placed: Log) -> Sent:
        inbox = await self._inbox(destination_of(placed.data))
        # Its id; where an endpoint left that out, the event's own name, to which no message hashes.
        message = message_of(self._home, inbox, sent.topics[-1], sent.data, placed.data)
        return Sent(message=message, place=sent.place)
