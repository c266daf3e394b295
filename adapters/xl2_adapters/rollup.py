"""
Rollup: what the rollup's own contracts on L1 hold to be true of it, in the words that every family shares.

Promise: what comes from here was compared with our own node of the rollup and, where it is a proof, verified by the
rule of the contract that will read it. Families say how; `proven` and `routed` are the same for all of them.
"""

from typing import Protocol, TypeVar

from attrs import field, frozen

from xl2.core.header import Header
from xl2.core.types import BlockNumber, Hash32
from xl2.ports import Block, Log, Needed


@frozen(kw_only=True)
class SettledRoot:
    """A state root that is settled on L1. Families add what their proofs need of it."""

    #: Block of the rollup.
    number: BlockNumber
    #: State root of that block, as our own node has it.
    state_root: Hash32
    #: What people call it: `game 12`, `output 3`, `root 0x…`.
    name: str


R = TypeVar("R", bound=SettledRoot)
R_co = TypeVar("R_co", bound=SettledRoot, covariant=True)


class StateRooted(Protocol[R_co]):
    """A rollup whose contracts on L1 hold its state roots."""

    async def newest_settled(self, at: Block, upto: BlockNumber) -> R_co:
        """
        Newest root that is settled at an L1 block, with its time as the clock, and is not above `upto`.

        Raises `NotYet` where there is none, with the reason of the newest, or where no node keeps the block's state;
        `RpcRejected` (see `pruned`) where L1's own state at `at` is not kept.
        """
        ...


class ProvableRoots(StateRooted[R], Protocol[R]):
    """State roots that an `ISettledRule` on another chain can be shown."""

    async def rule_proof(self, root: R, header: Header) -> bytes:
        """
        What the rule reads, under the L1 block of this header.

        Every account and slot in it was verified under the header's state root, and the rule was applied to what was
        proven. Raises `ProofInvalid` where L1's state does not hold what was said, or its contracts were upgraded.
        """
        ...


class ClaimedRoots(StateRooted[R], Protocol[R]):
    """State roots that an `IRollup` on L1 can be told of."""

    def claim(self, root: R) -> bytes:
        """Front of the proof that `IRollup.heads` reads: which root is meant."""
        ...


@frozen(kw_only=True)
class Pushable:
    """A head that the router can send on now."""

    #: Block of the rollup that it was read at.
    number: BlockNumber
    #: What `IRollup.heads` reads; verified.
    proof: bytes = field(repr=False)


class HeadSource(Protocol):
    """How heads of one rollup get into an `IRollup` on L1: under its settled state roots, or by announcements."""

    async def newest(self, log: Log, count: int, tip: Block, upto: BlockNumber) -> Pushable | Needed:
        """
        Newest head that covers at least the log's first `count` entries, as L1 at `tip` would take it.

        `upto`: block of the rollup up to which the asker knows the log. `Needed` names what has to be made first,
        such as an announcement on the rollup. Raises `NotYet` while what was made is under way to L1.
        """
        ...

    async def covered(self, log: Log, count: int, head: Hash32, at: BlockNumber) -> int | None:
        """
        Entries of the log that a head covers which the router has sent as one of block `at`.

        None where it is no head of this log over at least `count` entries; 0 where the log was shorter than that by
        then, so that no head of an older block helps either. Raises `RpcRejected` (see `pruned`) where our node keeps
        no state of that block.
        """
        ...
