"""
Observer: who is told what a relayer does, while it does it: metrics, an event stream, a test.

Promise of whoever tells: every alarm that a person should look at is told once here; the log's line of it is written by
an observer too (`alarm_lines`). Promise of whoever is told: it returns at once, raises nothing and
changes nothing; the store, not the observer, is the memory.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from attrs import frozen

from xl2.core.lane import Lane
from xl2.core.types import ChainId, MessageId, Wei
from xl2.errors import Xl2Error
from xl2.ports.store import Happening
from xl2.ports.transactions import Call, TxReceipt


class AlarmKind(StrEnum):
    """What a person should look at; each has a page in `docs/operations/`."""

    STUCK_MESSAGE = "stuck-message"
    DEEP_REORG = "deep-reorg"
    RPC_DISAGREEMENT = "rpc-disagreement"
    PROVIDER_DOWN = "provider-down"
    FEE_CAP = "fee-cap"
    LOW_BALANCE = "low-balance"
    KEY_IN_USE = "key-in-use"
    KEY_LOST = "key-lost"
    BACKING_BREAK = "backing-break"
    HEAD_CONTRADICTION = "head-contradiction"


@frozen(kw_only=True)
class Alarm:
    """Something a person should look at, with exact names and values."""

    kind: AlarmKind
    #: One sentence: what, where, with which value, and what to do.
    what: str
    lane: Lane | None = None
    chain: ChainId | None = None
    ids: tuple[MessageId, ...] = ()
    #: What is at stake, where that is known.
    value: Wei | None = None
    #: Name of the endpoint that it is about, where it is about one.
    endpoint: str = ""

    @property
    def runbook(self) -> str:
        """The page for whoever is called by it."""
        return f"docs/operations/runbooks/{self.kind.value}.md"


class Observer(Protocol):
    """Is told; see the module."""

    def looked(self, lane: Lane, room: str, *, busy: bool, seconds: float) -> None:
        """A look into a room ended. `busy`: there was something to do."""
        ...

    def rested(self, lane: Lane, room: str, cause: Xl2Error, seconds: float) -> None:
        """A room rests for so many seconds, because of this."""
        ...

    def moved(self, lane: Lane, happenings: Sequence[Happening]) -> None:
        """Messages of a lane moved; the store has it already."""
        ...

    def submitted(self, call: Call, receipt: TxReceipt) -> None:
        """A transaction of ours was included."""
        ...

    def replaced(self, chain: ChainId, what: str) -> None:
        """A transaction of ours was stuck, and one that pays more was signed in its place."""
        ...

    def alarmed(self, alarm: Alarm) -> None:
        """A person should look."""
        ...


class Unobserved:
    """Nobody is told. Implements `Observer`."""

    def looked(self, lane: Lane, room: str, *, busy: bool, seconds: float) -> None:
        """Nothing."""

    def rested(self, lane: Lane, room: str, cause: Xl2Error, seconds: float) -> None:
        """Nothing."""

    def moved(self, lane: Lane, happenings: Sequence[Happening]) -> None:
        """Nothing."""

    def submitted(self, call: Call, receipt: TxReceipt) -> None:
        """Nothing."""

    def replaced(self, chain: ChainId, what: str) -> None:
        """Nothing."""

    def alarmed(self, alarm: Alarm) -> None:
        """Nothing."""


@frozen
class Several:
    """Each of several is told. Implements `Observer`."""

    told: tuple[Observer, ...]

    def looked(self, lane: Lane, room: str, *, busy: bool, seconds: float) -> None:
        """A look ended."""
        for one in self.told:
            one.looked(lane, room, busy=busy, seconds=seconds)

    def rested(self, lane: Lane, room: str, cause: Xl2Error, seconds: float) -> None:
        """A room rests."""
        for one in self.told:
            one.rested(lane, room, cause, seconds)

    def moved(self, lane: Lane, happenings: Sequence[Happening]) -> None:
        """Messages moved."""
        for one in self.told:
            one.moved(lane, happenings)

    def submitted(self, call: Call, receipt: TxReceipt) -> None:
        """A transaction was included."""
        for one in self.told:
            one.submitted(call, receipt)

    def replaced(self, chain: ChainId, what: str) -> None:
        """A stuck transaction was replaced."""
        for one in self.told:
            one.replaced(chain, what)

    def alarmed(self, alarm: Alarm) -> None:
        """A person should look."""
        for one in self.told:
            one.alarmed(alarm)
