"""
Canonical roots: what a portal of either kind is asked, in words that hold for both.

A portal judges withdrawals by dispute games (`games`: portals 3 and 4) or by an oracle's outputs
(`outputs`: portals before). Promise: a root is named only if the contracts would take it now and our own node
of the rollup has the very same; whose clock the seconds are of is always the anchor's.
"""

from collections.abc import Sequence
from typing import Protocol

from attrs import frozen

from xl2.core.types import Address, BlockNumber, Hash32, Timestamp
from xl2.ports import Block
from xl2_adapters.op_stack.output_root import OutputRoot


@frozen(kw_only=True)
class Root:
    """An output root on the anchor that withdrawals can be proven against."""

    #: By which the portal finds it: of the game, or of the output.
    index: int
    #: "game 12 (0x…)".
    name: str
    #: Block of the rollup that it is about.
    number: BlockNumber
    output: OutputRoot


@frozen(kw_only=True)
class Awaited:
    """What has not come yet."""

    what: str
    #: On the anchor's clock; None: nobody can tell.
    seconds: int | None


@frozen(kw_only=True)
class Standing:
    """How a withdrawal's proof stands at the portal."""

    prover: Address
    proven_at: Timestamp
    #: "game 0x…".
    root: str
    #: Why it will never serve, so that the withdrawal must be proven again; None: it may.
    void: str | None
    #: What must pass before it can be finalized; None: nothing.
    awaits: Awaited | None


class Roots(Protocol):
    """The roots that a portal goes by."""

    async def root_for(self, number: BlockNumber, at: Block, upto: BlockNumber) -> Root | Awaited:
        """
        Root about block `number` of the rollup or a later one, not above `upto`, as an anchor block has it.

        Raises `NotYet` where the rollup's node no longer keeps the state of the block that a root is about.
        """
        ...

    async def standings(self, withdrawal: Hash32, at: Block) -> Sequence[Standing]:
        """Every proof of a withdrawal that the portal has."""
        ...

    async def least_seconds(self, at: Block) -> int | None:
        """Seconds from a root's appearance until what is proven at once can be finalized; None: nobody can tell."""
        ...

    async def next_root_seconds(self, at: Block) -> int | None:
        """Seconds from one root to the next, as they came of late; None: nobody can tell."""
        ...

    def finalize_data(self, withdrawal: tuple[object, ...], prover: Address) -> bytes:
        """Calldata by which anybody finalizes a withdrawal that `prover` proved."""
        ...
