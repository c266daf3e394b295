"""
Clocks: the times and sizes that a devnet runs on, all in one value.

Everything that waits in production (games, windows, finality) is here in seconds. Promise: the values fit together;
what does not fit is refused when the value is made.
"""

from attrs import field, frozen, validators

from xl2.errors import InvalidInput


@frozen(kw_only=True)
class Clocks:
    """How fast a devnet is."""

    #: Under one second, several blocks share a timestamp.
    l1_block_seconds: float = field(default=1.0, validator=validators.ge(0.05))
    l2_block_seconds: float = field(default=1.0, validator=validators.ge(0.05))
    #: A chain's `safe` is this many blocks behind its latest, its `finalized` twice as many.
    slots_in_an_epoch: int = field(default=1, validator=validators.gt(0))
    #: A root is proposed this long after the one before, if a user has sent anything since.
    proposal_seconds: float = field(default=2.0, validator=validators.gt(0))
    #: And this long after it in any case.
    idle_proposal_seconds: float = field(default=15.0, validator=validators.gt(0))
    #: Chess clock of a dispute game: an unchallenged root is resolved after it.
    max_clock_seconds: int = field(default=3, validator=validators.gt(0))
    #: The portal's two delays: from proving a withdrawal, and from the game's resolution.
    proof_maturity_seconds: int = field(default=2, validator=validators.gt(0))
    game_finality_seconds: int = field(default=2, validator=validators.gt(0))
    #: DelayedWETH: from unlocking a bond to its withdrawal.
    bond_delay_seconds: int = field(default=2, validator=validators.gt(0))
    #: Nitro: L1 blocks from an assertion to its confirmation.
    confirm_blocks: int = field(default=4, validator=validators.gt(0))
    #: Nitro: L1 blocks after which anybody may include a message that the sequencer leaves out.
    force_inclusion_blocks: int = field(default=20, validator=validators.gt(0))
    #: The timelocks' delay: from scheduling what an owner may do to doing it.
    timelock_seconds: int = field(default=3, validator=validators.gt(0))
    #: Blocks whose state an L2 keeps, and for which proofs can be asked.
    states_kept: int = field(default=256, validator=validators.ge(64))
    #: The same of L1, where proofs are asked under recent blocks only. anvil keeps each state whole, and a game adds
    #: some 4 kB to it for good: a devnet in use fills 0.9 MB a second at 256 states.
    l1_states_kept: int = field(default=128, validator=validators.ge(64))
    gas_limit: int = field(default=60_000_000, validator=validators.ge(30_000_000))

    def __attrs_post_init__(self) -> None:
        """A root is not proposed more seldom when there is something new."""
        if self.proposal_seconds > self.idle_proposal_seconds:
            raise InvalidInput(
                f"proposal_seconds ({self.proposal_seconds}) is above idle_proposal_seconds "
                f"({self.idle_proposal_seconds})",
                field="proposal_seconds",
                value=self.proposal_seconds,
            )


#: For tests and demonstrations: four blocks a second. A game's clock stays as it is, so that a challenger on a busy
#: machine is never too late.
BRISK = Clocks(
    l1_block_seconds=0.25,
    l2_block_seconds=0.25,
    proposal_seconds=0.5,
    idle_proposal_seconds=5.0,
    proof_maturity_seconds=1,
    game_finality_seconds=1,
    bond_delay_seconds=1,
    states_kept=400,
)
