"""
Chains: one chain with xl2's contracts, as the house sees it: blocks, an outbox, an inbox, and the heads it knows.

Promise: reads say at which block they hold; what builds a `Call` does no I/O and holds no key. A chain's own endpoint
is not trusted with anything that matters: `flow` compares logs with storage, and provers verify proofs.
"""

from collections.abc import Sequence
from typing import Protocol

from xl2.core.evidence import Finality, VerifierMask
from xl2.core.lane import Lane
from xl2.core.message import Message
from xl2.core.types import Address, Assurance, BlockNumber, ChainId, Hash32, MessageId, Timestamp, Wei
from xl2.ports.assets import Bridge
from xl2.ports.seen import Block, Ending, Entry, Failure, Fate, Log, LogState, Place, Sent
from xl2.ports.transactions import Broadcast, Call, Fees, Rates, TxLook, TxQuote, TxReceipt
from xl2.ports.watching import Watched


class Blocks(Protocol):
    """Any chain: its blocks, its accounts, its transactions."""

    @property
    def chain(self) -> ChainId:
        """EIP-155 id, checked against the endpoint before the first answer."""
        ...

    async def answers_for(self, *, within_seconds: float = 0.0) -> ChainId:
        """
        EIP-155 id that the endpoint states now, asked anew: endpoints are swapped while programs run.

        `within_seconds`: what it stated so shortly ago, beside a quote, is as good.
        """
        ...

    async def head(self, finality: Finality) -> Block:
        """Newest block of that finality. `SETTLED` is as `FINALIZED` here: what stands on L1 is a prover's to know."""
        ...

    async def block(self, number: BlockNumber) -> Block:
        """Canonical block at a height. Raises `NotYet` above the tip."""
        ...

    async def balance(self, account: Address) -> Wei:
        """Native balance at the tip."""
        ...

    async def code(self, account: Address) -> bytes:
        """Code at the tip, empty for an account without."""
        ...

    async def fees(self) -> Fees:
        """Fees that get a transaction into the next blocks."""
        ...

    async def rates(self) -> Rates:
        """What gas and calldata cost, all that the chain charges, in one round trip."""
        ...

    async def simulate(self, call: Call, sender: Address) -> int:
        """Gas that the call takes at the tip. Raises `Reverted` with the contract's error, decoded in the sentence."""
        ...

    async def quote(self, call: Call, sender: Address) -> TxQuote:
        """
        What a call of this sender takes at the tip, and what the sender has, in one round trip.

        Transactions in the pool count for the nonce alone: who needs the state that they will leave waits for them.
        Raises `Reverted` as `simulate`, `Unaffordable` where the value alone is more than the sender has.
        """
        ...

    def explain(self, revert: bytes) -> str:
        """Revert bytes in words: the error of a contract of ours with its values, or the bytes as they are."""
        ...

    def error_name(self, revert: bytes) -> str | None:
        """Name of the error of ours that these revert bytes are, None for any other."""
        ...

    async def tx_nonce(self, account: Address, *, pending: bool = False) -> int:
        """Next transaction nonce of an account: by included transactions, or with the pool's."""
        ...

    async def broadcast(self, raw: bytes) -> Broadcast:
        """Hand a signed transaction to the chain. Raises `Unaffordable`, or another `Refused` where nothing helps."""
        ...

    async def tx_receipt(self, tx_hash: Hash32) -> TxReceipt | None:
        """Receipt of an included transaction, None while there is none."""
        ...

    async def look(self, account: Address, tx_hashes: Sequence[Hash32]) -> TxLook:
        """Nonces of an account and receipts of these transactions, in one round trip."""
        ...

    async def transaction_at(self, account: Address, tx_nonce: int) -> Hash32 | None:
        """The transaction in a block that used a nonce, None where the node cannot name it."""
        ...

    async def close(self) -> None:
        """Give connections back. A closed chain opens new ones when used again."""
        ...


