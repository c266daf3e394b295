"""
Chain: an EVM chain with xl2's contracts, in the house's words: `Evm` below, one class a contract beside it.

Promise: nothing is decided here; each method is one question to one contract. Implements `xl2.ports.Chain` and
`xl2.ports.Fitting`.
"""

from collections.abc import Sequence

from xl2.core.evidence import Finality, VerifierMask
from xl2.core.lane import Lane
from xl2.core.message import Message
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
from xl2.errors import ConfigInvalid
from xl2.ports import Block, Call, ChainSettings, Ending, Entry, Failure, Fate, Log, LogState, Misfit, Place, Sent
from xl2_adapters.contracts.bridge import TokenBridge
from xl2_adapters.contracts.heads import Heads
from xl2_adapters.contracts.inbox import Inbox
from xl2_adapters.contracts.outbox import Outbox
from xl2_adapters.evm import Evm
from xl2_adapters.fitting import misfits_of
from xl2_adapters.providers import rpc_of
from xl2_adapters.together import StatesTogether
from xl2_adapters.watched import WatchedChain


class EvmChain(Evm):
    """A chain with outbox, inbox and heads."""

    def __init__(self, settings: ChainSettings) -> None:
        """Raises `ConfigInvalid` where the address of a contract is missing."""
        super().__init__(settings.chain, rpc_of(settings), ws_url=settings.ws_url)
        self.settings = settings
        self._outbox = Outbox(self, contract_of(settings, "outbox"))
        self._inbox = Inbox(self, contract_of(settings, "inbox"))
        self._heads = Heads(self, contract_of(settings, "heads"))
        #: How the state of each log is asked for, and what was answered last.
        self._asked: dict[Log, tuple[Address, bytes]] = {}
        self._states: dict[Log, tuple[bytes, LogState]] = {}
        self._together = StatesTogether(self._states_beside, self.beside)

    @property
    def outbox(self) -> Address:
        """Contract that accepts messages."""
        return self._outbox.address

    @property
    def inbox(self) -> Address:
        """Contract that delivers messages."""
        return self._inbox.address

    async def lane_to(self, destination: ChainId, assurance: Assurance) -> Lane:
        """Open lane from here."""
        return await self._outbox.lane_to(destination, assurance)

    async def sent(self, lane: Lane, first: BlockNumber, last: BlockNumber) -> Sequence[Sent]:
        """Messages of a lane in a range of blocks."""
        return await self._outbox.sent(lane, max(first, self.settings.start), last)

    async def find_sent(self, message_id: MessageId) -> Sent | None:
        """A message by its id."""
        return await self._outbox.find(message_id, self.settings.start)

    async def endings(self, messages: Sequence[Message], at: BlockNumber) -> Sequence[Ending]:
        """What became of the fees of messages."""
        return await self._outbox.endings(messages, at)

    async def ended(self, message: Message) -> tuple[Ending, Place | None]:
        """What became of a message's fee, and where that was written."""
        tip = (await self.head(Finality.LATEST)).number
        (ending,) = await self.endings([message], tip)
        if ending is Ending.OPEN:
            return ending, None
        return ending, await self._outbox.ended(message, ending is Ending.REFUNDED, self.settings.start, tip)

    async def top_ups(self, messages: Sequence[Message]) -> Sequence[Wei]:
        """What was added to the fees of messages."""
        return await self._outbox.top_ups(messages)

    async def credit(self, account: Address) -> Wei:
        """What an account can claim."""
        return await self._outbox.credit(account)

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
        return self._outbox.send_call(
            lane,
            recipient=recipient,
            payload=payload,
            gas_limit=gas_limit,
            expiry=expiry,
            allow_no_code=allow_no_code,
            fee=fee,
        )

    def add_fee_call(self, message: Message, amount: Wei) -> Call:
        """Top a fee up."""
        return self._outbox.add_fee_call(message, amount)

    def settle_call(self, lane: Lane, segment: bytes, evidence: bytes) -> Call:
        """Prove receipts back."""
        return self._outbox.settle_call(lane, segment, evidence)

    def claim_call(self, account: Address) -> Call:
        """Pay credits out."""
        return self._outbox.claim_call(account)

    async def fates_beside(
        self, messages: Sequence[Message], at: BlockNumber | None = None, *, failed: bool = True
    ) -> tuple[Block, Sequence[Fate]]:
        """A block and what the inbox says at it."""
        return await self._inbox.fates_beside(messages, at, failed=failed)

    async def fates(self, messages: Sequence[Message], at: BlockNumber, *, failed: bool = True) -> Sequence[Fate]:
        """What the inbox says of messages."""
        return await self._inbox.fates(messages, at, failed=failed)

    async def receipts(self, lane: Lane, first: BlockNumber, last: BlockNumber) -> Sequence[Entry]:
        """Entries of a lane's receipt log."""
        return await self._inbox.receipts(lane, max(first, self.settings.start), last)

    async def failures(self, ids: Sequence[MessageId], first: BlockNumber, last: BlockNumber) -> Sequence[Failure]:
        """Failed executions of messages."""
        return await self._inbox.failures(ids, max(first, self.settings.start), last)

    def deliver_call(self, segment: bytes, evidence: bytes, payee: Address) -> Call:
        """Deliver a segment."""
        return self._inbox.deliver_call(segment, evidence, payee)

    def retry_call(self, message: Message, gas_limit: int, payee: Address) -> Call:
        """Call the recipient of a failed message again."""
        return self._inbox.retry_call(message, gas_limit, payee)

    def expire_call(self, message: Message) -> Call:
        """Record that a message's expiry has passed."""
        return self._inbox.expire_call(message)

    async def log_state(self, log: Log, at: BlockNumber) -> LogState:
        """Head and count of a log that is written here."""
        (state,) = await self.log_states([log], at)
        return state

    async def log_state_beside(self, log: Log, at: BlockNumber) -> tuple[LogState, Block]:
        """The same, and the block."""
        return await self._together.of(log, at)

    async def _states_beside(self, logs: Sequence[Log], at: BlockNumber) -> tuple[Sequence[LogState], Block]:
        answers, block = await self.views_beside([self._asks_state(one) for one in logs], at)
        return [self._state(one, answer) for one, answer in zip(logs, answers, strict=True)], block

    async def log_states(self, logs: Sequence[Log], at: BlockNumber) -> Sequence[LogState]:
        """Head and count of logs that are written here."""
        asked = [self._asks_state(one) for one in logs]
        answers = await self.views(asked, at) if asked else []
        return [self._state(one, answer) for one, answer in zip(logs, answers, strict=True)]

    def _asks_state(self, log: Log) -> tuple[Address, bytes]:
        asks = self._asked.get(log)
        if asks is None:
            contract = self._outbox if log.kind is LogKind.LANE else self._inbox
            asks = self._asked[log] = contract.asks_state(log.lane)
        return asks

    def _state(self, log: Log, answer: bytes) -> LogState:
        """Nearly always the answer is the last one, for a log is looked at each block."""
        known = self._states.get(log)
        if known is None or known[0] != answer:
            contract = self._outbox if log.kind is LogKind.LANE else self._inbox
            known = self._states[log] = answer, contract.state(log.lane, answer)
        return known[1]

    def bridge(self, contract: Address) -> TokenBridge:
        """A token bridge on this chain."""
        return TokenBridge(self, contract)

    def watched(self) -> WatchedChain:
        """The chain as its watcher sees it."""
        signers = {signer for one in self.settings.verifiers for signer in one.signers}
        return WatchedChain(
            evm=self,
            outbox=self._outbox,
            inbox=self._inbox,
            heads=self._heads,
            signers=tuple(sorted(signers)),
            start=self.settings.start,
        )

    async def misfits(self) -> Sequence[Misfit]:
        """Settings that the chain contradicts."""
        await self._check_chain()
        return await misfits_of(self, self.settings)

    async def shown(self, log: Log, head: Hash32) -> VerifierMask:
        """Standing verifiers that have shown a head."""
        return await self._heads.shown(log, head)

    async def standing(self, log: Log) -> VerifierMask:
        """Verifiers that may speak for a log."""
        return await self._heads.standing(log)


def contract_of(settings: ChainSettings, name: str) -> Address:
    """Address of a contract. Raises `ConfigInvalid` where the settings name none."""
    found = settings.contracts.get(name)
    if found is None:
        raise ConfigInvalid(
            f"chain {settings.chain} ({settings.name}) has no contract {name!r} in its settings",
            remedy=f"Add contracts.{name} to the chain's settings.",
        )
    return found
