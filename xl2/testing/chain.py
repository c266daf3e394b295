"""
Chain: outbox and inbox in memory, over the blocks of `ledger`.

Comes in: what a test says (`put` a message, `hide` one from the events). Goes out: whatever `xl2.ports.Chain` asks.
Promise: events are read off the states of the blocks, so events and storage agree unless a test hides one.
"""

from collections.abc import Sequence

from attrs import evolve

from xl2.core.evidence import Finality, VerifierMask
from xl2.core.hashing import keccak
from xl2.core.lane import Lane, head_after
from xl2.core.message import DEFAULT_GAS_LIMIT, Message
from xl2.core.storage_proof import LogKind
from xl2.core.types import (
    Address,
    Assurance,
    BlockNumber,
    ChainId,
    Hash32,
    MessageId,
    Timestamp,
    Wei,
)
from xl2.errors import NotFound
from xl2.ports import (
    Block,
    Bridge,
    Call,
    Ending,
    Entry,
    Failure,
    Fate,
    Log,
    LogState,
    Place,
    Sent,
)
from xl2.testing import calls
from xl2.testing.contracts import Judge, State, execute
from xl2.testing.ledger import Included, MemoryLedger, place_in
from xl2.testing.watched import MemoryWatched


class MemoryChain(MemoryLedger):
    """A chain with xl2's contracts. Made by `World`. Implements `xl2.ports.Chain`."""

    def __init__(self, state: State, judge: Judge, time: int = 1_700_000_000) -> None:
        """`state`: before the first block. `judge`: whether evidence shows a head."""
        super().__init__(state, judge, time)
        self._hidden: set[MessageId] = set()
        #: What was added to the fees of messages.
        self.topped: dict[MessageId, Wei] = {}
        self._watched = MemoryWatched(chain=state.chain)

    # --- words of a test

    async def put(
        self, lane: Lane, payload: bytes = b"hello", *, sender: Address | None = None, **fields: object
    ) -> Sent:
        """Send a message in a block of its own. `fields`: as `Origin.send_call` has them."""
        given = {
            "recipient": Address(b"\x42" * 20),
            "gas_limit": DEFAULT_GAS_LIMIT,
            "expiry": Timestamp(0),
            "allow_no_code": True,
            "fee": Wei(0),
            **fields,
        }
        call = self.send_call(lane, payload=payload, **given)  # type: ignore[arg-type]
        known = calls.read(call.data)
        assert known is not None  # noqa: S101 - written two lines above
        account = sender or Address(b"\x41" * 20)
        state = execute(self._tip.state, known, self._context(account, call.value))
        tx_hash = keccak(b"put" + len(self._blocks).to_bytes(8) + self._salt.to_bytes(8))
        included = Included(tx_hash=tx_hash, sender=account, tx_nonce=-1, succeeded=True)
        self._append(state, (included,))
        return (await self.sent(lane, self._tip.block.number, self._tip.block.number))[-1]

    def hide(self, message_id: MessageId) -> None:
        """Leave a message out of the events, as a lying endpoint would."""
        self._hidden.add(message_id)

    def earn(self, account: Address, amount: Wei) -> None:
        """Credit an account, as if somebody had settled what it delivered."""
        before = self._tip.state.credits
        after = {**before, account: Wei(before.get(account, 0) + amount)}
        self._append(evolve(self._tip.state, credits=after), ())

    def show_all(self) -> None:
        """Tell the truth again."""
        self._hidden.clear()

    def here(self, index: int = 0) -> Place:
        """The newest block, as the place of something that happens in it."""
        return place_in(self._tip, index)

    def holds(self, log: Hash32, kind: LogKind, at: BlockNumber, head: Hash32, count: int) -> bool:
        """Whether a block's state has this head of the log with this name."""
        if at >= len(self._blocks):
            return False
        state = self._blocks[at].state
        if kind is LogKind.LANE:
            lanes = {Lane.of(message) for message in state.sent}
        else:
            lanes = {lane for lane, _ in state.receipts}
        found = next((Log(lane=lane, kind=kind) for lane in lanes if Log(lane=lane, kind=kind).id == log), None)
        return found is not None and self._log_state(found, state) == LogState(head=head, count=count)

    # --- outbox

    @property
    def outbox(self) -> Address:
        """Contract that accepts messages."""
        return self._tip.state.outbox

    async def lane_to(self, destination: ChainId, assurance: Assurance) -> Lane:
        """Open lane from here."""
        if destination not in self._tip.state.links:
            raise NotFound(f"chain {self.chain} has no lane to chain {destination}")
        return self._tip.state.lane(destination, assurance)

    async def log_state(self, log: Log, at: BlockNumber) -> LogState:
        """Head and count of a log that is written here."""
        self._fault()
        return self._log_state(log, self._at(at).state)

    async def log_state_beside(self, log: Log, at: BlockNumber) -> tuple[LogState, Block]:
        """Head and count of a log, and the block."""
        return await self.log_state(log, at), await self.block(at)

    async def log_states(self, logs: Sequence[Log], at: BlockNumber) -> Sequence[LogState]:
        """Head and count of many logs."""
        self._fault()
        return [self._log_state(log, self._at(at).state) for log in logs]

    async def sent(self, lane: Lane, first: BlockNumber, last: BlockNumber) -> Sequence[Sent]:
        """Messages of a lane in a range of blocks."""
        self._fault()
        return [
            Sent(message=message, place=place)
            for message, place in self._new(lambda state: state.sent, first, last)
            if Lane.of(message) == lane and message.id not in self._hidden
        ]

    async def find_sent(self, message_id: MessageId) -> Sent | None:
        """A message by its id."""
        found = self._new(lambda state: state.sent, BlockNumber(1), self._tip.block.number)
        return next((Sent(message=one, place=place) for one, place in found if one.id == message_id), None)

    async def endings(self, messages: Sequence[Message], at: BlockNumber) -> Sequence[Ending]:
        """What became of the fees of messages."""
        self._fault()
        state = self._at(at).state
        return [_ending(state, message) for message in messages]

    async def ended(self, message: Message) -> tuple[Ending, Place | None]:
        """What became of a message's fee, and where."""
        for mined in self._blocks:
            ending = _ending(mined.state, message)
            if ending is not Ending.OPEN:
                return ending, place_in(mined, 0)
        return Ending.OPEN, None

    async def top_ups(self, messages: Sequence[Message]) -> Sequence[Wei]:
        """What a test said was added."""
        self._fault()
        return [self.topped.get(one.id, Wei(0)) for one in messages]

    async def credit(self, account: Address) -> Wei:
        """What an account can claim."""
        return Wei(self._tip.state.credits.get(account, 0))

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
        """Send a message."""
        call = calls.Send(
            destination=lane.destination,
            assurance=lane.assurance,
            recipient=recipient,
            gas_limit=gas_limit,
            expiry=expiry,
            allow_no_code=allow_no_code,
            payload=payload,
        )
        return evolve(self._call(self.outbox, call, "send a message"), value=fee)

    def add_fee_call(self, message: Message, amount: Wei) -> Call:
        """Top a fee up; nothing here counts it."""
        what = f"add to the fee of message {message.nonce}"
        return Call(chain=self.chain, to=self.outbox, data=b"", value=amount, what=what)

    def settle_call(self, lane: Lane, segment: bytes, evidence: bytes) -> Call:
        """Prove receipts back."""
        del lane
        return self._call(self.outbox, calls.Settle(segment=segment, evidence=evidence), "settle receipts")

    def claim_call(self, account: Address) -> Call:
        """Pay credits out."""
        return self._call(self.outbox, calls.Claim(account=account), "claim credit")

    # --- inbox

    @property
    def inbox(self) -> Address:
        """Contract that delivers messages."""
        return self._tip.state.inbox

    async def fates_beside(
        self, messages: Sequence[Message], at: BlockNumber | None = None, *, failed: bool = True
    ) -> tuple[Block, Sequence[Fate]]:
        """A block and what the inbox says at it."""
        block = await self.head(Finality.LATEST) if at is None else await self.block(at)
        return block, await self.fates(messages, block.number, failed=failed)

    async def fates(self, messages: Sequence[Message], at: BlockNumber, *, failed: bool = True) -> Sequence[Fate]:
        """What the inbox says of messages."""
        self._fault()
        state = self._at(at).state
        told = state.failed if failed else ()
        return [
            Fate.DELIVERED if one.id in state.delivered else Fate.FAILED if one.id in told else Fate.UNSEEN
            for one in messages
        ]

    async def receipts(self, lane: Lane, first: BlockNumber, last: BlockNumber) -> Sequence[Entry]:
        """Entries of a lane's receipt log in a range of blocks."""
        self._fault()
        index = len(self._at(BlockNumber(max(0, first - 1))).state.receipts_of(lane)) if first else 0
        entries = []
        for (of, receipt), place in self._new(lambda state: state.receipts, first, last):
            if of == lane:
                entries.append(Entry(lane=lane, index=index, data=receipt.encode(), place=place))
                index += 1
        return entries

    async def failures(self, ids: Sequence[MessageId], first: BlockNumber, last: BlockNumber) -> Sequence[Failure]:
        """Failed executions of messages in a range of blocks."""
        found = self._new(lambda state: state.failures, first, last)
        return [Failure(id=one, reason=b"Failed", place=place) for one, place in found if one in ids]

    def deliver_call(self, segment: bytes, evidence: bytes, payee: Address) -> Call:
        """Deliver a segment."""
        call = calls.Deliver(payee=payee, segment=segment, evidence=evidence)
        return self._call(self.inbox, call, "deliver messages")

    def retry_call(self, message: Message, gas_limit: int, payee: Address) -> Call:
        """Call the recipient of a failed message again."""
        call = calls.Retry(payee=payee, gas_limit=gas_limit, header=message.header, payload=message.payload)
        return self._call(self.inbox, call, f"retry message {message.nonce}")

    def expire_call(self, message: Message) -> Call:
        """Record that a message's expiry has passed."""
        return self._call(self.inbox, calls.Expire(header=message.header), f"expire message {message.nonce}")

    # --- heads, assets

    async def standing(self, log: Log) -> VerifierMask:
        """Verifiers that may speak for a log."""
        del log
        return VerifierMask(self.verifiers)

    async def shown(self, log: Log, head: Hash32) -> VerifierMask:
        """None: evidence comes with each call here."""
        del log, head
        return VerifierMask(0)

    def bridge(self, contract: Address) -> Bridge:
        """There are no token bridges in memory."""
        raise NotFound(f"chain {self.chain} has no bridge 0x{contract.hex()}")

    def watched(self) -> MemoryWatched:
        """The chain as its watcher sees it, and where a test says what it is to see."""
        return self._watched

    # --- below

    def _log_state(self, log: Log, state: State) -> LogState:
        if log.kind is LogKind.LANE:
            entries = [Hash32(message.id) for message in state.of_lane(log.lane)]
        else:
            entries = [receipt.hash for receipt in state.receipts_of(log.lane)]
        return LogState(head=head_after(log.id, entries), count=len(entries))

    def _call(self, to: Address, call: calls.Known, what: str) -> Call:
        return Call(chain=self.chain, to=to, data=calls.write(call), what=what)


def _ending(state: State, message: Message) -> Ending:
    if message.id in state.refunded:
        return Ending.REFUNDED
    return Ending.SETTLED if (Lane.of(message), message.nonce) in state.settled else Ending.OPEN
