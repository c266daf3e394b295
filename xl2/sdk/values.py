"""
Values: what the SDK answers with.

Promise: plain frozen data, the same for the sync and the async client and for `--json`.
"""

from attrs import field, frozen

from xl2.core.lifecycle import State
from xl2.core.message import Message
from xl2.core.types import Assurance, BlockNumber, ChainId, Hash32, MessageId, Timestamp, Wei


@frozen(kw_only=True)
class Sent:
    """A message, or a transfer, on its way."""

    id: MessageId
    message: Message
    tx_hash: Hash32
    block: BlockNumber
    gas_used: int
    fee_wei: Wei


@frozen(kw_only=True)
class Step:
    """A room that a message has passed."""

    state: State
    chain: ChainId
    block: BlockNumber | None = None
    #: On the clock of that chain.
    at: Timestamp | None = None
    tx_hash: Hash32 | None = None
    block_hash: Hash32 | None = field(default=None, repr=False)
    #: What else is known: why the recipient failed, who earned the fee.
    detail: str = ""


@frozen(kw_only=True)
class Status:
    """What both chains say of a message."""

    id: MessageId
    state: State
    message: Message
    #: Every room it has passed, in order, each with its chain, block, time and transaction.
    steps: tuple[Step, ...]

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in (State.SETTLED, State.REFUNDED)

    @property
    def is_delivered(self) -> bool:
        """Whether the recipient took it."""
        return self.state in (State.DELIVERED, State.CONFIRMED, State.SETTLED)


@frozen(kw_only=True)
class Act:
    """A transaction that was made to carry a message, and what it rested on."""

    what: str
    chain: ChainId
    tx_hash: Hash32
    block: BlockNumber
    gas_used: int
    cost_wei: Wei
    #: Kind of the evidence (`attested`, `proven`, `routed`) and its class, where there was any.
    evidence: str | None = None
    assurance: Assurance | None = None
    #: Who was believed, in words; empty where nothing had to be.
    trusted: tuple[str, ...] = ()


@frozen(kw_only=True)
class Relayed:
    """What relaying by oneself did."""

    status: Status
    acts: tuple[Act, ...]


@frozen(kw_only=True)
class Explanation:
    """Why a message is not further."""

    id: MessageId
    state: State
    #: One sentence.
    cause: str
    #: Since when, on the clock of the chain where the state was reached.
    since: Timestamp | None
    #: What would move it, and who can do that.
    unblocks: str
    #: Facts that the sentence rests on.
    facts: tuple[tuple[str, str], ...] = ()
