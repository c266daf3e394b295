"""
Canonical: the bridge that a rollup has of its own to its anchor, as the house sees it: deposits down, withdrawals up.

Comes in: what is to cross, or a transaction hash and nothing else. Goes out: calls to make, and how far each crossing
is, read from both chains alone, with the blocks that show it. Promise: what is said of a crossing stands on the chains;
times come from the contracts' own getters and the chains' own clocks; `None` where nobody can tell. Money goes to the
recipient whoever makes the calls in between.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from attrs import field, frozen

from xl2.core.types import Address, BlockNumber, ChainId, Hash32, Timestamp, address, uint
from xl2.ports.seen import Place
from xl2.ports.transactions import Call


class Direction(StrEnum):
    """Which way a crossing goes."""

    #: From the anchor to the rollup.
    DEPOSIT = "deposit"
    #: From the rollup to the anchor.
    WITHDRAWAL = "withdrawal"


class CrossingState(StrEnum):
    """How far a crossing is; a deposit knows the first two, and the last three."""

    #: In a block of the chain that it leaves.
    SENT = "sent"
    #: The rollup carries it by itself; nobody need do anything.
    ON_ITS_WAY = "on its way"
    #: A withdrawal that no usable root of the rollup covers yet.
    WAITING_FOR_ROOT = "waiting for a root"
    #: It can be proven now (families that prove and finalize apart).
    READY_TO_PROVE = "ready to prove"
    #: Proven; a window must pass.
    PROVEN = "proven"
    #: One more call brings it out.
    READY_TO_FINALIZE = "ready to finalize"
    #: What it called failed where it arrived, or its fee was too low; `moves` can be made until `until`.
    FAILED = "failed"
    #: It is there: ether, tokens or the call's effect.
    ARRIVED = "arrived"
    #: It can never arrive any more; the last step says why and where the value is.
    IMPOSSIBLE = "impossible"

    @property
    def is_over(self) -> bool:
        """Nothing will change it any more."""
        return self in (CrossingState.ARRIVED, CrossingState.IMPOSSIBLE)


class Move(StrEnum):
    """What somebody can do for a crossing, each one or more calls."""

    #: Prove a withdrawal against a root on the anchor.
    PROVE = "prove"
    #: Bring a withdrawal out on the anchor.
    FINALIZE = "finalize"
    #: Try the call that failed once more, where it failed.
    REPLAY = "replay"
    #: Run a deposit's call that failed or was not paid for (Nitro's retryable tickets).
    REDEEM = "redeem"
    #: Buy a deposit that waits more time.
    KEEP_ALIVE = "keep alive"
    #: Give up a deposit that waits, for its value back.
    CANCEL = "cancel"
    #: Take the value of a deposit that failed back on the anchor.
    RECLAIM = "reclaim"


@frozen(kw_only=True)
class Cargo:
    """What is to cross: ether, tokens, or a call, or ether with a call."""

    #: Who gets it, or is called, on the other chain.
    recipient: Address = field(converter=address)
    #: Wei, or with `token` its smallest units.
    amount: int = field(default=0, validator=uint(256))
    #: ERC-20 on the chain that it leaves; None: ether.
    token: Address | None = None
    #: The same token on the other chain, where the bridge keeps no list of pairs; checked against both contracts.
    token_there: Address | None = None
    #: What the recipient is called with. An account without code, and a token's recipient, are not called: there it is
    #: a note that travels along and can be read from the crossing; families whose token bridge has no room refuse it.
    data: bytes = field(default=b"", repr=False)
    #: Gas for the call on the other chain; None: estimated there.
    gas_limit: int | None = None
    #: Have the rollup's lowest contract make the call, by the sender's own (if a contract: aliased) account: cheaper,
    #: and what fails cannot be tried again. None: where nothing can fail (ether to an account without code).
    is_direct: bool | None = None


@frozen(kw_only=True)
class CrossingStep:
    """A state that a crossing came to, with what shows it."""

    state: CrossingState
    chain: ChainId
    #: When its block was, on that chain's clock; None: no transaction made it so, time did.
    at: Timestamp | None = None
    place: Place | None = None
    detail: str = ""


@frozen(kw_only=True)
class Crossing:
    """What a canonical bridge carries, as both chains have it now."""

    direction: Direction
    rollup: ChainId
    anchor: ChainId
    #: Of the crossings that its transaction began, in the order of their logs, from 0.
    index: int
    #: Where it was sent.
    sent: Place
    #: Name on the rollup's contracts: OP's withdrawal hash, or L2 transaction hash of a deposit; Nitro's ticket id ...
    key: Hash32
    #: Who sent it, as the other chain sees the sender (aliased where it aliases).
    sender: Address
    #: What was sent; `token_there` where the bridge said so.
    cargo: Cargo
    state: CrossingState
    #: States in the order they came, the one that it is in last.
    steps: tuple[CrossingStep, ...]
    #: What it waits for, in words; empty where it waits for nothing but a move.
    waits_for: str = ""
    #: Seconds until that has come, or 0 where a move is due; None: nobody can tell.
    wait_seconds: int | None = None
    #: Seconds until it arrives at the earliest, if each move is made as soon as it can; None: nobody can tell.
    arrival_seconds: int | None = None
    #: What can be done now, the one that moves it on first.
    moves: tuple[Move, ...] = ()
    #: When the moves are no longer possible, on the clock of the chain they are made on; None: they do not end.
    until: Timestamp | None = None
    #: What the family keeps of the log, to build calls from.
    record: bytes = field(default=b"", repr=False)

    @property
    def origin(self) -> ChainId:
        """Chain that it leaves."""
        return self.anchor if self.direction is Direction.DEPOSIT else self.rollup

    @property
    def destination(self) -> ChainId:
        """Chain that it arrives on."""
        return self.rollup if self.direction is Direction.DEPOSIT else self.anchor


class CanonicalBridge(Protocol):
    """The bridge between one rollup and its anchor. It keeps nothing: every answer is read anew."""

    @property
    def rollup(self) -> ChainId:
        """Chain that settles on the other."""
        ...

    @property
    def anchor(self) -> ChainId:
        """Chain that the rollup settles on."""
        ...

    async def deposit_calls(self, cargo: Cargo, sender: Address) -> Sequence[Call]:
        """
        Calls on the anchor that send cargo to the rollup, an approval first where one is needed, the deposit last.

        The last one's value holds the amount and whatever the rollup is to be paid. Raises `InvalidInput` or `Refused`
        for what could never arrive (a token pair whose contracts do not name each other), `Unaffordable` with numbers.
        """
        ...

    async def withdraw_calls(self, cargo: Cargo, sender: Address) -> Sequence[Call]:
        """Calls on the rollup that send cargo to the anchor; as `deposit_calls`."""
        ...

    async def duration(self, direction: Direction) -> int | None:
        """Seconds that a crossing begun now takes at the earliest, by the contracts' getters; None: nobody can tell."""
        ...

    async def crossings(self, tx_hash: Hash32) -> Sequence[Crossing]:
        """
        Crossings that a transaction on either chain began, or that it moved on, as both chains have them now.

        Empty where both chains know the transaction not, or as none of this bridge's. Raises `Retryable` where an
        endpoint cannot answer: that is never an empty answer.
        """
        ...

    async def deposit_noted(self, note: bytes, sender: Address, since: BlockNumber) -> Hash32 | None:
        """
        Transaction of a deposit that `sender` sent with exactly these `data`, in a block of the anchor from `since` on.

        So that whoever forgot whether he sent it need not send it twice. None where there is none.
        """
        ...

    async def calls(self, crossing: Crossing, move: Move, actor: Address) -> Sequence[Call]:
        """
        Calls by which `actor`, who need not be sender or recipient, makes a move of a crossing.

        Proofs in them were verified here. Raises `Refused` for a move that is not among the crossing's, `NotYet` where
        the chains moved away from it since, `ProofInvalid` where a chain's node contradicts its own contracts.
        """
        ...