class Origin(Protocol):
    """The outbox of a chain, and what is known there."""

    @property
    def outbox(self) -> Address:
        """Contract that accepts messages."""
        ...

    async def lane_to(self, destination: ChainId, assurance: Assurance) -> Lane:
        """Open lane from here. Raises `NotFound` where the outbox knows no inbox on that chain."""
        ...

    async def sent(self, lane: Lane, first: BlockNumber, last: BlockNumber) -> Sequence[Sent]:
        """Messages of a lane in a range of blocks, in nonce order, each id recomputed from its fields."""
        ...

    async def find_sent(self, message_id: MessageId) -> Sent | None:
        """A message by its id, None where this outbox never sent it."""
        ...

    async def endings(self, messages: Sequence[Message], at: BlockNumber) -> Sequence[Ending]:
        """What became of the fees of messages, by a block, in their order."""
        ...

    async def ended(self, message: Message) -> tuple[Ending, Place | None]:
        """What became of a message's fee by the tip, and where that was written; None while it is open."""
        ...

    async def top_ups(self, messages: Sequence[Message]) -> Sequence[Wei]:
        """What was added to the fees of messages and is not settled yet, in their order, in one round trip."""
        ...

    async def credit(self, account: Address) -> Wei:
        """What an account can claim now."""
        ...

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
        ...

    def add_fee_call(self, message: Message, amount: Wei) -> Call:
        """Top a message's fee up."""
        ...

    def settle_call(self, lane: Lane, segment: bytes, evidence: bytes) -> Call:
        """Prove receipts back (protocol.md section 6)."""
        ...

    def claim_call(self, account: Address) -> Call:
        """Pay an account's credits out to it."""
        ...


class Destination(Protocol):
    """The inbox of a chain, and what is known there."""

    @property
    def inbox(self) -> Address:
        """Contract that delivers messages."""
        ...

    async def fates_beside(
        self, messages: Sequence[Message], at: BlockNumber | None = None, *, failed: bool = True
    ) -> tuple[Block, Sequence[Fate]]:
        """
        A block, or the tip, and what the inbox says of messages at it: one question where there were two.

        The tip may be newer than the state by what was made in between, never older. `failed`: as `fates`.
        """
        ...

    async def fates(self, messages: Sequence[Message], at: BlockNumber, *, failed: bool = True) -> Sequence[Fate]:
        """
        What the inbox says of messages at a block, in their order.

        `failed` false: who only wonders what is delivered is spared a question for each of the others, and is told
        `UNSEEN` of what has failed.
        """
        ...

    async def receipts(self, lane: Lane, first: BlockNumber, last: BlockNumber) -> Sequence[Entry]:
        """Entries of a lane's receipt log in a range of blocks, in order."""
        ...

    async def failures(self, ids: Sequence[MessageId], first: BlockNumber, last: BlockNumber) -> Sequence[Failure]:
        """Failed executions of these messages in a range of blocks."""
        ...

    def deliver_call(self, segment: bytes, evidence: bytes, payee: Address) -> Call:
        """Deliver a segment (protocol.md section 3)."""
        ...

    def retry_call(self, message: Message, gas_limit: int, payee: Address) -> Call:
        """Call the recipient of a failed message again, with `gas_limit` or more than the sender named."""
        ...

    def expire_call(self, message: Message) -> Call:
        """Record that a message's expiry has passed."""
        ...


class HeadReader(Protocol):
    """What a chain's `Heads` knows of logs elsewhere."""

    async def standing(self, log: Log) -> VerifierMask:
        """Verifiers that may speak for a log now."""
        ...

    async def shown(self, log: Log, head: Hash32) -> VerifierMask:
        """Verifiers that have shown this head and still stand."""
        ...


class Chain(Blocks, Origin, Destination, HeadReader, Protocol):
    """A chain with xl2's contracts."""

    async def log_state(self, log: Log, at: BlockNumber) -> LogState:
        """Head and count, in storage at a block, of a log written here; before the first entry its name and 0."""
        ...

    async def log_state_beside(self, log: Log, at: BlockNumber) -> tuple[LogState, Block]:
        """The same, and that block, read after it, in one round trip."""
        ...

    async def log_states(self, logs: Sequence[Log], at: BlockNumber) -> Sequence[LogState]:
        """The same of many logs at one block, in their order, in one round trip."""
        ...

    def bridge(self, contract: Address) -> Bridge:
        """A token bridge on this chain, by its address."""
        ...

    def watched(self) -> Watched:
        """The chain as its watcher sees it."""
        ...
