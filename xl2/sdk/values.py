"""
Values: what the SDK answers with.

Promise: plain frozen data, the same for the sync and the async client and for `--json`.
"""

from attrs import field, frozen

from xl2.core.lifecycle import State
from xl2.core.message import Message
from xl2.core.onward import Onward
from xl2.core.types import Assurance, BlockNumber, ChainId, Hash32, MessageId, Timestamp, Wei
from xl2.ports import Crossing, CrossingState


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


@frozen(kw_only=True)
class Journey:
    """A crossing by a rollup's own bridge, and the one after it where it goes on to another rollup."""

    first: Crossing
    #: Where it goes on to; None: nowhere, the first is all.
    onward: Onward | None = None
    #: None: not sent yet, or there is none to send.
    second: Crossing | None = None
    #: Seconds until all has arrived at the earliest, if each move is made as soon as it can; None: nobody can tell.
    arrival_seconds: int | None = None

    @property
    def current(self) -> Crossing:
        """The crossing that is under way, or was the last."""
        return self.second or self.first

    @property
    def is_to_go_on(self) -> bool:
        """The first has arrived, and the second is to be sent."""
        return self.onward is not None and self.second is None and self.first.state is CrossingState.ARRIVED

    @property
    def is_over(self) -> bool:
        """Nothing more will happen to it."""
        return self.current.state.is_over and not self.is_to_go_on


@frozen(kw_only=True)
class Advanced:
    """What moving a crossing on did."""

    journey: Journey
    acts: tuple[Act, ...]
